"""How often somebody may try to sign in, and that nobody can keep somebody else from it."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import tasks
from accounts.models import SignInCount, User
from tests.support.factories import PASSWORD, UserFactory

LOGIN = "/api/v1/auth/login/"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OWN, OTHER = "192.0.2.1", "198.51.100.1"


@pytest.fixture(autouse=True)
def clock(technician: User) -> Iterator[time_machine.Traveller]:
    """Time stands still unless a test moves it."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


def by_api(password: str, *, of: str = "tess", address: str = OWN) -> Any:
    """The answer of the API to one try."""
    body = {"username": of, "password": password}
    return Client(REMOTE_ADDR=address).post(LOGIN, body, content_type="application/json")


def by_page(password: str, *, browser: Client | None = None, address: str = OWN) -> Any:
    """The answer of the page to one try."""
    form = {"username": "tess", "password": password}
    return (browser or Client()).post("/login/", form, REMOTE_ADDR=address)


def wait_for(answer: Any) -> int:
    """How many seconds a refusal says to wait."""
    assert answer.status_code == 429
    return int(answer["Retry-After"])


def attack(failures: int, clock: time_machine.Traveller) -> None:
    """As many failures for the technician's account, each from an address of its own."""
    for number in range(failures):
        address = f"203.0.{number // 200}.{number % 200}"
        if by_api("wrong", address=address).status_code == 429:
            clock.shift(61)
            assert by_api("wrong", address=address).status_code == 401


def test_page_and_api_count_the_tries_of_an_address_together(settings: Any) -> None:
    settings.LOGIN_RATE = "6/min"
    answers = [ask(PASSWORD) for _ in range(3) for ask in (by_api, by_page)]

    assert {answer.status_code for answer in answers} == {200, 302}
    assert wait_for(by_api(PASSWORD)) == 60
    assert wait_for(by_page(PASSWORD)) == 60
    assert by_api(PASSWORD, address=OTHER).status_code == 200


def test_after_its_period_an_address_may_try_again(
    settings: Any, clock: time_machine.Traveller
) -> None:
    settings.LOGIN_RATE = "2/min"
    for _ in range(2):
        by_api(PASSWORD)
    clock.shift(59)
    assert wait_for(by_api(PASSWORD)) == 1
    clock.shift(1)
    assert by_api(PASSWORD).status_code == 200


def test_the_admin_has_no_sign_in_of_its_own(administrator: User) -> None:
    form = {"username": "ada", "password": PASSWORD}
    browser, door = Client(), "/admin/login/?next=/admin/sites/"

    assert browser.get(door).url == "/login/?next=/admin/sites/"
    assert browser.post(door, form).url == "/login/?next=/admin/sites/"
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0] == "/login/?next=/admin/"
    assert browser.post("/login/?next=/admin/", {**form, "next": "/admin/"}).url == "/admin/"
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/login/").url == "/admin/"


def test_the_pauses_of_a_source_that_fails_grow(clock: time_machine.Traveller) -> None:
    pauses = []
    for _ in range(5):
        assert by_api("wrong").status_code == 401
    for _ in range(12):
        pauses.append(wait_for(by_api("wrong")))
        clock.shift(pauses[-1])
        assert by_api("wrong").status_code == 401

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_refused_try_makes_the_pause_no_longer(clock: time_machine.Traveller) -> None:
    for _ in range(10):
        by_api("wrong")
        clock.shift(40)
    by_api("wrong")

    assert [wait_for(by_api(PASSWORD)) for _ in range(3)] == [64, 64, 64]
    clock.shift(63)
    assert wait_for(by_api(PASSWORD)) == 1
    clock.shift(1)
    assert by_api(PASSWORD).status_code == 200


def test_with_the_right_password_failures_are_forgotten() -> None:
    for _ in range(3):
        for _ in range(4):
            assert by_api("wrong").status_code == 401
        assert by_api(PASSWORD).status_code == 200


def test_an_account_nobody_has_is_slowed_down_like_any_other() -> None:
    for _ in range(5):
        assert by_api("wrong", of="nobody").status_code == 401
    assert wait_for(by_api("wrong", of="nobody")) == 1


def test_one_stranger_slows_nobody_down_but_themselves(clock: time_machine.Traveller) -> None:
    for _ in range(30):
        by_api("wrong", address=OTHER)
        clock.shift(901)

    assert by_api(PASSWORD, address=OTHER).status_code == 200
    assert by_api(PASSWORD, address=OWN).status_code == 200


def test_many_strangers_slow_each_other_down_the_longer_the_more_they_are(
    clock: time_machine.Traveller,
) -> None:
    attack(19, clock)
    assert by_api("wrong", address="192.0.2.20").status_code == 401
    assert wait_for(by_api("wrong", address="192.0.2.21")) == 1
    attack(60, clock)
    assert wait_for(by_api("wrong", address="192.0.2.22")) == 60


