"""Which Metric each series of a file goes to, and in what unit it comes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from energy.errors import DomainError
from ingest.layouts.profiles import OWN
from ingest.layouts.understood import FileColumn, Understood
from ingest.models import Alias
from ingest.sender import Sender
from metrics.models import Metric
from metrics.querysets import MetricQuerySet
from metrics.units import UNITS, Unit, suggestion
from metrics.vocabulary import MetricType

_FIELD = "mapping"


@dataclass(frozen=True, slots=True)
class Wish:
    """What people say about a series: the Metric by Device and key, and the unit it comes in.

    `device` is "" for the Device that the import names, `unit` for what the file says.
    """

    column: str
    device: str
    key: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a series goes: each value is stored as `value * factor + offset`.

    `unit` is the one that the values come in, "" where neither file nor people say it: then they
    are taken to be in the Metric's.
    """

    column: str
    metric: Metric
    unit: str
    factor: float = 1.0
    offset: float = 0.0


def parse_wish(text: str) -> Wish:
    """`COLUMN=device/key[:unit]` or, for the Device that is named beside it, `COLUMN=key[:unit]`.

    A column's name may have any sign, so the last equals sign counts. Raises DomainError.
    """
    column, equals, target = text.rpartition("=")
    name, _, unit = target.partition(":")
    device, slash, key = name.rpartition("/")
    if not (equals and column.strip() and key.strip()) or (slash and not device.strip()):
        raise DomainError(
            f"“{text}” does not say where a column goes: COLUMN=device/key or "
            "COLUMN=device/key:unit does.",
            code="invalid_mapping",
            field=_FIELD,
        )
    return Wish(column.strip(), device.strip(), key.strip(), unit.strip())


def find_targets(
    understood: Understood, wishes: Sequence[Wish], sender: Sender, device: str = ""
) -> list[Target]:
    """Where the series of a file go: as people wish; else by alias, or by what they measure.

    A wish that says no unit, for the Metric of the column's alias, has the factor of the alias.
    Without a wish, a series goes to the one Metric of its key on the Device, or where none is named
    on the Site, if it is the only series of that key. Raises DomainError for a wish that cannot be
    fulfilled, in words, and where nothing is left to import.
    """
    columns = {column.name: column for column in understood.columns if not column.is_text}
    if wishes:
        aliases = _aliases(columns, sender)
        targets = [_wished(wish, columns, sender, device, aliases) for wish in wishes]
        _refuse_twice(targets)
    else:
        targets = list(_by_themselves(understood, columns, sender, device))
    if not targets:
        raise _nothing(columns)
    for target in targets:
        _check_interval(target, columns[target.column], understood)
    return targets


def doubts(understood: Understood, targets: Iterable[Target]) -> Iterator[str]:
    """What speaks against where columns go, although people have said so."""
    columns = {column.name: column for column in understood.columns}
    for target in targets:
        if _is_doubtful(columns[target.column], target.metric):
            yield f"{_falling(columns[target.column])}, and {target.metric} is a counter."


# As people wish ---------------------------------------------------------------------------


def _wished(
    wish: Wish, columns: dict[str, FileColumn], sender: Sender, device: str,
    aliases: dict[str, Alias],
) -> Target:  # fmt: skip
    column = columns.get(wish.column) or next(
        (each for name, each in columns.items() if name.casefold() == wish.column.casefold()), None
    )
    if column is None:
        raise DomainError(
            f"The file has no column of numbers “{wish.column}”. It has {_listed(columns)}.",
            code="unknown_column",
            field=_FIELD,
        )
    metric = _metric(sender.metrics(), wish.device or device, wish.key)
    alias = aliases.get(column.name)
    if alias and alias.metric_id == metric.pk and not wish.unit:
        return Target(column.name, metric, "", alias.scale)
    return _converted(column, metric, wish.unit or column.unit)


def _metric(metrics: MetricQuerySet, device: str, key: str) -> Metric:
    found = metrics.filter(key=key).select_related("device__site")
    if device:
        found = found.filter(device__slug=device)
    candidates = list(found[:2])
    if len(candidates) == 1:
        return candidates[0]
    what = f"{device}/{key}" if device else key
    if candidates:
        message = f"Several metrics are called {what}: name the device and the site."
    else:
        message = f"There is no metric {what}."
    raise DomainError(message, code="unknown_metric", field=_FIELD)


def _refuse_twice(targets: Iterable[Target]) -> None:
    counts = Counter(target.metric.pk for target in targets)
    twice = next((target.metric for target in targets if counts[target.metric.pk] > 1), None)
    if twice is not None:
        raise DomainError(
            f"Two columns go to {twice}: choose one.", code="mapped_twice", field=_FIELD
        )


# By themselves ----------------------------------------------------------------------------


