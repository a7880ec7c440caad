"""Sign-in for programs."""

from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import second_factor
from accounts.authentication import set_up_first
from accounts.models import ApiToken, User
from accounts.serializers import CredentialsSerializer, MeSerializer, TokenSerializer
from accounts.sign_in import check_code, check_credentials
from energy.parameters import KnownParametersMixin


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
