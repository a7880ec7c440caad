"""Numbers, times and text as devices, spreadsheets and exports write them, in JSON and CSV."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase
from rest_framework.test import APIClient

from history import get_store
from history.models import Reading
from history.store import HistoryStore
from metrics.models import Latest, Metric
from tests.support.factories import DeviceFactory, SiteFactory, UserFactory
from tests.support.importing import run, write
from tests.support.posting import NOON, URL, faults, named, row, stored

Post = Callable[..., Any]
HEADER = "metric,timestamp,value"
NAMED_HEADER = "site,device,key,unit,timestamp,value"


def in_unit(metric: Metric, unit: str, value: str = "1") -> str:
    return f"{metric.device.site.slug},{metric.device.slug},{metric.key},{unit},{NOON},{value}"


# Times -----------------------------------------------------------------------------------------

TIMES = [
    ("2026-05-31T23:59:60Z", "2026-06-01T00:00:00Z"),
    ("2026-05-31T23:59:60.25Z", "2026-06-01T00:00:00.250000Z"),
    ("2026-05-31T16:59:60-07:00", "2026-06-01T00:00:00Z"),
    ("2026-06-01T05:29:60+05:30", "2026-06-01T00:00:00Z"),
    ("2026-05-31T23:59:60.999999999Z", "2026-06-01T00:00:00.999999Z"),
    ("2026-05-31T23:59:59.9999999Z", "2026-05-31T23:59:59.999999Z"),
    ("2026-05-31T23:59:59.999999999Z", "2026-05-31T23:59:59.999999Z"),
    ("2026-06-01T02:00:00.123456999+02:00", "2026-06-01T00:00:00.123456Z"),
]


@pytest.mark.parametrize(("written", "meant"), TIMES)
@pytest.mark.parametrize("form", ["rows", "columns", "listed columns", "by names"])
def test_a_time_in_json_is_cut_to_the_microsecond_and_knows_leap_seconds(
    written: str, meant: str, form: str, post: Post, metric: Metric
) -> None:
    columns = {"metric": metric.pk, "timestamps": [written], "values": [2]}
    body = {
        "rows": {"readings": [row(metric, timestamp=written, value=2)]},
        "columns": columns,
        "listed columns": {"readings": [columns]},
        "by names": {"readings": [named(metric, timestamp=written, value=2)]},
    }[form]
    assert post(body).json() == {"accepted": 1, "rejected": []}
    assert stored(metric) == [(meant, 2)]


@pytest.mark.parametrize(("written", "meant"), TIMES)
def test_a_time_in_csv_is_read_alike(
    written: str, meant: str, metric: Metric, tmp_path: Path
) -> None:
    file = write(tmp_path, HEADER, f"{metric.pk},{written},2", f"{metric.pk},{NOON},3")
    assert run(file)[2] is None
    assert stored(metric) == [(meant, 2), (NOON, 3)]


@pytest.mark.parametrize(
    "written",
    ["2026-06-01T12:00:60Z", "2026-06-01T23:59:61Z", "2026-06-01T23:59:60", "2026-02-30T23:59:60Z"],
)
def test_a_second_that_never_was_is_refused(
    written: str, post: Post, metric: Metric, tmp_path: Path
) -> None:
    answer = post({"readings": [row(metric, timestamp=written)]})
    assert faults(answer) == [("readings.0", "invalid_timestamp")]
    _, err, _ = run(write(tmp_path, HEADER, f"{metric.pk},{written},2"))
    assert "Line 2: The timestamp must be RFC 3339" in err


# Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [("+5", 5), (".5", 0.5), ("5.", 5), ("+.5", 0.5), ("-5.", -5), ("-.5e1", -5), ("+5.E-1", 0.5),
     ("007.5", 7.5), ("1e-400", 0)],
)  # fmt: skip
def test_a_number_in_csv_may_have_a_plus_and_no_digits_on_one_side(
    written: str, meant: float, metric: Metric, tmp_path: Path
) -> None:
    assert run(write(tmp_path, HEADER, f"{metric.pk},{NOON},{written}"))[2] is None
    assert stored(metric) == [(NOON, meant)]


@pytest.mark.parametrize(
    "written", [".", "+", "", "--5", "+-5", "1e", "e5", "5,0", "1_0", "0x10", "٣", "1e400", "5 W"]
)
def test_what_is_no_number_is_still_refused(written: str, metric: Metric, tmp_path: Path) -> None:
    _, err, error = run(write(tmp_path, HEADER, f'{metric.pk},{NOON},"{written}"'))
    assert "Line 2: The value must be a number" in err
    assert error is not None


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
class TestNoNumber:
    """A bare NaN, which many a library writes although JSON has none."""

    @staticmethod
    def body(word: str, metric: Metric) -> bytes:
        good, bad = row(metric, value=1), row(metric, timestamp="2026-06-01T12:01:00Z", value=0.25)
        return json.dumps({"readings": [good, bad, good]}).replace("0.25", word).encode()

    def test_it_refuses_its_row_only(self, word: str, post: Post, metric: Metric) -> None:
        answer = post(self.body(word, metric), query="?partial=true").json()
        assert answer["accepted"] == 2
        assert [(bad["index"], bad["code"]) for bad in answer["rejected"]] == [(1, "not_finite")]
        assert stored(metric) == [(NOON, 1)]

    def test_it_refuses_all_unless_a_part_is_welcome(
        self, word: str, post: Post, metric: Metric
    ) -> None:
        assert faults(post(self.body(word, metric))) == [("readings.1", "not_finite")]

    def test_in_columns_it_refuses_its_reading(self, word: str, post: Post, metric: Metric) -> None:
        columns = {"metric": metric.pk, "timestamps": [NOON, "2026-06-01T12:01:00Z"]}
        body = json.dumps({**columns, "values": [3, 0.25]}).replace("0.25", word).encode()
        assert post(body, query="?partial=true").json()["accepted"] == 1
        assert stored(metric) == [(NOON, 3)]

    def test_as_text_it_is_text(self, word: str, post: Post, metric: Metric) -> None:
        body = self.body(f'"a \\" {word}"', metric)
        assert faults(post(body)) == [("readings.1", "invalid_value")]

    def test_in_csv_it_refuses_its_line(self, word: str, metric: Metric, tmp_path: Path) -> None:
        file = write(tmp_path, HEADER, f"{metric.pk},{NOON},1", f"{metric.pk},{NOON},{word}")
        _, err, error = run(file, partial=True)
        assert "Line 3: The value is not a finite number." in err
        assert "refused: 1" in str(error)
        assert stored(metric) == [(NOON, 1)]


@pytest.mark.parametrize("body", [b'{"readings": [NaN', b'{"readings": [{"value": NaNa}]}', b"NaN"])
def test_a_body_with_a_bare_word_that_is_no_json_is_refused_whole(body: bytes, post: Post) -> None:
    assert len(faults(post(body, query="?partial=true"))) == 1


def test_strings_that_never_end_take_no_time_that_grows_with_their_square(post: Post) -> None:
    answer = post(b'{"readings": [NaN, "' + b'\\"' * 500_000)
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize("values", [[-0.0], [0.0, -0.0], [1.0, -0.0], [-0.0, 0.0, -0.0]])
def test_negative_zero_is_zero_on_every_engine(
    values: list[float], store: HistoryStore, post: Post, metric: Metric
) -> None:
    post({"readings": [row(metric, value=5.0)]})
    for value in values:
        post({"readings": [row(metric, value=value)]})
        (kept,) = store.read([metric.pk], 0, 2**62)[metric.pk].values.tolist()
        assert kept.hex() == value.hex().removeprefix("-")
        assert Latest.objects.get().value.hex() == kept.hex()


def test_negative_zero_of_days_that_are_sealed_at_once_is_zero_too(
    metric: Metric, tmp_path: Path
) -> None:
    run(write(tmp_path, HEADER, *(f"{metric.pk},2026-06-01T12:{n:02}:00Z,-0.0" for n in range(60))))
    kept = get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()
    assert [value.hex() for value in kept] == ["0x0.0p+0"] * 60


# A mark of byte order ---------------------------------------------------------------------------


def test_a_byte_order_mark_before_json_is_accepted(post: Post, metric: Metric) -> None:
    body = json.dumps({"readings": [row(metric)]}).encode("utf-8-sig")
    assert post(body).json()["accepted"] == 1


def test_a_byte_order_mark_before_any_other_json_is_accepted(
    technician: Any, metric: Metric
) -> None:
    client = APIClient()
    client.force_login(technician)
    body = json.dumps({"name": "Mains"}).encode("utf-8-sig")
    address = f"/api/v1/metrics/{metric.pk}/"
    assert client.patch(address, body, content_type="application/json").json()["name"] == "Mains"


# Lines of CSV ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    ['{id},{noon},"12', '"{id}","{noon}","12""', '{id},{noon},"12"3', '"{id},{noon},12'],
)
def test_a_quote_that_is_not_closed_is_an_error_of_its_line(
    bad: str, metric: Metric, tmp_path: Path
) -> None:
    good = f"{metric.pk},2026-06-01T11:00:00Z,1"
    line = bad.format(id=metric.pk, noon=NOON)
    _, err, error = run(write(tmp_path, HEADER, good, line, good))
    assert "Line 3: A quotation mark" in err
    assert error is not None
    assert not Reading.objects.exists()


def test_a_quote_that_is_not_closed_in_the_header_is_refused(db: None, tmp_path: Path) -> None:
    assert "quotation mark" in str(run(write(tmp_path, 'metric,timestamp,"value', "1,2,3"))[2])


@pytest.mark.parametrize("empty", [",,", ",", ",,,,,", ' , ,""', "   "])
def test_a_row_of_empty_cells_as_spreadsheets_leave_them_is_skipped(
    empty: str, metric: Metric, tmp_path: Path
) -> None:
    file = write(tmp_path, HEADER, empty, f"{metric.pk},{NOON},1", empty, empty)
    out, err, error = run(file)
    assert (error, err) == (None, "")
    assert "Stored 1 readings" in out


# Units -----------------------------------------------------------------------------------------


def test_a_wrong_unit_says_so(metric: Metric, tmp_path: Path) -> None:
    file = write(tmp_path, NAMED_HEADER, in_unit(metric, "W"), in_unit(metric, "kW"))
    _, err, error = run(file, partial=True)
    assert "Line 3: This metric is in W, the file says kW." in err
    assert "refused: 1" in str(error)
    assert stored(metric) == [(NOON, 1)]


@pytest.mark.parametrize("form", ["row", "columns"])
@pytest.mark.parametrize(
    ("unit", "code"), [("W", None), ("kW", "wrong_unit"), ("", "wrong_unit"), (5, "invalid_unit")]
)
def test_json_by_names_may_say_the_unit(
    form: str, unit: Any, code: str | None, post: Post, metric: Metric
) -> None:
    reading = named(metric, unit=unit)
    if form == "columns":
        times, values = [reading.pop("timestamp")], [reading.pop("value")]
        reading |= {"timestamps": times, "values": values}
    answer = post({"readings": [reading]}, query="?partial=true").json()
    assert [bad["code"] for bad in answer["rejected"]] == [code][: answer["accepted"] == 0]
    assert stored(metric) == ([] if code else [(NOON, 1.5)])


def test_json_in_a_wrong_unit_is_told_both(post: Post, metric: Metric) -> None:
    answer = post({"readings": [named(metric, unit="kW"), named(metric, unit="W")]})
    assert faults(answer) == [("readings.0", "wrong_unit")]
    assert answer.json()["errors"][0]["message"] == "This metric is in W, the file says kW."


def test_json_by_id_says_no_unit(post: Post, metric: Metric) -> None:
    assert faults(post({"readings": [row(metric, unit="W")]})) == [
        ("readings.0", "invalid_reading")
    ]


def test_a_metric_that_is_not_there_is_not_said_to_be_in_another_unit(
    metric: Metric, tmp_path: Path
) -> None:
    file = write(tmp_path, NAMED_HEADER, in_unit(metric, "kW").replace("active_", "passive_"))
    assert "Line 2: There is no such metric." in run(file)[1]


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\tb", "a\x1fb", "a\x7f", "a\x85b", "a\u2028b"])
def test_a_unit_is_a_line_of_text(bad: str, technician: Any, metric: Metric) -> None:
    client = APIClient()
    client.force_login(technician)
    body = {"device": metric.device_id, "key": "flow", "unit": bad + "c"}
    answer = client.post("/api/v1/metrics/", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "unit"


UNITS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=16
).filter(str.strip)
SLUGS = st.from_regex(r"[-a-zA-Z0-9_]{1,20}", fullmatch=True)
VALUES = st.dictionaries(
    st.integers(0, 10**6), st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5
)


FORMS = st.sampled_from(["format=csv", "format=csv&bom=true", "format=ndjson"])
ZONES = st.sampled_from(["", "&time_zone=Europe/Amsterdam", "&time_zone=America/St_Johns"])


class RoundTrip(HypothesisTestCase):
    """What is exported is what was sent, and what comes back in is what was exported."""

    @settings(max_examples=80)
    @given(unit=UNITS, site=SLUGS, device=SLUGS, values=VALUES, form=FORMS, zone=ZONES)
    @example(unit="-", site="-", device="-", values={0: -0.0}, form="format=csv", zone="")
    @example(unit="-", site="-", device="-", values={0: -0.0}, form="format=ndjson", zone="")
    @example(unit="'-", site="a", device="b", values={0: 5e-324}, form="format=csv", zone="")
    @example(unit="''=", site="a", device="b", values={0: 1e22}, form="format=csv", zone="")
    @example(unit='"', site="a", device="b", values={0: -1e-7}, form="format=csv", zone="")
    @example(unit='"', site="a", device="b", values={0: 1e22}, form="format=ndjson", zone="")
    @example(unit='a,"b"', site="a", device="b", values={0: 0.1}, form="format=csv", zone="")
    @example(
        unit="\ufeff°C", site="a", device="b", values={0: 0.1}, form="format=csv&bom=true", zone=""
    )
    def test_export_then_import_gives_the_same(
        self, unit: str, site: str, device: str, values: dict[int, float], form: str, zone: str
    ) -> None:
        user = UserFactory(group="technician")
        place = SiteFactory(slug=site, users=[user])
        meter = DeviceFactory(site=place, slug=device)
        client = APIClient()
        client.force_login(user)
        made = client.post(
            "/api/v1/metrics/", {"device": meter.pk, "key": "flow", "unit": unit}, format="json"
        )
        assert made.status_code == 201, made.content
        pk = made.json()["id"]
        sent = [
            {"metric": pk, "timestamp": f"2026-06-01T12:00:00.{micros % 10**6:06}Z", "value": value}
            for micros, value in values.items()
        ]
        assert client.post(URL, {"readings": sent}, format="json").status_code == 200
        before = _bits(pk)
        assert len(before) == len({micros % 10**6 for micros in values})
        asked = f"start=2026-06-01T12:00:00Z&end=2026-06-01T12:00:01Z&{form}{zone}"
        answer = client.get(f"/api/v1/metrics/{pk}/export/?{asked}")
        content = b"".join(answer.streaming_content)
        get_store().delete([pk])
        if "ndjson" in form:
            _send(content, client)
        else:
            _import(content)
        assert _bits(pk) == before


def _bits(pk: int) -> list[tuple[int, str]]:
    samples = get_store().read([pk], 0, 2**62)[pk]
    values = (value.hex() for value in samples.values.tolist())
    return list(zip(samples.timestamps.tolist(), values, strict=True))


def _import(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "export.csv"
        file.write_bytes(content)
        assert run(file) == ("Stored {} readings.\n".format(content.count(b"\n") - 1), "", None)


def _send(content: bytes, client: APIClient) -> None:
    lines = content.splitlines()
    body = b'{"readings": [' + b",".join(lines) + b"]}"
    answer = client.post(URL, body, content_type="application/json")
    assert answer.json() == {"accepted": len(lines), "rejected": []}