def _by_themselves(
    understood: Understood, columns: dict[str, FileColumn], sender: Sender, device: str
) -> Iterator[Target]:
    if understood.profile == OWN:
        yield from _by_own_names(columns, sender)
        return
    by_alias = _aliases(columns, sender)
    for name, alias in by_alias.items():
        yield Target(name, alias.metric, "", alias.scale)
    rest = [column for name, column in columns.items() if name not in by_alias]
    taken = {alias.metric_id for alias in by_alias.values()}
    for column, metric in _by_keys(rest, sender, device):
        if metric.pk not in taken and _can_convert(column.unit, metric.unit):
            _check_guess(column, metric)
            yield _converted(column, metric, column.unit)


def _aliases(columns: Iterable[str], sender: Sender) -> dict[str, Alias]:
    aliases = Alias.objects.of(sender).named(columns).select_related("metric__device__site")
    return {alias.name: alias for alias in aliases}


def _by_keys(
    columns: Sequence[FileColumn], sender: Sender, device: str
) -> Iterator[tuple[FileColumn, Metric]]:
    if sender.site_id is None and not device:
        return
    by_key = Counter(column.key for column in columns if column.key)
    metrics = sender.metrics().filter(key__in=by_key).select_related("device__site")
    if device:
        metrics = metrics.filter(device__slug=device)
    found: dict[str, list[Metric]] = {}
    for metric in metrics:
        found.setdefault(metric.key, []).append(metric)
    for column in columns:
        if by_key[column.key] == 1 and len(found.get(column.key, ())) == 1:
            yield column, found[column.key][0]


def _by_own_names(columns: dict[str, FileColumn], sender: Sender) -> Iterator[Target]:
    """Series of this system's own export: by id, or by Site, Device, key and unit."""
    for name, column in columns.items():
        site, _, rest = name.partition(" ")
        if site.isdecimal() and not rest:
            found = sender.metrics().filter(pk=int(site))
        else:
            device, _, key = rest.partition(" ")
            found = sender.metrics().filter(
                device__site__slug=site, device__slug=device, key=key.partition(" ")[0]
            )
        metric = found.select_related("device__site").first()
        if metric is None:
            raise DomainError(f"There is no metric {name}.", code="unknown_metric", field=_FIELD)
        yield _converted(column, metric, name.split(" ")[3] if name.count(" ") > 2 else "")


# Units and types --------------------------------------------------------------------------


def _converted(column: FileColumn, metric: Metric, unit: str) -> Target:
    if not _can_convert(unit, metric.unit):
        raise DomainError(_misfit(column, metric, unit), code="wrong_unit", field=_FIELD)
    if unit in ("", metric.unit):
        return Target(column.name, metric, unit)
    own, other = UNITS[unit], UNITS[metric.unit]
    factor = own.factor / other.factor
    return Target(column.name, metric, unit, factor, (own.offset - other.offset) / other.factor)


def _can_convert(unit: str, into: str) -> bool:
    if unit in ("", into):
        return True
    own, other = UNITS.get(unit), UNITS.get(into)
    return own is not None and other is not None and own.dimension == other.dimension


def _misfit(column: FileColumn, metric: Metric, unit: str) -> str:
    meant = suggestion(unit, _dimension(UNITS.get(metric.unit)))
    said = f"“{column.name}” is in {unit}, and {metric} in {metric.unit}"
    if unit not in UNITS and meant:
        return f"{said}. Write {meant} for {unit}."
    return f"{said}: no factor leads from one to the other. Choose another metric, or say the unit."


def _dimension(unit: Unit | None) -> str:
    return unit.dimension if unit else ""


def _check_guess(column: FileColumn, metric: Metric) -> None:
    """Raise DomainError where a column goes to a counter that nobody has named, and is none."""
    if _is_doubtful(column, metric):
        raise DomainError(
            f"{_falling(column)}, and {metric} is a counter. Choose a metric of type interval, or "
            f"say that it is that counter: {column.name}={metric.device.slug}/{metric.key}.",
            code="wrong_type",
            field=_FIELD,
        )


def _is_doubtful(column: FileColumn, metric: Metric) -> bool:
    is_of_amounts = column.type == MetricType.INTERVAL and column.falls > 0
    return metric.type == MetricType.COUNTER and is_of_amounts


def _falling(column: FileColumn) -> str:
    times = "once" if column.falls == 1 else f"{column.falls:,} times"
    return f"“{column.name}” falls {times} in {column.count:,} numbers, as amounts of intervals do"


def _check_interval(target: Target, column: FileColumn, understood: Understood) -> None:
    """Raise DomainError where the amounts are of other intervals than the Metric's."""
    metric, interval = target.metric, understood.interval
    if metric.type == MetricType.INTERVAL and interval and interval != metric.expected_interval:
        raise DomainError(
            f"“{column.name}” has intervals of {interval} s, and {metric} of "
            f"{metric.expected_interval} s: set the metric's expected interval to {interval}.",
            code="wrong_interval",
            field=_FIELD,
        )


def _nothing(columns: dict[str, FileColumn]) -> DomainError:
    return DomainError(
        f"No column has a metric that it goes to by itself. The file has {_listed(columns)}. "
        "Say where each goes: COLUMN=device/key.",
        code="nothing_mapped",
        field=_FIELD,
    )


def _listed(columns: Iterable[str]) -> str:
    names = [f"“{name}”" for name in columns]
    more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more
