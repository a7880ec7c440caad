"""A mapping: which topics are listened to, and what their messages say of which series."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from ingest.mqtt.form import (
    DiscoveryForm,
    KeepaliveForm,
    MappingForm,
    TimeForm,
    TopicForm,
    UseForm,
    ValueForm,
)
from ingest.mqtt.paths import MemberPath
from ingest.mqtt.patterns import TopicPattern, filled, names_in
from ingest.mqtt.places import MappingError, YamlFile
from ingest.mqtt.times import AUTO, RFC_3339, TimeField
from ingest.names import Guess
from metrics.units import UNITS, suggestion

READY_MADE = Path(__file__).parent / "mappings"
OWN = "energy"  # the topics of this system's own, which are always listened to
_NAMED_FORMATS = {RFC_3339, AUTO, "unix", "unix-ms"}


@dataclass(frozen=True, slots=True)
class ValueRule:
    """One value of a message, or with names in its path several: whose it is and in what unit."""

    path: MemberPath
    name: str = ""
    key: str = ""
    device: str = ""
    unit: str = ""
    type: str = ""
    factor: float = 1.0  # with its sign
    guess: Guess | None = None  # where others know more of it than its rule says


@dataclass(frozen=True, slots=True)
class TopicRule:
    """What the messages of a pattern of topics hold; `origin` is the mapping that says so."""

    pattern: TopicPattern
    site: str
    time: TimeField | None
    values: tuple[ValueRule, ...]
    strict: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """All that is listened to. Of the rules that match a topic, the first counts."""

    rules: tuple[TopicRule, ...] = ()
    keepalives: tuple[KeepaliveForm, ...] = ()
    discovery: DiscoveryForm = field(default_factory=DiscoveryForm)


def read_mapping(path: Path | None) -> Mapping:
    """The file's mapping with the ready-made ones it uses, and the system's own topics first.

    Raises MappingError, naming file and line, for whatever is wrong in it.
    """
    own = _read_file(READY_MADE / f"{OWN}.yaml", UseForm(OWN))
    if path is None:
        return own
    theirs = _read_file(path, UseForm(path.name))
    return replace(theirs, rules=own.rules + theirs.rules)


def ready_made() -> list[str]:
    """The names of the mappings that come with the system."""
    return sorted(path.stem for path in READY_MADE.glob("*.yaml") if path.stem != OWN)


def _read_file(path: Path, use: UseForm) -> Mapping:
    file = YamlFile.read(path)
    form = _checked_form(file)
    rules: list[TopicRule] = []
    keepalives: list[KeepaliveForm] = []
    for number, entry in enumerate(form.use):
        used = _used(file, f"$.use[{number}]", entry)
        rules += used.rules
        keepalives += used.keepalives
    for number, topic in enumerate(form.topics):
        rules.append(_Place(file, f"$.topics[{number}]", use).rule(topic))
    for number, keepalive in enumerate(form.keepalive):
        keepalives.append(_Place(file, f"$.keepalive[{number}]", use).keepalive(keepalive))
    return Mapping(tuple(rules), tuple(keepalives), form.discovery)


def _checked_form(file: YamlFile) -> MappingForm:
    try:
        return msgspec.convert(file.content, MappingForm)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        raise file.error(where.strip("`") or "$", f"{what}.") from error


def _used(file: YamlFile, where: str, entry: str | UseForm) -> Mapping:
    use = UseForm(entry) if isinstance(entry, str) else entry
    if use.mapping not in ready_made():
        known = ", ".join(ready_made())
        raise file.error(where, f"There is no ready-made mapping {use.mapping}, only {known}.")
    try:
        return _read_file(READY_MADE / f"{use.mapping}.yaml", use)
    except MappingError as error:
        # The file is ours: what is wrong is what it was told.
        raise file.error(where, error.reason) from error


@dataclass(frozen=True, slots=True)
class _Place:
    """A part of a file, which is read as its user has asked for."""

    file: YamlFile
    where: str
    use: UseForm

    def rule(self, form: TopicForm) -> TopicRule:
        pattern = self._pattern("topic", form.topic)
        values = tuple(
            self._value(f"values[{number}]", value, form, pattern)
            for number, value in enumerate(form.values)
        )
        if not values:
            raise self._error("values", "A topic has at least one value.")
        site = self.use.site or self._text(form.site) or _default("site", pattern)
        self._check_names("site", site, pattern.names)
        time = self._time(form.time)
        return TopicRule(pattern, site, time, values, form.strict, self.use.mapping)

    def keepalive(self, form: KeepaliveForm) -> KeepaliveForm:
        topic = self._text(form.topic)
        self._check_names("topic", topic, frozenset())
        if not 1 <= form.every <= 3600:
            raise self._error("every", "It is a number of seconds, from 1 to 3600.")
        return msgspec.structs.replace(form, topic=topic)

    def _value(
        self, where: str, form: ValueForm, topic: TopicForm, pattern: TopicPattern
    ) -> ValueRule:
        try:
            path = MemberPath.of(self._text(form.path))
        except ValueError as error:
            raise self._error(f"{where}.path", str(error)) from error
        names = pattern.names | path.names
        key = self._text(form.key) or ("{key}" if "key" in names else "")
        device = self._text(form.device or topic.device) or _default("device", pattern)
        self._check_names(f"{where}.name", form.name, names)
        self._check_names(f"{where}.key", key, names)
        self._check_names(f"{where}.device", device, names)
        self._check_unit(f"{where}.unit", form.unit)
        if not (0 < abs(form.factor) < float("inf")):
            raise self._error(f"{where}.factor", "A factor is a number, and not zero.")
        factor = form.factor * form.sign
        return ValueRule(path, form.name, key, device, form.unit, form.type, factor)

    def _time(self, form: str | TimeForm | None) -> TimeField | None:
        if form is None:
            return None
        if isinstance(form, str):
            form = TimeForm(form)
        if form.format not in _NAMED_FORMATS and "%" not in form.format:
            known = ", ".join(sorted(_NAMED_FORMATS))
            raise self._error("time.format", f"It is {known} or a pattern such as %d.%m.%Y %H:%M.")
        try:
            path = MemberPath.of(self._text(form.path))
            if path.names:
                raise ValueError("The path of the time has no names.")
        except ValueError as error:
            raise self._error("time.path", str(error)) from error
        return TimeField(path, form.format, self._zone(self.use.zone or form.zone))

    def _zone(self, name: str) -> ZoneInfo | None:
        try:
            return ZoneInfo(name) if name else None
        except (KeyError, ValueError, OSError) as error:
            reason = f"There is no time zone {name}; it is a name such as Europe/Berlin."
            raise self._error("time.zone", reason) from error

    def _pattern(self, where: str, text: str) -> TopicPattern:
        try:
            return TopicPattern.of(self._text(text))
        except ValueError as error:
            raise self._error(where, str(error)) from error

    def _check_names(self, where: str, text: str, known: frozenset[str]) -> None:
        for name in sorted(names_in(text) - known):
            raise self._error(where, f"Nothing says what {{{name}}} stands for.")

    def _check_unit(self, where: str, unit: str) -> None:
        if unit and unit not in UNITS and (meant := suggestion(unit)):
            raise self._error(where, f"There is no unit {unit}; {meant} is meant?")

    def _text(self, text: str) -> str:
        return filled(text, self.use.names)

    def _error(self, where: str, reason: str) -> MappingError:
        return self.file.error(f"{self.where}.{where}", reason)


def _default(name: str, pattern: TopicPattern) -> str:
    return f"{{{name}}}" if name in pattern.names else ""


def described(mapping: Mapping) -> Iterator[str]:
    """What is listened to and what becomes of it, a line for each value."""
    for rule in mapping.rules:
        for value in rule.values:
            target = "/".join(part or "?" for part in (rule.site, value.device, value.key))
            unit = f" in {value.unit}" if value.unit else ""
            factor = f" × {value.factor:g}" if value.factor != 1 else ""
            source = f"{rule.pattern.filter} {value.path.text}{factor}"
            yield f"{source} → {target}{unit} ({rule.origin})"
