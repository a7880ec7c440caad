"""Export over HTTP: whole windows as CSV, JSON lines and Parquet."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from energy.instants import to_micros
from export import buckets, parquet, readings
from export.timestamps import format_timestamps
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Metric
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory, SubscriptionFactory
from tests.support.readings import store_readings
from timeseries.labels import rfc3339_local

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = "start=2026-06-01T12:00:00Z&end=2026-06-01T13:00:00Z"
COLUMNS = ["site", "device", "key", "unit", "timestamp", "value"]


def store(metric, *values, start=NOON, every=timedelta(minutes=1)):
    """Store `values` from `start` on."""
    times = [to_micros(start + index * every) for index in range(len(values))]
    batch = ReadingBatch.of(np.full(len(values), metric.pk), times, values)
    store_readings(batch, now=NOON + timedelta(days=1))


@pytest.fixture(autouse=True)
def clock():
    """A day after the readings."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def client(api_client_for, standard):
    return api_client_for(standard)


@pytest.fixture
def exported(client, site):
    """Asks for an export of `site`: its bytes."""

    def ask(query="", **extra):
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{query}", **extra)
        assert response.status_code == 200, response.content
        return b"".join(response.streaming_content)

    return ask


def rows(content):
    """The rows of a CSV file, its header among them."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


class TestReadings:
    def test_csv_is_a_row_a_reading_with_its_unit_and_time(self, exported, metric):
        store(metric, 1.5, -2)
        named = ["harbour-depot", "main-meter", "active_power", "W"]
        assert rows(exported(f"format=csv&{HOUR}")) == [
            COLUMNS,
            [*named, "2026-06-01T12:00:00Z", "1.5"],
            [*named, "2026-06-01T12:01:00Z", "-2.0"],
        ]

    def test_json_lines_are_an_object_a_reading(self, exported, metric):
        store(metric, 1.5, -2)
        lines = exported(f"format=ndjson&{HOUR}").splitlines()
        assert [json.loads(line)["value"] for line in lines] == [1.5, -2]
        assert json.loads(lines[0]) == {
            "site": "harbour-depot",
            "device": "main-meter",
            "key": "active_power",
            "unit": "W",
            "timestamp": "2026-06-01T12:00:00Z",
            "value": 1.5,
        }

    def test_parquet_has_the_same_columns_with_types(self, exported, metric):
        store(metric, 1.5, -2)
        table = pq.read_table(io.BytesIO(exported(f"format=parquet&{HOUR}")))
        assert table.column_names == COLUMNS
        assert table["timestamp"].to_pylist() == [NOON, NOON + timedelta(minutes=1)]
        assert table["value"].to_pylist() == [1.5, -2]
        assert set(table["key"].to_pylist()) == {"active_power"}

    @pytest.mark.parametrize("written", ["csv", "ndjson", "parquet"])
    def test_a_file_without_readings_is_still_a_file(self, exported, metric, written):
        content = exported(f"format={written}&{HOUR}")
        if written == "csv":
            assert rows(content) == [COLUMNS]
        elif written == "ndjson":
            assert content == b""
        else:
            assert pq.read_table(io.BytesIO(content)).num_rows == 0

    def test_without_parameters_it_is_the_last_day(self, exported, metric):
        store(metric, 7, start=NOON - timedelta(seconds=1))
        store(metric, 1, 2)
        assert [row[-1] for row in rows(exported())[1:]] == ["1.0", "2.0"]

    def test_the_window_is_half_open(self, exported, metric):
        store(metric, *range(61))
        assert len(rows(exported(HOUR))) == 1 + 60

    def test_nothing_is_cut_however_many_pages_it_takes(self, exported, metric, monkeypatch):
        monkeypatch.setattr(readings, "PAGE", 7)
        other = MetricFactory(device=metric.device, key="voltage", unit="V")
        store(metric, *range(50))
        store(other, *range(31))
        assert [float(row[-1]) for row in rows(exported(HOUR))[1:]] == [*range(50), *range(31)]

    def test_times_are_those_of_the_zone_asked_for(self, exported, metric):
        store(metric, 1)
        (row,) = rows(exported(f"{HOUR}&time_zone=Asia/Kathmandu"))[1:]
        assert row[4] == "2026-06-01T17:45:00+05:45"

    def test_times_show_microseconds_where_there_are_any(self, exported, metric):
        store(metric, 1, 2, start=NOON + timedelta(microseconds=3))
        assert [row[4] for row in rows(exported(HOUR))[1:]] == [
            "2026-06-01T12:00:00.000003Z",
            "2026-06-01T12:01:00.000003Z",
        ]

    def test_both_hours_of_a_clock_set_back_are_told_apart_by_offset(self, exported, metric):
        before = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
        store(metric, 1, 2, start=before, every=timedelta(hours=1))
        asked = "start=2025-10-26&end=2025-10-27&time_zone=Europe/Amsterdam"
        assert [row[4] for row in rows(exported(asked))[1:]] == [
            "2025-10-26T02:30:00+02:00",
            "2025-10-26T02:30:00+01:00",
        ]

    def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(self, exported, metric):
        Metric.objects.filter(pk=metric.pk).update(unit="=1+1")
        store(metric, -1)
        (row,) = rows(exported(HOUR))[1:]
        assert (row[3], row[5]) == ("'=1+1", "-1.0")

    def test_csv_is_read_back_bit_for_bit(self, exported, metric, tmp_path):
        values = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e22, 123456789.123456789]
        store(metric, *values)
        file = tmp_path / "export.csv"
        file.write_bytes(exported(f"{HOUR}&time_zone=Europe/Amsterdam"))
        before = get_store().read([metric.pk], 0, 2**62)[metric.pk]
        get_store().delete([metric.pk])
        call_command("import_readings", file, verbosity=0)
        after = get_store().read([metric.pk], 0, 2**62)[metric.pk]
        assert after.timestamps.tolist() == before.timestamps.tolist()
        assert after.values.tobytes() == before.values.tobytes()

    def test_csv_in_another_unit_is_not_read_back(self, exported, metric, tmp_path):
        store(metric, 1)
        file = tmp_path / "export.csv"
        file.write_bytes(exported(HOUR).replace(b",W,", b",kW,"))
        with pytest.raises(CommandError, match="Bad rows: 1"):
            call_command("import_readings", file, verbosity=0)


class TestBuckets:
    def test_they_are_a_row_each_with_the_unit_in_the_heading(self, exported, metric):
        energy = MetricFactory(device=metric.device, key="import_energy", unit="Wh", type="counter")
        store(metric, *range(60))
        store(energy, *range(61))
        assert rows(exported(f"{HOUR}&resolution=30m")) == [
            [
                "timestamp",
                "harbour-depot/main-meter/active_power mean [W]",
                "harbour-depot/main-meter/import_energy increase [Wh]",
            ],
            ["2026-06-01T12:00:00Z", "14.5", "30.0"],
            ["2026-06-01T12:30:00Z", "44.5", "30.0"],
        ]

    def test_envelope_and_coverage_stand_beside_the_values(self, exported, metric):
        store(metric, *range(60))
        header, row = rows(exported(f"{HOUR}&resolution=1h&envelope=true&coverage=true"))
        assert [name.partition("power ")[2] for name in header[1:]] == [
            "mean [W]",
            "min [W]",
            "max [W]",
            "coverage [1]",
        ]
        assert row[1:] == ["29.5", "0.0", "59.0", "1.0"]

    def test_no_column_is_there_twice(self, exported, metric):
        store(metric, *range(60))
        asked = f"{HOUR}&resolution=1h&aggregate=min&envelope=true"
        header, row = rows(exported(asked))
        assert [name.partition("power ")[2] for name in header[1:]] == ["min [W]", "max [W]"]
        assert row[1:] == ["0.0", "59.0"]

    def test_days_begin_at_local_midnight_with_its_offset(self, exported, metric):
        store(metric, 1, 1, start=datetime(2025, 10, 26, 10, tzinfo=UTC))
        asked = "start=2025-10-25&end=2025-10-28&resolution=1d&aggregate=count"
        assert rows(exported(asked))[1:] == [
            ["2025-10-25T00:00:00+02:00", ""],
            ["2025-10-26T00:00:00+02:00", "2.0"],
            ["2025-10-27T00:00:00+01:00", ""],
        ]

    def test_what_is_not_known_is_empty_null_or_left_out(self, exported, metric):
        store(metric, 4)
        asked = f"{HOUR}&resolution=30m"
        assert [row[1] for row in rows(exported(asked))[1:]] == ["4.0", ""]
        assert len(rows(exported(f"{asked}&fill=none"))) == 2
        lines = exported(f"{asked}&format=ndjson").splitlines()
        assert json.loads(lines[1])["harbour-depot/main-meter/active_power mean [W]"] is None
        table = pq.read_table(io.BytesIO(exported(f"{asked}&format=parquet")))
        assert table.column(1).to_pylist() == [4, None]

    @pytest.mark.parametrize("fill", ["null", "none", "previous", "linear"])
    @pytest.mark.parametrize("at_once", [1, 3, 10_000])
    def test_blocks_come_to_what_the_api_answers_at_once(
        self, client, exported, metric, monkeypatch, fill, at_once
    ):
        monkeypatch.setattr(buckets, "VALUES", at_once)
        other = MetricFactory(device=metric.device, key="import_energy", unit="Wh", type="counter")
        store(metric, *range(20))
        store(metric, 5, 9, 2, start=NOON + timedelta(minutes=47), every=timedelta(minutes=7))
        store(other, *range(0, 500, 10), start=NOON - timedelta(minutes=5))
        asked = f"start=2026-06-01T11:58:00Z&end=2026-06-01T13:30:00Z&resolution=5m&fill={fill}"
        subscription = SubscriptionFactory(
            owner=client.get("/api/v1/me/").wsgi_request.user, metrics=[metric, other]
        )
        whole = client.get(f"/api/v1/subscriptions/{subscription.pk}/timeseries/?{asked}").json()
        found = [json.loads(line) for line in exported(f"format=ndjson&{asked}").splitlines()]
        assert [row.pop("timestamp") for row in found] == whole["timestamps"]
        for series, column in zip(
            whole["series"], zip(*(row.values() for row in found), strict=True), strict=True
        ):
            assert column == pytest.approx(series["values"])

    def test_auto_is_the_finest_resolution_that_fits(self, exported, metric):
        assert len(rows(exported(f"{HOUR}&resolution=auto&max_points=12"))) == 1 + 12

    def test_lines_between_too_many_values_are_refused(self, client, site, metric):
        asked = "start=2016-01-01&end=2026-01-01&resolution=1m&fill=linear"
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{asked}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "fill"


class TestFarWindows:
    """Windows of centuries, which a file has only the known part of."""

    FAR = "start=1900-01-01&end=2200-12-31"

    @pytest.fixture
    def counter(self, metric):
        """A counter beside the gauge, whose readings are far apart."""
        made = MetricFactory(device=metric.device, key="import_energy", unit="Wh", type="counter")
        store(made, 0, 600, start=NOON - timedelta(hours=3), every=timedelta(hours=2))
        store(metric, *range(20), start=NOON + timedelta(seconds=90))
        return made

    @pytest.mark.parametrize("fill", ["null", "none", "previous"])
    @pytest.mark.parametrize("resolution", ["1m", "5m", "1h", "1d"])
    def test_a_file_has_all_that_is_known_and_no_empty_ends(
        self, exported, counter, resolution, fill
    ):
        asked = f"resolution={resolution}&fill={fill}&coverage=true&envelope=true"
        near = "start=2026-05-25&end=2026-06-02T12:00:00Z"
        known = rows(exported(f"{near}&{asked}"))
        while not any(known[1][1:4]) and not any(known[1][5:8]):
            del known[1]
        while not any(known[-1][1:4]) and not any(known[-1][5:8]):
            del known[-1]
        found = rows(exported(f"{self.FAR}&{asked}"))

        assert known[1:]
        assert [row for row in found if row in known] == known
        assert len(found) - len(known) <= 5  # until the last value is held no longer

    def test_a_file_of_nothing_has_a_heading(self, exported, metric):
        for resolution in ("1m", "1d"):
            for written in ("csv", "ndjson", "parquet"):
                content = exported(f"{self.FAR}&resolution={resolution}&format={written}")
                assert len(content) < 2_000
            assert len(rows(exported(f"{self.FAR}&resolution={resolution}"))) == 1

    def test_a_window_beside_what_is_known_is_empty(self, exported, counter):
        for window in ("start=1900-01-01&end=2000-01-01", "start=2030-01-01&end=2130-01-01"):
            assert len(rows(exported(f"{window}&resolution=1m"))) == 1
            assert len(rows(exported(f"{window}&resolution=1d"))) == 1

    def test_the_size_told_ahead_is_that_of_what_is_known(self, client, site, counter):
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{self.FAR}&resolution=1m")
        assert int(response["X-Estimated-Rows"]) < 500
        assert "_1899-12-31T2340Z_" in response["Content-Disposition"]

    def test_lines_are_drawn_between_what_is_known(self, exported, counter):
        asked = "start=2000-01-01&end=2040-01-01&resolution=1d&fill=linear"
        assert (
            rows(exported(asked))[1:]
            == rows(exported("start=2026-06-01&end=2026-06-02&resolution=1d&fill=linear"))[1:]
        )


class TestFile:
    def test_it_is_named_after_what_and_when(self, client, site, metric):
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{HOUR}&format=csv")
        assert response["Content-Disposition"] == (
            'attachment; filename="harbour-depot_2026-06-01T1200Z_2026-06-01T1300Z_raw.csv"'
        )
        assert response["Content-Type"] == "text/csv; charset=utf-8"

    def test_its_size_is_told_ahead(self, client, site, metric):
        store(metric, *range(200))
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{HOUR}&format=csv")
        size = len(b"".join(response.streaming_content))
        assert response["X-Estimated-Rows"] == "60"
        assert size / 2 < int(response["X-Estimated-Bytes"]) < size * 2

    def test_buckets_are_counted_ahead(self, client, site, metric):
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{HOUR}&resolution=5m")
        assert response["X-Estimated-Rows"] == "12"

    def test_head_tells_the_size_alone(self, client, site, metric):
        store(metric, *range(60))
        response = client.head(f"/api/v1/sites/{site.pk}/export/?{HOUR}&format=csv")
        assert response["X-Estimated-Rows"] == "60"

    def test_it_is_packed_for_whoever_takes_it(self, exported, metric):
        store(metric, *range(60))
        packed = exported(HOUR, HTTP_ACCEPT_ENCODING="gzip, br")
        assert gzip.decompress(packed) == exported(HOUR)
        assert exported(HOUR, HTTP_ACCEPT_ENCODING="gzip;q=0") == exported(HOUR)

    def test_parquet_is_not_packed_twice(self, exported, metric):
        content = exported(f"{HOUR}&format=parquet", HTTP_ACCEPT_ENCODING="gzip")
        assert content.startswith(b"PAR1")

    def test_the_accept_header_picks_a_format_too(self, exported, metric):
        store(metric, 1)
        content = exported(HOUR, HTTP_ACCEPT="application/x-ndjson")
        assert json.loads(content)["value"] == 1

    def test_without_the_library_parquet_is_not_acceptable(self, client, site, monkeypatch):
        monkeypatch.setattr("export.viewsets.is_installed", lambda: False)
        response = client.get(f"/api/v1/sites/{site.pk}/export/?format=parquet")
        assert response.status_code == 406
        assert response["Content-Type"] == "application/problem+json"
        assert "requirements-parquet.txt" in response.json()["detail"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("format=xlsx", "format"),
            ("cursor=abc", "cursor"),
            ("aggregate=mean", "aggregate"),
            ("start=yesterday", "start"),
            ("coverage=perhaps", "coverage"),
            ("time_zone=Mars/Base", "time_zone"),
        ],
    )
    def test_a_wrong_parameter_is_named(self, client, site, metric, query, field):
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{query}")
        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["errors"][0]["field"] == field

    def test_a_database_away_at_the_start_is_told_as_such(self, client, site, metric, monkeypatch):
        def away(*args, **kwargs):
            raise OperationalError("gone")

        monkeypatch.setattr(type(get_store()), "read_page", away)
        assert client.get(f"/api/v1/sites/{site.pk}/export/").status_code == 503

    def test_an_error_midway_does_not_end_like_a_whole_file(
        self, client, site, metric, monkeypatch
    ):
        monkeypatch.setattr(readings, "PAGE", 10)
        monkeypatch.setattr(parquet, "GROUP", 10)
        store(metric, *range(60))
        read_page, calls = type(get_store()).read_page, []

        def failing(*args, **kwargs):
            calls.append(1)
            if len(calls) > 3:
                raise OperationalError("gone")
            return read_page(*args, **kwargs)

        monkeypatch.setattr(type(get_store()), "read_page", failing)
        response = client.get(f"/api/v1/sites/{site.pk}/export/?{HOUR}&format=parquet")
        with pytest.raises(OperationalError):
            list(response.streaming_content)


class TestWhose:
    def test_a_site_exports_all_its_metrics(self, exported, site, metric):
        other = DeviceFactory(site=site, name="Another").metrics.get()
        store(metric, 1)
        store(other, 2)
        assert [row[1] for row in rows(exported(HOUR))[1:]] == ["main-meter", "another"]

    @pytest.mark.parametrize("what", ["device", "metric"])
    def test_a_device_and_a_metric_export_their_own(self, client, what, device, metric):
        other = DeviceFactory(site=device.site).metrics.get()
        store(metric, 1)
        store(other, 2)
        pk = {"device": device.pk, "metric": metric.pk}[what]
        response = client.get(f"/api/v1/{what}s/{pk}/export/?{HOUR}")
        assert len(rows(b"".join(response.streaming_content))) == 2

    def test_a_subscription_exports_what_is_still_visible(
        self, client, standard, metric, foreign_metric
    ):
        store(metric, 1)
        store(foreign_metric, 2)
        subscription = SubscriptionFactory(
            owner=standard, name="Öl & Gas", metrics=[metric, foreign_metric]
        )
        response = client.get(f"/api/v1/subscriptions/{subscription.pk}/export/?{HOUR}")
        assert [row[-1] for row in rows(b"".join(response.streaming_content))[1:]] == ["1.0"]
        assert 'filename="ol-gas_' in response["Content-Disposition"]

    def test_where_sites_differ_days_are_the_users_own(self, client, standard, metric):
        far = SiteFactory(time_zone="Asia/Kathmandu", users=[standard])
        other = DeviceFactory(site=far).metrics.get()
        type(standard).objects.filter(pk=standard.pk).update(time_zone="America/New_York")
        subscription = SubscriptionFactory(owner=standard, metrics=[metric, other])
        asked = "start=2026-05-31&end=2026-06-01&resolution=1d"
        response = client.get(f"/api/v1/subscriptions/{subscription.pk}/export/?{asked}")
        _, row = rows(b"".join(response.streaming_content))
        assert row[0] == "2026-05-31T00:00:00-04:00"


ZONES = ["Europe/Amsterdam", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Monrovia", "UTC"]


@given(
    st.lists(st.integers(to_micros(NOON) - 2**52, to_micros(NOON) + 2**52), max_size=20),
    st.sampled_from(ZONES),
)
def test_timestamps_are_the_instants_as_the_zones_clocks_show_them(instants, zone):
    ordered = np.array(sorted(instants), np.int64)
    written = [text.decode() for text in format_timestamps(ordered, ZoneInfo(zone))]
    assert [to_micros(datetime.fromisoformat(text)) for text in written] == ordered.tolist()
    expected = rfc3339_local(ordered, ZoneInfo(zone))
    assert [text[-6:] for text in written if "Z" not in text] == [
        text[-6:] for text in expected if "Z" not in text
    ]
