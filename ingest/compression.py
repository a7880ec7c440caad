"""A request's body as it was before it was packed for the way, within limits. Pure."""

import zlib

from energy.errors import DomainError, TooLarge, Unsupported

_GZIP = 16 + zlib.MAX_WBITS


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
    """A gzip file may consist of several members; they are unpacked into one."""
    members: list[bytes] = []
    room = max_bytes
    while body:
        member = zlib.decompressobj(_GZIP)
        members.append(member.decompress(body, room + 1))
        room -= len(members[-1])
        if room < 0:
            raise TooLarge(f"Unpacked, a body takes at most {max_bytes:,} bytes.", code="too_large")
        if not member.eof:
            raise _broken()
        body = member.unused_data
    return b"".join(members)


def _broken() -> DomainError:
    return DomainError("The body is not a whole gzip stream.", code="malformed")
