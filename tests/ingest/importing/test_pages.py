"""The pages of imports: a file is brought, checked, corrected and stored, without a script."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from devices.models import Device
from history import get_store
from ingest.importing import forms, progress, views
from ingest.models import Alias, Import, ImportContent
from metrics.models import Metric
from sites.models import Site
from tests.support.factories import DeviceFactory

URL = "/imports/"
TEXT = "time;Power (kW);Energy imported (kWh);State\n" + "".join(
    f"2026-06-01 {n // 4:02}:{n % 4 * 15:02};{n},5;{100 + n},25;Ok\n" for n in range(24)
)
AUTUMN = "time;Power (kW)\n" + "".join(
    f"26.10.2025 {clock};1,5\n" for clock in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")
)


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The imports that were given to the worker, which does not run by itself here."""
    given: list[int] = []
    monkeypatch.setattr(views, "run_import", given.append)
    return given


@pytest.fixture
def technicians(technician: User, client_for: Any) -> Client:
    return client_for(technician)


def text(answer: Any) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def bring(client: Client, content: str = TEXT, name: str = "a.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(name, content.encode())
    return client.post(URL, {"file": file, **more})


def brought(client: Client, content: str = TEXT, **more: Any) -> tuple[str, Any]:
    """The address of the page of a file that was brought, and the page."""
    answer = bring(client, content, **more)
    assert answer.status_code == 302
    return answer.url, client.get(answer.url)


def sent(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends of the form that it was shown."""
    form = page.context["form"]
    return {**{name: form[name].value() or "" for name in form.fields}, **changes}


def values(device: Device, key: str) -> list[float]:
    metric = device.metrics.get(key=key)
    return get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()


def test_a_file_is_brought_checked_and_imported(
    technicians: Client, meter: Device, queued: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    address, page = brought(technicians, device=meter.pk)
    words = text(page)
    assert "24, from 1 Jun 2026, 00:00 to 1 Jun 2026, 05:45" in words
    assert "names in line 1, readings from line 2 on" in words
    assert "As found: semicolons" in words
    assert "As found: comma" in words
    assert "As found: Europe/Amsterdam" in words
    assert "2 of 3 are imported" in words
    assert "Grid meter › Active power, × 1,000, stored in W" in words
    assert "text: Ok" in words
    assert "2026-05-31 22:00:00 500 100,250" in words
    assert "Import 48 readings" in words
    assert values(meter, "active_power") == []

    with django_capture_on_commit_callbacks(execute=True):
        started = technicians.post(address, sent(page, start=1))
    assert (started.status_code, started.url) == (302, address)
    assert queued == [Import.objects.get().pk]
    running = text(technicians.get(address))
    assert "Rows 0 of 24" in running
    assert "Load again" in running
    assert values(meter, "active_power") == []

    progress.run_import(queued[0])
    done = technicians.get(address)
    assert "48 readings stored" in text(done)
    assert values(meter, "active_power")[:2] == [500.0, 1500.0]


def test_what_was_changed_is_read_again_and_nothing_is_stored_yet(
    technicians: Client, meter: Device, queued: list[int]
) -> None:
    address, page = brought(technicians, site=meter.site_id)
    changed = sent(page, to_1="", unit_0="MW", time_zone="UTC")
    answer = technicians.post(address, {**changed, "start": 1})
    assert answer.status_code == 302
    assert told(answer) == ["The file was read again as you said. Check it, then import."]
    assert queued == []
    imported = Import.objects.get()
    assert imported.wishes == ["Power (kW)=grid-meter/active_power:MW"]
    page = technicians.get(address)
    assert "2026-06-01 00:00:00 500,000" in text(page)
    assert "Import 24 readings" in text(page)
    technicians.post(address, sent(page, start=1))
    progress.run_import(imported.pk)
    assert values(meter, "active_power")[0] == 500_000.0
    assert values(meter, "import_energy") == []


def test_a_page_of_before_a_correction_starts_nothing(technicians: Client, meter: Device) -> None:
    address, page = brought(technicians, device=meter.pk)
    technicians.post(address, sent(page, time_zone="UTC"))
    answer = technicians.post(address, sent(page, start=1))
    assert told(answer) == ["The import has changed meanwhile. Check it once more."]
    assert Import.objects.get().state == "understood"


def test_both_offsets_of_the_repeated_hour_are_shown(technicians: Client, meter: Device) -> None:
    _, page = brought(technicians, AUTUMN, device=meter.pk)
    words = text(page)
    assert "An hour occurs twice" in words
    for written, offset, utc in (("02:00", "+02:00", "00:00"), ("02:30", "+01:00", "01:30")):
        assert f"26.10.2025 {written} UTC{offset} 2025-10-26 {utc}:00" in words


def test_amounts_that_are_sent_to_a_counter_are_taken_with_a_warning(
    technicians: Client, meter: Device
) -> None:
    rows = (f"2026-06-01 {hour:02}:00,{5 + hour % 2}" for hour in range(9))
    content = "\n".join(["time,Energy imported (kWh)", *rows])
    address, page = brought(technicians, content, device=meter.pk)
    said = "“Energy imported (kWh)” falls 4 times in 9 numbers, as amounts of intervals do, and"
    assert f"{said} Grid meter › Energy imported is a counter. Choose" in text(page)
    technicians.post(address, sent(page, to_0="grid-meter/import_energy"))
    page = technicians.get(address)
    assert f"{said} Grid meter › Energy imported is a counter." in text(page)
    assert "Import 9 readings" in text(page)


def test_what_the_file_leaves_open_is_asked(technicians: Client, meter: Device) -> None:
    content = "time,Power (kW)\n03/04/2026 1:00,1.5\n03/04/2026 2:00,2.5\n"
    address, page = brought(technicians, content, device=meter.pk)
    assert "Day and month cannot be told apart" in text(page)
    assert 'href="#id_date_format"' in page.content.decode()
    assert "Say first what the file leaves open." in text(page)
    refused = technicians.post(address, sent(page, start=1))
    assert "Day and month cannot be told apart" in told(refused)[0]
    technicians.post(address, sent(page, date_format="%m/%d/%Y"))
    page = technicians.get(address)
    assert "2026-03-04 00:00:00 1,500" in text(page)
    assert "Import 2 readings" in text(page)


def test_what_is_not_understood_says_what_to_try_and_may_be_said(
    technicians: Client, meter: Device
) -> None:
    address, page = brought(technicians, "Name,Room\nPump,Cellar\nFan,Roof\n", device=meter.pk)
    failure = Import.objects.get().failure
    assert failure["message"]
    assert failure["message"] in page.context["object"].failure["message"]
    assert all(each in page.content.decode().replace("&#x27;", "'") for each in failure["tries"])
    assert "Import 0" not in text(page)
    answer = technicians.post(address, sent(page, delimiter="semicolon"))
    assert answer.status_code == 302
    assert technicians.get(address).status_code == 200
    assert Import.objects.get().asked["delimiter"] == "semicolon"


def test_a_wish_that_cannot_be_is_said_and_kept_in_the_form(
    technicians: Client, meter: Device
) -> None:
    address, page = brought(technicians, device=meter.pk)
    for change in ({"to_0": "grid-meter/nothing"}, {"unit_0": "kWh"}, {"to_0": "x/y/z=:"}):
        answer = technicians.post(address, sent(page, **change))
        assert answer.status_code == 400
        assert answer.context["form"].non_field_errors()
        for name, value in change.items():
            assert answer.context["form"][name].value() == value
    assert Import.objects.get().wishes == []


def test_nothing_to_import_is_said(technicians: Client, site: Site) -> None:
    address, page = brought(technicians, site=site.pk)
    assert "No column has a metric that it goes to by itself." in text(page)
    assert "Say first where a column goes." in text(page)
    assert told(technicians.post(address, sent(page, start=1)))[0].startswith("No column has")


def test_a_column_keeps_the_factor_of_its_alias(
    technicians: Client, meter: Device, technician: User
) -> None:
    power = meter.metrics.get(key="active_power")
    Alias.objects.create(
        site=meter.site, source="file", name="Power (kW)", metric=power, factor=10, sign=-1
    )
    address, page = brought(technicians, device=meter.pk)
    assert "Active power, × -10, stored in W" in text(page)
    technicians.post(address, sent(page, to_1=""))
    page = technicians.get(address)
    assert Import.objects.get().wishes == ["Power (kW)=grid-meter/active_power"]
    assert "Active power, × -10, stored in W" in text(page)
    technicians.post(address, sent(page, start=1))
    progress.run_import(Import.objects.get().pk)
    assert values(meter, "active_power")[0] == -5.0


def test_columns_without_fields_stay_as_they_are(
    technicians: Client, meter: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "_COLUMNS_SHOWN", 1)
    address, page = brought(technicians, device=meter.pk)
    assert "2 more columns stay as they are" in text(page)
    [to] = [name for name in page.context["form"].fields if name.startswith("to_")]
    technicians.post(address, sent(page, **{to: ""}))
    assert Import.objects.get().wishes == ["Energy imported (kWh)=grid-meter/import_energy:kWh"]


def test_refused_cells_are_listed_by_pages_and_the_rest_is_counted(
    technicians: Client, meter: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST_KEPT", 3)
    monkeypatch.setattr(views.ImportView, "paginate_by", 2)
    content = re.sub(r"(2026-06-01 0[01]:\d\d);[^;]*;", r"\1;#REF!;", TEXT)
    address, page = brought(technicians, content, device=meter.pk)
    assert "8 cells or rows cannot be read." in text(page)
    technicians.post(address, sent(page, start=1))
    progress.run_import(Import.objects.get().pk)
    words = text(technicians.get(address))
    assert "40 readings stored" in words
    assert "8, of which the first 3 are kept: 5 more" in words
    assert "Line 2 Power (kW) #REF! Not a number: an error of the spreadsheet" in words
    assert "Line 4" not in words
    assert "Line 4" in text(technicians.get(f"{address}?page=2"))
    assert technicians.get(f"{address}?page=3").status_code == 400
    assert technicians.get(f"{address}?sort=x").status_code == 400


def test_a_file_that_is_no_longer_kept_is_to_be_brought_again(
    technicians: Client, meter: Device
) -> None:
    address, page = brought(technicians, device=meter.pk)
    ImportContent.objects.all().delete()
    assert "The file is no longer kept: bring it again." in text(technicians.get(address))
    for more in ({"start": 1}, {"time_zone": "UTC"}):
        answer = technicians.post(address, sent(page, **more))
        assert told(answer)[-1] == "The file is no longer kept: upload it again."


def test_an_import_that_failed_on_its_way_cannot_be_corrected(
    technicians: Client, meter: Device
) -> None:
    address, page = brought(technicians, device=meter.pk)
    technicians.post(address, sent(page, start=1))
    Import.objects.update(attempts=progress.MOST_ATTEMPTS)
    progress.run_import(Import.objects.get().pk)
    failed = technicians.get(address)
    assert "got no further" in text(failed)
    assert "form" not in failed.context
    technicians.post(address, sent(page, time_zone="UTC"))
    assert Import.objects.get().asked["time_zone"] == ""


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "site"),
        ({"site": 2**40}, "site"),
        ({"site": "x"}, "site"),
        ({"device": 2**40}, "device"),
        ({"profile": "nothing"}, "profile"),
    ],
)
def test_what_is_wrong_about_a_file_is_said_at_its_field(
    technicians: Client, meter: Device, more: dict[str, Any], field: str
) -> None:
    answer = bring(technicians, **more)
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert not Import.objects.exists()


def test_without_a_file_or_with_a_device_of_another_site_it_is_refused(
    technicians: Client, meter: Device, foreign_device: Device, administrator: User,
    client_for: Any,
) -> None:  # fmt: skip
    answer = technicians.post(URL, {"site": meter.site_id})
    assert (answer.status_code, set(answer.context["form"].errors)) == (400, {"file"})
    answer = bring(technicians, device=foreign_device.pk)
    assert (answer.status_code, set(answer.context["form"].errors)) == (400, {"device"})
    answer = bring(client_for(administrator), site=meter.site_id, device=foreign_device.pk)
    assert "Secret meter is not a device of Harbour depot." in text(answer)
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_refused(
    technicians: Client, meter: Device, settings: Any
) -> None:
    settings.INGEST_MAX_BYTES = 1_000
    assert bring(technicians, TEXT * 3, device=meter.pk).status_code == 413
    assert not Import.objects.exists()


def test_a_site_and_a_device_lead_to_their_imports_and_the_form_begins_with_them(
    technicians: Client, meter: Device, standard: User, client_for: Any
) -> None:
    for page, query in ((meter.site, f"site={meter.site_id}"), (meter, f"device={meter.pk}")):
        link = f'href="/imports/?{query}"'
        assert link in technicians.get(page.get_absolute_url()).content.decode()
        seen = client_for(standard).get(page.get_absolute_url()).content.decode()
        assert "/imports/" not in seen
    form = technicians.get(f"{URL}?device={meter.pk}").context["form"]
    assert form.initial == {"site": meter.site, "device": meter}
    assert technicians.get(f"{URL}?site=zz").status_code == 400


def test_the_chosen_device_is_offered_however_many_there_are(
    technicians: Client, meter: Device, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "_OFFERED", 2)
    for number in range(3):
        DeviceFactory(site=site, name=f"A {number}")
    field: Any = technicians.get(f"{URL}?device={meter.pk}").context["form"].fields["device"]
    assert [name for _, name in field.choices] == [
        "The columns name the devices", "Grid meter", "A 0", "A 1",
    ]  # fmt: skip


def test_the_list_is_filtered_and_takes_the_same_queries_for_more_rows(
    technicians: Client, meter: Device, foreign_site: Site, administrator: User, client_for: Any,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    assert "No imports yet" in text(technicians.get(URL))
    bring(technicians, device=meter.pk, name="first.csv")
    with CaptureQueriesContext(connection) as one:
        technicians.get(URL)
    queries = len(one)
    for _ in range(3):
        bring(technicians, site=meter.site_id)
    bring(client_for(administrator), site=foreign_site.pk, name="secret.csv")
    with django_assert_max_num_queries(queries):
        page = technicians.get(URL)
    assert "4 files of readings" in text(page)
    assert "secret.csv" not in text(page)
    rows = technicians.get(f"{URL}?search=first&state=understood").context["object_list"]
    assert [row.file_name for row in rows] == ["first.csv"]
    assert "No imports match" in text(technicians.get(f"{URL}?state=done"))


def test_a_page_takes_the_same_queries_for_more_columns(
    technicians: Client, meter: Device, metric: Metric, django_assert_max_num_queries: Any
) -> None:
    narrow, _ = brought(technicians, AUTUMN, site=meter.site_id)
    wide, _ = brought(technicians, site=meter.site_id)
    with CaptureQueriesContext(connection) as one:
        technicians.get(narrow)
    with django_assert_max_num_queries(len(one)):
        technicians.get(wide)


def test_the_admin_lists_imports_and_changes_none(
    administrator: User, client_for: Any, technicians: Client, meter: Device
) -> None:
    bring(technicians, device=meter.pk)
    client, address = client_for(administrator), "/admin/ingest/import/"
    assert "a.csv" in text(client.get(address))
    imported = Import.objects.get()
    page = client.get(f"{address}{imported.pk}/change/")
    assert page.status_code == 200
    assert 'name="file_name"' not in page.content.decode()
    assert client.post(f"{address}{imported.pk}/change/", {}).status_code == 403
    assert client.get(f"{address}add/").status_code == 403
