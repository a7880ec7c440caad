"""What the documents say of the code: the names in them are there, the lists are whole."""

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.conf import settings

from tools.structure.graph import read_structure

TREE = Path(settings.BASE_DIR)
# The changelog also names what is gone.
DOCUMENTS = sorted({*TREE.glob("*.md"), *TREE.glob("docs/*.md")} - {TREE / "CHANGELOG.md"})
MADE_AT_RUNTIME = "var/"


@pytest.fixture(scope="module")
def apps() -> list[str]:
    """The apps in the order of their layers."""
    return read_structure(TREE).apps[1:]


def quoted(document: Path) -> list[str]:
    """What a document sets as code, where that is one name."""
    return re.findall(r"`([\w.-][\w./-]*)`", document.read_text())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_files_that_a_document_names_are_there(document):
    paths = [name for name in quoted(document) if "/" in name or name.endswith((".md", ".txt"))]
    kept = [path for path in paths if not path.startswith(MADE_AT_RUNTIME)]
    assert [path for path in kept if not (TREE / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_modules_that_a_document_names_are_there(document, apps):
    names = [name for name in quoted(document) if "/" not in name]
    for name in names:
        if name.partition(".")[0] in apps:
            resolve_name(name)


def test_both_documents_list_the_apps_in_the_order_of_their_layers(apps):
    table = re.findall(r"^\| `(\w+)/` \|", (TREE / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    (block,) = re.findall(r"```\n(demo .+?)```", (TREE / "README.md").read_text(), re.DOTALL)
    assert table == apps
    assert re.findall(r"\w+", block) == apps


def test_every_library_is_in_the_readme_with_its_reason():
    _, _, dependencies = (TREE / "README.md").read_text().partition("## Dependencies\n")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", dependencies, re.MULTILINE)
    pinned = {
        name
        for path in TREE.glob("requirements*.txt")
        for name in re.findall(r"^([\w-]+)(?:\[.*\])?==", path.read_text(), re.MULTILINE)
    }
    assert pinned
    assert pinned - set(re.findall(r"[\w-]+", " ".join(rows))) == set()
