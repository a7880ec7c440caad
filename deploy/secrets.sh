#!/bin/sh
# Makes, at the first start only, what no image may hold: the secret key, the passwords and a
# self-signed certificate. Put your own tls.crt and tls.key into the volume to replace the latter.
#
# usage: secrets.sh FOLDER    (needs openssl; OWNER is the user id that may read the files)
set -eu
folder=$1
umask 077
mkdir -p "$folder"
cd "$folder"

once() {
    [ -s "$1" ] || { printf '%s' "$2" >"$1.new" && mv "$1.new" "$1"; }
}

once secret-key "$(openssl rand -hex 48)"
once demo-password "$(openssl rand -hex 8)"
once database-password "$(openssl rand -hex 24)"
once database-url "postgres://energy:$(cat database-password)@${DATABASE_HOST:-db}:5432/energy"
once clickhouse-password "$(openssl rand -hex 24)"
once history-url "clickhouse://energy:$(cat clickhouse-password)@clickhouse:8123/energy"
if [ ! -s tls.crt ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
        -subj "/CN=${TLS_NAME:-localhost}" -addext "subjectAltName=DNS:${TLS_NAME:-localhost}" \
        -keyout tls.key -out tls.crt 2>/dev/null
fi
if [ -n "${OWNER:-}" ]; then
    chmod 755 .
    chown "$OWNER" secret-key demo-password database-url history-url
fi
