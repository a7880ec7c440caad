"""What is logged where: everything to standard error, a line each."""

import logging
from http import HTTPStatus
from typing import Any


class OwnFaults(logging.Filter):
    """Leaves out the traceback of what a client did wrong: it tells where the server refused it."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            record.exc_info = record.exc_text = None
        return True


def logged_to_console(level: str) -> dict[str, Any]:
    """The configuration of Python's logging."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        },
        "filters": {"own faults": {"()": OwnFaults}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["own faults"],
            },
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Both would bring a handler of their own and say every line twice.
            "django": {"handlers": []},
            "huey": {"handlers": ["console"], "propagate": False},
        },
    }
