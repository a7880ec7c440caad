"""Whatever changes, and whenever a client is cut off, it ends up with the newest of each Metric."""

import json

from hypothesis import given
from hypothesis import strategies as st

from live.buckets import TokenBucket
from live.feeds import Credentials, Feed, Topic
from live.followed import Followed
from live.frames import resumed_from
from live.newest import Newest
from live.streams import Stream
from tests.live.test_stream import events

METRICS = frozenset({1, 2, 3})
CHANGE = st.tuples(st.sampled_from(sorted(METRICS)), st.integers(0, 5))
STEPS = st.lists(st.one_of(CHANGE, st.sampled_from(["flush", "cut off", "cut off in a flush"])))


def stream_from(last):
    credentials = Credentials(1, "", None, None)
    return Stream(Feed(Topic(1, None, 1), credentials, METRICS, last))


def newest(metric, value, number):
    return Newest(metric, float(value), "W", number, number)


class Client:
    """Remembers what it was sent, and comes back with the last number."""

    def __init__(self):
        self.last, self.got, self.numbers = None, {}, []

    def take(self, text):
        for number, data in events(text):
            self.numbers.append(number)
            self.last = resumed_from(str(number))
            self.got[data["metric"]] = data["value"]


def begun(followed, last=None, old=None):
    """A stream that begins with `last`, in place of an old one."""
    stream = stream_from(last)
    for each in followed.values():
        each.leave(old, 0.0)
        each.join(stream)
        each.greet(stream)
    return stream


@given(STEPS)
def test_a_client_misses_nothing_and_is_told_nothing_twice(steps):
    client, truth, followed = Client(), {}, {metric: Followed() for metric in METRICS}
    for each in followed.values():
        each.begin(1_000_000_000)
    stream = begun(followed)
    for number, step in enumerate([*steps, "flush"], 1_000_000_001):
        if isinstance(step, tuple):
            metric, value = step
            followed[metric].change(newest(metric, value, number), number)
            truth[metric] = float(value)
            continue
        text = stream.taken().decode()
        if step != "cut off":
            client.take(text if step == "flush" else text[: text.find("\n\n") + 2])
        if step != "flush":
            stream = begun(followed, client.last, stream)
    assert client.got == truth
    assert client.numbers == sorted(set(client.numbers))


def test_a_client_of_an_earlier_process_is_told_again_only_what_had_just_arrived():
    told = {}
    for seconds in (0, 1, 3, 60):
        followed, stream = Followed(), stream_from(100_000_000)
        followed.begin(200_000_000)
        followed.read(newest(1, 7, 100_000_000 - seconds * 1_000_000), 200_000_001)
        followed.greet(stream)
        told[seconds] = bool(stream.taken())
    assert told == {0: True, 1: True, 3: False, 60: False}


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=60))
def test_a_bucket_lets_through_its_burst_and_then_its_rate(pauses):
    bucket, now, flushed = TokenBucket(4, 4, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        now += bucket.wait(now)
        bucket.take()
        flushed.append(now)
    for begin in range(len(flushed)):
        within = [at for at in flushed[begin:] if at - flushed[begin] <= 1.0]
        assert len(within) <= 4 + 4 + 1


def test_events_are_as_the_contract_says():
    followed, stream = Followed(), stream_from(None)
    followed.read(newest(3, 1, 1_750_000_000_000_000), 42)
    followed.greet(stream)
    first, second, third = stream.taken().decode().splitlines()[:3]
    assert (first, second) == ("event: reading", "id: 42")
    assert list(json.loads(third.removeprefix("data: "))) == [
        "metric",
        "timestamp",
        "value",
        "unit",
    ]
