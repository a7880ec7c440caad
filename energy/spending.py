"""Rate limits that all processes of one machine count together, in shared memory.

The generic cell rate algorithm needs one number for each key: the instant until which the key's
allowance is spent. The numbers are in a small file that every process maps into its memory, so that
a request costs a file lock and sixteen bytes, but no query and no write to a disk. The operating
system writes the few pages of the file back when it likes; losing them loses a minute's counts.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from weakref import finalize

from energy.instants import MICROS_PER_SECOND
from energy.rates import Rate
from energy.run_dir import run_dir

_ENTRY = struct.Struct("<QQ")  # the key's hash, and the instant in nanoseconds since the epoch
_SETS, _WAYS = 2_048, 8  # 16,384 keys; a full set drops the key whose allowance is whole first
_SET = _WAYS * _ENTRY.size
_NANOS = 1_000  # in a microsecond; microseconds alone would miscount 60,000 requests a minute


class SpentTable:
    """The file of counts, mapped into the memory of this process."""

    def __init__(self, path: Path) -> None:
        # File locks exclude other processes, but not other threads of the same process.
        self._lock = Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        finalize(self, os.close, self._file)
        os.truncate(self._file, _SETS * _SET)
        self._memory = mmap.mmap(self._file, _SETS * _SET)

    def spend(self, key: str, rate: Rate, now: int) -> int:
        """Spend one of `rate` and return 0, or return the time to wait; all in nanoseconds."""
        hashed = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
        period = rate.period // timedelta(microseconds=1) * _NANOS
        with self._locked(hashed % _SETS * _SET) as entries:
            at, spent = _found(entries, hashed)
            # An instant more than a period ahead was written while the clock was wrong.
            begin = spent if now < spent <= now + period else now
            until = begin + period // rate.times
            if until > now + period:
                return until - now - period
            _ENTRY.pack_into(entries, at, hashed, until)
        return 0

    @contextmanager
    def _locked(self, start: int) -> Iterator[memoryview]:
        with (
            self._lock,
            memoryview(self._memory) as memory,
            memory[start : start + _SET] as entries,
        ):
            fcntl.lockf(self._file, fcntl.LOCK_EX, _SET, start)
            try:
                yield entries
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _SET, start)


def spend(key: str, rate: Rate, now: int) -> int:
    """Spend one of the key's `rate` and return 0, or the whole seconds to wait for the next.

    `now` is in microseconds since the epoch.
    """
    wait = _table(run_dir() / "spent").spend(key, rate, now * _NANOS)
    return -(-wait // (MICROS_PER_SECOND * _NANOS))


@lru_cache(maxsize=1)
def _table(path: Path) -> SpentTable:
    return SpentTable(path)


def _found(entries: memoryview, hashed: int) -> tuple[int, int]:
    """The offset of the key's entry, or of the one to replace, and until when it is spent."""
    held = [_ENTRY.unpack_from(entries, at) for at in range(0, _SET, _ENTRY.size)]
    for number, (key, until) in enumerate(held):
        if key == hashed:
            return number * _ENTRY.size, until
    oldest = min(range(_WAYS), key=lambda number: held[number][1])
    return oldest * _ENTRY.size, 0
