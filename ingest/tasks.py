"""Where the worker looks for what it does of this app."""

from ingest.importing import tasks as importing

__all__ = ["importing"]
