"""A request's body as it was before it was packed for the way, within limits. Pure."""

import zlib

from energy.errors import DomainError, TooLarge, Unsupported

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 4_096  # bytes unpacked at a time


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its Content-Encoding: gzip, identity or none.

    Never holds more than `max_bytes` of it, whatever the body claims to be. Raises TooLarge past
    them, Unsupported for another, and DomainError when the body is no whole gzip stream.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise Unsupported("Content-Encoding may be gzip, or left out.", code="unknown_encoding")
    try:
        return _gunzipped(body, max_bytes)
    except zlib.error as error:
        raise _broken() from error


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    """A gzip file may consist of several members; they are unpacked into one.

    Little by little: the end of a member copies what is left of its piece, and there may be a
    member in every twenty bytes.
    """
    unpacked_parts: list[bytes] = []
    room, member = max_bytes, zlib.decompressobj(_GZIP)
    for begin in range(0, len(body), _PIECE):
        piece = body[begin : begin + _PIECE]
        while piece:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            unpacked_parts.append(member.decompress(piece, room + 1))
            room -= len(unpacked_parts[-1])
            if room < 0:
                told = f"Unpacked, a body takes at most {max_bytes:,} bytes."
                raise TooLarge(told, code="too_large")
            piece = member.unused_data
    if not member.eof:
        raise _broken()
    return b"".join(unpacked_parts)


def _broken() -> DomainError:
    return DomainError("The body is not a whole gzip stream.", code="malformed")
