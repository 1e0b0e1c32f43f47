#!/bin/bash
# What the official entrypoint does with our three variables: root reads the password's file, the server is `postgres`.
set -euo pipefail
password=$(cat "$POSTGRES_PASSWORD_FILE")
install -d -o postgres -m 0700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  gosu postgres initdb -D "$PGDATA" -U "$POSTGRES_USER" --auth=scram-sha-256 --pwfile=<(printf '%s\n' "$password") >/dev/null
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  printf 'CREATE DATABASE "%s";\n' "$POSTGRES_DB" | gosu postgres postgres --single -D "$PGDATA" postgres >/dev/null
fi
exec gosu postgres postgres -D "$PGDATA" -c "listen_addresses=*"
