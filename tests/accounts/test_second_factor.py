"""Two-factor sign-in on pages: turning it on, signing in with it, and turning it off."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import ApiToken, User
from tests.support.admin import told
from tests.support.codes import code_of, is_signed_in, set_up
from tests.support.factories import PASSWORD, UserFactory

PAGE = "/account/two-factor/"
CODES = "/account/two-factor/codes/"
OFF = "/account/two-factor/off/"
CODE = "/login/code/"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still unless a test moves it."""
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def secured(technician: User) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the technician, who has a second factor."""
    return set_up(technician)


def with_password(browser: Client | None = None, **more: Any) -> tuple[Client, Any]:
    """A browser in which the technician's password was typed, and the answer."""
    browser = browser or Client(REMOTE_ADDR="192.0.2.1")
    form = {"username": "tess", "password": PASSWORD, **more}
    return browser, browser.post("/login/", form)


def begin_set_up(client: Client) -> str:
    """The secret that the page offers to an app."""
    secret = client.get(PAGE).context["secret"]
    assert isinstance(secret, str)
    return secret


class TestTurningItOn:
    def test_the_account_page_says_whether_it_is_on_and_leads_to_it(
        self, client_for: ClientFor, technician: User
    ) -> None:
        client = client_for(technician)
        page = client.get("/account/").content.decode()
        assert "Two-factor sign-in is off" in page
        assert f'href="{PAGE}"' in page
        secret = begin_set_up(client)
        client.post(PAGE, {"code": code_of(secret), "password": PASSWORD})
        assert "Two-factor sign-in is on" in client.get("/account/").content.decode()

    def test_an_app_can_be_set_up_by_picture_link_or_secret(
        self, client_for: ClientFor, technician: User
    ) -> None:
        page = client_for(technician).get(PAGE)
        context, text = page.context, page.content.decode()
        svg = base64.b64decode(context["picture"].partition("base64,")[2]).decode()
        assert "<svg" in svg
        assert (
            context["app_address"] == f"otpauth://totp/tess?secret={context['secret']}&issuer=EMS"
        )
        assert context["picture"] in text
        assert context["secret"] in text
        assert "style=" not in text
        assert "<script>" not in text

    def test_a_code_and_the_password_turn_it_on_and_show_recovery_codes_once(
        self, client_for: ClientFor, technician: User
    ) -> None:
        client = client_for(technician)
        answer = client.post(
            f"{PAGE}?next=/devices/",
            {"code": code_of(begin_set_up(client)), "password": PASSWORD, "next": "/devices/"},
        )
        codes = answer.context["codes"]
        assert len(set(codes)) == 10
        text = answer.content.decode()
        assert all(text.count(code) == 2 for code in codes)  # on the page and in the file
        assert 'href="/devices/"' in text
        assert answer["Cache-Control"] == "no-store"
        assert is_signed_in(client)
        later = client.get(PAGE).content.decode()
        assert not any(code in later for code in codes)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": "wrong"},
            {"password": ""},
            {"code": "000000"},
            {"code": ""},
            {"code": "ü" * 6},
            {"code": "1" * 33},
        ],
    )
    def test_without_both_it_stays_off(
        self, client_for: ClientFor, technician: User, wrong: dict[str, str]
    ) -> None:
        client = client_for(technician)
        right = {"code": code_of(begin_set_up(client)), "password": PASSWORD}
        answer = client.post(PAGE, right | wrong)
        assert answer.status_code == 200
        assert answer.context["form"].errors.keys() == wrong.keys()
        technician.refresh_from_db()
        assert not technician.has_second_factor
        assert not Authenticator.objects.exists()

    def test_the_code_that_turned_it_on_signs_nobody_in(
        self, client_for: ClientFor, technician: User
    ) -> None:
        client = client_for(technician)
        code = code_of(begin_set_up(client))
        client.post(PAGE, {"code": code, "password": PASSWORD})
        browser, _ = with_password()
        browser.post(CODE, {"code": code})
        assert not is_signed_in(browser)

    def test_it_ends_all_other_sessions_for_good_and_no_token(
        self, client_for: ClientFor, technician: User, clock: time_machine.Traveller
    ) -> None:
        here, elsewhere, asleep = (client_for(technician) for _ in range(3))
        _, key = ApiToken.objects.create(user=technician)
        secret = begin_set_up(here)
        here.post(PAGE, {"code": code_of(secret), "password": PASSWORD})
        assert is_signed_in(here)
        assert not is_signed_in(elsewhere)
        by_token = {"Authorization": f"Token {key}"}
        assert Client().get("/api/v1/me/", headers=by_token).status_code == 200
        here.post(OFF, {"password": PASSWORD})
        assert is_signed_in(here)
        assert not is_signed_in(asleep)
        clock.shift(60)
        here.post(PAGE, {"code": code_of(begin_set_up(here)), "password": PASSWORD})
        assert not is_signed_in(asleep)

    def test_a_second_one_is_not_set_up_over_the_first(
        self, client_for: ClientFor, technician: User, secured: Any
    ) -> None:
        before = list(Authenticator.objects.values())
        answer = client_for(technician).post(PAGE, {"code": "123456", "password": PASSWORD})
        assert answer.url == PAGE
        assert list(Authenticator.objects.values()) == before

    def test_nothing_in_the_database_makes_codes_without_the_secret_key(
        self, technician: User, secured: tuple[str, list[str]]
    ) -> None:
        secret, codes = secured
        kept = str(list(Authenticator.objects.values()))
        assert secret not in kept
        assert not any(code in kept for code in codes)


