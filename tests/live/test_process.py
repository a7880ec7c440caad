"""Streams from the process that sends them: order, resuming, limits, and who may go on reading."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from tests.live.conftest import Reader, Streams
from tests.support.stack import nginx

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def times() -> Iterator[str]:
    """Ever later instants, all in the past."""
    begin = datetime.now(UTC) - timedelta(hours=1)
    return ((begin + timedelta(seconds=n)).isoformat() for n in range(3000))


def test_a_reading_arrives_live_by_either_server(streams: Streams, times: Iterator[str]) -> None:
    power = streams.made["power"]
    streams.send((power, next(times), 1.0))
    readers = [streams.open(), streams.open(port=streams.web)]
    for reader in readers:
        reader.until(power, 1.0)
    streams.send((power, next(times), 2.0))
    began = monotonic()
    events = [reader.until(power, 2.0) for reader in readers]
    assert events[0] == events[1]
    assert events[0]["unit"] == "W"
    assert monotonic() - began < 5


@pytest.mark.nginx
def test_nginx_leads_to_the_server_of_streams_and_keeps_nothing_back(
    streams: Streams, times: Iterator[str]
) -> None:
    address = f"127.0.0.1:{streams.live}"
    with nginx(streams.folder, streams.web, ENERGY_LIVE_UPSTREAM=address) as stack:
        answer = stack.get(
            f"/api/v1/devices/{streams.made['device']}/stream/",
            headers={"Authorization": f"Bearer {streams.made['tokens']['standard']}"},
            stream=True,
        )
        reader = Reader(answer)
        streams.send((streams.made["power"], next(times), 5.0))
        reader.until(streams.made["power"], 5.0)
        answer.close()


def test_a_burst_is_coalesced_to_the_newest(streams: Streams, times: Iterator[str]) -> None:
    power, voltage = streams.made["power"], streams.made["voltage"]
    streams.send((power, next(times), 0.0), (voltage, next(times), 0.0))
    reader = streams.open()
    first = [reader.event(), reader.event()]
    assert {event["metric"] for event in first} == {power, voltage}
    for value in range(1, 41):
        streams.send((power, next(times), float(value)))
    seen = [reader.event()]
    while seen[-1]["value"] < 40:
        seen.append(reader.event())
    values, numbers = ([event[name] for event in seen] for name in ("value", "id"))
    assert values == sorted(set(values))
    assert numbers == sorted(set(numbers))
    assert {event["metric"] for event in seen} == {power}


def test_a_client_resumes_without_gap_or_repeat(streams: Streams, times: Iterator[str]) -> None:
    power, voltage = streams.made["power"], streams.made["voltage"]
    streams.send((power, next(times), 10.0), (voltage, next(times), 230.0))
    reader = streams.open()
    last = max(reader.event()["id"], reader.event()["id"])
    reader.answer.close()
    streams.send((voltage, next(times), 231.0))
    resumed = streams.open(**{"Last-Event-ID": str(last)})
    event = resumed.event()
    assert (event["metric"], event["value"]) == (voltage, 231.0)
    streams.send((power, next(times), 11.0))
    assert resumed.event()["value"] == 11.0


ENDINGS = {
    "leaver": (
        "from sites.models import SiteAssignment\n"
        "SiteAssignment.objects.filter(user__username='leaver').delete()"
    ),
    "fired": (
        "from accounts.models import User\n"
        "User.objects.filter(username='fired').update(is_active=False)"
    ),
    "revoked": (
        "from accounts.models import ApiToken\n"
        "ApiToken.objects.filter(user__username='revoked').delete()"
    ),
}


@pytest.mark.parametrize(("user", "change"), ENDINGS.items())
def test_a_stream_ends_once_its_user_may_not_see_it(
    streams: Streams, user: str, change: str
) -> None:
    reader = streams.open(user=user)
    streams.manage(change)
    since = monotonic()
    assert reader.ends()
    assert monotonic() - since < 5
    path = f"/api/v1/devices/{streams.made['device']}/stream/"
    assert streams.ask(path, user=user).status_code == (404 if user == "leaver" else 401)


def test_one_stream_more_than_a_user_may_have_is_refused(streams: Streams) -> None:
    path = f"/api/v1/sites/{streams.made['site']}/stream/"
    with ExitStack() as stack:
        for _ in range(3):
            stack.callback(streams.open(path, user="crowd").answer.close)
        refused = streams.ask(path, user="crowd")
        assert refused.status_code == 429
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) > 0


def test_a_stranger_is_told_so_in_problem_details(streams: Streams) -> None:
    for path, status in (
        (f"/api/v1/devices/{streams.made['device']}/stream/", 401),
        ("/api/v1/devices/", 404),
    ):
        answer = streams.ask(path, user="nobody")
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
