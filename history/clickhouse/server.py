"""A ClickHouse server, or the embedded chDB engine: statements out, arrays in, failures named."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from numpy.typing import NDArray

from energy.errors import HistoryAway

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

EMBEDDED_DATABASE = "energy"
CONNECT_SECONDS = 1
ANSWER_SECONDS = 30
# Seconds between attempts: a page waits less than a second for a store that is away.
PAUSES = (0.1, 0.4)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# Codes of ClickHouse's src/Common/ErrorCodes.cpp that say "not now": timeouts, network, memory,
# too many parts or queries, keeper, read-only replicas, a quorum that is not there.
_PASSING = {
    3, 159, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 252, 279, 285, 286, 289, 319, 341,
    425, 999,
}  # fmt: skip
# Codes that asking again does not mend: no such table or database, sign-in refused, no access.
_UNREADY = {60, 81, 192, 193, 194, 497, 516}
_SETTINGS = {
    # A key lies in one partition only, so none has to be compared across them.
    "do_not_merge_across_partitions_select_final": 1,
    # Acknowledged means stored.
    "async_insert": 0,
    "lightweight_deletes_sync": 2,
    # Late readings of many weeks are one block, and lists of Metrics are long.
    "max_partitions_per_insert_block": 0,
    "max_query_size": 16 * 1024 * 1024,
}
_CLUSTER_SETTINGS = {
    # Acknowledged means stored on a majority of the replicas, and seen by whoever reads next.
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "select_sequential_consistency": 1,
    "optimize_skip_unused_shards": 1,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where history is kept: a server, or a folder of the embedded engine."""

    database: str
    host: str = ""
    port: int | None = None
    username: str = ""
    password: str = ""
    secure: bool = False
    cluster: str = ""
    path: str = ""

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read `clickhouse://user:password@host:port/database?secure=&cluster=` or `chdb:///path`.

        Raises ImproperlyConfigured, without the password, for what does not make sense.
        """
        try:
            parts = urlsplit(url)
            return _embedded(parts) if parts.scheme == "chdb" else _server(parts)
        except ValueError as error:
            scheme = url.partition(":")[0]
            raise ImproperlyConfigured(f"HISTORY_URL of {scheme}: {error}") from error


def _embedded(parts: Any) -> Address:
    path = unquote(parts.path)
    if parts.netloc or parts.query or path in {"", "/"}:
        raise ValueError("write chdb:///absolute/path and nothing more.")
    return Address(EMBEDDED_DATABASE, path=path)


def _server(parts: Any) -> Address:
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    secure = options.pop("secure", "false").lower()
    if secure not in {"true", "1", "false", "0"}:
        raise ValueError("secure is true or false.")
    cluster = options.pop("cluster", "")
    if options:
        raise ValueError(f"unknown option {', '.join(options)}; there are secure and cluster.")
    if not parts.hostname:
        raise ValueError("the host is missing: clickhouse://user:password@host:port/database.")
    database = unquote(parts.path.strip("/")) or EMBEDDED_DATABASE
    for what, name in (("database", database), ("cluster", cluster or "none")):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{what} is letters, digits, _ and -, not beginning with a digit.")
    return Address(
        database,
        parts.hostname,
        parts.port,
        unquote(parts.username or "default"),
        unquote(parts.password or ""),
        secure in {"true", "1"},
        cluster,
    )


class Server:
    """One client for the process, made when it is first needed; safe to share by threads.

    Whatever is asked is tried again after short pauses while the failure may pass: every statement
    that the store sends can be repeated. Raises HistoryAway when it does not pass, and at once for
    the seconds after that, so that nothing waits for a server that is known to be away.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client: Client | None = None
        self._owner = 0
        self._making = threading.Lock()
        self._away_until = 0.0

    @property
    def missing_library(self) -> str:
        """The package that has to be installed, or ""."""
        wanted = ["clickhouse_connect", *(["chdb"] if self.address.path else [])]
        return next((name for name in wanted if find_spec(name) is None), "")

    def command(self, statement: str) -> Any:
        """Run a statement; returns its single value, if it has one."""
        return self._ask(lambda client: client.command(statement))

    def rows(self, query: str) -> NDArray[Any]:
        """The answer as a structured array with a field for each column."""
        return self._ask(lambda client: client.query_np(query))

    def insert(self, table: str, types: Mapping[str, str], columns: Sequence[Any]) -> None:
        """Insert arrays of one length, in the order of `types` (column to ClickHouse type)."""
        self._ask(
            lambda client: client.insert(
                table,
                columns,
                database=self.address.database,
                column_names=list(types),
                column_type_names=list(types.values()),
                column_oriented=True,
            )
        )

    def close(self) -> None:
        """End the connection; the next question opens another. Frees the embedded engine's lock."""
        with self._making:
            if self._client is not None and self._owner == os.getpid():
                self._client.close()
            self._client = None
            self._away_until = 0.0

    def _ask(self, question: Callable[["Client"], Answer]) -> Answer:
        from clickhouse_connect.driver.exceptions import Error

        if time.monotonic() < self._away_until:
            raise HistoryAway
        for pause in (*PAUSES, None):
            try:
                return question(self._connected())
            except Error as error:
                if error.code in _PASSING or _is_no_answer(error):
                    if pause is not None:
                        time.sleep(pause)
                        continue
                    self._away_until = time.monotonic() + HistoryAway.retry_after
                elif error.code not in _UNREADY:
                    raise
                logger.error("ClickHouse does not serve: %s", error)
                raise HistoryAway from error
        raise AssertionError("The last attempt returns or raises.")

    def _connected(self) -> "Client":
        with self._making:
            # A forked child must not speak on its parent's connection.
            if self._client is None or self._owner != os.getpid():
                self._client, self._owner = self._connect(), os.getpid()
            return self._client

    def _connect(self) -> "Client":
        import clickhouse_connect

        address = self.address
        if address.path:
            return clickhouse_connect.get_client(
                interface="chdb", path=address.path, settings=_SETTINGS
            )
        return clickhouse_connect.get_client(
            interface="https" if address.secure else "http",
            host=address.host,
            port=address.port or (8443 if address.secure else 8123),
            username=address.username,
            password=address.password,
            settings=_SETTINGS | (_CLUSTER_SETTINGS if address.cluster else {}),
            connect_timeout=CONNECT_SECONDS,
            send_receive_timeout=ANSWER_SECONDS,
            query_retries=0,
            # Threads share the client, and a session runs one query at a time.
            autogenerate_session_id=False,
        )


def _is_no_answer(error: Exception) -> bool:
    """Whether something else than ClickHouse answered, or nothing, or another process has it."""
    from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

    if "Unable to open the chdb engine" in str(error):
        return True
    code = getattr(error, "code", None)
    return code is None and type(error) in {OperationalError, DatabaseError}
