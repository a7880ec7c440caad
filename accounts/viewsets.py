"""Sign-in for programs, and their API tokens."""

from typing import Any, ClassVar

from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts import second_factor
from accounts.authentication import set_up_first
from accounts.filters import TokenFilterSet
from accounts.models import ApiToken, User
from accounts.serializers import (
    ApiTokenSerializer,
    CredentialsSerializer,
    MadeTokenSerializer,
    MeSerializer,
    RenewalSerializer,
    TokenSerializer,
)
from accounts.sign_in import check_code, check_credentials
from accounts.tokens import renew_token
from energy.parameters import KnownParametersMixin
from energy.viewsets import ApiMixin


class LoginView(APIView):
    """Trades a user name and password for a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    further_problems = (403, 429)
    max_body = "SIGN_IN_MAX_BYTES"

    def get_authenticate_header(self, request: Request) -> str:
        """Makes wrong credentials a 401, although there is nothing to authenticate with yet."""
        return "Token"

    @extend_schema(
        operation_id="login", request=CredentialsSerializer, responses=TokenSerializer, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Sign in."""
        credentials = CredentialsSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = self._whoever_holds(credentials.validated_data)
        if second_factor.is_required_of(user):
            raise set_up_first(request)
        request.user = user  # What follows is their doing.
        token, key = ApiToken.objects.create(user=user)
        user_logged_in.send(sender=type(user), request=request, user=user)
        return Response(TokenSerializer({"token": key, "expiry": token.expiry}).data)

    def _whoever_holds(self, credentials: dict[str, str]) -> User:
        """The user, who has shown all that is asked for; AuthenticationFailed (401) otherwise."""
        code = credentials.pop("otp", "")
        user = check_credentials(self.request._request, **credentials)
        if user is None:
            raise AuthenticationFailed("No active user has this user name and password.")
        if not user.has_second_factor:
            return user
        if not code:
            message = "This user signs in with a second factor: send a code of it as well."
            raise AuthenticationFailed({"otp": [ErrorDetail(message, code="otp_required")]})
        if not check_code(self.request._request, user, code):
            message = "This is no code of the user, or it was used before."
            raise AuthenticationFailed({"otp": [ErrorDetail(message, code="otp_wrong")]})
        return user


class LogoutView(APIView):
    """Ends this sign-in."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Revoke the token used, or end the session."""
        if isinstance(request.auth, ApiToken):
            request.auth.delete()
            user_logged_out.send(sender=type(request.user), request=request, user=request.user)
        else:
            logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(APIView):
    """Ends all sign-ins through the API."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="logout_all", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Revoke every token of yours."""
        ApiToken.objects.filter(user=request.user).delete()
        user_logged_out.send(sender=type(request.user), request=request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(KnownParametersMixin, APIView):
    """The signed-in user."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who you are, your role and the Sites you see."""
        return Response(MeSerializer(request.user).data)


@extend_schema_view(
    list=extend_schema(summary="List your API tokens."),
    retrieve=extend_schema(summary="Read an API token."),
    create=extend_schema(
        summary="Make an API token.",
        description="The answer has the secret, `token`, which is not shown again.",
        request=ApiTokenSerializer,
        responses={201: MadeTokenSerializer},
    ),
    destroy=extend_schema(summary="Revoke an API token.", description="It ends at once."),
)
class TokenViewSet(
    ApiMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericViewSet,
):
    """Your API tokens, without their secrets."""

    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    filterset_class = TokenFilterSet
    lookup_field = "token_key"
    lookup_url_kwarg = "id"
    lookup_value_converter = "str"
    verb_permissions: ClassVar[dict[str, str]] = {}  # Users may do everything with their own.

    def get_serializer_class(self) -> Any:
        return MadeTokenSerializer if self.action == "create" else ApiTokenSerializer

    @extend_schema(
        summary="Let an API token work for longer.",
        description="Its secret stays the same. A token that has expired is not renewed (409).",
        request=RenewalSerializer,
        responses=ApiTokenSerializer,
    )
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, id: str) -> Response:  # noqa: A002 - as addresses name it
        """Move the end of the token."""
        token = self.get_object()
        renewal = RenewalSerializer(data=request.data)
        renewal.is_valid(raise_exception=True)
        renew_token(token, renewal.validated_data.get("expires_at"), timezone.now())
        return Response(self.get_serializer(token).data)
