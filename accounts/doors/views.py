"""Signing in beyond a password: the second factor, and single sign-on."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse_lazy
from django.views import View
from django.views.generic import FormView

from accounts import second_factor
from accounts.doors.forms import WRONG_CODE, CodeForm, ProofForm, SetUpForm
from accounts.models import User
from accounts.sign_in import Halfway, admit_anybody, enter_with_code, halfway, inside
from accounts.single_sign_on import refused
from accounts.views import BelowAccountMixin, PasswordTriesMixin
from energy.errors import TooManyRequests

_NEW_SECRET = "second-factor-secret"  # in a session, until the app has shown a code


class SignInCodeView(PasswordTriesMixin, FormView):
    """The second step of signing in: a code."""

    template_name = "accounts/code.html"
    form_class = CodeForm
    person: Halfway

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        person = halfway(request)
        if person is None:
            return HttpResponseRedirect(resolve_url("login"))
        self.person = person
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request, "user": self.person.user}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        return enter_with_code(self.request, self.person)


class OwnFactorMixin(PasswordTriesMixin, BelowAccountMixin):
    """A page about the user's own second factor."""

    title = "Two-factor sign-in"
    success_url = reverse_lazy("account")
    request: HttpRequest

    @property
    def person(self) -> User:
        """The user."""
        return self.request.user  # type: ignore[return-value]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request, "user": self.person}

    def shown_once(self, codes: list[str]) -> HttpResponse:
        """The page with new recovery codes, which no page shows again."""
        after = inside(self.request, resolve_url("account"))
        context = self.get_context_data(codes=codes, after=after, title="Recovery codes")
        response = self.render_to_response(context)
        response["Cache-Control"] = "no-store"
        return response


class SecondFactorView(OwnFactorMixin, FormView):
    """Whether the user has a second factor, and how to get one."""

    form_class = SetUpForm
    template_name = "accounts/second_factor.html"
    query_parameters = ("next",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and self.person.has_second_factor:
            return HttpResponseRedirect(resolve_url("two-factor"))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if self.person.has_second_factor:
            return {"left": second_factor.recovery_codes_left(self.person), **context}
        secret = self._secret()
        return {
            "secret": secret,
            "picture": second_factor.picture_of(self.person, secret),
            "app_address": second_factor.app_address(self.person, secret),
            "is_required": second_factor.is_missing(self.request),
            "next": inside(self.request, ""),
            **context,
        }

    def form_valid(self, form: SetUpForm) -> HttpResponse:
        codes = second_factor.turn_on(self.person, self._secret(), form.cleaned_data["code"])
        if codes is None:
            form.add_error("code", WRONG_CODE)
            return self.form_invalid(form)
        del self.request.session[_NEW_SECRET]
        update_session_auth_hash(self.request, self.person)
        return self.shown_once(codes)

    def _secret(self) -> str:
        """What the app is set up with: the same until a code of it was shown."""
        kept: str = self.request.session.setdefault(_NEW_SECRET, second_factor.new_secret())
        return kept


class ProvenMixin(OwnFactorMixin):
    """What only somebody with a second factor does, and only with their password or a code."""

    form_class = ProofForm
    template_name = "accounts/proof.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not self.person.has_second_factor:
            return HttpResponseRedirect(resolve_url("two-factor"))
        return super().dispatch(request, *args, **kwargs)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), ("Two-factor sign-in", resolve_url("two-factor"))]


class RecoveryCodesView(ProvenMixin, FormView):
    """New recovery codes, in place of the old ones."""

    title = "New recovery codes"
    extra_context = {
        "action": "Make new codes",
        "consequence": "The codes that you have now will end.",
    }

    def form_valid(self, form: ProofForm) -> HttpResponse:
        return self.shown_once(second_factor.renew_recovery_codes(self.person))


class SecondFactorOffView(ProvenMixin, FormView):
    """Signing in with the password alone again."""

    title = "Turn off two-factor sign-in"
    extra_context = {
        "action": "Turn it off",
        "consequence": "Your password alone will be enough to sign in. All other sign-ins on pages "
        "end; API tokens stay.",
    }

    def form_valid(self, form: ProofForm) -> HttpResponse:
        second_factor.turn_off(self.person)
        update_session_auth_hash(self.request, self.person)
        messages.success(self.request, "Two-factor sign-in is off.")
        return super().form_valid(form)


class SingleSignOnView(View):
    """Leads to the provider, unless somebody is signed in."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.OIDC.issuer:
            raise Http404
        address = inside(request, resolve_url(settings.LOGIN_REDIRECT_URL))
        if request.user.is_authenticated:
            return HttpResponseRedirect(address)
        try:
            admit_anybody(request)  # Each asks the provider, which may take its time to answer.
        except TooManyRequests as refusal:
            return refused(request, refusal.message, refusal.status, refusal.retry_after)
        from accounts import openid

        return openid.begin(request, address)


class SingleSignOnCallbackView(View):
    """Where the provider sends people back to."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.OIDC.issuer:
            raise Http404
        from accounts import openid

        return openid.finish(request)