def test_under_attack_the_right_password_gets_in_after_one_pause(
    clock: time_machine.Traveller,
) -> None:
    attack(100, clock)
    pause = wait_for(by_api(PASSWORD))
    assert pause == 60
    for _ in range(pause):  # while it lasts, the strangers go on
        clock.shift(1)
        by_api("wrong", address=OTHER)

    assert by_api(PASSWORD).status_code == 200


def test_under_attack_a_browser_known_for_the_account_waits_for_nobody(
    clock: time_machine.Traveller,
) -> None:
    browser = Client()
    by_page(PASSWORD, browser=browser)
    browser.post("/logout/")
    attack(100, clock)
    for _ in range(20):  # even from the browser's own address
        by_api("wrong")

    assert wait_for(by_page(PASSWORD)) > 0
    assert by_page(PASSWORD, browser=browser).url == "/sites/"


def test_a_known_browser_is_slowed_down_by_its_own_failures() -> None:
    browser = Client()
    by_page(PASSWORD, browser=browser)
    browser.post("/logout/")
    for _ in range(5):
        assert by_page("wrong", browser=browser).status_code == 200

    assert wait_for(by_page(PASSWORD, browser=browser)) == 1


def test_a_browser_known_for_one_account_is_a_stranger_to_others(
    clock: time_machine.Traveller,
) -> None:
    UserFactory(username="mallory")
    browser = Client()
    browser.post("/login/", {"username": "mallory", "password": PASSWORD})
    browser.post("/logout/")
    attack(100, clock)

    assert wait_for(by_page("wrong", browser=browser, address=OTHER)) == 60


def test_a_browser_stays_known_from_one_sign_in_to_the_next() -> None:
    browser = Client()
    names = []
    for _ in range(2):
        by_page(PASSWORD, browser=browser)
        names.append(browser.cookies["known-browser"].value.partition(":")[0])
        browser.post("/logout/")

    assert names[0] == names[1]
    assert browser.cookies["known-browser"]["httponly"]


def test_all_addresses_of_one_ipv6_network_count_as_one(settings: Any) -> None:
    settings.LOGIN_RATE = "3/min"
    for number in range(3):
        assert by_api(PASSWORD, address=f"2001:db8:1:2::{number}").status_code == 200

    assert wait_for(by_api(PASSWORD, address="2001:db8:1:2:ffff::1")) == 60
    assert by_api(PASSWORD, address="2001:db8:1:3::1").status_code == 200


def test_an_ipv4_address_in_ipv6_counts_as_itself(settings: Any) -> None:
    settings.LOGIN_RATE = "1/min"
    assert by_api(PASSWORD, address="::ffff:192.0.2.1").status_code == 200
    assert wait_for(by_api(PASSWORD, address="192.0.2.1")) == 60
    assert by_api(PASSWORD, address="::ffff:192.0.2.2").status_code == 200


def test_a_count_made_by_a_clock_that_was_years_ahead_holds_nobody_up(
    clock: time_machine.Traveller,
) -> None:
    clock.move_to(NOW + timedelta(days=3650))
    for _ in range(20):
        by_api("wrong")
    assert wait_for(by_api(PASSWORD)) > 0
    clock.move_to(NOW)

    assert by_api(PASSWORD).status_code == 200


def test_neither_names_nor_addresses_are_kept(clock: time_machine.Traveller) -> None:
    by_api("wrong", of="somebody", address="192.0.2.77")

    kept = str(list(SignInCount.objects.values()))
    assert "somebody" not in kept
    assert "192.0.2.77" not in kept


def test_the_worker_forgets_what_is_past(clock: time_machine.Traveller) -> None:
    by_api("wrong")
    before = SignInCount.objects.count()
    clock.shift(86_399)
    tasks.forget_sign_in_counts.call_local()
    assert 0 < SignInCount.objects.count() < before
    clock.shift(1)
    tasks.forget_sign_in_counts.call_local()

    assert not SignInCount.objects.filter(forget_at__lte=timezone.now()).exists()
    assert not SignInCount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_at_the_end_of_a_pause_one_try_of_many_goes_through(clock: time_machine.Traveller) -> None:
    for _ in range(6):
        by_api("wrong")
    clock.shift(1)

    def status(_: int) -> int:
        try:
            return int(by_api("wrong").status_code)
        finally:
            connection.close()

    # SQLite's database of the tests, in memory, lets in one by one.
    with ThreadPoolExecutor(4 if connection.vendor == "postgresql" else 1) as pool:
        answers = Counter(pool.map(status, range(12)))

    assert answers == {401: 1, 429: 11}
