"""InfluxDB's write API: what is stored, and what its clients are told."""

import base64
import gzip
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from ingest.models import Alias, Discovered
from metrics.models import Metric
from tests.ingest.lines.conftest import Send
from tests.support.posting import NOON, stored

AT_NOON = 1_780_315_200  # NOON, in seconds
LINE = "meter,site=harbour-depot,device=main-meter active_power=1.5"
PATHS = (
    "/api/v2/write?precision=s&org=o&bucket=b",
    "/write?precision=s&db=d",
    "/api/v3/write_lp?db=d",
)


def line(value: object = 1.5, at: int = AT_NOON) -> str:
    return f"meter,site=harbour-depot,device=main-meter active_power={value} {at}"


def told(answer: Any) -> dict[str, Any]:
    """A refusal as InfluxDB's clients read it."""
    assert answer["Content-Type"] == "application/json"
    refusal: dict[str, Any] = answer.json()
    return refusal


@pytest.mark.parametrize("path", PATHS)
def test_a_line_is_stored_by_the_slugs_of_its_tags(send: Send, metric: Metric, path: str) -> None:
    answer = send(line(), path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert stored(metric) == [(NOON, 1.5)]


AUTHORIZATIONS = {
    "Token": lambda key: f"Token {key}",
    "Bearer": lambda key: f"Bearer {key}",
    "token with a user": lambda key: f"Token user:{key}",
    "Basic": lambda key: "Basic " + base64.b64encode(f"user:{key}".encode()).decode(),
    "Basic without a user": lambda key: "Basic " + base64.b64encode(f":{key}".encode()).decode(),
}


@pytest.mark.parametrize("way", AUTHORIZATIONS)
def test_the_token_may_be_sent_in_a_header(send: Send, metric: Metric, key: str, way: str) -> None:
    assert send(line(), Authorization=AUTHORIZATIONS[way](key)).status_code == 204
    assert stored(metric) == [(NOON, 1.5)]


def test_the_token_may_be_sent_as_password_of_the_query(metric: Metric, key: str) -> None:
    path = f"/write?precision=s&u=user&p={key}"
    answer = Client().post(path, line(), content_type="application/octet-stream")
    assert answer.status_code == 204
    assert stored(metric) == [(NOON, 1.5)]


BAD_AUTHORIZATIONS = (
    "", "Token", "Token x", "Token ü", "Token a b", "Bearer ", "Basic", "Basic x", "Basic ü",
    "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    "Basic " + base64.b64encode(b"user").decode(),
    "Digest x", "Token " + "9" * 3_000, "Token a:b:c",
)  # fmt: skip


@pytest.mark.parametrize("sent", BAD_AUTHORIZATIONS)
@pytest.mark.parametrize("path", [*PATHS, "/query?q=CREATE DATABASE d"])
def test_without_a_token_that_holds_nothing_is_stored(
    send: Send, metric: Metric, sent: str, path: str
) -> None:
    answer = send(line(), path, Authorization=sent)
    assert answer.status_code == 401
    assert told(answer)["code"] == "unauthorized"
    assert answer["WWW-Authenticate"] == "Token"
    assert stored(metric) == []


def test_a_session_alone_sends_nothing(technician: User, metric: Metric) -> None:
    client = Client()
    client.force_login(technician)
    assert client.post(PATHS[0], line(), content_type="text/plain").status_code == 401


def test_a_token_that_only_reads_and_a_user_who_may_not_are_forbidden(
    send: Send, technician: User, standard: User, metric: Metric
) -> None:
    reading = ApiToken.objects.create(user=technician, scope="read")[1]
    lacking = ApiToken.objects.create(user=standard, scope="full")[1]
    for key in (reading, lacking):
        answer = send(line(), Authorization=f"Token {key}")
        assert answer.status_code == 403
        assert told(answer)["code"] == "forbidden"
    assert stored(metric) == []


def test_a_token_of_another_site_names_no_metric_of_this_one(
    send: Send, technician: User, foreign_site: Any, foreign_metric: Metric
) -> None:
    text = line().replace("harbour-depot", "secret-works").replace("main-meter", "secret-meter")
    assert send(text).status_code == 204
    assert stored(foreign_metric) == []
    assert Discovered.objects.get().waiting == 1


def test_good_lines_are_stored_and_bad_ones_are_named(send: Send, metric: Metric) -> None:
    future = AT_NOON * 2
    body = "\n".join([line(1), line("x"), line(2, AT_NOON + 1), line(3, future), "nonsense"])
    answer = send(body)
    refusal = told(answer)
    assert answer.status_code == 400
    assert refusal["code"] == "invalid"
    assert refusal["message"].startswith("partial write: line 2: The value of a field is no number")
    assert "; line 4: The timestamp is over a day ahead of now.; line 5: " in refusal["message"]
    assert [(each["line_number"], each["original_line"]) for each in refusal["data"]] == [
        (2, line("x")), (4, line(3, future)), (5, "nonsense"),
    ]  # fmt: skip
    assert [value for _, value in stored(metric)] == [1, 2]


def test_a_line_that_is_long_or_no_text_is_quoted_in_part(send: Send) -> None:
    body = b"\xef\xbb\xbf" + b"x" * 500 + b"\r\nm\xff v=1\r\n" + b'm v=1,s="a\nb" x'
    quoted = [each["original_line"] for each in told(send(body))["data"]]
    assert quoted == ["x" * 200, "m\ufffd v=1", 'm v=1,s="a', 'b" x']


@pytest.mark.parametrize("stamp", [2**63 - 1, -(2**63), -(2**63) + 1, 2**63, 10**30, -(10**30)])
@pytest.mark.parametrize("more", ["", ',note="text"'], ids=["easy", "with a text"])
def test_a_timestamp_that_is_out_of_range_is_called_so(
    send: Send, metric: Metric, stamp: int, more: str
) -> None:
    answer = send(f"meter,site=harbour-depot,device=main-meter active_power=1{more} {stamp}")
    assert answer.status_code == 400
    assert "line 1: The timestamp is out of range" in told(answer)["message"]
    assert stored(metric) == []


@pytest.mark.parametrize("path", ["/api/v2/write", "/api/v3/write_lp", "/write", "/query"])
def test_a_nul_is_refused_in_the_words_of_influxdb(db: None, path: str) -> None:
    asked = Client().post(f"{path}?p=%00", LINE, content_type="text/plain")
    assert asked.status_code == 400
    assert told(asked)["message"] == "The character NUL cannot be sent."
    with_cookie = Client()
    with_cookie.cookies["sessionid"] = "a"
    answer = with_cookie.post(path, LINE, content_type="text/plain", HTTP_COOKIE="sessionid=a\0")
    assert answer.status_code == 400
    assert told(answer)["code"] == "invalid"


def test_at_most_a_hundred_bad_lines_are_named(send: Send) -> None:
    message = told(send("x\n" * 105))["message"]
    assert message.count("line ") == 100
    assert message.endswith("; and 5 more")


def test_partial_writes_may_be_declined(send: Send, metric: Metric) -> None:
    answer = send(f"{line()}\nnonsense", "/api/v3/write_lp?db=d&accept_partial=false")
    assert answer.status_code == 400
    assert told(answer)["message"].startswith("nothing was written: line 2: ")
    assert stored(metric) == []


def test_an_alias_says_which_metric_is_meant_and_in_what_unit(
    send: Send, metric: Metric, technician: User
) -> None:
    name = "sensor.solar_power/value"
    Alias.objects.create(owner=technician, source="gateway", name=name, metric=metric, factor=1000)
    text = f'kW,domain=sensor,entity_id=solar_power friendly_name_str="Solar",value=2.4 {AT_NOON}'
    assert send(text).status_code == 204
    assert stored(metric) == [(NOON, 2400.0)]


def test_a_name_that_nothing_maps_waits(send: Send, technician: User, metric: Metric) -> None:
    text = f'kWh,domain=sensor,entity_id=solar friendly_name_str="Solar",value=2.4 {AT_NOON}'
    assert send(text).status_code == 204
    found = Discovered.objects.get()
    assert (found.owner, found.source, found.name) == (technician, "gateway", "sensor.solar/value")
    assert (found.unit, found.type, found.friendly_name) == ("kWh", "counter", "Solar")
    assert (found.waiting, found.latest_value) == (1, 2.4)


def test_where_names_are_not_discovered_their_lines_are_refused(
    send: Send, settings: Any, metric: Metric
) -> None:
    settings.INGEST_DISCOVER = False
    answer = send(f"cpu,host=a x=1,y=2 {AT_NOON}\n{line()}")
    assert answer.status_code == 400
    assert told(answer)["message"] == "partial write: line 1: No alias maps this name."
    assert stored(metric) == [(NOON, 1.5)]


@pytest.mark.parametrize("body", ["", "\n", "# nothing", 'm,site=a,device=b s="text" 5'])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "plain"])
def test_a_body_without_a_reading_is_taken(send: Send, body: str, encoding: str) -> None:
    packed = gzip.compress(body.encode()) if encoding == "gzip" and body else body
    headers = {} if encoding == "plain" else {"Content-Encoding": encoding}
    assert send(packed, **headers).status_code == 204


