#!/usr/bin/env bash
# What `make test-compose` needs beside `make setup`: an engine, and debootstrap for the stand-in images. As root only.
set -euo pipefail
if [ "${COMPOSE_IMAGES:-stand-ins}" = official ]; then exit 0; fi
export PATH="$PATH:/usr/sbin:/sbin"
if command -v dockerd >/dev/null && command -v debootstrap >/dev/null; then exit 0; fi
if [ "$(id -u)" -ne 0 ]; then
  echo "missing: apt-get install docker.io iptables debootstrap" >&2
  exit 1
fi
apt-get update -q >/dev/null
# Debian's package would start its own service; the test starts an engine of its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends docker.io iptables debootstrap >&2
