"""Single sign-on with a real OpenID Connect provider: who gets in, as whom, and who does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from environ.fileaware_mapping import FileAwareMapping

from accounts.models import User
from energy.oidc import OpenIDProvider, read
from tests.support.codes import code_of, is_signed_in, set_up
from tests.support.factories import PASSWORD, UserFactory
from tests.support.openid import Provider, path_of, running_provider
from tests.support.processes import free_port

BEGIN = "/login/sso/"
BACK = "/login/sso/callback/"
VERIFIED = {"email": "tess@example.com", "email_verified": True}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider on this machine."""
    with running_provider() as address:
        yield address


@pytest.fixture
def provider(issuer: str, settings: Any) -> Provider:
    """The provider, which the settings name."""
    provider = Provider(issuer, settings)
    provider.configure()
    return provider


@pytest.fixture
def tess(technician: User) -> User:
    """The technician, whose address an administrator wrote down."""
    technician.email = "Tess@example.com"
    technician.save()
    return technician


@pytest.fixture
def visitor(db: None) -> Client:
    return Client()


@contextmanager
def answering(body: str) -> Iterator[str]:
    """The address of a server that answers every request with `body`, as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

    with HTTPServer(("localhost", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def whoever(visitor: Client) -> str:
    """The name of the user that the visitor is signed in as; empty for nobody."""
    answer = visitor.get("/api/v1/me/")
    return answer.json()["username"] if answer.status_code == 200 else ""


class TestTheWay:
    def test_there_is_none_where_the_settings_name_no_provider(self, visitor: Client) -> None:
        assert BEGIN not in visitor.get("/login/").content.decode()
        assert visitor.get(BEGIN).status_code == 404
        assert visitor.get(f"{BACK}?code=x&state=y").status_code == 404

    def test_the_sign_in_page_has_a_button_that_keeps_the_page_asked_for(
        self, visitor: Client, provider: Provider
    ) -> None:
        page = visitor.get("/login/?next=/devices/?kind=battery").content.decode()
        assert "Sign in with Acme Login" in page
        assert f'href="{BEGIN}?next=%2Fdevices%2F%3Fkind%3Dbattery"' in page

    def test_it_leads_to_the_provider_with_a_challenge_and_a_state(
        self, visitor: Client, provider: Provider
    ) -> None:
        answer = visitor.get(f"{BEGIN}?scope=admin&auth_params=prompt%3Dnone&process=connect")
        assert answer.url.startswith(f"{provider.issuer}/oauth2/authorize?")
        asked = parse_qs(urlsplit(answer.url).query)
        assert asked["redirect_uri"] == [f"http://testserver{BACK}"]
        assert asked["client_id"] == ["energy"]
        assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["state"][0]
        assert "prompt" not in asked

    def test_whoever_comes_back_is_let_in_and_led_to_the_page_asked_for(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        provider.knows("t-1", **VERIFIED)
        answer = provider.sign_in(visitor, "t-1", "/devices/?kind=battery")
        assert answer.url == "/devices/?kind=battery"
        assert whoever(visitor) == "tess"
        assert visitor.cookies["known-browser"].value

    @pytest.mark.parametrize(
        "away",
        ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""],
    )
    def test_it_never_leads_to_another_site(
        self, visitor: Client, provider: Provider, tess: User, away: str
    ) -> None:
        provider.knows("t-1", **VERIFIED)
        assert provider.sign_in(visitor, "t-1", away).url == "/sites/"

    def test_the_admin_is_entered_by_it_too(
        self, visitor: Client, provider: Provider, administrator: User
    ) -> None:
        administrator.email = "ada@example.com"
        administrator.save()
        provider.knows("a-1", email="ada@example.com", email_verified=True)
        assert provider.sign_in(visitor, "a-1", "/admin/").url == "/admin/"
        assert visitor.get("/admin/").status_code == 200

    def test_whoever_is_signed_in_already_stays_who_they_are(
        self, visitor: Client, provider: Provider, tess: User, standard: User
    ) -> None:
        visitor.force_login(standard)
        assert visitor.get(f"{BEGIN}?next=/devices/").url == "/devices/"
        assert whoever(visitor) == "stan"

    def test_there_are_none_of_the_librarys_own_pages(
        self, visitor: Client, provider: Provider
    ) -> None:
        for path in (
            "signup/",
            "login/cancelled/",
            "login/error/",
            "connections/",
            "email/",
            "password/reset/",
            "confirm-email/",
            "accounts/login/",
            "accounts/oidc/login/",
        ):
            assert visitor.get(f"/{path}").status_code == 404
            assert visitor.get(f"/accounts/{path}").status_code == 404


class TestWhoItIs:
    def test_an_address_that_the_provider_has_not_verified_is_nobodys(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        for index, verified in enumerate(
            (
                {},
                {"email_verified": False},
                {"email_verified": "no"},
                {"email_verified": 1.5},
                {"email_verified": None},
            )
        ):
            provider.knows(f"m-{index}", email="tess@example.com", **verified)
            answer = provider.sign_in(visitor, f"m-{index}")
            assert answer.status_code == 403
            assert "does not say that your e-mail address is verified" in answer.content.decode()
            assert not whoever(visitor)
        assert not SocialAccount.objects.exists()

    def test_nor_does_it_become_somebodys_where_users_are_made(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        provider.configure(creates_users=True)
        provider.knows("m-1", email="tess@example.com", preferred_username="tess")
        provider.sign_in(visitor, "m-1")
        made = User.objects.get(username=whoever(visitor))
        assert made != tess
        assert made.username != "tess"
        assert made.email == ""

    def test_a_user_name_is_never_enough(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        provider.knows("m-1", preferred_username="tess", email="m@example.com", email_verified=True)
        answer = provider.sign_in(visitor, "m-1")
        assert answer.status_code == 403
        assert "No account here has your e-mail address." in answer.content.decode()

    def test_letters_that_look_alike_are_not_the_same(
        self, visitor: Client, provider: Provider, administrator: User
    ) -> None:
        administrator.email = "mike@example.com"
        administrator.save()
        provider.knows("m-1", email="mıke@example.com", email_verified=True)
        assert provider.sign_in(visitor, "m-1").status_code == 403

    def test_an_address_of_several_users_is_nobodys(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        UserFactory(username="second", email="tess@example.com")
        provider.knows("t-1", **VERIFIED)
        answer = provider.sign_in(visitor, "t-1")
        assert answer.status_code == 403
        assert "Several accounts here" in answer.content.decode()

    def test_once_linked_somebody_is_known_by_the_provider_s_identifier_alone(
        self, visitor: Client, provider: Provider, tess: User, standard: User
    ) -> None:
        provider.knows("t-1", **VERIFIED)
        provider.sign_in(visitor, "t-1")
        standard.email = "new@example.com"
        standard.save()
        provider.knows("t-1", email="new@example.com", email_verified=True)
        again = Client()
        provider.sign_in(again, "t-1")
        assert whoever(again) == "tess"
        kept = SocialAccount.objects.get()
        assert (kept.uid, kept.provider, kept.extra_data) == ("t-1", provider.issuer, {})

    def test_the_same_identifier_of_another_provider_is_somebody_else(
        self, visitor: Client, provider: Provider, tess: User, settings: Any
    ) -> None:
        provider.knows("1", **VERIFIED)
        provider.sign_in(visitor, "1")
        with running_provider() as address:
            other = Provider(address, settings)
            other.configure()
            other.knows("1", email="other@example.com", email_verified=True)
            answer = other.sign_in(Client(), "1")
        assert answer.status_code == 403

    def test_whoever_was_deactivated_stays_out(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        provider.configure(creates_users=True)
        provider.knows("t-1", **VERIFIED)
        tess.is_active = False
        tess.save()
        for _ in range(2):
            answer = provider.sign_in(visitor, "t-1")
            assert answer.status_code == 403
            assert "has been deactivated" in answer.content.decode()
        assert User.objects.filter(email__iexact=VERIFIED["email"]).count() == 1

    def test_answers_that_are_about_different_people_name_nobody(
        self, visitor: Client, provider: Provider, tess: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        provider.knows("t-1", **VERIFIED)
        monkeypatch.setattr(
            "accounts.openid.ProviderConversation._fetch_user_info",
            lambda self, token: {"sub": "somebody else", **VERIFIED},
        )
        answer = provider.sign_in(visitor, "t-1")
        assert answer.status_code == 400
        assert not whoever(visitor)


class TestNewPeople:
    def test_somebody_unknown_is_refused_unless_the_settings_say_otherwise(
        self, visitor: Client, provider: Provider
    ) -> None:
        provider.knows("n-1", email="new@example.com", email_verified=True)
        assert provider.sign_in(visitor, "n-1").status_code == 403
        assert not User.objects.exists()
        provider.configure(creates_users=True)
        assert provider.sign_in(visitor, "n-1").url == "/sites/"

    def test_a_new_user_has_no_password_and_sees_no_site(
        self, visitor: Client, provider: Provider, foreign_site: Any
    ) -> None:
        provider.configure(creates_users=True)
        provider.knows(
            "n-1",
            email="new@example.com",
            email_verified=True,
            given_name="Nora",
            family_name="New",
            preferred_username="nora",
        )
        provider.sign_in(visitor, "n-1")
        made = User.objects.get()
        assert (made.username, made.email, made.get_full_name()) == (
            "nora",
            "new@example.com",
            "Nora New",
        )
        assert not made.has_usable_password()
        assert not made.is_staff
        assert visitor.get("/api/v1/me/").json()["role"] == "standard"
        assert visitor.get("/api/v1/sites/").json()["count"] == 0

    @pytest.mark.parametrize("claims", [
        {}, {"preferred_username": "x" * 500, "given_name": "y" * 500}, {"preferred_username": 5},
        {"given_name": ["a"], "family_name": None}, {"preferred_username": "<b>\u0000 ☃"},
    ])  # fmt: skip
    def test_whatever_the_provider_says_of_somebody_becomes_a_user(
        self, visitor: Client, provider: Provider, claims: dict[str, Any]
    ) -> None:
        provider.configure(creates_users=True)
        provider.knows("n-1", **claims)
        assert provider.sign_in(visitor, "n-1").url == "/sites/"
        User.objects.get().full_clean(exclude=["password"])


class TestRoles:
    @pytest.fixture
    def roles(self, provider: Provider) -> Provider:
        provider.configure(
            creates_users=True,
            technician_groups=frozenset({"field crew"}),
            standard_groups=frozenset({"everybody"}),
        )
        return provider

    @pytest.mark.parametrize(("groups", "role"), [
        (["field crew", "everybody"], "technician"), ("field crew", "technician"),
        (["everybody", 5], "standard"),
    ])  # fmt: skip
    def test_a_group_at_the_provider_gives_a_role(
        self, visitor: Client, roles: Provider, groups: Any, role: str
    ) -> None:
        roles.knows("n-1", groups=groups)
        roles.sign_in(visitor, "n-1")
        assert visitor.get("/api/v1/me/").json()["role"] == role

    def test_it_is_given_and_taken_at_each_sign_in(
        self, visitor: Client, roles: Provider, tess: User
    ) -> None:
        for group, role in (("everybody", "standard"), ("field crew", "technician")):
            roles.knows("t-1", groups=[group], **VERIFIED)
            visitor = Client()
            roles.sign_in(visitor, "t-1")
            assert visitor.get("/api/v1/me/").json()["role"] == role
        assert [group.name for group in tess.groups.all()] == ["technician"]

    @pytest.mark.parametrize("groups", [[], ["others"], None, {"field crew": True}, 7])
    def test_whoever_is_in_none_stays_out(
        self, visitor: Client, roles: Provider, tess: User, groups: Any
    ) -> None:
        for subject, claims in (("n-1", {}), ("t-1", VERIFIED)):
            roles.knows(subject, groups=groups, **claims)
            answer = roles.sign_in(visitor, subject)
            assert answer.status_code == 403
            assert "None of your groups at Acme Login has a role here." in answer.content.decode()
        assert User.objects.count() == 1
        assert not SocialAccount.objects.exists()

    def test_a_superuser_is_above_them(
        self, visitor: Client, roles: Provider, administrator: User
    ) -> None:
        administrator.email = "ada@example.com"
        administrator.save()
        roles.knows("a-1", groups=["everybody"], email="ada@example.com", email_verified=True)
        roles.sign_in(visitor, "a-1")
        assert visitor.get("/api/v1/me/").json()["role"] == "admin"
        assert not administrator.groups.exists()

    def test_another_claim_may_name_them(self, visitor: Client, provider: Provider) -> None:
        provider.configure(
            creates_users=True, role_claim="roles", technician_groups=frozenset({"t"})
        )
        provider.knows("n-1", roles=["t"], groups=[])
        provider.sign_in(visitor, "n-1")
        assert visitor.get("/api/v1/me/").json()["role"] == "technician"


class TestSecondFactor:
    def test_whoever_has_one_is_asked_for_a_code_after_the_provider(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        secret, _ = set_up(tess)
        provider.knows("t-1", **VERIFIED)
        assert provider.sign_in(visitor, "t-1", "/devices/").url == "/login/code/"
        assert not is_signed_in(visitor)
        assert visitor.post("/login/code/", {"code": code_of(secret)}).url == "/devices/"
        assert is_signed_in(visitor)

    def test_where_one_is_required_the_provider_alone_is_not_enough(
        self, visitor: Client, provider: Provider, tess: User, settings: Any
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        provider.knows("t-1", **VERIFIED)
        provider.sign_in(visitor, "t-1")
        assert visitor.get("/sites/").url == "/account/two-factor/?next=%2Fsites%2F"

    @pytest.mark.parametrize("has_one", [True, False])
    def test_it_is_where_the_settings_trust_it_with_that(
        self, visitor: Client, provider: Provider, tess: User, settings: Any, has_one: bool
    ) -> None:
        if has_one:
            set_up(tess)
        settings.SECOND_FACTOR_REQUIRED = True
        provider.configure(vouches_second_factor=True)
        provider.knows("t-1", **VERIFIED)
        assert provider.sign_in(visitor, "t-1").url == "/sites/"
        assert visitor.get("/sites/").status_code == 200
        assert visitor.get("/api/v1/me/").status_code == 200

    @pytest.mark.parametrize(
        ("methods", "expected"),
        [(["pwd", "mfa"], 200), (["pwd"], 302), ("mfa", 302), ("xmfax", 302), (None, 302)],
    )
    def test_it_is_where_the_id_token_names_several_factors(
        self,
        visitor: Client,
        provider: Provider,
        tess: User,
        settings: Any,
        methods: Any,
        expected: int,
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        provider.knows("t-1", amr=methods, **VERIFIED)
        provider.sign_in(visitor, "t-1")
        assert visitor.get("/sites/").status_code == expected

    def test_a_password_later_in_the_same_browser_is_vouched_for_by_nobody(
        self, visitor: Client, provider: Provider, tess: User, settings: Any
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        provider.configure(vouches_second_factor=True)
        provider.knows("t-1", **VERIFIED)
        provider.sign_in(visitor, "t-1")
        visitor.post("/logout/")
        visitor.post("/login/", {"username": "tess", "password": PASSWORD})
        assert visitor.get("/sites/").status_code == 302


class TestWhatGoesWrong:
    def test_whoever_declines_is_back_at_the_sign_in_page(
        self, visitor: Client, provider: Provider
    ) -> None:
        provider.knows("t-1")
        begun = visitor.get(BEGIN)
        back = provider.authorise(begun.url, "t-1", action="deny")
        state = parse_qs(urlsplit(begun.url).query)["state"][0]
        answer = visitor.get(f"{path_of(back)}&state={state}", follow=True)
        assert answer.redirect_chain == [("/login/", 302)]
        assert "You did not sign in with Acme Login." in answer.content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "code=x",
            "code=x&state=forged",
            "error=server_error",
            "error=access_denied",
            "state=%00",
            "code=" + "9" * 5000,
        ],
    )
    def test_an_answer_that_nobody_asked_for_lets_nobody_in(
        self, visitor: Client, provider: Provider, query: str
    ) -> None:
        answer = visitor.get(f"{BACK}?{query}")
        assert answer.status_code == 400
        assert not whoever(visitor)

    def test_an_answer_is_good_once_and_in_the_browser_that_asked(
        self, visitor: Client, provider: Provider, tess: User
    ) -> None:
        provider.knows("t-1", **VERIFIED)
        back = path_of(provider.authorise(visitor.get(BEGIN).url, "t-1"))
        other = Client()
        other.get(BEGIN)
        assert other.get(back).status_code == 400
        assert not whoever(other)
        assert visitor.get(back).status_code == 302
        assert Client().get(back).status_code == 400

    def test_a_code_that_the_provider_does_not_know_is_told(
        self, visitor: Client, provider: Provider
    ) -> None:
        state = parse_qs(urlsplit(visitor.get(BEGIN).url).query)["state"][0]
        answer = visitor.get(f"{BACK}?code=made-up&state={state}")
        assert answer.status_code == 400
        assert "was not understood" in answer.content.decode()

    def test_a_provider_that_is_away_is_told_and_the_password_still_works(
        self, visitor: Client, settings: Any, technician: User
    ) -> None:
        Provider(f"http://localhost:{free_port()}", settings).configure()
        answer = visitor.get(BEGIN)
        assert answer.status_code == 503
        assert int(answer["Retry-After"]) > 0
        page = answer.content.decode()
        assert "Acme Login does not answer now." in page
        assert 'href="/login/"' in page
        sign_in = visitor.post("/login/", {"username": "tess", "password": PASSWORD})
        assert sign_in.url == "/sites/"

    def test_one_that_goes_away_in_between_is_told_as_well(
        self, visitor: Client, settings: Any
    ) -> None:
        with running_provider() as address:
            provider = Provider(address, settings)
            provider.configure()
            back = path_of(provider.authorise(visitor.get(BEGIN).url, "t-1"))
        assert visitor.get(back).status_code == 503

    @pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"token_endpoint": 5}', "null"])
    def test_a_server_that_is_no_provider_is_told(
        self, visitor: Client, settings: Any, body: str
    ) -> None:
        with answering(body) as address:
            Provider(address, settings).configure()
            answer = visitor.get(BEGIN)
        assert answer.status_code in (400, 503)
        assert "You are not signed in" in answer.content.decode()

    def test_a_subject_that_is_too_long_to_be_kept_is_told(
        self, visitor: Client, provider: Provider
    ) -> None:
        provider.configure(creates_users=True)
        assert provider.sign_in(visitor, "x" * 192).status_code == 400

    def test_beginning_too_often_is_told_for_how_long_to_wait(
        self, visitor: Client, provider: Provider, settings: Any
    ) -> None:
        settings.LOGIN_RATE = "2/min"
        for _ in range(2):
            assert visitor.get(BEGIN).status_code == 302
        answer = visitor.get(BEGIN)
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "Too many attempts" in answer.content.decode()


class TestLinksByHand:
    LIST = "/admin/socialaccount/socialaccount/"

    def test_a_superuser_makes_one_for_whoever_has_no_verified_address(
        self, visitor: Client, provider: Provider, administrator: User, tess: User
    ) -> None:
        admin = Client()
        admin.force_login(administrator)
        page = admin.get(f"{self.LIST}add/")
        assert f'value="{provider.issuer}"' in page.content.decode()
        form = {"user": tess.pk, "provider": provider.issuer, "uid": "t-1"}
        assert admin.post(f"{self.LIST}add/", form).status_code == 302
        provider.knows("t-1", email="somebody@example.com")
        provider.sign_in(visitor, "t-1")
        assert whoever(visitor) == "tess"

    def test_nobody_else_does(self, tess: User, administrator: User) -> None:
        tess.is_staff = True
        tess.save()
        tess.user_permissions.set(
            Permission.objects.filter(content_type__app_label="socialaccount")
        )
        staff = Client()
        staff.force_login(tess)
        form = {"user": administrator.pk, "provider": "https://x.example", "uid": "t-1"}
        assert staff.post(f"{self.LIST}add/", form).status_code == 403
        assert not SocialAccount.objects.exists()

    def test_staff_see_and_delete_those_of_people_they_manage(
        self, tess: User, administrator: User, standard: User, site: Any
    ) -> None:
        tess.is_staff = True
        tess.save()
        tess.user_permissions.set(
            Permission.objects.filter(content_type__app_label="socialaccount")
        )
        site.assignments.create(user=administrator)
        links = {
            user: SocialAccount.objects.create(user=user, provider="https://x.example", uid=user.pk)
            for user in (administrator, standard, UserFactory(username="unseen"))
        }
        staff = Client()
        staff.force_login(tess)
        listed = staff.get(self.LIST).content.decode()
        assert "stan" in listed
        assert "unseen" not in listed
        for user, expected in ((standard, 302), (administrator, 403)):
            answer = staff.post(f"{self.LIST}{links[user].pk}/delete/", {"post": "yes"})
            assert answer.status_code == expected

    @pytest.mark.parametrize(
        "path", ["mfa/authenticator", "account/emailaddress", "socialaccount/socialapp",
                 "socialaccount/socialtoken"],
    )  # fmt: skip
    def test_the_librarys_other_tables_have_no_page(self, administrator: User, path: str) -> None:
        admin = Client()
        admin.force_login(administrator)
        assert admin.get(f"/admin/{path}/").status_code == 404


class TestSettings:
    ISSUER = {"OIDC_ISSUER": "https://login.example.com/", "OIDC_CLIENT_ID": "energy"}

    @pytest.fixture
    def provider_of(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., OpenIDProvider]:
        """Reads the provider from the environment, with some of its variables set."""

        # It remembers, for all that read the environment, what was in a file.
        monkeypatch.setattr(environ.FileAwareEnv, "ENVIRON", FileAwareMapping())

        def provider_of(**variables: str) -> OpenIDProvider:
            for name, value in (self.ISSUER | variables).items():
                monkeypatch.setenv(name, value)
            return read(environ.FileAwareEnv())

        return provider_of

    def test_without_an_issuer_there_is_no_provider(self, provider_of: Any) -> None:
        assert provider_of(OIDC_ISSUER="") == OpenIDProvider(client_id="energy")

    def test_a_secret_may_be_in_a_file(self, provider_of: Any, tmp_path: Any) -> None:
        path = tmp_path / "secret"
        path.write_text("of the client")
        assert provider_of(OIDC_CLIENT_SECRET_FILE=str(path)).client_secret == "of the client"

    def test_lists_and_switches_are_read(self, provider_of: Any) -> None:
        provider = provider_of(
            OIDC_TECHNICIAN_GROUPS="field crew,night crew",
            OIDC_CREATE_USERS="true",
            OIDC_SCOPES="openid email groups",
        )
        assert provider.technician_groups == {"field crew", "night crew"}
        assert provider.creates_users
        assert provider.scopes == ("openid", "email", "groups")
        assert provider.issuer == "https://login.example.com"

    @pytest.mark.parametrize("wrong", [
        {"OIDC_CLIENT_ID": ""}, {"OIDC_ISSUER": "http://login.example.com"},
        {"OIDC_ISSUER": "login.example.com"}, {"OIDC_ISSUER": "https://" + "x" * 200},
        {"OIDC_SCOPES": "email"},
    ])  # fmt: skip
    def test_half_a_provider_or_one_without_encryption_is_refused(
        self, provider_of: Any, wrong: dict[str, str]
    ) -> None:
        with pytest.raises(ImproperlyConfigured):
            provider_of(**wrong)
