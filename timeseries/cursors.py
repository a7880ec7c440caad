"""The cursor of a raw answer: opaque and signed, it keeps the window that its first page had."""

from django.core import signing

from energy.errors import DomainError
from history.buckets import Window
from history.store import Position

_SALT = "timeseries.cursor"


def write_cursor(window: Window, position: Position) -> str:
    """What a client sends to go on behind `position`."""
    return signing.dumps([*window, position.metric_id, position.timestamp], salt=_SALT)


def read_cursor(cursor: str) -> tuple[Window, Position]:
    """The window and position that `write_cursor` put in.

    Raises DomainError naming `cursor` for anything else.
    """
    try:
        start, end, metric_id, timestamp = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        message = "This is not a cursor from next_cursor."
        raise DomainError(message, code="invalid_cursor", field="cursor") from error
    return Window(start, end), Position(metric_id, timestamp)