def test_a_body_may_be_compressed(send: Send, metric: Metric) -> None:
    body = gzip.compress(line().encode())
    assert send(body, **{"Content-Encoding": "gzip"}).status_code == 204
    assert stored(metric) == [(NOON, 1.5)]


def test_what_a_client_would_rather_read_makes_no_difference(send: Send, metric: Metric) -> None:
    headers = {
        "Accept": "application/x-msgpack",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert send(line(), **headers).status_code == 204
    assert stored(metric) == [(NOON, 1.5)]


def test_a_line_without_a_timestamp_was_measured_now(send: Send, metric: Metric) -> None:
    assert send(LINE).status_code == 204
    metric.refresh_from_db()
    latest = metric.latest
    assert latest.received_at - latest.timestamp < timedelta(seconds=1)


BAD_REQUESTS = {
    "an unknown precision": ("", "/write?precision=x", {}, 400, "invalid"),
    "no gzip": ("x", "/write", {"Content-Encoding": "gzip"}, 400, "invalid"),
    "half of a gzip": (
        gzip.compress(b"m v=1")[:-4], "/write", {"Content-Encoding": "gzip"}, 400, "invalid",
    ),
    "another encoding": (
        "x", "/write", {"Content-Encoding": "br"}, 415, "unsupported media type",
    ),
    "too many lines": ("\n" * 50_001, "/write", {}, 413, "request too large"),
    "too many readings": (
        "m " + ",".join(f"v{n}=1" for n in range(50_001)), "/write", {}, 413, "request too large",
    ),
    "too long": ("x" * (16 * 2**20 + 1), "/api/v2/write", {}, 413, "request too large"),
    "a bomb": (
        gzip.compress(bytes(16 * 2**20 + 1)), "/write", {"Content-Encoding": "gzip"}, 413,
        "request too large",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_cannot_be_taken_is_refused_as_influxdb_does(send: Send, name: str) -> None:
    body, path, headers, status, code = BAD_REQUESTS[name]
    answer = send(body, path, **headers)
    refusal = told(answer)
    assert (answer.status_code, refusal["code"]) == (status, code)
    assert refusal["message"] == refusal["error"]


@pytest.mark.parametrize("setting", ["READINGS_RATE_PER_TOKEN", "READINGS_RATE_PER_USER"])
def test_what_goes_beyond_the_rate_of_readings_waits(
    send: Send, settings: Any, setting: str
) -> None:
    setattr(settings, setting, "2/min")
    answers = [send(LINE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert told(answers[-1])["code"] == "too many requests"
    assert answers[-1]["Retry-After"] == "30"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("path", PATHS)
def test_only_post_writes(key: str, method: str, path: str) -> None:
    answer = getattr(Client(), method)(path, headers={"Authorization": f"Token {key}"})
    assert answer.status_code == 405
    assert told(answer)["code"] == "method not allowed"
    assert answer["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_ping_says_what_is_spoken(client: Client, method: str) -> None:
    answer = getattr(client, method)("/ping", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["X-Influxdb-Version"] == "2.7.0-energy"


def test_health_says_whether_writes_would_be_stored(db: None, client: Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() | {"version": ""} == {"name": "energy", "status": "pass", "version": ""}


CREATED = (
    "CREATE DATABASE telegraf", 'create database "my \\" db"', "CREATE DATABASE d;",
    'CREATE DATABASE "d" WITH DURATION 30d REPLICATION 1 NAME',
)  # fmt: skip


@pytest.mark.parametrize("query", CREATED)
@pytest.mark.parametrize("way", ["form", "address", "get"])
def test_a_database_may_be_created(key: str, query: str, way: str) -> None:
    client, headers = Client(), {"Authorization": f"Token {key}"}
    if way == "form":
        answer = client.post("/query", {"q": query}, headers=headers)
    else:
        ask = client.post if way == "address" else client.get
        answer = ask("/query", query_params={"q": query}, headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {"results": [{"statement_id": 0}]}


@pytest.mark.parametrize("query", ["", "SHOW DATABASES", "DROP DATABASE d", "CREATE DATABASE d; x"])
def test_nothing_else_is_answered(key: str, query: str) -> None:
    headers = {"Authorization": f"Token {key}"}
    answer = Client().post("/query", {"q": query}, headers=headers)
    assert answer.status_code == 400
    assert told(answer)["error"] == "Only CREATE DATABASE is answered here."


HOSTILE = ("%00", "9" * 30, "%ff%fe", "a%0d%0ab", "x" * 5_000, "", "%F0%9F%92%A9")


@pytest.mark.parametrize("path", ["/api/v2/write", "/api/v3/write_lp", "/write", "/query"])
def test_no_query_makes_the_server_fail(send: Send, path: str) -> None:
    names = ("precision", "db", "bucket", "org", "rp", "u", "p", "q", "accept_partial", "nonsense")
    answers = {
        (name, value[:9]): send(LINE, f"{path}?{name}={value}").status_code
        for name in names
        for value in HOSTILE
    }
    assert {asked: status for asked, status in answers.items() if status not in (204, 400)} == {}


def test_questions_to_the_database_do_not_grow_with_the_lines(
    send: Send, metric: Metric, django_assert_max_num_queries: Any
) -> None:
    send(line())
    with django_assert_max_num_queries(14):
        assert send("\n".join(line(n, AT_NOON + n) for n in range(300))).status_code == 204


@pytest.mark.parametrize("tags", [",site=harbour-depot,device=main-meter", ",host=quay-1"])
def test_seconds_that_are_taken_for_nanoseconds_are_refused(
    send: Send, metric: Metric, tags: str
) -> None:
    answer = send(f"meter{tags} active_power=1 {AT_NOON}", "/api/v2/write")
    assert answer.status_code == 400
    assert "before the year 2000: it may be in another unit (precision)" in told(answer)["message"]
    assert stored(metric) == []
    assert not Discovered.objects.exists()
