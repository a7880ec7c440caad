"""Where in a message a value stands: members of JSON objects, with points between them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ingest.mqtt.patterns import Pattern, member_pattern

# A message that is no object or list, but a bare number or text, counts as `{"value": …}`.
VALUE = "value"


@dataclass(frozen=True, slots=True)
class MemberPath:
    """Members to follow: a name as it is, or the pattern of names. `names` are all in patterns."""

    text: str
    members: tuple[str | Pattern, ...]
    names: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError, saying why, where it is no path."""
        parts = text.split(".")
        if not all(parts):
            raise ValueError("A path is names of members with points between, such as a.b.c.")
        members = tuple(member_pattern(part) if "{" in part else part for part in parts)
        patterns = [member for member in members if isinstance(member, Pattern)]
        names = frozenset(name for pattern in patterns for name in pattern.names)
        return cls(text, members, names)

    @classmethod
    def literal(cls, members: Sequence[str]) -> Self:
        """The path along members of exactly these names."""
        return cls(".".join(members), tuple(members), frozenset())

    def get(self, content: Any) -> Any:
        """What stands there; None where nothing does. For a path without names."""
        for member in self.members:
            if not isinstance(content, dict):
                return None
            content = content.get(member)
        return content

    def find(self, content: Any) -> Iterator[tuple[str, dict[str, str], Any]]:
        """All that stands at such a path: the path, what its names stand for, and the value."""
        yield from _find(self.members, content, (), {})


def _find(
    members: tuple[str | Pattern, ...], content: Any, at: tuple[str, ...], names: dict[str, str]
) -> Iterator[tuple[str, dict[str, str], Any]]:
    if not members:
        yield ".".join(at), names, content
        return
    if not isinstance(content, dict):
        return
    first, *rest = members
    for name, more in _chosen(first, content):
        yield from _find(tuple(rest), content[name], (*at, name), names | more)


def _chosen(member: str | Pattern, content: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(member, str):
        if member in content:
            yield member, {}
        return
    for name in content:
        if (names := member.match(name)) is not None:
            yield name, names
