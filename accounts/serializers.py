"""Who is signed in, and how they do."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import User
from energy.access import ROLES, role_of
from energy.serializers import StrictSerializer, TextField
from sites.models import Site


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
