"""`imports/`: what cannot be asked of a file is 400 and names its field, and nothing is kept."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from devices.models import Device
from ingest.models import Import
from tests.support.importing import upload


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"timezone": "UTC"}, "timezone", "unknown_field"),
        ({"bogus": "1"}, "bogus", "unknown_field"),
        ({"profile": "nothing"}, "profile", "not_understood"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone", "not_understood"),
        ({"delimiter": "x"}, "delimiter", "not_understood"),
        ({"decimal": "'"}, "decimal", "not_understood"),
        ({"date_format": "%H:%M"}, "date_format", "not_understood"),
        ({"time_is": "now"}, "time_is", "not_understood"),
        ({"time_column": "When"}, "time_column", "not_understood"),
    ],
)
def test_a_wrong_parameter_is_refused(
    more: dict[str, Any], field: str, code: str, api: APIClient, meter: Device
) -> None:
    answer = upload(api, device=meter.pk, **more)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert not Import.objects.exists()

    body = upload(api, device=meter.pk).json()
    corrected = api.patch(body["url"], more, format="json")
    assert corrected.status_code == 400
    assert corrected.json()["errors"][0]["field"] == field
    assert api.get(body["url"]).json() == body


def test_a_second_file_is_an_unknown_field(api: APIClient, meter: Device) -> None:
    answer = upload(api, device=meter.pk, other=SimpleUploadedFile("b.csv", b"x"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "other")


def test_a_form_in_a_browser_may_send_its_token(api: APIClient, meter: Device) -> None:
    assert upload(api, device=meter.pk, csrfmiddlewaretoken="x").status_code == 202


def test_a_wrong_parameter_is_told_before_a_file_that_is_no_table(
    api: APIClient, meter: Device
) -> None:
    answer = upload(api, "no table\n", device=meter.pk, time_zone="Europe/Nowhere")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "time_zone")
    kept = upload(api, "no table\n", device=meter.pk, time_zone="UTC")
    assert (kept.status_code, kept.json()["state"]) == (202, "failed")
