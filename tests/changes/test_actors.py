"""Whose doing a change is while several people are at it, in threads and on an event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, RequestFactory
from rest_framework.test import APIClient

from accounts.models import User
from changes.actors import current_actor
from changes.middleware import ActorMiddleware
from changes.models import Change
from devices.models import Device
from devices.viewsets import DeviceViewSet
from tests.support.factories import DeviceFactory, SiteFactory, UserFactory

PEOPLE = 4
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def devices() -> list[Device]:
    """A Device for each of several technicians, whose name it bears."""
    people = [UserFactory(username=f"user-{n}", group="technician") for n in range(PEOPLE)]
    site = SiteFactory(users=people)
    return [DeviceFactory(site=site, name=person.username) for person in people]


def signed_in(device: Device, kind: Callable[[], Any]) -> Any:
    client = kind()
    client.force_login(device.site.users.get(username=device.name))
    return client


def test_threads_do_not_take_one_another_for_the_actor(rf: RequestFactory) -> None:
    barrier = Barrier(PEOPLE, timeout=30)

    def answer(request: HttpRequest) -> HttpResponse:
        barrier.wait()
        name = current_actor().user.username
        barrier.wait()
        return HttpResponse(name)

    def ask(number: int) -> str:
        request = rf.get("/")
        request.user = User(username=f"user-{number}")
        return ActorMiddleware(answer)(request).content.decode()

    with ThreadPoolExecutor(PEOPLE) as pool:
        names = list(pool.map(ask, range(PEOPLE)))
    assert names == [f"user-{n}" for n in range(PEOPLE)]


def test_requests_at_the_same_time_are_each_their_users_doing(
    on_disk: None, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier, begin = Barrier(PEOPLE, timeout=30), DeviceViewSet.initial

    def begin_together(view: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        begin(view, request, *args, **kwargs)
        barrier.wait()  # All are signed in; now they write, on SQLite one after the other.

    monkeypatch.setattr(DeviceViewSet, "initial", begin_together)

    def change(device: Device) -> int:
        client = signed_in(device, APIClient)
        try:
            address = f"/api/v1/devices/{device.pk}/"
            return int(client.patch(address, {"notes": device.name}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        assert list(pool.map(change, devices)) == [200] * PEOPLE
    assert_each_is_their_own()


def test_tasks_do_not_take_one_another_for_the_actor(devices: list[Device]) -> None:
    clients = [signed_in(device, AsyncClient) for device in devices]

    async def change(device: Device, client: AsyncClient) -> int:
        answer = await client.patch(
            f"/api/v1/devices/{device.pk}/",
            {"notes": device.name},
            content_type="application/json",
        )
        return int(answer.status_code)

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*map(change, devices, clients))

    # In a thread of its own: the browser's tests leave a running loop in the main one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, all_at_once()).result() == [200] * PEOPLE
    assert_each_is_their_own()


def test_after_a_request_there_is_no_actor(devices: list[Device]) -> None:
    client = signed_in(devices[0], APIClient)
    client.patch(f"/api/v1/devices/{devices[0].pk}/", {"notes": "x"})
    assert current_actor().user is None
    devices[0].delete()
    assert Change.objects.newest_first()[0].via == "command"


def assert_each_is_their_own() -> None:
    told = Change.objects.filter(action=Change.Action.UPDATE, device__isnull=False)
    changed = set(told.values_list("object_repr", "actor_name"))
    assert changed == {(f"user-{n}", f"user-{n}") for n in range(PEOPLE)}
