"""Parameters and answers of the API about readings that are sent, counted or deleted."""

from typing import Any

from rest_framework import serializers

from energy.parameters import MomentField, Parameters, SwitchField

_MISSING: dict[str, Any] = {"required": "Say from when to when."}


class ReadingsParameters(Parameters):
    """How a request with bad readings is taken."""

    partial = SwitchField(  # type: ignore[assignment]  # `partial` of a serializer is another
        default=False, help_text="Store the good readings of a request and list the bad ones."
    )


class WindowParameters(Parameters):
    """Both ends of a window: nobody deletes the last day by leaving something out."""

    start = MomentField(
        error_messages=_MISSING,
        help_text="Start of the window, inclusive: RFC 3339, or a date for the Site's midnight.",
    )
    end = MomentField(error_messages=_MISSING, help_text="End of the window, exclusive.")


class RejectedSerializer(serializers.Serializer):
    """A reading that was not accepted."""

    index = serializers.IntegerField(
        min_value=0,
        help_text="Its place in the request from 0: of JSON the reading's, else its line's.",
    )
    code = serializers.CharField(help_text="Stable, for programs.")
    reason = serializers.CharField(help_text="For people.")


class AcceptedSerializer(serializers.Serializer):
    """What became of the readings."""

    accepted = serializers.IntegerField(min_value=0)
    rejected = RejectedSerializer(many=True)


class ReadingCountSerializer(serializers.Serializer):
    """How many readings of a window there are, or were deleted."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    count = serializers.IntegerField(min_value=0)
