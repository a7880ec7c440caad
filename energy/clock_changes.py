"""The hour that clocks show twice when they are set back, and the one that they skip. Pure."""

from datetime import datetime, timedelta, tzinfo


def repeated(wall: datetime, zone: tzinfo) -> list[datetime]:
    """The two instants at which the clocks of `zone` show `wall`; none where there is one or none.

    `wall` is naive. The instants are in `zone`, the earlier first.
    """
    earlier, later = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return [earlier, later] if _offset(earlier) > _offset(later) else []


def is_skipped(wall: datetime, zone: tzinfo) -> bool:
    """Whether the clocks of `zone` never show `wall`, which is naive."""
    earlier, later = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return _offset(earlier) < _offset(later)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()
