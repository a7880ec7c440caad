"""What is logged where: everything to standard error, a line each."""

from typing import Any


def logged_to_console(level: str) -> dict[str, Any]:
    """The configuration of Python's logging."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Both would bring a handler of their own and say every line twice.
            "django": {"handlers": []},
            "huey": {"handlers": ["console"], "propagate": False},
        },
    }
