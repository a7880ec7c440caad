"""Subscriptions as people use them: the list, the picker, the dashboard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Subscription
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory, SubscriptionFactory
from tests.support.readings import store


@pytest.fixture
def mine(standard, metric):
    return SubscriptionFactory(owner=standard, name="Peak shaving", metrics=[metric])


@pytest.fixture
def unavailable(mine, foreign_metric):
    """A Metric in `mine` that its owner may no longer see."""
    mine.metrics.add(foreign_metric)
    return foreign_metric


def picked(subscription):
    return set(subscription.metrics.values_list("pk", flat=True))


def test_an_empty_list_offers_to_make_one(client_for, standard):
    page = client_for(standard).get("/subscriptions/").content.decode()

    assert "No subscriptions yet" in page
    assert 'href="/subscriptions/add/"' in page


def test_the_list_shows_ones_own_and_how_much_of_it_is_stale(
    client_for, standard, technician, mine
):
    SubscriptionFactory(owner=technician, name="Somebody else's")

    page = client_for(standard).get("/subscriptions/").content.decode()

    assert "Peak shaving" in page
    assert "1 stale" in page
    assert "Somebody" not in page


def test_the_list_is_searched_and_sorted_in_the_url(client_for, standard, mine):
    SubscriptionFactory(owner=standard, name="Another")
    client = client_for(standard)

    def shown(query):
        return [
            row.subscription.name for row in client.get(f"/subscriptions/?{query}").context["rows"]
        ]

    assert shown("") == ["Another", "Peak shaving"]
    assert shown("search=peak") == ["Peak shaving"]
    assert shown("ordering=-name") == ["Peak shaving", "Another"]
    assert client.get("/subscriptions/?ordering=owner").status_code == 400


def test_picking_metrics_makes_a_subscription(client_for, standard, metric):
    response = client_for(standard).post(
        "/subscriptions/add/", {"name": "Power", "metrics": [metric.pk]}, follow=True
    )

    subscription = Subscription.objects.get()
    assert (subscription.owner, subscription.name) == (standard, "Power")
    assert picked(subscription) == {metric.pk}
    assert "“Power” was saved." in response.content.decode()


def test_the_picker_offers_what_one_sees_site_by_site(client_for, standard, metric, foreign_metric):
    form = client_for(standard).get("/subscriptions/add/").context["form"]

    [[site, [[device, metrics]]]] = form.tree
    assert (site, device, metrics) == (metric.device.site, metric.device, [metric])


def test_searching_in_the_picker_saves_nothing_and_keeps_what_is_picked(
    client_for, standard, site, metric
):
    voltage = MetricFactory(device=metric.device, key="voltage", name="Voltage", unit="V")
    response = client_for(standard).post(
        "/subscriptions/add/",
        {"name": "", "metrics": [metric.pk], "search": "volt", "find": "1"},
    )

    form = response.context["form"]
    assert form.selected == [metric]
    assert form.matches == [voltage]
    assert "Fix 1 field" not in response.content.decode()
    assert not Subscription.objects.exists()


def test_different_units_are_pointed_out(client_for, standard, metric):
    voltage = MetricFactory(device=metric.device, unit="V")

    response = client_for(standard).post(
        "/subscriptions/add/", {"metrics": [metric.pk, voltage.pk], "find": "1"}
    )

    assert "have 2 different units: V, W." in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("description", "x" * 10_001),
        ("metrics", ["0"]),
        ("metrics", ["abc"]),
        ("metrics", [str(10**30)]),
        ("metrics", ["9" * 5000]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(client_for, standard, metric, field, value):
    response = client_for(standard).post(
        "/subscriptions/add/", {"name": "Power", "metrics": [metric.pk], field: value}
    )

    assert field in response.context["form"].errors
    assert not Subscription.objects.exists()


def test_a_foreign_metric_cannot_be_picked(client_for, standard, metric, foreign_metric):
    response = client_for(standard).post(
        "/subscriptions/add/", {"name": "Power", "metrics": [foreign_metric.pk]}
    )

    [error] = response.context["form"].errors["metrics"]
    assert error == f"Metric {foreign_metric.pk} does not exist, or you cannot see it."
    assert "Secret" not in response.content.decode()


def test_a_name_is_used_once(client_for, standard, technician, mine):
    SubscriptionFactory(owner=technician, name="Taken by another")
    client = client_for(standard)

    twice = client.post("/subscriptions/add/", {"name": "Peak shaving"})
    assert "You already have a subscription" in twice.content.decode()
    assert client.post("/subscriptions/add/", {"name": "Taken by another"}).status_code == 302


def test_what_one_may_no_longer_see_is_not_named_but_kept(client_for, standard, mine, unavailable):
    client = client_for(standard)

    page = client.get(f"/subscriptions/{mine.pk}/edit/").content.decode()
    assert "1 more is not available" in page
    assert "Secret" not in page
    client.post(f"/subscriptions/{mine.pk}/edit/", {"name": "Peak shaving"})
    assert picked(mine) == {unavailable.pk}


def test_what_one_may_no_longer_see_can_be_dropped(client_for, standard, mine, unavailable, metric):
    client_for(standard).post(
        f"/subscriptions/{mine.pk}/edit/",
        {"name": "Peak shaving", "metrics": [metric.pk], "drop_unavailable": "on"},
    )

    assert picked(mine) == {metric.pk}


def test_the_dashboard_shows_values_history_and_statistics(client_for, standard, mine, metric):
    now = timezone.now()
    store(metric, {now - timedelta(minutes=n): 1000.0 * n for n in range(1, 60)}, now=now)

    response = client_for(standard).get(f"/subscriptions/{mine.pk}/?range=1h")

    page = response.content.decode()
    assert '<span class="value is-live">1.00</span>' in page
    [series] = response.context["panel"].series
    assert (series.minimum, series.maximum) == (1000.0, 59_000.0)
    assert response.context["panel"].page_obj.paginator.count > 50
    url = response.context["panel"].description["url"]
    answer = client_for(standard).get(url).json()
    assert [one["metric"] for one in answer["series"]] == [metric.pk]


def test_the_dashboards_table_has_a_row_for_each_time_of_any_metric(client_for, standard, device):
    first, second = MetricFactory.create_batch(2, device=device, unit="V")
    mine = SubscriptionFactory(owner=standard, metrics=[first, second])
    now = timezone.now()
    store(first, {now - timedelta(minutes=n): float(n) for n in (1, 2)}, now=now)
    store(second, {now - timedelta(minutes=n): float(n) for n in (2, 3)}, now=now)

    panel = client_for(standard).get(f"/subscriptions/{mine.pk}/?resolution=raw").context["panel"]

    column = [view.metric for view in panel.series].index(first)
    rows = [(row.values[column], row.values[1 - column]) for row in panel.page_obj]
    assert rows == [("1.00", "–"), ("2.00", "2.00"), ("–", "3.00")]


def test_the_dashboard_adds_up_what_counters_rose(client_for, standard, device):
    counter = MetricFactory(device=device, unit="Wh", type="counter")
    mine = SubscriptionFactory(owner=standard, metrics=[counter])
    now = timezone.now()
    store(counter, {now - timedelta(minutes=n): 5_000.0 - 10 * n for n in range(1, 50)}, now=now)

    response = client_for(standard).get(f"/subscriptions/{mine.pk}/?range=1h")

    [series] = response.context["panel"].series
    assert series.total == pytest.approx(480.0)
    assert ">Increase</th>" in response.content.decode()


def test_the_dashboard_leaves_out_what_one_may_no_longer_see(
    client_for, standard, mine, unavailable
):
    response = client_for(standard).get(f"/subscriptions/{mine.pk}/")

    assert [row.metric.pk for row, _ in response.context["tiles"]] == [
        mine.metrics.exclude(pk=unavailable.pk).get().pk
    ]
    assert "1 not available" in response.content.decode()
    assert "Secret" not in response.content.decode()


def test_an_empty_dashboard_offers_to_pick_metrics(client_for, standard):
    empty = SubscriptionFactory(owner=standard)

    assert (
        "No metrics to show"
        in client_for(standard).get(f"/subscriptions/{empty.pk}/").content.decode()
    )


def test_a_wrong_range_of_the_dashboard_is_named(client_for, standard, mine):
    response = client_for(standard).get(f"/subscriptions/{mine.pk}/?range=forever")

    assert response.status_code == 400


def test_deleting_takes_a_post_and_leaves_the_metrics(client_for, standard, mine, metric):
    client = client_for(standard)

    client.get(f"/subscriptions/{mine.pk}/delete/")
    assert Subscription.objects.exists()
    response = client.post(f"/subscriptions/{mine.pk}/delete/", follow=True)
    assert "“Peak shaving” was deleted." in response.content.decode()
    assert not Subscription.objects.exists()
    metric.refresh_from_db()


@pytest.mark.parametrize("tail", ["", "edit/", "delete/"])
def test_other_peoples_subscriptions_do_not_exist(
    client_for, administrator, technician, mine, tail
):
    for user in (technician, administrator):
        client = client_for(user)
        assert client.get(f"/subscriptions/{mine.pk}/{tail}").status_code == 404
        assert client.post(f"/subscriptions/{mine.pk}/{tail}").status_code in (404, 405)
    assert Subscription.objects.exists()


def test_somebody_in_no_group_has_subscriptions_like_everyone(client_for, outsider):
    response = client_for(outsider).post("/subscriptions/add/", {"name": "Empty for now"})

    assert response.status_code == 302


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_however_long(
    client_for, standard, metric, django_assert_max_num_queries, count
):
    SubscriptionFactory.create_batch(count, owner=standard, metrics=[metric])
    client = client_for(standard)

    with django_assert_max_num_queries(6):
        assert len(client.get("/subscriptions/").context["rows"]) == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_dashboard_takes_as_many_queries_however_many_metrics(
    client_for, standard, django_assert_max_num_queries, count
):
    site = SiteFactory(users=[standard])
    metrics = [device.metrics.get() for device in DeviceFactory.create_batch(count, site=site)]
    for metric in metrics:
        store(metric, {timezone.now(): 1.0})
    mine = SubscriptionFactory(owner=standard, metrics=metrics)
    client = client_for(standard)

    with django_assert_max_num_queries(15):
        assert len(client.get(f"/subscriptions/{mine.pk}/").context["tiles"]) == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_picker_takes_as_many_queries_however_many_metrics(
    client_for, standard, django_assert_max_num_queries, count
):
    DeviceFactory.create_batch(count, site=SiteFactory(users=[standard]))
    client = client_for(standard)

    with django_assert_max_num_queries(5):
        assert len(client.get("/subscriptions/add/").context["form"].matches) == count
