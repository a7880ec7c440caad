"""`imports/`: a file is brought, understood, corrected and stored by the worker."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from history import get_store
from ingest.importing import keeping, progress, tasks
from ingest.layouts import sources
from ingest.models import Import, ImportContent
from metrics.models import Metric
from sites.models import Site
from tests.ingest.layouts.reading import FILES
from tests.support.importing import IMPORTS, QUARTERS, upload

Client = Callable[[User | None], APIClient]


def values(device: Device, key: str) -> list[float]:
    metric = device.metrics.get(key=key)
    return get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()


def test_a_file_is_understood_started_and_stored(
    api: APIClient, meter: Device, queued: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    answer = upload(api, device=meter.pk)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["progress"], body["error"]) == ("understood", 0, None)
    assert body["site"] == meter.site_id
    assert body["dialect"]["profile"] == "wide"
    assert body["dialect"]["delimiter"] == ";"
    assert body["dialect"]["time_zone"] == "Europe/Amsterdam"
    assert [(each["name"], each["unit"], each["metric"]) for each in body["columns"]] == [
        ("Power (kW)", "kW", meter.metrics.get(key="active_power").pk),
        ("Energy imported (kWh)", "kWh", meter.metrics.get(key="import_energy").pk),
    ]
    assert len(body["preview"]) == 10
    assert body["preview"][0]["time"] == "2026-05-31T22:00:00Z"
    assert values(meter, "active_power") == []

    with django_capture_on_commit_callbacks(execute=True):
        started = api.post(f"{body['url']}start/")
    assert (started.status_code, started.json()["state"]) == (202, "running")
    assert queued == [body["id"]]
    assert values(meter, "active_power") == []
    tasks.run_import.call_local(body["id"])
    done = api.get(body["url"]).json()
    assert (done["state"], done["progress"], done["accepted"]) == ("done", 1, 48)
    assert done["rejected"] == []
    assert values(meter, "active_power")[:2] == [500.0, 1500.0]
    assert values(meter, "import_energy")[0] == 100_250.0
    assert not ImportContent.objects.exists()


def test_columns_go_where_the_mapping_says(api: APIClient, meter: Device) -> None:
    wishes = ["Power (kW)=grid-meter/active_power:MW"]
    body = upload(api, site=meter.site_id, mapping=wishes).json()
    assert [each["metric"] for each in body["columns"]] == [
        meter.metrics.get(key="active_power").pk, None,
    ]  # fmt: skip
    run(api, body)
    assert values(meter, "active_power")[0] == 500_000.0
    as_json = '["Power (kW)=grid-meter/active_power"]'
    assert upload(api, site=meter.site_id, mapping=as_json).json()["columns"][0]["metric"]


def run(client: APIClient, body: dict[str, Any]) -> dict[str, Any]:
    """Start an import, let the worker do it, and ask how it went."""
    started = client.post(f"{body['url']}start/")
    assert started.status_code == 202, started.json()
    progress.run_import(body["id"])
    return client.get(body["url"]).json()


def test_a_refused_row_is_listed_and_the_others_are_stored(api: APIClient, meter: Device) -> None:
    text = QUARTERS.replace("2026-06-01 00:15;1,5;", "2026-06-01 00:15;#REF!;")
    done = run(api, upload(api, text, device=meter.pk).json())
    assert (done["state"], done["accepted"], done["rejected_count"]) == ("done", 47, 1)
    assert done["rejected"] == [{
        "line": 3, "column": "Power (kW)", "found": "#REF!",
        "reason": "Not a number: an error of the spreadsheet that wrote the file.",
    }]  # fmt: skip


def test_what_is_not_understood_has_failed_with_what_to_try_and_can_be_corrected(
    api: APIClient, meter: Device
) -> None:
    body = upload(api, device=meter.pk, delimiter="bar").json()
    assert body["state"] == "failed"
    assert body["error"]["field"] == "file"
    assert body["error"]["message"].startswith("No rows with a time and a number were found.")
    assert "say the delimiter" in body["error"]["tries"][1]
    assert api.post(f"{body['url']}start/").status_code == 409
    corrected = api.patch(body["url"], {"delimiter": "semicolon"}, format="json")
    assert (corrected.status_code, corrected.json()["state"]) == (200, "understood")
    assert corrected.json()["error"] is None
    assert run(api, corrected.json())["accepted"] == 48


def test_an_open_question_is_answered_before_it_can_be_started(
    api: APIClient, meter: Device
) -> None:
    text = "time,Power (kW)\n03/04/2026 1:00,1.5\n03/04/2026 2:00,2.5\n"
    body = upload(api, text, device=meter.pk).json()
    assert [question["field"] for question in body["questions"]] == ["date_format"]
    refused = api.post(f"{body['url']}start/")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "date_format"
    body = api.patch(body["url"], {"date_format": "%d/%m/%Y"}, format="json").json()
    assert body["questions"] == []
    assert run(api, body)["accepted"] == 2


def test_a_dry_run_counts_and_stores_nothing(api: APIClient, meter: Device) -> None:
    body = upload(api, device=meter.pk, dry_run="true").json()
    assert body["dry_run"] is True
    done = run(api, body)
    assert (done["state"], done["accepted"]) == ("done", 48)
    assert values(meter, "active_power") == []


def test_an_import_is_started_once(api: APIClient, meter: Device) -> None:
    body = upload(api, device=meter.pk).json()
    assert api.post(f"{body['url']}start/").status_code == 202
    assert api.post(f"{body['url']}start/").status_code == 409
    assert api.patch(body["url"], {"decimal": "comma"}, format="json").status_code == 409


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"mapping": ["Nothing=grid-meter/active_power"]}, "mapping"),
        ({"mapping": ["Power (kW)=grid-meter/import_energy"]}, "mapping"),
        ({"mapping": ["?"]}, "mapping"),
        ({"site": "x"}, "site"),
        ({"dry_run": "perhaps"}, "dry_run"),
        ({"site": 2**40}, "site"),
    ],
)
def test_what_cannot_be_done_names_the_field(
    more: dict[str, Any], field: str, api: APIClient, meter: Device
) -> None:
    answer = upload(api, **{"site": meter.site_id, **more})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].split(".")[0] == field
    assert not Import.objects.exists()


def test_without_a_place_or_a_file_it_is_refused(api: APIClient, meter: Device) -> None:
    assert upload(api).json()["errors"][0]["field"] == "site"
    answer = api.post(IMPORTS, {"site": meter.site_id}, format="multipart")
    assert answer.json()["errors"][0]["field"] == "file"


def test_nothing_to_import_is_said_at_the_start(api: APIClient, site: Site) -> None:
    body = upload(api, site=site.pk).json()
    assert body["state"] == "understood"
    answer = api.post(f"{body['url']}start/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "nothing_mapped")


def test_a_site_or_device_that_is_not_seen_is_refused_as_if_it_were_not(
    api: APIClient, foreign_site: Site, foreign_device: Device
) -> None:
    for more in ({"site": foreign_site.pk}, {"device": foreign_device.pk}):
        answer = upload(api, **more)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "does_not_exist"


def test_a_metric_of_another_site_is_none(
    api: APIClient, meter: Device, foreign_metric: Metric, administrator: User,
    api_client_for: Client,
) -> None:  # fmt: skip
    wish = [f"Power (kW)={foreign_metric.device.slug}/active_power"]
    for client in (api, api_client_for(administrator)):
        answer = upload(client, site=meter.site_id, mapping=wish)
        assert answer.status_code == 400
        assert "There is no metric" in answer.json()["errors"][0]["message"]


def test_who_may_no_longer_store_readings_stores_none(
    api: APIClient, meter: Device, technician: User
) -> None:
    body = upload(api, device=meter.pk).json()
    api.post(f"{body['url']}start/")
    technician.groups.clear()
    progress.run_import(body["id"])
    assert Import.objects.get().state == "failed"
    assert values(meter, "active_power") == []


def test_a_worker_that_is_killed_goes_on_where_it_was(
    api: APIClient, meter: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "AT_ONCE", 5)
    body = upload(api, device=meter.pk).json()
    api.post(f"{body['url']}start/")
    left, do_block = iter(range(2)), progress._do_block

    def killed(*args: Any) -> bool:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return do_block(*args)

    monkeypatch.setattr(progress, "_do_block", killed)
    with pytest.raises(KeyboardInterrupt):
        progress.run_import(body["id"])
    assert api.get(body["url"]).json()["progress"] == pytest.approx(10 / 24, abs=1e-4)
    assert len(values(meter, "active_power")) == 10
    monkeypatch.setattr(progress, "_do_block", do_block)
    assert progress.abandoned_imports() == []  # it has only just stopped
    Import.objects.update(touched_at=0)
    tasks.resume_imports.call_local()
    done = api.get(body["url"]).json()
    assert (done["state"], done["accepted"]) == ("done", 48)
    assert len(values(meter, "active_power")) == 24


def test_two_workers_store_each_block_once(
    api: APIClient, meter: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "AT_ONCE", 5)
    body = upload(api, device=meter.pk).json()
    api.post(f"{body['url']}start/")
    do_block, inside = progress._do_block, []

    def overtaken(pk: int, number: int, *rest: Any) -> bool:
        if number == 2 and not inside:
            inside.append(number)
            progress.run_import(pk)  # another worker does all the rest
        return do_block(pk, number, *rest)

    monkeypatch.setattr(progress, "_do_block", overtaken)
    progress.run_import(body["id"])
    done = api.get(body["url"]).json()
    assert (done["state"], done["accepted"], done["rejected_count"]) == ("done", 48, 0)


def test_an_import_that_never_gets_further_fails(api: APIClient, meter: Device) -> None:
    body = upload(api, device=meter.pk).json()
    api.post(f"{body['url']}start/")
    Import.objects.update(attempts=progress.MOST_ATTEMPTS)
    progress.run_import(body["id"])
    answer = api.get(body["url"]).json()
    assert answer["state"] == "failed"
    assert "got no further" in answer["error"]["message"]


def test_files_are_forgotten_after_their_time(api: APIClient, meter: Device) -> None:
    body = upload(api, device=meter.pk).json()
    assert progress.forget_old_files() == 0
    Import.objects.update(touched_at=0)
    assert progress.forget_old_files() == 1
    answer = api.post(f"{body['url']}start/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "file_gone")


@pytest.mark.parametrize(("bad", "kept"), [(2, 2), (3, 2)])
def test_so_many_refused_cells_are_kept_and_the_others_counted(
    api: APIClient, meter: Device, monkeypatch: pytest.MonkeyPatch, bad: int, kept: int
) -> None:
    monkeypatch.setattr(progress, "MOST_KEPT", 2)
    text = re.sub(r"(2026-06-01 00:\d\d);[^;]*;", r"\1;x;", QUARTERS, count=bad)
    done = run(api, upload(api, text, device=meter.pk).json())
    assert (done["rejected_count"], len(done["rejected"])) == (bad, kept)


def test_a_packed_file_may_not_unpack_to_more_than_the_limit(
    api: APIClient, meter: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_UNPACKED", 1024 * 1024)
    bomb = gzip.compress(b"0" * 2 * 1024 * 1024)
    answer = upload(api, bomb, "bomb.csv.gz", device=meter.pk)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "file_too_large")
    assert not Import.objects.exists()


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_every_layout_may_be_brought(file: Any, api: APIClient, site: Site) -> None:
    answer = upload(api, file.read_bytes(), file.name, site=site.pk)
    assert (answer.status_code, answer.json()["state"]) == (202, "understood")


def test_the_name_of_a_file_leads_nowhere(api: APIClient, site: Site) -> None:
    answer = upload(api, QUARTERS, "../../../etc/passwd", site=site.pk)
    assert answer.json()["file_name"] == "passwd"


def test_lists_are_of_ones_own_sites_and_take_few_queries(
    api: APIClient, meter: Device, foreign_site: Site, administrator: User,
    api_client_for: Client, django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    upload(api, device=meter.pk)
    with CaptureQueriesContext(connection) as one:
        api.get(IMPORTS)
    queries = len(one)
    for _ in range(2):
        upload(api, device=meter.pk)
    with django_assert_max_num_queries(queries):
        api.get(IMPORTS)
    upload(api_client_for(administrator), site=foreign_site.pk)
    assert api.get(IMPORTS).json()["count"] == 3
    assert api.get(f"{IMPORTS}?state=done").json()["count"] == 0
    assert api.get(f"{IMPORTS}?site={meter.site_id}").json()["count"] == 3
    assert api_client_for(administrator).get(IMPORTS).json()["count"] == 4
