"""Undoes the Content-Encoding of a request body, within limits. Pure."""

import zlib
from gzip import GzipFile
from io import BytesIO

from energy.errors import DomainError, TooLarge, Unsupported


def decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its Content-Encoding, which may be gzip, identity or empty.

    At most `max_bytes` and one more are ever in memory, whatever the body claims to be. Raises
    TooLarge past them, Unsupported for another encoding, and DomainError for a body that is not a
    complete gzip stream.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise Unsupported("Content-Encoding may be gzip, or left out.", code="unknown_encoding")
    try:
        plain = GzipFile(fileobj=BytesIO(body)).read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DomainError("The body is not a whole gzip stream.", code="malformed") from error
    if len(plain) > max_bytes:
        raise TooLarge(f"Unpacked, a body takes at most {max_bytes:,} bytes.", code="too_large")
    return plain
