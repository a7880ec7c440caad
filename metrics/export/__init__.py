"""The history of Metrics as files: streamed, whatever the window, and never truncated."""

from metrics.export.exports import Export, prepare
from metrics.export.formats import FORMATS, Format

__all__ = ["FORMATS", "Export", "Format", "prepare"]
