"""gunicorn's settings for the process that sends streams: one worker, for one event loop."""

import os
from pathlib import Path

bind = os.environ.get("LIVE_BIND", "127.0.0.1:8001")
wsgi_app = "live.asgi:application"
worker_class = "asgi"
workers = 1
# What a worker that is replaced needs is loaded already; no connection is open before the fork.
preload_app = True
# It reads one row of each Metric at a time; what takes longer is in trouble.
os.environ["LOCK_TIMEOUT"] = os.environ.get("WEB_LOCK_TIMEOUT", "20")
os.environ["STATEMENT_TIMEOUT"] = os.environ.get("WEB_STATEMENT_TIMEOUT", "30")


def on_starting(server: object) -> None:
    """Before the server listens: in containers, wait for the process that runs the migrations."""
    if os.environ.get("AWAIT_MIGRATIONS"):
        from deploy import migrations

        migrations.await_all()


# Streams never end by themselves: clients come back.
graceful_timeout = 1
timeout = 60
keepalive = 5
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "error")
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
