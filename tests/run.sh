#!/bin/sh
# Runs the suite on SQLite and again on a throw-away PostgreSQL, with the browser, nginx and
# ClickHouse tests where what they need is installed. With CI=true what is missing is an error.
#
# usage: tests/run.sh [path or pytest option]...
set -eu
cd "$(dirname "$0")/.."

available() {
    command -v "$1" >/dev/null && return
    .venv/bin/python -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$1') is None)" \
        && return
    if [ "${CI:-}" = true ]; then
        echo "tests: $1 is not installed, and CI=true allows no omission" >&2
        exit 1
    fi
    echo "tests: without $1, so without $2" >&2
    return 1
}

markers=
available chromium "the browser tests" || markers="not browser"
available mosquitto "the tests on MQTT" && available mosquitto_pub "the tests on MQTT" \
    || markers="${markers:+$markers and }not mosquitto"
available nginx "the tests through nginx" || markers="${markers:+$markers and }not nginx"
available chdb "the tests on ClickHouse" || markers="${markers:+$markers and }not chdb"
export pytest=".venv/bin/pytest --numprocesses=auto --dist=loadfile"

echo "== SQLite"
env -u DATABASE_URL $pytest -m "$markers" "$@"

if available pg_virtualenv "the PostgreSQL run"; then
    echo "== PostgreSQL"
    # shellcheck disable=SC2016  # The variables are those that pg_virtualenv sets.
    exec pg_virtualenv -t -o fsync=off sh -c '
        export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"
        exec $pytest "$@"' tests -m "$markers" "$@"
fi
