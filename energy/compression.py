"""gzip, as requests bring it and answers have it. Pure."""

import zlib
from collections.abc import Iterable, Iterator

from energy.errors import DomainError, TooLarge, Unsupported

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 4_096  # bytes that are decompressed at a time
_FASTEST = 1


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
        return _gunzip(body, max_bytes)
    except zlib.error as error:
        raise _incomplete() from error


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    """Decompress all members of a gzip file.

    In small pieces, because the end of a member copies what is left of its piece, and a body may
    have a member in every twenty bytes; `gzip.GzipFile` takes five times as long for such a body.
    """
    plain: list[bytes] = []
    room, member = max_bytes, zlib.decompressobj(_GZIP)
    for begin in range(0, len(body), _PIECE):
        piece = body[begin : begin + _PIECE]
        while piece:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            plain.append(member.decompress(piece, room + 1))
            room -= len(plain[-1])
            if room < 0:
                raise TooLarge(
                    f"Unpacked, a body takes at most {max_bytes:,} bytes.", code="too_large"
                )
            piece = member.unused_data
    if not member.eof:
        raise _incomplete()
    return b"".join(plain)


def _incomplete() -> DomainError:
    return DomainError("The body is not a whole gzip stream.", code="malformed")


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not with a weight of 0.

    Django can only look for the word (`GZipMiddleware`), whatever its weight.
    """
    for coding in header.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def gzip_stream(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces compressed at the fastest level, which makes a ninth of rows of readings."""
    compressor = zlib.compressobj(_FASTEST, wbits=_GZIP)
    for piece in pieces:
        if compressed := compressor.compress(piece):
            yield compressed
    yield compressor.flush()
