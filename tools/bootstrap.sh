#!/usr/bin/env bash
# Installs what is missing: system packages (as root or through sudo), uv, the virtual environment. Run by `make setup`.
#
# Nothing outside the checkout is written except apt packages. Done once, it is remembered in .venv/.setup-stamp and
# costs nothing; it runs again when a requirements file or constraints.txt changes.
set -euo pipefail
cd "$(dirname "$0")/.."

STAMP=.venv/.setup-stamp
WANTED=$(cat requirements.txt requirements-dev.txt constraints.txt tools/bootstrap.sh | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/python ] && [ "$(cat "$STAMP" 2>/dev/null)" = "$WANTED" ]; then exit 0; fi

export PATH="$PATH:/usr/sbin:/sbin"
say() { printf 'setup: %s\n' "$*" >&2; }

# --- system packages -------------------------------------------------------------------------------------------------

# The newest Python that constraints.txt was resolved for comes first; any of these runs everything.
find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3; do
    if "$name" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
}

# Compiling mysqlclient needs the interpreter's own headers.
has_python_headers() {
  "$1" -c 'import pathlib, sysconfig as s; raise SystemExit(not pathlib.Path(s.get_path("include"), "Python.h").exists())'
}

has_mariadb_headers() {
  pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mariadb 2>/dev/null ||
    pkg-config --exists mysqlclient 2>/dev/null
}

missing_packages() {
  local python
  python=$(find_python)
  command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null &&
    command -v my_print_defaults >/dev/null || echo MARIADB
  command -v javac >/dev/null || echo JDK
  command -v pkg-config >/dev/null || echo pkg-config
  has_mariadb_headers || echo libmariadb-dev
  command -v cc >/dev/null || echo build-essential
  if [ -z "$python" ]; then
    echo python3.11 python3.11-dev python3.11-venv
    return
  fi
  has_python_headers "$python" || "$python" -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])'
  command -v uv >/dev/null || "$python" -c 'import ensurepip' 2>/dev/null ||
    "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

available() { apt-cache show "$1" >/dev/null 2>&1; }

# Names that differ between releases. The "core" packages are the programs alone: no service that starts by itself.
# mariadb-install-db (server) calls my_print_defaults (client), and Debian does not make the one depend on the other.
resolve() {
  local package
  for package in "$@"; do
    case $package in
      MARIADB) if available mariadb-server-core; then echo mariadb-server-core mariadb-client-core; else echo mariadb-server; fi ;;
      JDK) if available openjdk-17-jdk-headless; then echo openjdk-17-jdk-headless; else echo default-jdk-headless; fi ;;
      *) echo "$package" ;;
    esac
  done
}

# Where only the full server package exists, keep its installation from starting Debian's own service.
apt_install() { # $1: how to become root ("" or sudo …); the rest: packages
  local root=$1 policy=/usr/sbin/policy-rc.d placed=
  shift
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
    placed=yes
  fi
  local status=0
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 || status=$?
  if [ -n "$placed" ]; then $root rm -f "$policy"; fi
  return "$status"
}

read -r -a MISSING <<<"$(missing_packages | tr '\n' ' ')"
if [ "${#MISSING[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    say "missing: ${MISSING[*]} - and there is no apt-get here; install their equivalents (MariaDB server, JDK 17) yourself"
    exit 1
  fi
  if [ "$(id -u)" -eq 0 ]; then
    ROOT=""
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    ROOT="sudo -n"
  elif command -v sudo >/dev/null && [ -t 0 ] && sudo -v; then
    ROOT="sudo"
  else
    read -r -a NAMES <<<"$(resolve "${MISSING[@]}" | tr '\n' ' ')"
    say "these packages are missing, and neither root nor sudo is at hand to install them:"
    say "    apt-get install ${NAMES[*]}"
    exit 1
  fi
  $ROOT apt-get update -q >&2 || say "apt-get update failed; trying with the package lists at hand"
  read -r -a NAMES <<<"$(resolve "${MISSING[@]}" | tr '\n' ' ')"
  say "installing ${NAMES[*]}"
  apt_install "$ROOT" "${NAMES[@]}"
fi

# --- uv and the environment ------------------------------------------------------------------------------------------

PYTHON=$(find_python)
export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.local/cache/uv}" UV_PYTHON_DOWNLOADS=never
if command -v uv >/dev/null; then
  UV=uv
else
  UV=.local/uv/bin/uv
  if [ ! -x "$UV" ]; then
    say "installing uv into .local/uv"
    "$PYTHON" -m venv .local/uv
    .local/uv/bin/pip install -q --no-cache-dir uv >&2
  fi
fi

rm -f "$STAMP"
[ -x .venv/bin/python ] || "$UV" venv -q --python "$PYTHON" .venv >&2
say "installing Python packages (a minute or two the first time)"
"$UV" pip install -q -p .venv/bin/python -c constraints.txt -r requirements-dev.txt >&2
# So that `python -m local` and `python -m podemos.branches` run from anywhere.
for site in .venv/lib/python3.*/site-packages; do
  [ -d "$site" ] && printf '%s\n' "$PWD/dags" "$PWD" >"$site/podemos.pth"
done
# Without bytecode every process of Airflow compiles everything again: 15 s instead of 5 s each.
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
if [ -d local/aws ]; then
  say "preparing Spark (each local Glue run starts in half the time then)"
  .venv/bin/python -m local.aws.glue.warm >/dev/null || say "not prepared: the first stage of each run is slower"
fi
echo "$WANTED" >"$STAMP"
say "done"
