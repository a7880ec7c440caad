"""The list of Sites and the page of one, as people use them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from metrics.models import MAX_INTERVAL
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory
from tests.support.readings import store


def shown(response):
    """The names of the Sites in a list page."""
    return [site.name for site in response.context["object_list"]]


@pytest.fixture
def fleet(technician, site):
    """Two more Sites of the technician: one with a battery, one with nothing."""
    windy = SiteFactory(name="Windy hill", users=[technician], address="Delfzijl")
    SiteFactory(name="Empty plot", users=[technician])
    DeviceFactory(site=windy, name="Store", kind="battery")
    return windy


def test_people_see_the_sites_they_are_assigned_to(client_for, standard, site, foreign_site):
    page = client_for(standard).get("/sites/")

    assert shown(page) == ["Harbour depot"]
    assert "Secret works" not in page.content.decode()


def test_somebody_without_sites_is_told_whom_to_ask(client_for, outsider, site):
    page = client_for(outsider).get("/sites/").content.decode()

    assert "once an administrator assigns you" in page


def test_sites_are_searched_filtered_and_sorted_in_the_url(client_for, technician, fleet):
    client = client_for(technician)

    assert shown(client.get("/sites/?search=delf")) == ["Windy hill"]
    assert shown(client.get("/sites/?kind=battery")) == ["Windy hill"]
    assert shown(client.get("/sites/?state=empty")) == ["Empty plot", "Harbour depot"]
    assert shown(client.get("/sites/?ordering=-name"))[0] == "Windy hill"
    assert shown(client.get("/sites/?ordering=-device_count"))[0] == "Windy hill"


def test_filters_in_use_are_shown_and_can_be_taken_away(client_for, technician, fleet):
    page = client_for(technician).get("/sites/?search=delf&kind=battery&ordering=-name")

    chips = {(chip.label, chip.value): chip.without for chip in page.context["chips"]}
    assert chips["Device kind", "Battery"] == "search=delf&ordering=-name"
    assert chips["Search", "delf"] == "kind=battery&ordering=-name"


def test_no_match_offers_to_clear_the_filters(client_for, technician, site):
    page = client_for(technician).get("/sites/?search=nowhere").content.decode()

    assert "No sites match" in page
    assert 'href="/sites/"' in page


@pytest.mark.parametrize("query", ["state=x", "kind=x", "ordering=x", "search=" + "x" * 201])
def test_an_unknown_filter_value_is_an_error(client_for, technician, site, query):
    response = client_for(technician).get(f"/sites/?{query}")

    assert response.status_code == 400
    assert shown(response) == []
    assert 'role="alert"' in response.content.decode()


def test_the_list_says_what_each_site_does_now(client_for, technician, site):
    now = timezone.now()
    meter = DeviceFactory(site=site, kind="grid_meter").metrics.get()
    inverter = DeviceFactory(site=site, kind="inverter").metrics.get()
    store(meter, {now: -40_000.0})
    store(inverter, {now: 64_900.0})

    page = client_for(technician).get("/sites/").content.decode()

    assert "Generation kW" in page
    assert "64.9" in page
    assert '<span class="direction">Exporting</span> 40.0' in page
    assert "24.9" in page


@pytest.mark.parametrize("interval", [300, 3_600, MAX_INTERVAL])
def test_a_site_reports_however_rare_its_readings(client_for, technician, site, interval):
    meter = DeviceFactory(site=site).metrics.get()
    meter.expected_interval = interval
    meter.save()
    store(meter, {timezone.now() - timedelta(seconds=5 * interval): 230.0})
    client = client_for(technician)

    assert "1 of 1 reporting" in client.get(f"/sites/{site.pk}/").content.decode()
    assert shown(client.get("/sites/?state=reporting")) == [site.name]


@pytest.mark.parametrize(
    ("dates", "counts"),
    [
        ({}, True),
        ({"in_service_from": timedelta(days=-1)}, True),
        ({"in_service_from": timedelta(days=1)}, False),
        ({"retired_at": timedelta(minutes=-1), "status": "retired"}, False),
        ({"status": "maintenance"}, True),
    ],
)
def test_devices_out_of_service_are_neither_expected_nor_counted(
    client_for, technician, site, dates, counts
):
    now = timezone.now()
    store(DeviceFactory(site=site).metrics.get(), {now: 230.0})
    served = {name: now + at if isinstance(at, timedelta) else at for name, at in dates.items()}
    store(DeviceFactory(site=site, **served).metrics.get(), {now: 230.0})
    client = client_for(technician)
    count = 1 + counts

    assert f"{count} of {count} reporting" in client.get(f"/sites/{site.pk}/").content.decode()
    assert shown(client.get("/sites/?state=reporting")) == [site.name]


def test_a_list_longer_than_a_page_goes_on(client_for, technician):
    for _ in range(51):
        SiteFactory(users=[technician])
    client = client_for(technician)

    assert len(shown(client.get("/sites/"))) == 50
    assert len(shown(client.get("/sites/?page=2"))) == 1
    past = client.get("/sites/?page=3")
    assert past.status_code == 400
    assert len(shown(past)) == 1


def test_a_site_that_is_not_ones_own_does_not_exist(client_for, standard, foreign_site):
    assert client_for(standard).get(f"/sites/{foreign_site.pk}/").status_code == 404


def test_a_site_shows_its_figures_devices_and_who_reports(client_for, standard, site):
    now = timezone.now()
    meter = DeviceFactory(site=site, name="Grid", kind="grid_meter").metrics.get()
    DeviceFactory(site=site, name="Spare battery", kind="battery")
    store(meter, {now - timedelta(seconds=10): 512_400.0}, now=now)

    page = client_for(standard).get(f"/sites/{site.pk}/").content.decode()

    assert "1 of 2 reporting" in page
    assert "Grid, importing" in page
    assert "512.4" in page
    assert "Spare battery" in page
    assert "No data yet" in page
    assert "Times in Europe/Amsterdam" in page


def test_the_unknown_is_a_dash_and_not_zero(client_for, standard, site):
    cards = client_for(standard).get(f"/sites/{site.pk}/").context["figures"]

    assert [card.value for card in cards] == [None] * 5


def test_only_who_may_add_devices_is_offered_to(client_for, standard, technician, site):
    address = f"/sites/{site.pk}/"

    assert "Add device" not in client_for(standard).get(address).content.decode()
    assert "Add device" in client_for(technician).get(address).content.decode()


def test_the_devices_of_a_site_are_sorted_in_the_url(client_for, standard, site):
    for name in ("Alpha", "Beta"):
        DeviceFactory(site=site, name=name)

    page = client_for(standard).get(f"/sites/{site.pk}/?ordering=-name")

    assert [row.device.name for row in page.context["rows"]] == ["Beta", "Alpha"]
    assert 'aria-sort="descending"' in page.content.decode()


def test_users_choose_the_clock_of_the_pages(client_for, standard, site):
    address = f"/sites/{site.pk}/"
    standard.time_zone, standard.clock = "Asia/Tokyo", "own"
    standard.save()
    assert "Times in Asia/Tokyo (UTC+9)" in client_for(standard).get(address).content.decode()

    standard.clock = "utc"
    standard.save()
    assert "Times in UTC<" in client_for(standard).get(address).content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_site_list_takes_as_many_queries_however_long(
    client_for, technician, django_assert_max_num_queries, count
):
    for _ in range(count):
        DeviceFactory(site=SiteFactory(users=[technician]), kind="grid_meter")
    client = client_for(technician)

    with django_assert_max_num_queries(7):
        assert len(shown(client.get("/sites/"))) == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_site_page_takes_as_many_queries_however_many_devices(
    client_for, technician, site, django_assert_max_num_queries, count
):
    now = timezone.now()
    for _ in range(count):
        device = DeviceFactory(site=site, kind="battery")
        MetricFactory(device=device)
        store(device.metrics.first(), {now: 50.0})
    client = client_for(technician)

    with django_assert_max_num_queries(18):
        assert len(client.get(f"/sites/{site.pk}/").context["rows"]) == count
