"""The import graph of the apps, as import-linter's own library finds it."""

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import grimp

# They put the views and viewsets of every app together, so they stand above the apps.
TOP = "urls, api"
_TOP_MODULES = ("energy.urls", "energy.api")


class Structure(NamedTuple):
    """The apps from the highest layer to the lowest, and who imports whom.

    `packages` are the apps as import-linter lists them. `imports` counts, for each pair (importing
    app, imported app), the pairs of modules behind it. `exceptions` are the expressions that the
    layers contract lets through.
    """

    packages: list[str]
    apps: list[str]
    imports: Counter[tuple[str, str]]
    exceptions: list[str]

    def goes_up(self, importer: str, imported: str) -> bool:
        """Whether `imported` is in a higher layer than `importer`."""
        return self.apps.index(imported) < self.apps.index(importer)


def read_structure(tree: Path) -> Structure:
    """The structure of the source tree, by the contracts in its pyproject.toml."""
    configuration = tomllib.loads((tree / "pyproject.toml").read_text())["tool"]["importlinter"]
    contract = _layers_contract(configuration)
    named = [module for layer in contract["layers"] for module in re.split(r"\s*[:|]\s*", layer)]
    apps = [TOP, *dict.fromkeys(module.partition(".")[0] for module in named)]
    packages = configuration["root_packages"]
    return Structure(packages, apps, _imports(tree, packages), contract["ignore_imports"])


def _layers_contract(configuration: dict[str, Any]) -> dict[str, Any]:
    """The contract about whole apps, not about the inside of each."""
    contracts = configuration["contracts"]
    return next(c for c in contracts if c["type"] == "layers" and "containers" not in c)


def _imports(tree: Path, packages: list[str]) -> Counter[tuple[str, str]]:
    if str(tree) not in sys.path:
        sys.path.insert(0, str(tree))
    graph = grimp.build_graph(*packages, cache_dir=None)
    pairs = (
        (_app(importer), _app(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
    return Counter((importer, imported) for importer, imported in pairs if importer != imported)


def _app(module: str) -> str:
    return TOP if module in _TOP_MODULES else module.partition(".")[0]
