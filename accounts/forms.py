"""What people set about themselves."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest

from accounts.models import ApiToken, User
from accounts.sign_in import check_credentials
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


class TokenForm(forms.ModelForm):
    """A new API token: what it is for and how long it works."""

    days = forms.IntegerField(
        label="Days until it expires", min_value=1, max_value=3650, initial=365
    )

    class Meta:
        model = ApiToken
        fields = ("name",)
        help_texts = {"name": "Where it is used, such as “Telegraf on the roof”."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.initial["name"] = ""


class ThemeForm(forms.ModelForm):
    """The colour scheme alone, for the switch in the top bar."""

    class Meta:
        model = User
        fields = ("theme",)
