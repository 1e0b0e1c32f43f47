#!/usr/bin/env bash
# `make check`: every check runs even when an earlier one failed, two at a time; the end says which ones did.
set -uo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH=$PWD/dags:$PWD
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bin=.venv/bin
code=()
for folder in dags plugins include/glue include/functions local infra tests tools bench; do [ -d "$folder" ] && code+=("$folder"); done

run() { # name, command…: output is shown when the check fails, and for the tests always
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$out/$name" 2>&1; then
    printf '  ok    %-10s %3d s\n' "$name" $((SECONDS - start))
  else
    printf '  FAIL  %-10s %3d s\n' "$name" $((SECONDS - start))
    touch "$out/$name.failed"
  fi
}

first() {
  run lint $bin/ruff check "${code[@]}"
  run format $bin/ruff format --check "${code[@]}"
  run imports $bin/lint-imports
  run types $bin/mypy
  run gate $bin/python -m podemos.redshift gate include/sql
  run sql $bin/sqlfluff lint -q include/sql
}
second() {
  run unit $bin/pytest -n 2 tests/unit
}
first &
second &
wait
for failed in "$out"/*.failed; do
  [ -e "$failed" ] || break
  name=$(basename "$failed" .failed)
  printf '\n--- %s ---\n' "$name"
  tail -60 "$out/$name"
done
tail -1 "$out/unit"
! compgen -G "$out/*.failed" >/dev/null
