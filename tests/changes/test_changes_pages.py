"""Changes on pages and in the admin: shown to those who look after the Site, changed by nobody."""

import pytest
from django.contrib.auth.models import Permission

from changes.models import Change
from tests.support.factories import DeviceFactory

ADMIN = "/admin/changes/change/"


@pytest.fixture
def page(client_for, technician, api_client_for, device):
    """A browser of the technician, who has changed the Device."""
    api_client_for(technician).patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail damage"})
    return client_for(technician)


@pytest.mark.parametrize("what", ["site", "device"])
def test_a_site_and_a_device_show_their_changes(page, device, what):
    address = {"site": f"/sites/{device.site_id}/", "device": f"/devices/{device.pk}/"}[what]
    text = page.get(address).content.decode()
    assert "notes: empty → Hail damage" in text
    assert f'href="/changes/?{what}=' in text


@pytest.mark.parametrize("address", ["/sites/{device.site_id}/", "/devices/{device.pk}/"])
def test_a_standard_user_sees_none(page, client_for, standard, device, address):
    text = client_for(standard).get(address.format(device=device)).content.decode()
    assert "Changes" not in text
    assert "empty → Hail damage" not in text


def test_the_list_is_for_technicians(page, client_for, standard, device):
    assert client_for(standard).get("/changes/").status_code == 403
    text = page.get("/changes/", {"site": device.site_id}).content.decode()
    assert "notes: empty → Hail damage" in text
    assert "tess" in text


def test_the_list_says_what_is_wrong_with_a_filter(page):
    answer = page.get("/changes/", {"device": 10**6})
    assert answer.status_code == 400
    assert "There is none that you see." in answer.content.decode()


def test_what_people_write_is_text_and_no_markup(page, api_client_for, technician, device):
    body = {"name": "<script>alert(1)</script>"}
    api_client_for(technician).patch(f"/api/v1/devices/{device.pk}/", body)
    for address in ("/changes/", f"/sites/{device.site_id}/"):
        assert b"<script>alert" not in page.get(address).content


def test_the_list_takes_as_many_queries_whatever_there_is(
    page, device, django_assert_max_num_queries
):
    for count in (1, 30):
        DeviceFactory.create_batch(count, site=device.site)
        with django_assert_max_num_queries(9):  # three for the rows that fields name
            page.get("/changes/")


def newest():
    """The newest change of the Device."""
    return Change.objects.filter(object_repr="Main meter").newest_first()[0]


class TestAdmin:
    @pytest.fixture
    def admin(self, page, client_for, administrator):
        return client_for(administrator)

    def test_it_lists_and_shows_them(self, admin):
        entry = newest()
        assert "Main meter" in admin.get(ADMIN).content.decode()
        shown = admin.get(f"{ADMIN}{entry.pk}/change/").content.decode()
        assert "notes: empty → Hail damage" in shown

    def test_nobody_adds_changes_or_deletes_one(self, admin):
        entry = newest()
        assert admin.get(f"{ADMIN}add/").status_code == 403
        assert admin.post(f"{ADMIN}add/", {"object_repr": "x"}).status_code == 403
        address = f"{ADMIN}{entry.pk}"
        assert admin.post(f"{address}/change/", {"object_repr": "x"}).status_code == 403
        assert admin.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
        admin.post(ADMIN, chosen)
        assert newest() == entry
        assert newest().changes == entry.changes

    def test_there_are_no_permissions_that_somebody_could_be_given(self, db):
        names = Permission.objects.filter(content_type__app_label="changes")
        assert list(names.values_list("codename", flat=True)) == ["view_change"]

    def test_staff_see_those_of_their_sites(self, page, technician, foreign_device, device):
        technician.is_staff = True
        technician.save()
        listed = page.get(ADMIN).context["cl"].result_list
        assert {change.site_id for change in listed} == {device.site_id}
        foreign = Change.objects.filter(site=foreign_device.site_id).first()
        assert page.get(f"{ADMIN}{foreign.pk}/change/").status_code == 302

    def test_it_takes_as_many_queries_whatever_there_is(
        self, admin, device, django_assert_max_num_queries
    ):
        for count in (1, 30):
            DeviceFactory.create_batch(count, site=device.site)
            with django_assert_max_num_queries(6):
                admin.get(ADMIN)
