"""Subscriptions over HTTP."""

import pytest

from sites.models import SiteAssignment
from subscriptions.models import Subscription
from tests.support.factories import DeviceFactory, LatestFactory, SiteFactory, SubscriptionFactory
from tests.support.problems import refused

SUBSCRIPTIONS = "/api/v1/subscriptions/"


@pytest.fixture
def client(api_client_for, standard):
    """An API client signed in as the standard user."""
    return api_client_for(standard)


@pytest.fixture
def subscription(standard, metric):
    """The standard user's Subscription to `metric`."""
    return SubscriptionFactory(owner=standard, name="Mine", metrics=[metric])


def detail(subscription):
    return f"{SUBSCRIPTIONS}{subscription.pk}/"


def errors_of(response):
    assert response["Content-Type"] == "application/problem+json"
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_a_subscription_is_answered_with_exactly_the_documented_fields(
    client, subscription, metric
):
    assert client.get(detail(subscription)).json() == {
        "id": subscription.pk,
        "url": f"http://testserver{SUBSCRIPTIONS}{subscription.pk}/",
        "name": "Mine",
        "description": "",
        "metrics": [metric.pk],
        "created_at": subscription.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": subscription.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_user_creates_one_across_sites(client, standard, metric):
    other = DeviceFactory(site=SiteFactory(users=[standard])).metrics.get()
    body = {"name": "Both", "metrics": [metric.pk, other.pk]}
    made = client.post(SUBSCRIPTIONS, body)
    assert made.status_code == 201
    assert made.json()["metrics"] == [metric.pk, other.pk]
    assert Subscription.objects.get().owner == standard


def test_one_is_changed_and_deleted(client, subscription):
    answer = client.patch(detail(subscription), {"name": "Renamed", "metrics": []}).json()
    assert (answer["name"], answer["metrics"]) == ("Renamed", [])
    assert client.put(detail(subscription), {"name": "Again"}).status_code == 200
    assert client.delete(detail(subscription)).status_code == 204
    assert not Subscription.objects.exists()


def test_a_change_of_the_name_keeps_the_metrics(client, subscription, metric):
    assert client.patch(detail(subscription), {"name": "New"}).json()["metrics"] == [metric.pk]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("persona", ["technician", "administrator"])
def test_anothers_is_answered_exactly_as_an_unknown_one(
    request, api_client_for, subscription, persona, method
):
    client = api_client_for(request.getfixturevalue(persona))
    hidden = getattr(client, method)(detail(subscription))
    unknown = getattr(client, method)(f"{SUBSCRIPTIONS}987654/")
    assert hidden.status_code == 404
    assert hidden.content == unknown.content
    assert client.get(SUBSCRIPTIONS).json()["count"] == 0


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_an_invisible_metric_is_named_exactly_as_an_unknown_one(
    client, subscription, metric, foreign_metric, method
):
    address = SUBSCRIPTIONS if method == "post" else detail(subscription)

    def answer(pk):
        body = {"name": "New", "metrics": [metric.pk, pk]}
        response = getattr(client, method)(address, body)
        assert errors_of(response) == [("metrics", "does_not_exist")]
        assert response.json()["errors"][0]["message"] == f"Unknown Metric: {pk}."
        return refused(response, pk)

    assert answer(foreign_metric.pk) == answer(987654) == answer(2**70)
    assert Subscription.objects.count() == 1


def test_a_metric_that_became_invisible_drops_out_of_every_answer(client, subscription, metric):
    SiteAssignment.objects.all().delete()
    assert client.get(detail(subscription)).json()["metrics"] == []
    assert client.get(SUBSCRIPTIONS).json()["results"][0]["metrics"] == []
    assert client.get(f"{detail(subscription)}latest/").json() == {"results": []}
    assert subscription.metrics.get() == metric


def test_sending_back_what_was_read_loses_no_metric_that_is_out_of_sight(
    client, subscription, metric, foreign_metric
):
    subscription.metrics.add(foreign_metric)
    read = client.get(detail(subscription)).json()
    assert client.put(detail(subscription), read).json()["metrics"] == [metric.pk]
    assert set(subscription.metrics.all()) == {metric, foreign_metric}


def test_the_latest_values_carry_time_and_unit(client, subscription, metric):
    LatestFactory(metric=metric, value=-2.5)
    row = client.get(f"{detail(subscription)}latest/").json()["results"][0]
    assert (row["metric"], row["value"], row["unit"]) == (metric.pk, -2.5, "W")
    assert row["timestamp"] == "2026-06-01T12:00:00Z"


def test_a_name_is_unique_among_ones_own_only(client, subscription, technician):
    SubscriptionFactory(owner=technician, name="Theirs")
    assert client.post(SUBSCRIPTIONS, {"name": "Theirs"}).status_code == 201
    response = client.post(SUBSCRIPTIONS, {"name": "Mine"})
    assert (response.status_code, errors_of(response)) == (400, [("name", "unique")])


def test_more_metrics_than_allowed_are_refused(client):
    body = {"name": "Many", "metrics": list(range(1, 1002))}
    assert errors_of(client.post(SUBSCRIPTIONS, body)) == [("metrics", "too_many")]


def test_a_list_is_searched_and_ordered(client, standard):
    for name in ("Alpha", "Beta"):
        SubscriptionFactory(owner=standard, name=name)
    names = [row["name"] for row in client.get(f"{SUBSCRIPTIONS}?ordering=-name").json()["results"]]
    assert names == ["Beta", "Alpha"]
    assert client.get(f"{SUBSCRIPTIONS}?search=alp").json()["count"] == 1


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_list_takes_the_same_number_of_queries_however_long(
    client, standard, metric, django_assert_num_queries, count
):
    SubscriptionFactory.create_batch(count, owner=standard, metrics=[metric])
    with django_assert_num_queries(5):  # session, user, count, page, metrics
        assert client.get(SUBSCRIPTIONS).json()["count"] == count


@pytest.mark.parametrize("suffix", ["", "latest/"])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_detail_takes_the_same_number_of_queries_however_many_metrics(
    client, subscription, site, django_assert_num_queries, count, suffix
):
    metrics = [DeviceFactory(site=site).metrics.get() for _ in range(count)]
    subscription.metrics.set(metrics)
    with django_assert_num_queries(4):  # session, user, Subscription, its metrics or their latest
        assert client.get(detail(subscription) + suffix).status_code == 200
