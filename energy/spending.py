"""Counts that the processes of one machine share in memory: how much of a rate is spent.

One number is kept for each key: the instant until which its allowance is spent (the generic cell
rate algorithm). It lies in a small file that every process maps into its memory. A request costs a
lock and sixteen bytes of memory: neither a query nor a write to a disk. The system writes the few
pages of the file when it likes, and what is lost with it is a minute's counts.
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
_SETS, _WAYS = 2_048, 8  # 16,384 keys; of a full set the one that is next to be whole again goes
_SET = _WAYS * _ENTRY.size
_NANOS = 1_000  # in a microsecond: shares of a minute are then exact enough to count 60,000 right


class SpentTable:
    """The file of counts, as this process has it in its memory."""

    def __init__(self, path: Path) -> None:
        # Locks of the system keep processes apart, and all threads of one process count as one.
        self._lock = Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        finalize(self, os.close, self._file)
        os.truncate(self._file, _SETS * _SET)
        self._memory = mmap.mmap(self._file, _SETS * _SET)

    def spend(self, key: str, rate: Rate, now: int) -> int:
        """Spend one of `rate` and return 0, or return for how long to wait, all in nanoseconds."""
        hashed = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
        period = rate.period // timedelta(microseconds=1) * _NANOS
        with self._locked(hashed % _SETS * _SET) as entries:
            at, spent = _found(entries, hashed)
            # What lies further ahead than a whole period was written by a clock that was ahead.
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
    """Where the key's entry is, or may be made, and until when it is spent."""
    held = [_ENTRY.unpack_from(entries, at) for at in range(0, _SET, _ENTRY.size)]
    for number, (key, until) in enumerate(held):
        if key == hashed:
            return number * _ENTRY.size, until
    oldest = min(range(_WAYS), key=lambda number: held[number][1])
    return oldest * _ENTRY.size, 0
