"""How large each app is, and where it breaks the rules of size and naming."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from tools.structure.graph import Structure

MAX_LINES = 300
# Django looks for these by name.
_DJANGOS_NAMES = ("Command", "Meta", "Migration")
_HEAD = f"{'app':16}{'files':>7}{'lines':>9}{'functions':>11}{'median':>9}{'p90':>6}"


@dataclass
class AppSize:
    """What was counted in some files; `functions` holds the lines of each function."""

    files: int = 0
    lines: int = 0
    functions: list[int] = field(default_factory=list)

    def add(self, source: str) -> None:
        """Count one more file."""
        self.files += 1
        self.lines += len(source.splitlines())
        self.functions.extend(
            node.end_lineno - node.lineno + 1  # type: ignore[operator]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    def row(self, name: str) -> str:
        """Its line of the table."""
        middle = median(self.functions) if self.functions else 0
        most = quantiles(self.functions, n=10, method="inclusive")[-1] if self.functions else 0
        counts = f"{self.files:7,}{self.lines:9,}{len(self.functions):11,}"
        return f"{name:16}{counts}{middle:9g}{most:6.3g}"


def product_files(tree: Path, apps: Iterable[str]) -> Iterator[Path]:
    """The Python files of the apps and of what starts them, without Django's migrations."""
    for package in (*apps, "deploy"):
        for path in sorted((tree / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def shared_class_names(tree: Path, files: Iterable[Path]) -> dict[str, list[str]]:
    """Names that several classes have, and the files these are in."""
    places = defaultdict(list)
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in _DJANGOS_NAMES:
                places[node.name].append(str(path.relative_to(tree)))
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def long_files(tree: Path, files: Iterable[Path]) -> dict[str, int]:
    """Files of more than MAX_LINES lines, and how many they have."""
    lengths = {str(path.relative_to(tree)): len(path.read_text().splitlines()) for path in files}
    return {name: lines for name, lines in lengths.items() if lines > MAX_LINES}


def size_table(tree: Path, structure: Structure) -> str:
    """The whole report, to be printed."""
    files = list(product_files(tree, structure.packages))
    let_through, up = len(structure.exceptions), _imports_up(structure)
    return "\n".join(
        [
            _HEAD,
            *_rows(tree, files),
            "",
            *_listed("Names of several classes", _joined(shared_class_names(tree, files))),
            *_listed(f"Files over {MAX_LINES} lines", long_files(tree, files)),
            f"Exceptions of the layers contract: {let_through}, for {up} imports of a higher app",
        ]
    )


def _rows(tree: Path, files: Iterable[Path]) -> Iterator[str]:
    sizes: dict[str, AppSize] = defaultdict(AppSize)
    total = AppSize()
    for path in files:
        source = path.read_text()
        sizes[path.relative_to(tree).parts[0]].add(source)
        total.add(source)
    for name, size in sizes.items():
        yield size.row(name)
    yield total.row("all")


def _joined(places: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: ", ".join(found) for name, found in places.items()}


def _listed(title: str, found: Mapping[str, object]) -> list[str]:
    return [f"{title}: {len(found)}", *(f"    {name}: {value}" for name, value in found.items())]


def _imports_up(structure: Structure) -> int:
    return sum(n for pair, n in structure.imports.items() if structure.goes_up(*pair))
