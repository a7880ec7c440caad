"""InfluxDB's own clients, as they are, against a running server that refuses them at times."""

import gzip
import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import influxdb
import influxdb_client
import influxdb_client_3
import pytest
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError
from influxdb_client import WriteOptions
from influxdb_client_3 import InfluxDBClient3, write_client_options

from tests.support.gateways import Served, served
from tests.support.processes import wait_for

pytestmark = pytest.mark.engine

COUNT, BATCH = 60, 10
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TAGS = {"site": "harbour-depot"}
# Waits shorter than in the field, where the server's Retry-After is the longer one anyway.
PATIENCE = {
    "batch_size": BATCH, "flush_interval": 200, "retry_interval": 100, "max_retries": 20,
    "max_retry_time": 40_000, "max_retry_delay": 2_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that takes two writes a second of a token."""
    folder = tmp_path_factory.mktemp("clients")
    with served(folder, READINGS_RATE_PER_TOKEN="2/s") as running:
        yield running


@pytest.fixture
def device(server: Served) -> str:
    """The slug of the Device whose Metric nobody has sent a reading of in these tests."""
    [device] = server.get("devices/")["results"]
    return str(device["slug"])


class Refusals:
    """Keeps the database locked until a client has been refused for it, and counts refusals."""

    def __init__(self, server: Served) -> None:
        self.statuses: list[int] = []
        self._lock = ExitStack()
        self._lock.enter_context(server.locked())

    def note(self, status: int) -> None:
        """A write was refused with this status."""
        self.statuses.append(status)
        if status == 503:
            self._lock.close()

    def retried(self, conf: Any, data: Any, error: Any) -> None:
        """A client is about to repeat a write: the callback of its second and third generation."""
        self.note(error.response.status)


@pytest.fixture
def key(server: Served) -> str:
    """The key of a new token."""
    return server.new_key()


@pytest.fixture
def refusals(server: Served, key: str, device: str) -> Iterator[Refusals]:
    """The database is locked from now on, once all is asked of it that a test needs."""
    refused = Refusals(server)
    yield refused
    refused._lock.close()
    assert {429, 503} <= set(refused.statuses)


def instant(number: int) -> datetime:
    return BEGIN + timedelta(seconds=number)


def write_with_2(server: Served, key: str, refusals: Refusals, device: str, begin: int) -> None:
    """By influxdb-client, in batches from a thread of its own."""
    with (
        influxdb_client.InfluxDBClient(server.url, key, org="-") as client,
        client.write_api(
            WriteOptions(**PATIENCE), retry_callback=refusals.retried, error_callback=fail
        ) as api,
    ):
        assert client.version() == "2.7.0-energy"
        assert client.ping()
        for number in range(begin, begin + COUNT):
            point = influxdb_client.Point("meter").tag("site", "harbour-depot")
            point.tag("device", device).field("active_power", float(number)).field("note", "text")
            api.write("-", record=point.time(instant(number)))


def write_with_3(server: Served, key: str, refusals: Refusals, device: str, begin: int) -> None:
    """By influxdb3-python, in batches from a thread of its own."""
    options = write_client_options(
        write_options=influxdb_client_3.WriteOptions(**PATIENCE),
        retry_callback=refusals.retried,
        error_callback=fail,
    )
    with InfluxDBClient3(
        host=server.url, token=key, database="-", write_client_options=options
    ) as client:
        assert client.get_server_version() == "2.7.0-energy"
        for number in range(begin, begin + COUNT):
            point = influxdb_client_3.Point("meter").tag("site", "harbour-depot")
            client.write(
                point.tag("device", device)
                .field("active_power", float(number))
                .time(instant(number))
            )


def write_with_1(server: Served, key: str, refusals: Refusals, device: str, begin: int) -> None:
    """By influxdb 5, whose helper keeps what it could not send for the next time."""
    client = influxdb.InfluxDBClient("127.0.0.1", server.port, "user", key, "energy", timeout=30)

    class Meters(influxdb.SeriesHelper):
        class Meta:
            series_name = "meter"
            fields = ["active_power"]
            tags = ["site", "device"]
            autocommit = False

    assert client.ping() == "2.7.0-energy"
    again(refusals, lambda: client.create_database("energy"))
    for number in range(begin, begin + COUNT):
        Meters(**TAGS, device=device, active_power=float(number), time=instant(number))
        if number % BATCH == BATCH - 1:
            again(refusals, lambda: Meters.commit(client))


def again(refusals: Refusals, action: Callable[[], object]) -> None:
    """Do it until it is done, as whoever uses this client has to."""

    def done() -> bool:
        try:
            action()
        except InfluxDBClientError as error:
            refusals.note(error.code)
        except InfluxDBServerError as error:
            # It keeps the answer, and no status.
            refusals.note(503 if b"unavailable" in error.args[0] else 500)
        else:
            return True
        return False

    wait_for(done, pause=0.2)


def fail(conf: Any, data: Any, error: Any) -> None:
    raise AssertionError(f"a batch was given up: {error}")


WRITERS = [write_with_1, write_with_2, write_with_3]


def assert_stored_once(server: Served, begin: int) -> None:
    """The values of one test are there, each once; other tests send other values."""
    expected = [float(number) for number in range(begin, begin + COUNT)]
    assert [value for value in server.readings() if begin <= value < begin + COUNT] == expected


@pytest.mark.parametrize("write", WRITERS)
def test_nothing_that_a_client_sends_is_lost_while_the_server_refuses(
    server: Served,
    refusals: Refusals,
    device: str,
    key: str,
    write: Callable[..., None],
) -> None:
    begin = WRITERS.index(write) * COUNT
    write(server, key, refusals, device, begin)

    assert_stored_once(server, begin)


# As Telegraf's outputs write them (plugins/outputs/influxdb_v2/http.go and influxdb/http.go): no
# length is announced, because what they send is a stream to Go; by default the second generation
# compresses.
TELEGRAF_2 = (
    "POST /api/v2/write?bucket=energy&org=energy HTTP/1.1\r\nHost: {host}\r\n"
    "User-Agent: Telegraf/1.36.1 Go/1.25.1\r\nTransfer-Encoding: chunked\r\n"
    "Authorization: Token {key}\r\nContent-Encoding: gzip\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
)
TELEGRAF_1 = (
    "POST /write?db=energy HTTP/1.1\r\nHost: {host}\r\n"
    "User-Agent: Telegraf/1.36.1 Go/1.25.1\r\nTransfer-Encoding: chunked\r\n"
    "Authorization: Basic {basic}\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
)
TELEGRAF_1_CREATES = (
    "POST /query HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Telegraf/1.36.1 Go/1.25.1\r\n"
    "Content-Length: 33\r\nAuthorization: Basic {basic}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n"
    "Connection: close\r\n\r\nq=CREATE+DATABASE+%22energy%22%0A"
)
END = b"0\r\n\r\n"
MODBUS = (
    "modbus,device={device},host=gw1,name=meter,site=harbour-depot,slave_id=1,type=holding "
    'active_power={value},serial="A-1",ok=true,errors=0i {stamp}\n'
)


def say(server: Served, head: str, body: bytes = b"", pieces: int = 3, end: bytes = END) -> bytes:
    """The answer to a request, whose body, if any, is sent in chunks that `end` so."""
    key = server.new_key()
    basic = b64encode(f"telegraf:{key}".encode()).decode()
    request = head.format(host=f"127.0.0.1:{server.port}", key=key, basic=basic).encode()
    if body:
        step = len(body) // pieces + 1
        chunks = [body[at : at + step] for at in range(0, len(body), step)]
        request += b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def modbus(device: str, begin: int) -> bytes:
    stamps = (int(instant(number).timestamp()) * 10**9 for number in range(begin, begin + COUNT))
    lines = (
        MODBUS.format(device=device, value=float(begin + index), stamp=stamp)
        for index, stamp in enumerate(stamps)
    )
    return "".join(lines).encode()


@pytest.mark.parametrize("generation", [1, 2])
def test_what_telegraf_sends_in_chunks_is_stored(
    server: Served, device: str, generation: int
) -> None:
    begin = (len(WRITERS) + generation) * COUNT
    lines = modbus(device, begin)
    if generation == 1:
        assert say(server, TELEGRAF_1_CREATES).startswith(b"HTTP/1.1 200 OK")
        answer = say(server, TELEGRAF_1, lines)
    else:
        answer = say(server, TELEGRAF_2, gzip.compress(lines))

    assert answer.startswith(b"HTTP/1.1 204 No Content")
    assert_stored_once(server, begin)


def test_chunks_that_are_more_than_may_be_sent_are_refused(server: Served) -> None:
    answer = say(server, TELEGRAF_1, bytes(16 * 2**20 + 1), pieces=300)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "request too large"' in answer


@pytest.mark.parametrize("end", [b"", b"ffff\r\nm v=1", b"x\r\n"], ids=["none", "early", "wrong"])
def test_chunks_that_do_not_end_as_they_should_store_nothing(
    server: Served, device: str, end: bytes
) -> None:
    before = server.readings()
    answer = say(server, TELEGRAF_1, modbus(device, 50 * COUNT), end=end)
    assert not answer.startswith(b"HTTP/1.1 2")
    assert server.readings() == before
