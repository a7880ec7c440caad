"""The IANA time zone names that are accepted everywhere."""

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError

_NOT_PLACES = {"Factory", "localtime", "posixrules"}


@cache
def time_zone_names() -> frozenset[str]:
    """Every IANA name in the time zone database of this machine."""
    return frozenset(available_timezones() - _NOT_PLACES)


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is an IANA name such as Europe/Amsterdam."""
    if value not in time_zone_names():
        raise ValidationError(
            "“%(value)s” is not an IANA time zone, such as Europe/Amsterdam or UTC.",
            code="unknown_time_zone",
            params={"value": value},
        )
