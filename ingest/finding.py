"""Which Metric each name of a request stands for, and what happens where it stands for none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints
from history.blocks import in_blocks
from ingest.discovering import Admission, admit
from ingest.models import Alias
from ingest.names import ExternalName
from ingest.parsed import MetricRef, Refusal
from ingest.sender import Sender
from metrics.querysets import MetricQuerySet

# Databases differ in how many parameters a statement takes; SQLite's least is 32,766.
_NAMES_A_QUERY = 10_000
_UNKNOWN = 0  # no Metric has this id

Name = tuple[str, str, str]


class Meaning(NamedTuple):
    """What one name of a request means.

    Its Metric's id, and what values are multiplied by; or why its readings are refused, or that
    they wait, or are ignored.
    """

    metric: int = _UNKNOWN
    scale: float = 1.0
    refusal: Refusal | None = None
    waits: bool = False
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class FoundMetrics:
    """What the names of a request mean, in its order, as arrays of one length.

    `ids` are 0 where a name is that of no Metric.
    """

    ids: Ints
    scales: Floats
    refusals: Sequence[Refusal | None]
    waits: NDArray[np.bool_]
    ignored: NDArray[np.bool_]

    @classmethod
    def of(cls, meanings: Sequence[Meaning]) -> Self:
        """The meanings, one for each name."""
        return cls(
            np.array([each.metric for each in meanings], np.int64),
            np.array([each.scale for each in meanings], np.float64),
            [each.refusal for each in meanings],
            np.array([each.waits for each in meanings], bool),
            np.array([each.is_ignored for each in meanings], bool),
        )


def find_metrics(metrics: Sequence[MetricRef], sender: Sender) -> FoundMetrics:
    """The Metrics that are named, of those whose readings `sender` may bring.

    Takes a query where Metrics are named by names, and another per 10,000; where names from outside
    are among these a query for their aliases, and two for those that nothing maps. Whether ids are
    those of Metrics, and of ones that the sender sees, is not looked up, nor is it for aliases.
    """
    external = [ref for ref in metrics if isinstance(ref, ExternalName)]
    meanings: dict[Any, Meaning] = dict(_of_aliases(external, sender))
    by_name = dict(_of_slugs(_slugs(metrics, meanings), sender))
    for each in external:
        if each.name not in meanings and each.slugs in by_name:
            meanings[each.name] = Meaning(by_name[each.slugs][0])
    unmapped = [each for each in external if each.name not in meanings]
    if unmapped:
        meanings |= _of_unmapped(unmapped, admit(unmapped, sender))
    return FoundMetrics.of([_meaning(ref, meanings, by_name) for ref in metrics])


def _of_aliases(names: Sequence[ExternalName], sender: Sender) -> Iterator[tuple[str, Meaning]]:
    valid = {each.name for each in names if each.is_valid}
    if valid:
        aliases = Alias.objects.of(sender).named(valid).order_by()
        for name, metric, factor, sign in aliases.values_list("name", "metric", "factor", "sign"):
            yield name, Meaning(metric, factor * sign)


def _slugs(metrics: Sequence[MetricRef], mapped: Mapping[str, Meaning]) -> list[Name]:
    """The Sites, Devices and keys by which Metrics are named that no alias has told already."""
    named: list[Any] = []
    for ref in metrics:
        if isinstance(ref, ExternalName):
            if ref.slugs and ref.name not in mapped:
                named.append(ref.slugs)
        elif not isinstance(ref, int):
            named.append(ref[:3])
    return list(filter(_can_exist, named))


def _of_slugs(names: Sequence[Name], sender: Sender) -> Iterator[tuple[Name, tuple[int, str]]]:
    """Each of `names` with its Metric's id and unit, where there is one, and some Metrics more."""
    for some in in_blocks(names, _NAMES_A_QUERY):
        yield from _by_name(sender.metrics().order_by(), some)


def _by_name(
    visible: MetricQuerySet, names: Sequence[Name]
) -> Iterator[tuple[Name, tuple[int, str]]]:
    sites, devices, keys = ({name[part] for name in names} for part in range(3))
    candidates = visible.filter(
        device__site__slug__in=sites, device__slug__in=devices, key__in=keys
    )
    columns = ("device__site__slug", "device__slug", "key", "unit", "pk")
    for site, device, key, unit, pk in candidates.values_list(*columns):
        yield (site, device, key), (pk, unit)


def _can_exist(name: Sequence[str]) -> bool:
    """Whether a database can be asked for it: PostgreSQL takes no NUL in text."""
    return all(part.isascii() and part.isprintable() for part in name)


def _of_unmapped(names: Iterable[ExternalName], admission: Admission) -> dict[str, Meaning]:
    return {
        each.name: Meaning(
            refusal=admission.refused.get(each.name),
            waits=each.name not in admission.ignored and each.name not in admission.refused,
            is_ignored=each.name in admission.ignored,
        )
        for each in names
    }


def _meaning(
    ref: MetricRef, meanings: Mapping[str, Meaning], by_name: Mapping[Name, tuple[int, str]]
) -> Meaning:
    if isinstance(ref, int):
        return Meaning(ref)
    if isinstance(ref, ExternalName):
        return meanings[ref.name]
    pk, unit = by_name.get(ref[:3], (_UNKNOWN, ""))
    said = ref[3] if len(ref) == 4 else unit
    if pk == _UNKNOWN or said == unit:
        return Meaning(pk)
    reason = f"This metric is in {unit}, the file says {said or 'nothing'}."
    return Meaning(pk, refusal=Refusal("wrong_unit", reason))
