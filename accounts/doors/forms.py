"""What is asked for when signing in beyond a password, and before that is changed."""

from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import check_code, check_credentials

WRONG_CODE = "This code is wrong, too old, or was used before. Wait for the next one."


class CodeField(forms.CharField):
    """A code of an authenticator app, or a recovery code."""

    widget = forms.TextInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": "Code", "max_length": 32, **kwargs})


class _OfUserForm(forms.Form):
    """A form for one user, whose passwords and codes are checked as at sign-in.

    Validating it raises TooManyRequests where they are tried too often.
    """

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.request = request
        self.user = user
        self.limit_fields()

    def limit_fields(self) -> None:
        """Leave out what the user does not have."""
        if not self.user.has_usable_password():
            self.fields.pop("password", None)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if check_credentials(self.request, self.user.get_username(), password) is None:
            raise forms.ValidationError("This password is wrong.", code="password_incorrect")
        return password


def _password_field() -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label="Password", strip=False, max_length=4096, widget=widget)


class CodeForm(_OfUserForm):
    """A code, after the password was right."""

    code = CodeField(help_text="From your authenticator app, or one of your recovery codes.")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not check_code(self.request, self.user, code):
            raise forms.ValidationError(WRONG_CODE, code="otp_wrong")
        return code


class SetUpForm(_OfUserForm):
    """The first code of an app that was just set up; the page checks it with the app's secret."""

    code = CodeField(help_text="What the app shows now: six digits.")
    password = _password_field()


class ProofForm(CodeForm):
    """The password; for those who have none, a code."""

    password = _password_field()

    def limit_fields(self) -> None:
        super().limit_fields()
        if "password" in self.fields:
            del self.fields["code"]