class TestSigningIn:
    def test_the_password_alone_lets_nobody_in(self, secured: Any) -> None:
        browser, answer = with_password()
        assert answer.url == CODE
        assert not is_signed_in(browser)
        assert browser.get("/api/v1/me/").status_code == 401
        assert browser.get("/admin/").status_code == 302
        assert browser.get(CODE).status_code == 200

    def test_a_code_lets_in_and_leads_to_the_page_asked_for(
        self, secured: tuple[str, list[str]]
    ) -> None:
        browser, _ = with_password(next="/devices/")
        key = browser.cookies["sessionid"].value
        answer = browser.post(CODE, {"code": code_of(secured[0])})
        assert answer.url == "/devices/"
        assert is_signed_in(browser)
        assert browser.cookies["sessionid"].value != key
        assert browser.cookies["known-browser"].value

    def test_it_never_leads_to_another_site(self, secured: tuple[str, list[str]]) -> None:
        browser, _ = with_password(next="https://evil.example/")
        assert browser.post(CODE, {"code": code_of(secured[0])}).url == "/sites/"

    @pytest.mark.parametrize("later", [-1, 0, 1])
    def test_clocks_may_differ_by_a_code(
        self, technician: User, later: int, clock: time_machine.Traveller
    ) -> None:
        secret, _ = set_up(technician)
        clock.shift(60)
        browser, _ = with_password()
        browser.post(CODE, {"code": code_of(secret, later)})
        assert is_signed_in(browser)

    @pytest.mark.parametrize("later", [-3, -2, 2, 3])
    def test_and_by_no_more(
        self, technician: User, later: int, clock: time_machine.Traveller
    ) -> None:
        secret, _ = set_up(technician)
        clock.shift(150)
        browser, _ = with_password()
        browser.post(CODE, {"code": code_of(secret, later)})
        assert not is_signed_in(browser)

    def test_a_code_may_be_typed_in_groups(self, secured: tuple[str, list[str]]) -> None:
        code = code_of(secured[0])
        browser, _ = with_password()
        browser.post(CODE, {"code": f" {code[:3]} {code[3:]} "})
        assert is_signed_in(browser)

    def test_a_code_is_good_once_and_so_is_every_earlier_one(
        self, secured: tuple[str, list[str]], clock: time_machine.Traveller
    ) -> None:
        first, _ = with_password()
        first.post(CODE, {"code": code_of(secured[0])})
        assert is_signed_in(first)
        for seconds, later, expected in (
            (0, 0, False),
            (29, -1, False),
            (1, -1, False),
            (0, 0, True),
        ):
            clock.shift(seconds)
            again, _ = with_password()
            again.post(CODE, {"code": code_of(secured[0], later)})
            assert is_signed_in(again) == expected

    def test_a_code_taken_by_a_clock_far_ahead_keeps_nobody_out(
        self, secured: tuple[str, list[str]], clock: time_machine.Traveller
    ) -> None:
        clock.shift(timedelta(days=3650))
        browser, _ = with_password()
        browser.post(CODE, {"code": code_of(secured[0])})
        assert is_signed_in(browser)
        clock.move_to(NOW + timedelta(hours=1))
        browser, _ = with_password()
        browser.post(CODE, {"code": code_of(secured[0])})
        assert is_signed_in(browser)

    def test_a_recovery_code_lets_in_once(
        self, client_for: ClientFor, technician: User, secured: tuple[str, list[str]]
    ) -> None:
        for expected in (True, False):
            browser, _ = with_password()
            browser.post(CODE, {"code": secured[1][4]})
            assert is_signed_in(browser) == expected
        page = client_for(User.objects.get(pk=technician.pk)).get(PAGE)
        assert page.context["left"] == 9

    @pytest.mark.parametrize(
        "wrong", ["", "000000", "12345678", "ü" * 6, "x" * 33, "\x00" * 6, "１２３４５６"]
    )
    def test_a_wrong_code_is_told_and_may_be_tried_again(
        self, secured: tuple[str, list[str]], wrong: str
    ) -> None:
        browser, _ = with_password()
        answer = browser.post(CODE, {"code": wrong})
        assert answer.context["form"].errors.keys() == {"code"}
        assert not is_signed_in(browser)
        browser.post(CODE, {"code": code_of(secured[0])})
        assert is_signed_in(browser)

    def test_nobody_is_asked_for_a_code_who_showed_no_password(self, secured: Any) -> None:
        assert Client().get(CODE).url == "/login/"
        assert Client().post(CODE, {"code": code_of(secured[0])}).url == "/login/"

    def test_somebody_elses_code_lets_nobody_in(self, secured: Any, standard: User) -> None:
        other, _ = set_up(standard)
        browser, _ = with_password()
        browser.post(CODE, {"code": code_of(other)})
        assert not is_signed_in(browser)

    def test_after_ten_minutes_the_password_is_asked_for_again(
        self, secured: tuple[str, list[str]], clock: time_machine.Traveller
    ) -> None:
        browser, _ = with_password()
        clock.shift(601)
        assert browser.post(CODE, {"code": code_of(secured[0])}).url == "/login/"
        assert not is_signed_in(browser)

    def test_whoever_was_deactivated_or_got_a_new_password_in_between_is_not_let_in(
        self, secured: tuple[str, list[str]], technician: User
    ) -> None:
        first, _ = with_password()
        second, _ = with_password()
        technician.set_password("something quite different")
        technician.save()
        assert first.post(CODE, {"code": code_of(secured[0])}).url == "/login/"
        technician.set_password(PASSWORD)
        technician.is_active = False
        technician.save()
        assert second.post(CODE, {"code": code_of(secured[0])}).url == "/login/"

    def test_a_changed_secret_key_is_a_wrong_code_and_no_failure(
        self, secured: tuple[str, list[str]], settings: Any
    ) -> None:
        settings.SECRET_KEY = "another" * 10
        browser, _ = with_password()
        assert browser.post(CODE, {"code": code_of(secured[0])}).status_code == 200


