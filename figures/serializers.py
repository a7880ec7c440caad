"""The figures of a Site over HTTP."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from energy.parameters import Parameters, SwitchField
from figures.formulas import FORMULAS
from figures.missing import Reason
from figures.periods import NOW_AND_TODAY, Period, read_period


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^(now|today|\d{4}(-W\d{2}|-\d{2}(-\d{2})?)?)$",
        "examples": ["today", "2026-06-01", "2026-W23", "2026-06", "2026"],
    }
)
class PeriodField(serializers.Field):
    """Now, today, a day, an ISO week, a month or a year."""

    def to_internal_value(self, data: str) -> Period:
        return read_period(data)


class OverviewParameters(Parameters):
    """Of which time the figures are, and whether they are explained."""

    period = PeriodField(
        default=lambda: NOW_AND_TODAY,  # it has no text, and a callable is not described
        help_text="`now` for powers; `today`, a day, an ISO week, a month or a year of the Site's "
        "calendar for everything else, as far as it has passed. Powers now and energies today "
        "unless given.",
    )
    explain = SwitchField(
        default=False,
        help_text="Say of each figure which Metrics it comes from, by which formula, how much of "
        "it is known and where that is described.",
    )


class ExplanationSerializer(serializers.Serializer):
    """Where a figure comes from."""

    inputs = serializers.ListField(
        child=serializers.IntegerField(), help_text="The ids of the Metrics it is computed from."
    )
    formula = serializers.CharField()
    coverage = serializers.FloatField(min_value=0, max_value=1)
    documentation = serializers.URLField(help_text="The page that describes the formula.")


class MissingSerializer(serializers.Serializer):
    """A Device of which a figure knows too little, and why."""

    device = serializers.IntegerField()
    reason = serializers.ChoiceField(
        choices=[(reason.value, reason.name) for reason in Reason],
        help_text="`never_reported`: no reading at all. `stale`: no recent one. "
        "`no_readings_in_period`: none in the period. `gaps`: of less than 80 % of its time in "
        "service in the period. `contradiction`: its readings and those of the others named so "
        "cannot all be right.",
    )


class FigureSerializer(serializers.Serializer):
    """One figure of a Site.

    The value is null where too little is known (`coverage` below 0.8), where meters contradict one
    another, or there is nothing to divide by; the timestamp is when the oldest reading it rests on
    was measured. `partial` is what is known, however little that is; `missing` says what is not.
    """

    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    timestamp = serializers.DateTimeField(allow_null=True)
    coverage = serializers.FloatField(min_value=0, max_value=1)
    partial = serializers.FloatField(allow_null=True)  # type: ignore[assignment]
    missing = MissingSerializer(many=True)
    explain = ExplanationSerializer(required=False, help_text="Only with `explain=true`.")


class OverviewSerializer(serializers.Serializer):
    """Power now, the energy of a period and where it flowed, and the shares that follow from it.

    Powers are positive into the Site's bus: grid import, battery discharge. The powers
    are there for now, everything else for a day, a week, a month or a year; without `period` all
    are.
    """

    def get_fields(self) -> dict[str, serializers.Field]:
        """One for each figure there is."""
        return {name: FigureSerializer(required=False) for name in FORMULAS}
