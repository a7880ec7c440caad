"""Addresses of sign-in and account pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import views
from accounts.doors import views as doors

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="login"),
    path("login/code/", doors.SignInCodeView.as_view(), name="sign-in-code"),
    path("login/sso/", doors.SingleSignOnView.as_view(), name="single-sign-on"),
    path(
        "login/sso/callback/",
        doors.SingleSignOnCallbackView.as_view(),
        name="single-sign-on-callback",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", views.AccountView.as_view(), name="account"),
    path("account/password/", views.PasswordView.as_view(), name="password"),
    path("account/two-factor/", doors.SecondFactorView.as_view(), name="two-factor"),
    path("account/two-factor/codes/", doors.RecoveryCodesView.as_view(), name="recovery-codes"),
    path("account/two-factor/off/", doors.SecondFactorOffView.as_view(), name="two-factor-off"),
    path("account/theme/", views.ThemeView.as_view(), name="theme"),
    path("account/tokens/", views.TokenListView.as_view(), name="token-list"),
    path("account/tokens/add/", views.TokenCreateView.as_view(), name="token-create"),
    path(
        "account/tokens/<str:token_key>/renew/",
        views.TokenRenewView.as_view(),
        name="token-renew",
    ),
    path(
        "account/tokens/<str:token_key>/revoke/",
        views.TokenRevokeView.as_view(),
        name="token-revoke",
    ),
]
