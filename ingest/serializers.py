"""What the API answers about readings that came in or were deleted."""

from rest_framework import serializers


class RejectedSerializer(serializers.Serializer):
    """A reading that was not accepted."""

    index = serializers.IntegerField(
        min_value=0, help_text="Its place in the request from 0, counting those in columns."
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
