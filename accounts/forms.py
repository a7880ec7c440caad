"""What people set about themselves."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
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
