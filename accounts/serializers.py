"""Who is signed in, and how they do."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import ApiToken, User
from accounts.tokens import TokenPlan, make_token
from energy.access import ROLES, role_of
from energy.serializers import AddressField, StrictModelSerializer, StrictSerializer, TextField
from sites.models import Site

_USUALLY = "A year from now unless given, at most ten."


@extend_schema_serializer(
    examples=[
        OpenApiExample("A technician", value={"username": "technician", "password": "…"}),
        OpenApiExample(
            "With a second factor",
            value={"username": "technician", "password": "…", "otp": "123456"},
        ),
    ]
)
class CredentialsSerializer(StrictSerializer):
    """A user name and password, and for whoever has a second factor a code as well."""

    username = TextField(max_length=150)
    password = TextField(max_length=4096, trim_whitespace=False)
    otp = TextField(
        max_length=32,
        required=False,
        help_text="A code of the authenticator app, or a recovery code. Without one, whoever has a "
        "second factor is answered 401 with the code `otp_required`.",
    )


class TokenSerializer(serializers.Serializer):
    """A new token; it is shown this once, only its hash is stored."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "For a gateway of one Site",
            request_only=True,
            value={"name": "Telegraf, panel E2", "scope": "ingest", "site": 1},
        ),
        OpenApiExample(
            "For a display",
            request_only=True,
            value={
                "name": "Wall display",
                "scope": "read",
                "expires_at": "2027-06-30T22:00:00Z",
            },
        ),
    ]
)
class ApiTokenSerializer(StrictModelSerializer):
    """An API token of yours, without its secret; `id` is how the secret begins."""

    id = serializers.CharField(source="token_key", read_only=True)
    url = AddressField(view_name="api:token-detail", lookup_field="token_key")
    created_at = serializers.DateTimeField(source="created", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry", required=False, help_text=_USUALLY)

    class Meta:
        model = ApiToken
        fields = (
            "id",
            "url",
            "name",
            "scope",
            "site",
            "created_at",
            "last_used_at",
            "expires_at",
        )
        extra_kwargs = {
            "name": {"required": True},
            "scope": {
                "required": True,
                "help_text": "`full`: everything that you may do; `read`: nothing that changes "
                "anything; `ingest`: nothing but sending readings.",
            },
            "site": {"help_text": "Only for `ingest`: the one Site whose readings it may send."},
            "last_used_at": {"read_only": True},
        }

    def create(self, validated_data: dict[str, Any]) -> ApiToken:
        """Create the token; `token.secret` can be shown once."""
        expires_at = validated_data.pop("expiry", None)
        plan = TokenPlan(**validated_data, expires_at=expires_at)
        token, secret = make_token(self.context["request"].user, plan, timezone.now())
        token.secret = secret
        return token


class MadeTokenSerializer(ApiTokenSerializer):
    """A new API token with its secret, which is shown this once: only its hash is stored."""

    token = serializers.CharField(source="secret", read_only=True)

    class Meta(ApiTokenSerializer.Meta):
        fields = ("token", *ApiTokenSerializer.Meta.fields)  # type: ignore[assignment]


@extend_schema_serializer(
    examples=[OpenApiExample("Until July", value={"expires_at": "2027-06-30T22:00:00Z"})]
)
class RenewalSerializer(StrictSerializer):
    """How long a token is to work from now on."""

    expires_at = serializers.DateTimeField(required=False, help_text=_USUALLY)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A technician of two Sites",
            value={
                "id": 7,
                "username": "technician",
                "role": "technician",
                "time_zone": "Europe/Amsterdam",
                "sites": [1, 2],
            },
        )
    ]
)
class MeSerializer(serializers.ModelSerializer):
    """The signed-in user: their role and the ids of the Sites they see."""

    role = serializers.SerializerMethodField()
    sites = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "role", "time_zone", "sites")

    @extend_schema_field({"type": "string", "enum": list(ROLES)})
    def get_role(self, user: Any) -> str:
        return role_of(user)

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_sites(self, user: Any) -> list[int]:
        return list(Site.objects.visible_to(user).order_by("pk").values_list("pk", flat=True))
