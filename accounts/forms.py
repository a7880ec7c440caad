"""What people set about themselves."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest

from accounts.models import ApiToken, User
from accounts.sign_in import check_credentials
from accounts.tokens import TokenPlan, scopes_of
from sites.models import Site
from sites.time_zones import time_zone_names


class SignInForm(AuthenticationForm):
    """Username and password, with one error for whatever is wrong with them.

    Validating it raises TooManyRequests where attempts come too often.
    """

    request: HttpRequest
    error_messages = {
        "invalid_login": "Username or password is wrong. Both are case-sensitive.",
        "inactive": "Username or password is wrong. Both are case-sensitive.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)

    def clean(self) -> dict[str, Any]:
        username, password = map(self.cleaned_data.get, ("username", "password"))
        if username is not None and password:
            self.user_cache = check_credentials(self.request, username, password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


class OwnPasswordForm(PasswordChangeForm):
    """A new password for whoever knows the old one.

    Validating it raises TooManyRequests where passwords are tried too often.
    """

    keep_tokens = forms.BooleanField(
        label="Keep my API tokens",
        required=False,
        help_text="Otherwise they end now, as all other sign-ins do. Do not keep them if somebody "
        "else may have known the old password.",
    )
    field_order = ("old_password", "new_password1", "new_password2", "keep_tokens")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        """Check the old password as at sign-in, so that it cannot be guessed any faster here."""
        password: str = self.cleaned_data["old_password"]
        if check_credentials(self.request, self.user.get_username(), password) is None:
            message = self.error_messages["password_incorrect"]
            raise forms.ValidationError(message, code="password_incorrect")
        return password

    def save(self, commit: bool = True) -> User:
        self.user.keeps_tokens = self.cleaned_data["keep_tokens"]
        return super().save(commit)


class AccountForm(forms.ModelForm):
    """How pages look to the user: clock, units, theme."""

    time_zone = forms.ChoiceField(
        label="My time zone", help_text="Days and weeks across Sites begin by this clock."
    )

    class Meta:
        model = User
        fields = ("clock", "time_zone", "units", "theme")
        labels = {"clock": "Show times in", "units": "Power and energy", "theme": "Colours"}
        widgets = {
            "clock": forms.RadioSelect,
            "units": forms.RadioSelect,
            "theme": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        zones = [(name, name) for name in sorted(time_zone_names())]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]


class ScopeSelect(forms.RadioSelect):
    """Radio buttons of scopes, each with what it is for."""

    template_name = "accounts/scopes.html"


class ExpiryForm(forms.Form):
    """Until when a token works: for some days from `now`, or to the end of a day in `zone`."""

    days = forms.TypedChoiceField(label="Expires", coerce=int, required=False, empty_value=None)
    expires_at = forms.DateField(
        label="Or at the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, now: datetime, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.now, self.zone = now, zone
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, f"in {words}, {_day(now + timedelta(days=days), zone)}")
            for days, words in ((365, "1 year"), (90, "90 days"), (30, "30 days"))
        ]

    def expiry(self) -> datetime | None:
        """The instant that was chosen, if any; a day counts more than a number of days."""
        if day := self.cleaned_data["expires_at"]:
            return datetime.combine(day, time(23, 59, 59), self.zone)
        days = self.cleaned_data["days"]
        return self.now + timedelta(days=days) if days else None


class TokenForm(ExpiryForm):
    """A new API token of `user`: what it is for, what it may do, and until when."""

    name = forms.CharField(
        max_length=ApiToken._meta.get_field("name").max_length,
        help_text="Where it is used, such as “Telegraf, panel E2”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label="What it may do", widget=ScopeSelect)
    site = forms.ModelChoiceField(
        Site.objects.none(),
        label="Site, of a token that sends readings",
        required=False,
        empty_label="All my Sites",
        help_text="A lost token then harms one Site only.",
    )
    field_order = ("name", "scope", "site", "days", "expires_at")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        # What harms least comes first, and is proposed.
        scopes = [scope for scope in reversed(ApiToken.Scope) if scope in scopes_of(user)]
        self.fields["scope"].choices = [(one.value, one.label) for one in scopes]  # type: ignore[attr-defined]
        self.initial["scope"] = scopes[0]
        if ApiToken.Scope.INGEST in scopes:
            sites = Site.objects.visible_to(user)
            self.fields["site"].queryset = sites  # type: ignore[attr-defined]
            self.initial["site"] = sites.first()
        else:
            del self.fields["site"]

    def plan(self) -> TokenPlan:
        """What was asked for. The Site, which always shows one, means nothing for other scopes."""
        scope = self.cleaned_data["scope"]
        is_ingest = scope == ApiToken.Scope.INGEST
        site = self.cleaned_data.get("site") if is_ingest else None
        return TokenPlan(self.cleaned_data["name"], scope, site, self.expiry())


def _day(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


class ThemeForm(forms.ModelForm):
    """The colour scheme alone, for the switch in the top bar."""

    class Meta:
        model = User
        fields = ("theme",)
