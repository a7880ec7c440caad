"""Names that nothing maps: which may wait for a Metric, and keeping what came under them.

The row of a name is what everybody locks who changes what the name means. So no reading is put to
wait for a name that has just been given a Metric.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum, Window

from energy.instants import from_micros
from history.arrays import Floats, Ints, Samples
from ingest.models import Alias, Discovered, WaitingReadings
from ingest.names import ExternalName, Guess
from ingest.parsed import Refusal
from ingest.sender import Sender
from metrics.vocabulary import MetricType

_INVALID = Refusal("invalid_name", "A name has 1 to 500 characters, all of them printable.")
_UNKNOWN = Refusal("unknown_name", "No alias maps this name.")
_CHANGING = (
    "unit", "type", "friendly_name", "device_name", "count", "waiting", "dropped", "last_seen",
    "latest_value", "latest_at",
)  # fmt: skip
_TIME, _VALUE = np.dtype("<i8"), np.dtype("<f8")


class Admission(NamedTuple):
    """What happens to readings of some names that nothing maps."""

    ignored: frozenset[str]
    refused: Mapping[str, Refusal]


def admit(names: Collection[ExternalName], sender: Sender) -> Admission:
    """Which of `names` are ignored and which refused; readings of all others wait.

    Takes a query, and another where a name is new.
    """
    refused = {each.name: _INVALID for each in names if not each.is_valid}
    valid = [each.name for each in names if each.is_valid]
    if not settings.INGEST_DISCOVER:
        return Admission(frozenset(), refused | dict.fromkeys(valid, _UNKNOWN))
    of_sender = Discovered.objects.filter(**sender.scope)
    known = dict(
        of_sender.of(sender).named(valid).values_list("name", "is_ignored") if valid else ()
    )
    if new := [name for name in valid if name not in known]:
        room = max(0, settings.INGEST_DISCOVER_NAMES - of_sender.waiting().count())
        refused |= dict.fromkeys(new[room:], _too_many())
    return Admission(frozenset(name for name, ignored in known.items() if ignored), refused)


def _too_many() -> Refusal:
    most = settings.INGEST_DISCOVER_NAMES
    return Refusal(
        "too_many_names",
        f"{most:,} names without a metric wait already: accept or ignore some of them first.",
    )


def lock_names(
    names: Iterable[ExternalName], sender: Sender, now: datetime
) -> dict[str, Discovered] | None:
    """The rows of `names`, made where there is none, which nobody else changes before the end.

    None where somebody has just given one of the names a Metric: what each of them means has to be
    looked up anew then.
    """
    wanted = {each.name for each in names}
    rows = _locked(wanted, sender)
    if missing := sorted(wanted - rows.keys()):
        seen = {"first_seen": now, "last_seen": now}
        new = [Discovered(name=n, source=sender.source, **sender.scope, **seen) for n in missing]
        # Whoever else makes one of them now is waited for.
        Discovered.objects.bulk_create(new, ignore_conflicts=True)
        rows |= _locked(missing, sender)
        mapped = set(Alias.objects.of(sender).named(missing).values_list("name", flat=True))
        if mapped or wanted - rows.keys():
            Discovered.objects.of(sender).named(mapped).delete()
            return None
    return rows


def _locked(names: Collection[str], sender: Sender) -> dict[str, Discovered]:
    if not names:
        return {}
    # In one order, so that two who want the same rows wait, and never deadlock.
    rows = Discovered.objects.of(sender).named(names).select_for_update(of=("self",))
    return {row.name: row for row in rows.order_by("pk")}


def keep_waiting(
    arrived: Mapping[ExternalName, Samples], rows: Mapping[str, Discovered], now: datetime
) -> None:
    """Keep readings until their name has a Metric. `rows` are the locked rows of their names.

    Where more of a name wait than INGEST_DISCOVER_READINGS, those that came first are let go.
    """
    batches = []
    for external, samples in arrived.items():
        row = rows[external.name]
        _note(row, external.guess, samples, now)
        if len(samples):
            batches.append(_batch(row, samples, now))
    WaitingReadings.objects.bulk_create(batches)
    noted = {rows[external.name].pk: rows[external.name] for external in arrived}
    _let_go(noted)
    Discovered.objects.bulk_create(
        noted.values(), update_conflicts=True, unique_fields=["id"], update_fields=_CHANGING
    )


def _note(row: Discovered, guess: Guess, samples: Samples, now: datetime) -> None:
    """Note what a batch tells of its name."""
    kind = guess.type if guess.type in MetricType.values else ""
    row.unit = _text(guess.unit, 16) or row.unit
    row.type = kind or row.type
    row.friendly_name = _text(guess.name, 120) or row.friendly_name
    row.device_name = _text(guess.device_name, 120) or row.device_name
    row.last_seen = max(row.last_seen, now)
    row.count += len(samples)
    if len(samples):
        newest = from_micros(int(samples.timestamps[-1]))
        if row.latest_at is None or newest >= row.latest_at:
            row.latest_at, row.latest_value = newest, float(samples.values[-1])


def _text(guess: str, most: int) -> str:
    """A guess as it may be stored: one line, cut where it is too long."""
    return "".join(filter(str.isprintable, guess)).strip()[:most].strip()


def _most_after_letting_go() -> int:
    """How many may stay once more came than may wait: a tenth less, so that it is seldom done."""
    most: int = settings.INGEST_DISCOVER_READINGS
    return max(1, most - most // 10)


def _batch(row: Discovered, samples: Samples, now: datetime) -> WaitingReadings:
    """The samples as a row; of more than may stay, the newest."""
    if (surplus := len(samples) - _most_after_letting_go()) > 0:
        row.dropped += surplus
        samples = samples.between(surplus, len(samples))
    row.waiting += len(samples)
    return WaitingReadings(
        discovered=row,
        received_at=now,
        n=len(samples),
        times=samples.timestamps.astype(_TIME).tobytes(),
        vals=samples.values.astype(_VALUE).tobytes(),
    )


def _let_go(rows: Mapping[int, Discovered]) -> None:
    """Delete the batches that came first of names of which too many readings wait."""
    over = [pk for pk, row in rows.items() if row.waiting > settings.INGEST_DISCOVER_READINGS]
    if not over:
        return
    since = Window(Sum("n"), partition_by="discovered", order_by=F("pk").desc())
    batches = WaitingReadings.objects.filter(discovered__in=over).annotate(since=since)
    surplus = list(
        batches.filter(since__gt=_most_after_letting_go()).values_list("pk", "discovered", "n")
    )
    WaitingReadings.objects.filter(pk__in=[pk for pk, _, _ in surplus]).delete()
    for _, discovered, n in surplus:
        rows[discovered].waiting -= n
        rows[discovered].dropped += n


def waiting_readings(row: Discovered) -> tuple[Ints, Floats]:
    """Timestamps and values of the readings that wait, in the order of their arrival."""
    batches = row.batches.order_by("pk").values_list("times", "vals")
    times, values = zip(*batches, strict=True) if batches else ((), ())
    return _joined(times, _TIME).astype(np.int64), _joined(values, _VALUE).astype(np.float64)


def _joined(parts: Sequence[Any], kind: np.dtype[Any]) -> Any:
    return np.frombuffer(b"".join(map(bytes, parts)), kind)


@transaction.atomic
def propose(names: Collection[ExternalName], sender: Sender, now: datetime) -> None:
    """Let names be known before anything comes under them, as some sources announce theirs.

    Names that have an alias, are ignored or cannot be kept are passed over.
    """
    mapped = set(
        Alias.objects.of(sender)
        .named(n.name for n in names if n.is_valid)
        .values_list("name", flat=True)
    )
    unmapped = [each for each in names if each.name not in mapped]
    ignored, refused = admit(unmapped, sender)
    admitted = [n for n in unmapped if n.name not in ignored and n.name not in refused]
    if admitted and (rows := lock_names(admitted, sender, now)) is not None:
        keep_waiting(dict.fromkeys(admitted, Samples.empty()), rows, now)
