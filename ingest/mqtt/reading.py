"""Messages become readings of series, by the rules of a mapping. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify

from ingest.mqtt.mapping import TopicRule, ValueRule
from ingest.mqtt.messages import Message
from ingest.mqtt.paths import VALUE, MemberPath
from ingest.mqtt.patterns import TopicPattern, filled
from ingest.mqtt.payloads import decoded, number
from ingest.names import ExternalName, Guess

_MOST_TOPICS = 20_000  # that are remembered; a series more takes a few microseconds
_MOST_MEMBERS = 10_000  # of one topic that are remembered


@dataclass(frozen=True, slots=True, eq=False)
class TopicSeries:
    """One series of a topic: its name outside, the Site that it is of, and its factor."""

    name: ExternalName
    site: str
    factor: float
    rule: ValueRule


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading, with the instant in microseconds since 1970."""

    series: TopicSeries
    timestamp: int
    value: float


def external_name(topic: str, path: str) -> str:
    """How a series is called: by its topic, and behind a # by its path where that says more."""
    return topic if path == VALUE else f"{topic}#{path}"


def split_name(name: str) -> tuple[str, MemberPath]:
    """The topic and the path that a series is called by."""
    topic, _, path = name.partition("#")
    return topic, MemberPath.literal(path.split(".") if path else [VALUE])


@dataclass(frozen=True, slots=True)
class Route:
    """What is read from the messages of one topic; the series are remembered by their paths."""

    topic: str
    rule: TopicRule
    names: dict[str, str]
    series: dict[str, TopicSeries] = field(default_factory=dict)

    def read(self, message: Message) -> list[Measured]:
        """The readings of a message, none where it has none.

        Raises ValueError, with the reason in words, where the message is not what it should be.
        """
        if not message.payload:
            return []  # A gateway says so that a device is gone; a retained message ends so.
        strict = self.rule.strict
        content = decoded(message.payload, strict=strict)
        time = self.rule.time
        instant = time.read(content, message.received_at) if time else None
        if instant is None:
            if message.retained:
                return []
            instant = message.received_at
        measured = [
            Measured(series, instant, value * series.factor)
            for series, found in self._found(content)
            if (value := number(found, strict=strict)) is not None
        ]
        if strict and not measured:
            raise ValueError(f"There is no {' or '.join(self._sought())}.")
        return measured

    def _found(self, content: Any) -> Iterator[tuple[TopicSeries, Any]]:
        """What stands at the paths; of two rules that lead to the same place, the first counts."""
        for rule in self.rule.values:
            if not rule.path.names:
                series = self._series(rule.path.text, rule, {})
                value = rule.path.get(content)
                if series.rule is rule and value is not None:
                    yield series, value
                continue
            for path, names, value in rule.path.find(content):
                series = self._series(path, rule, names)
                if series.rule is rule and value is not None:
                    yield series, value

    def _sought(self) -> Iterator[str]:
        return (f"`{rule.path.text}`" for rule in self.rule.values)

    def _series(self, path: str, rule: ValueRule, names: dict[str, str]) -> TopicSeries:
        if (known := self.series.get(path)) is not None:
            return known
        if len(self.series) >= _MOST_MEMBERS:
            self.series.clear()
        made = self.series[path] = self._make_series(path, rule, self.names | names)
        return made

    def _make_series(self, path: str, rule: ValueRule, names: dict[str, str]) -> TopicSeries:
        site, device = filled(self.rule.site, names), filled(rule.device, names)
        key = filled(rule.key, names)
        strict = self.rule.strict
        slugs = (site, device if strict else slugify(device), key)
        guess = rule.guess or Guess(rule.unit, rule.type, _title(key), device)
        called = filled(rule.name, names) or external_name(self.topic, path)
        name = ExternalName(called, slugs if all(slugs) else None, guess)
        return TopicSeries(name, site, rule.factor, rule)


class Router:
    """Which rule is for a topic; what was found is remembered."""

    def __init__(self, rules: Iterable[TopicRule]) -> None:
        self._rules = tuple(rules)
        self._added: dict[str, TopicRule] = {}
        self._routes: dict[str, Route | None] = {}

    @property
    def filters(self) -> list[str]:
        """What the broker is asked for, each once."""
        rules = (*self._rules, *self._added.values())
        return list(dict.fromkeys(rule.pattern.filter for rule in rules))

    def add(self, topic: str, value: ValueRule, site: str) -> None:
        """Listen to a value of one topic more, unless a rule says already what it is."""
        known = self._added.get(topic)
        values = (*known.values, value) if known else (value,)
        pattern = TopicPattern.literal(topic)
        self._added[topic] = TopicRule(pattern, site, None, values, strict=False, origin="")
        self._routes.pop(topic, None)

    def route(self, topic: str) -> Route | None:
        """What is read from a topic; None where nothing is."""
        try:
            return self._routes[topic]
        except KeyError:
            if len(self._routes) >= _MOST_TOPICS:
                self._routes.clear()
            found = self._routes[topic] = self._find(topic)
            return found

    def _find(self, topic: str) -> Route | None:
        added = self._added.get(topic)
        for rule in self._rules:
            if (names := rule.pattern.match(topic)) is not None:
                more = added.values if added else ()
                return Route(topic, replace(rule, values=rule.values + more), names)
        return Route(topic, added, {}) if added else None


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()
