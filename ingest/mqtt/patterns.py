"""Texts with names in them, by which topics and members of a message are told apart. Pure.

`{device}` in `tele/{device}/SENSOR` stands for one level of a topic or a part of it, and a last
level `{device#}` for all that follow. In a path such as `params.switch:{channel}.apower` a name
stands for a member of a JSON object or a part of its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_NAME = re.compile(r"\{(\w+)(#?)\}")
_WILDCARDS = frozenset("+#")

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with names in it, and the expression that finds what they stand for."""

    text: str
    names: frozenset[str]
    expression: re.Pattern[str]

    def match(self, text: str) -> dict[str, str] | None:
        """What each name stands for in `text`; None where the pattern is not that of it."""
        found = self.expression.fullmatch(text)
        return found.groupdict() if found else None


@dataclass(frozen=True, slots=True)
class TopicPattern(Pattern):
    """A pattern of topics; `filter` is what the broker is asked for."""

    filter: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError, saying why, where it can be the pattern of no topic."""
        levels = text.split("/")
        for number, level in enumerate(levels, start=1):
            _check_level(level, is_last=number == len(levels))
        names, expression = _compiled(text, "[^/]+")
        return cls(text, names, expression, "/".join(map(_filter_level, levels)))

    @classmethod
    def literal(cls, topic: str) -> Self:
        """The pattern of one topic alone."""
        return cls(topic, frozenset(), re.compile(re.escape(topic)), topic)


def member_pattern(text: str) -> Pattern:
    """The pattern of a member's name. Raises ValueError where it is none."""
    if "#}" in text:
        raise ValueError("A name of all levels is for topics only.")
    names, expression = _compiled(text, ".+")
    return Pattern(text, names, expression)


def is_topic(text: str) -> bool:
    """Whether it can be the topic of messages; a broker ends the connection over what cannot."""
    return bool(text) and text.isprintable() and text[0] != "$" and not set(text) & _WILDCARDS


def names_in(text: str) -> set[str]:
    """The names that a text is written with."""
    return {name for name, _ in _NAME.findall(text)}


def filled(text: str, names: Names) -> str:
    """The text with what its names stand for; names that are not given stay as they are."""
    return _NAME.sub(lambda found: names.get(found[1], found[0]), text) if "{" in text else text


def _check_level(level: str, *, is_last: bool) -> None:
    rest = _NAME.sub("", level)
    if set(rest) & _WILDCARDS:
        raise ValueError("Instead of + and # write names, such as {device} and {device#}.")
    if set(rest) & set("{}"):
        raise ValueError("A name is letters, digits and _ in braces, such as {device}.")
    if "#}" in level and not (is_last and _NAME.fullmatch(level)):
        raise ValueError("A name of all levels, such as {device#}, has to be the last level.")


def _filter_level(level: str) -> str:
    if "#}" in level:
        return "#"
    return "+" if _NAME.search(level) else level


def _compiled(text: str, one: str) -> tuple[frozenset[str], re.Pattern[str]]:
    """The names in a text, and its expression, in which a name stands for `one`."""
    found = _NAME.findall(text)
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        raise ValueError("It has a name twice.")
    if any(not name.isidentifier() for name in names):
        raise ValueError("A name begins with a letter.")
    parts = _NAME.split(text)
    expression = re.escape(parts[0])
    for name, rest, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        expression += f"(?P<{name}>{'.+' if rest else one}){re.escape(literal)}"
    return frozenset(names), re.compile(expression, re.DOTALL)
