"""A YAML file with the places of its parts, so that an error can name the line."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# As msgspec says where something is: `$.topics[0].values[1].factor`.
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class MappingError(Exception):
    """What is wrong with a mapping file, and where; `reason` without the file and the line."""

    def __init__(self, said: str, reason: str = "") -> None:
        super().__init__(said)
        self.reason = reason or said


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a file, and the nodes that it was read from."""

    path: Path
    content: Any
    root: yaml.Node | None

    @classmethod
    def read(cls, path: Path) -> "YamlFile":
        """Raises MappingError where it cannot be read or is no YAML."""
        try:
            loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise MappingError(f"{path} cannot be read: {error}") from error
        try:
            root = loader.get_single_node()
            return cls(path, loader.construct_document(root) if root else {}, root)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or error
            raise MappingError(f"{path}{line}: This is no YAML: {problem}.") from error

    def error(self, where: str, reason: str) -> MappingError:
        """What is wrong at `where`, such as `$.topics[0].factor`."""
        named = where.removeprefix("$").removeprefix(".")
        said = f"{named}: {reason}" if named else reason
        return MappingError(f"{self.path}:{self._line(where)}: {said}", said)

    def _line(self, where: str) -> int:
        """The line of the nearest part that is there."""
        node = self.root
        line = 1
        for member, index in _STEP.findall(where):
            if node is None:
                break
            line = node.start_mark.line + 1
            node = _child(node, member, index)
        return node.start_mark.line + 1 if node is not None else line


def _child(node: yaml.Node, member: str, index: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and index:
        return node.value[int(index)] if int(index) < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == member:
                return value
    return None
