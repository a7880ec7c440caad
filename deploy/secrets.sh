#!/bin/sh
# Makes, at the first start only, what no image may hold: the secret key, the passwords and a
# self-signed certificate. Each of the five gets a folder with what it needs, and nothing else:
# application, nginx, db, clickhouse, mosquitto.
#
# usage: secrets.sh FOLDER    (needs openssl; OWNER is the user id that the application runs as)
set -eu
umask 077
mkdir -p "$1"
cd "$1"
mkdir -p application nginx db clickhouse mosquitto
chmod 700 application nginx db clickhouse mosquitto

# A crash leaves a file whole or not at all.
once() {
    [ -s "$1" ] || { printf '%s' "$2" >"$1.new" && sync "$1.new" && mv "$1.new" "$1"; }
}

once db/database-password "$(openssl rand -hex 24)"
once clickhouse/clickhouse-password "$(openssl rand -hex 24)"
once mosquitto/energy-password "$(openssl rand -hex 24)"
once mosquitto/gateway-password "$(openssl rand -hex 12)"
once application/secret-key "$(openssl rand -hex 48)"
once application/demo-password "$(openssl rand -hex 8)"
once application/database-url \
    "postgres://energy:$(cat db/database-password)@${DATABASE_HOST:-db}:5432/energy"
once application/history-url \
    "clickhouse://energy:$(cat clickhouse/clickhouse-password)@clickhouse:8123/energy"
once application/mqtt-url "mqtt://energy:$(cat mosquitto/energy-password)@mosquitto:1883"
if [ ! -s nginx/tls.crt ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
        -subj "/CN=${TLS_NAME:-localhost}" -addext "subjectAltName=DNS:${TLS_NAME:-localhost}" \
        -keyout nginx/tls.key -out nginx/tls.crt.new 2>/dev/null
    mv nginx/tls.crt.new nginx/tls.crt
fi
once mosquitto/tls.crt "$(cat nginx/tls.crt)"
once mosquitto/tls.key "$(cat nginx/tls.key)"
if [ -n "${OWNER:-}" ]; then
    chown -R "$OWNER" application
    chown -R 1883 mosquitto
fi