class TestGuessing:
    def guess(self, browser: Client, code: str = "000000") -> Any:
        return browser.post(CODE, {"code": code})

    def test_wrong_codes_count_with_wrong_passwords(self, secured: Any) -> None:
        browser, _ = with_password()
        for _ in range(5):
            assert self.guess(browser).status_code == 200
        answer = self.guess(browser)
        assert answer.status_code == 429
        assert answer["Retry-After"] == "1"
        assert "Too many attempts" in answer.content.decode()
        assert with_password()[1].status_code == 429

    def test_the_right_password_in_between_forgets_no_wrong_code(
        self, secured: Any, clock: time_machine.Traveller
    ) -> None:
        pauses = []
        for _ in range(8):
            browser, answer = with_password()
            while answer.status_code == 429:
                pauses.append(int(answer["Retry-After"]))
                clock.shift(pauses[-1])
                browser, answer = with_password(browser)
            assert self.guess(browser).status_code == 200
        assert pauses == [1, 2, 4]

    def test_after_a_pause_password_and_code_let_in_together(
        self, secured: tuple[str, list[str]], clock: time_machine.Traveller
    ) -> None:
        browser, _ = with_password()
        for _ in range(9):
            while (answer := self.guess(browser)).status_code == 429:
                clock.shift(int(answer["Retry-After"]))
        browser, answer = with_password()
        clock.shift(int(answer["Retry-After"]))
        browser, answer = with_password()
        assert answer.url == CODE
        self.guess(browser, code_of(secured[0]))
        assert is_signed_in(browser)

    def test_with_the_right_code_failures_are_forgotten(
        self, secured: tuple[str, list[str]], clock: time_machine.Traveller
    ) -> None:
        for _ in range(3):
            browser, _ = with_password()
            for _ in range(4):
                assert self.guess(browser).status_code == 200
            self.guess(browser, code_of(secured[0]))
            assert is_signed_in(browser)
            clock.shift(90)


