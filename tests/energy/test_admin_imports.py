"""Confirming an import of a file that is not there any longer, is somebody else's, or never was."""

import tempfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sites.models import Site
from tests.support.admin import confirm, preview, told

IMPORT = "/admin/sites/site/import/"
CONFIRM = "/admin/sites/site/process_import/"
TEXT = "slug,name,time_zone\nnorth,North,UTC\n"


@pytest.fixture
def admin(administrator, client_for):
    return client_for(administrator)


@pytest.fixture
def shown(admin):
    """What the page of a preview sends when it is confirmed."""
    return preview(admin, IMPORT, TEXT).context["confirm_form"].initial


def refused(client, form):
    answer = client.post(CONFIRM, form, follow=True)
    assert answer.redirect_chain == [(IMPORT, 302)]
    assert not Site.objects.exists()
    return told(answer)


@pytest.mark.parametrize(
    "changes",
    [
        {"import_file_name": "nonsense"},
        {"import_file_name": "."},
        {"import_file_name": ""},
        {"import_file_name": "x" * 5_000},
        {"import_file_name": "../../etc/hostname"},
        {"format": "x"},
        {"format": "99"},
        {"format": "-1"},
        {"resource": "x"},
        {"resource": "99"},
        {"original_file_name": ""},
    ],
)
def test_what_no_preview_has_sent_is_a_message(admin, shown, changes):
    (message,) = refused(admin, shown | changes)
    assert message == "This import cannot be confirmed any longer: choose the file once more."


def test_an_empty_form_is_a_message(admin):
    assert len(refused(admin, {})) == 1


def test_a_file_that_has_vanished_is_a_message(admin, shown):
    for path in Path(tempfile.gettempdir()).glob("tmp*"):
        if path.is_file() and path.read_bytes() == TEXT.encode():
            path.unlink()
    assert len(refused(admin, shown)) == 1


def test_a_file_is_imported_once(admin, shown):
    assert admin.post(CONFIRM, shown, follow=True).redirect_chain == [("/admin/sites/site/", 302)]
    Site.objects.all().delete()
    assert len(refused(admin, shown)) == 1


def test_the_file_of_somebody_else_cannot_be_named(shown, technician, client_for):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    assert len(refused(client_for(technician), shown)) == 1


def test_no_other_file_of_the_folder_can_be_named(admin, shown, tmp_path):
    with tempfile.NamedTemporaryFile() as other:
        other.write(TEXT.encode())
        other.flush()
        assert len(refused(admin, shown | {"import_file_name": other.name})) == 1
        assert Path(other.name).exists()


def test_a_row_that_cannot_be_imported_any_longer_is_told_and_nothing_is(admin):
    previewed = preview(admin, IMPORT, TEXT + "south,South,UTC\n")
    Site.objects.create(name="South", slug="other")
    answer = confirm(admin, IMPORT, previewed)
    assert answer.status_code == 302
    assert Site.objects.count() == 1
    assert told(answer) == [
        "Nothing was imported, because some rows cannot be any longer: choose the file once more."
    ]


@pytest.mark.parametrize("address", [IMPORT, "/admin/devices/device/import/"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff\xfe", b"\x89PNG\r\n", b"slug\n" + b"\x00,\n", b'"' * 999, b"a\n" * 99],
)
def test_a_file_that_is_none_is_an_error_of_the_form(admin, address, content):
    upload = SimpleUploadedFile("rows.csv", content)
    answer = admin.post(address, {"import_file": upload, "format": "0"})
    assert answer.status_code == 200
    assert "confirm_form" not in answer.context
