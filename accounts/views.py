"""Sign-in, the account page and its API tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse_lazy
from django.utils import timezone
from django.views import View
from django.views.generic import DeleteView, FormView, ListView, UpdateView

from accounts.examples import example_request
from accounts.forms import (
    AccountForm,
    ExpiryForm,
    OwnPasswordForm,
    SignInForm,
    ThemeForm,
    TokenForm,
)
from accounts.models import ApiToken, User
from accounts.sign_in import enter, inside
from accounts.tokens import make_token, renew_token
from energy.access import VisibleObjectsMixin
from energy.errors import DomainError, TooManyRequests
from energy.pages import PageMixin
from metrics.models import Metric


class PasswordTriesMixin:
    """A page with a form that checks a password; too many tries are refused on the page itself."""

    max_body = "SIGN_IN_MAX_BYTES"
    get_form_class: Any
    get_form_kwargs: Any
    get_context_data: Any
    render_to_response: Any

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except TooManyRequests as refusal:
            empty = self.get_form_class()(**self.get_form_kwargs() | {"data": None})
            context = self.get_context_data(form=empty, refusal=refusal.message)
            answer = self.render_to_response(context, status=refusal.status)
            answer["Retry-After"] = str(refusal.retry_after)
            return answer


class SignInView(PasswordTriesMixin, LoginView):
    """Username and password; `next` is kept, and followed only within this site."""

    template_name = "accounts/login.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return enter(self.request, form.get_user(), self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        single_sign_on = settings.OIDC.name if settings.OIDC.issuer else ""
        return super().get_context_data(single_sign_on=single_sign_on, **kwargs)


class ThemeView(PageMixin, View):
    """Stores the colour scheme the user switched to and returns to the page they were on."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ThemeForm(request.POST, instance=request.user)
        if form.is_valid():
            form.save()
        return HttpResponseRedirect(inside(request, resolve_url("site-list")))


class AccountView(PageMixin, UpdateView):
    """How pages look to the user."""

    form_class = AccountForm
    template_name = "accounts/account.html"
    success_url = reverse_lazy("account")
    section = "account"
    title = "Account"

    def get_object(self, queryset: Any = None) -> User:
        return self.request.user  # type: ignore[return-value]

    def form_valid(self, form: AccountForm) -> HttpResponse:
        messages.success(self.request, "Your settings were saved.")
        return super().form_valid(form)


class BelowAccountMixin(PageMixin):
    """A page below the account page."""

    section = "account"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Account", resolve_url("account"))]


class PasswordView(PasswordTriesMixin, BelowAccountMixin, PasswordChangeView):
    """A new password. It ends all other sessions and, unless they are kept, the API tokens."""

    form_class = OwnPasswordForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("account")
    title = "Change password"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:
        is_kept = form.cleaned_data["keep_tokens"]
        others = "Your API tokens still work." if is_kept else "All other sign-ins have ended."
        messages.success(self.request, f"Your password was changed. {others}")
        return super().form_valid(form)


class OwnTokensMixin(BelowAccountMixin, VisibleObjectsMixin):
    """API tokens of nobody but the user."""

    queryset = ApiToken.objects.select_related("site")
    slug_field = slug_url_kwarg = "token_key"


class TokenListView(OwnTokensMixin, ListView):
    """The user's API tokens; the secrets themselves are not stored."""

    template_name = "accounts/tokens.html"
    title = "API tokens"
    paginate_by = 50

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for token in context["object_list"]:
            token.ended = token.has_expired(context["now"])
            token.ending = token.ends_soon(context["now"])
        return context


class TokenFormMixin(OwnTokensMixin):
    """A form about a token, below the list of tokens; `done` does what it asks for."""

    done: Any
    form_invalid: Any

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), ("API tokens", resolve_url("token-list"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = {**super().get_form_kwargs(), "now": timezone.now(), "zone": self.get_zone()}
        kwargs.pop("instance", None)
        return kwargs

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return self.done(form)
        except DomainError as refusal:
            form.add_error(refusal.field or None, refusal.message)
            return self.form_invalid(form)


class TokenCreateView(TokenFormMixin, FormView):
    """A new token: its secret is in the answer to this one request and nowhere else."""

    form_class = TokenForm
    template_name = "accounts/token_form.html"
    title = "New API token"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def done(self, form: TokenForm) -> HttpResponse:
        """Make the token and show its secret."""
        token, secret = make_token(self.request.user, form.plan(), form.now)
        api = self.request.build_absolute_uri(resolve_url("api:root"))
        example = example_request(token, secret, api, self._some_metric(token), form.now)
        context = self.get_context_data(form=form, token=token, secret=secret, example=example)
        response = self.render_to_response(context)
        response["Cache-Control"] = "no-store"
        return response

    def _some_metric(self, token: ApiToken) -> dict[str, Any]:
        """How a reading names a Metric that the token may send readings of, if there is any."""
        metrics = Metric.objects.visible_to(self.request.user).select_related("device__site")
        if token.site:
            metrics = metrics.filter(device__site=token.site)
        metric = metrics.first()
        if metric is None:
            return {"metric": 1}
        device = metric.device
        return {"site": device.site.slug, "device": device.slug, "key": metric.key}


class TokenRenewView(TokenFormMixin, UpdateView):
    """Lets a token work for longer. Its secret stays the same, so nothing has to be set up anew."""

    form_class: Any = ExpiryForm
    template_name = "accounts/token_renew.html"

    def get_title(self) -> str:
        return f"Renew “{self.object.name}”"

    def done(self, form: ExpiryForm) -> HttpResponse:
        """Move the end of the token."""
        renew_token(self.object, form.expiry(), form.now)
        messages.success(self.request, f"The token “{self.object.name}” works for longer now.")
        return HttpResponseRedirect(resolve_url("token-list"))


class TokenRevokeView(OwnTokensMixin, DeleteView):
    """Ends a token at once."""

    http_method_names = ["post"]
    success_url = reverse_lazy("token-list")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"The token “{self.object.name}” was revoked.")
        return super().form_valid(form)