class TestTurningItOff:
    def test_the_password_turns_it_off(
        self, client_for: ClientFor, technician: User, secured: Any
    ) -> None:
        here, elsewhere = client_for(technician), client_for(technician)
        answer = here.post(OFF, {"password": PASSWORD}, follow=True)
        assert told(answer) == ["Two-factor sign-in is off."]
        assert is_signed_in(here)
        assert not is_signed_in(elsewhere)
        assert not Authenticator.objects.exists()
        assert with_password()[1].url == "/sites/"

    @pytest.mark.parametrize("page", [OFF, CODES])
    @pytest.mark.parametrize("form", [{}, {"password": "wrong"}, {"code": "123456"}])
    def test_a_session_alone_does_not(
        self,
        client_for: ClientFor,
        technician: User,
        secured: tuple[str, list[str]],
        page: str,
        form: dict[str, str],
    ) -> None:
        client = client_for(technician)
        assert client.get(page).status_code == 200
        answer = client.post(page, form)
        assert answer.status_code == 200
        assert "codes" not in answer.context
        assert User.objects.get(pk=technician.pk).has_second_factor
        browser, _ = with_password()
        browser.post(CODE, {"code": secured[1][0]})
        assert is_signed_in(browser)

    def test_whoever_has_no_password_shows_a_code(
        self, client_for: ClientFor, technician: User
    ) -> None:
        technician.set_unusable_password()
        technician.save()
        secret, _ = set_up(technician)
        client = client_for(technician)
        assert client.post(OFF, {"code": "000000"}).status_code == 200
        assert client.post(OFF, {"password": PASSWORD}).status_code == 200
        assert client.post(OFF, {"code": code_of(secret)}).url == "/account/"
        assert not User.objects.get(pk=technician.pk).has_second_factor

    def test_whoever_has_no_password_turns_it_on_with_a_code_alone(
        self, client_for: ClientFor, technician: User
    ) -> None:
        technician.set_unusable_password()
        technician.save()
        client = client_for(technician)
        client.post(PAGE, {"code": code_of(begin_set_up(client))})
        assert User.objects.get(pk=technician.pk).has_second_factor

    @pytest.mark.parametrize("page", [OFF, CODES])
    def test_guessing_the_password_there_is_slowed_down(
        self, client_for: ClientFor, technician: User, secured: Any, page: str
    ) -> None:
        client = client_for(technician)
        for _ in range(5):
            client.post(page, {"password": "wrong"})
        answer = client.post(page, {"password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many attempts" in answer.content.decode()
        assert User.objects.get(pk=technician.pk).has_second_factor

    def test_new_recovery_codes_end_the_old_ones(
        self, client_for: ClientFor, technician: User, secured: tuple[str, list[str]]
    ) -> None:
        answer = client_for(technician).post(CODES, {"password": PASSWORD})
        new = answer.context["codes"]
        assert answer["Cache-Control"] == "no-store"
        assert not set(new) & set(secured[1])
        for code, expected in ((secured[1][0], False), (new[0], True)):
            browser, _ = with_password()
            browser.post(CODE, {"code": code})
            assert is_signed_in(browser) == expected

    def test_where_it_is_off_there_is_nothing_to_turn_off(
        self, client_for: ClientFor, technician: User
    ) -> None:
        for page in (OFF, CODES):
            assert client_for(technician).get(page).url == PAGE
            assert client_for(technician).post(page, {"password": PASSWORD}).url == PAGE

    def test_a_new_password_leaves_it_on_and_ends_sessions_as_ever(
        self, client_for: ClientFor, technician: User, secured: Any
    ) -> None:
        here, elsewhere = client_for(technician), client_for(technician)
        new = "a quite different phrase 42"
        form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        assert here.post("/account/password/", form).url == "/account/"
        assert is_signed_in(here)
        assert not is_signed_in(elsewhere)
        assert User.objects.get(pk=technician.pk).has_second_factor


class TestByAdministrators:
    LIST = "/admin/accounts/user/"

    def turn_off(self, client: Client, *people: User) -> Any:
        form = {"action": "turn_off_second_factor", "_selected_action": [u.pk for u in people]}
        return client.post(self.LIST, form, follow=True)

    def test_they_turn_it_off_for_whoever_lost_everything(
        self, client_for: ClientFor, administrator: User, technician: User, secured: Any
    ) -> None:
        answer = self.turn_off(client_for(administrator), technician)
        assert told(answer) == ["Two-factor sign-in of 1 users was turned off."]
        assert with_password()[1].url == "/sites/"

    def test_nobody_turns_it_off_for_somebody_above_them(
        self, client_for: ClientFor, administrator: User, site: Any
    ) -> None:
        staff = UserFactory(username="stella", is_staff=True)
        for codename in ("view_user", "change_user"):
            staff.user_permissions.add(_permission(codename))
        site.assignments.create(user=staff)
        site.assignments.create(user=administrator)
        set_up(administrator)
        answer = self.turn_off(client_for(staff), administrator)
        assert "Of 1 you may not turn it off." in told(answer)
        assert User.objects.get(pk=administrator.pk).has_second_factor

    def test_the_command_does_it_where_nobody_is_left(self, secured: Any, standard: User) -> None:
        call_command("turn_off_second_factor", "tess")
        assert with_password()[1].url == "/sites/"
        for name in ("tess", "nobody"):
            with pytest.raises(CommandError):
                call_command("turn_off_second_factor", name)

    def test_what_makes_codes_is_shown_nowhere(
        self, client_for: ClientFor, administrator: User, secured: Any
    ) -> None:
        assert client_for(administrator).get("/admin/mfa/authenticator/").status_code == 404

    def test_turning_it_on_and_off_is_written_down(
        self, client_for: ClientFor, technician: User, administrator: User
    ) -> None:
        client = client_for(technician)
        client.post(
            PAGE,
            {"code": code_of(begin_set_up(client)), "password": PASSWORD},
            REMOTE_ADDR="192.0.2.7",
        )
        client.post(OFF, {"password": PASSWORD})
        log = client_for(administrator).get("/api/v1/changes/?actor=tess").json()["results"]
        assert [
            (entry["kind"], entry["name"], entry["actor"], entry["changes"][0]["new"])
            for entry in log
        ] == [("user", "tess", "tess", False), ("user", "tess", "tess", True)]
        assert log[1]["address"] == "192.0.2.7"
        assert log[0]["changes"][0]["field"] == "has_second_factor"


def _permission(codename: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename=codename)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", ["app", "recovery"])
def test_of_many_that_send_one_code_at_once_one_is_let_in(technician: User, which: str) -> None:
    secret, codes = set_up(technician)
    code = {"app": code_of(secret), "recovery": codes[0]}[which]
    browsers = [with_password(Client(REMOTE_ADDR=f"192.0.2.{n}"))[0] for n in range(8)]

    def is_let_in(browser: Client) -> bool:
        try:
            return bool(browser.post(CODE, {"code": code}).status_code == 302)
        finally:
            connection.close()

    # SQLite's database of the tests, in memory, lets in one by one.
    with ThreadPoolExecutor(4 if connection.vendor == "postgresql" else 1) as pool:
        assert sum(pool.map(is_let_in, browsers)) == 1
