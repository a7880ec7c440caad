"""gunicorn's settings, from the environment; the same on a laptop and in a container."""

import ctypes
import os
from pathlib import Path

bind = os.environ.get("BIND", "127.0.0.1:8000")
wsgi_app = "live.wsgi:application"

# Threads let a worker answer while another request waits for the database; two processes use two
# cores. SQLite has one writer however many there are.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Loading once and forking halves the start; no connection is open before the fork.
preload_app = True

# A person waits for the server, so its statements get less time than those of commands and the
# worker. The settings read these variables.
os.environ["LOCK_TIMEOUT"] = os.environ.get("WEB_LOCK_TIMEOUT", "20")
os.environ["STATEMENT_TIMEOUT"] = os.environ.get("WEB_STATEMENT_TIMEOUT", "30")


def on_starting(server: object) -> None:
    """Before the server listens: in containers, wait for the process that runs the migrations."""
    if os.environ.get("AWAIT_MIGRATIONS"):
        from deploy import migrations

        migrations.await_all()


# A worker that is stuck for longer is replaced.
timeout = 60
# How long a stop waits for the requests under way.
graceful_timeout = int(os.environ.get("GRACEFUL_TIMEOUT", "20"))
# Idle connections take no thread; behind nginx there are none.
keepalive = 75

# The longest that gunicorn allows: an address may list a thousand metric ids.
limit_request_line = 8190

accesslog = os.environ.get("ACCESS_LOG") or None
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")

# It would be created under the home folder, which a container does not have.
control_socket_disable = True
# The workers' heartbeat files: on a slow disk writing them can look like a stuck worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# glibc would give each thread its own heap, which never shrinks below its largest answer.
_libc = ctypes.CDLL(None)
if hasattr(_libc, "mallopt"):
    _libc.mallopt(-8, 1)  # M_ARENA_MAX
