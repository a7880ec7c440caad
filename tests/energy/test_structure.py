"""The structure of the code: its picture, its sizes and names, and the steps that check it."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from django.conf import settings

from tools.structure.graph import Structure, read_structure
from tools.structure.picture import draw, in_words
from tools.structure.sizes import long_files, product_files, shared_class_names

TREE = Path(settings.BASE_DIR)
SVG = "{http://www.w3.org/2000/svg}"
# Names that say nothing of what is in a module, and words that nobody else uses for it.
VAGUE = {"utils", "common", "helpers", "misc"}
OWN = {"rows", "parts", "cells", "pace", "words", "taking", "holding"}
# What still has to be put right: files that are too long, classes that share a name.
LONG = {"history/relational/rollup_series.py"}
SHARED = {"InstantField"}


@pytest.fixture(scope="module")
def structure() -> Structure:
    """The structure of this tree."""
    return read_structure(TREE)


@pytest.fixture(scope="module")
def files(structure: Structure) -> list[Path]:
    """The Python files of the product."""
    return list(product_files(TREE, structure.packages))


def test_the_committed_picture_is_the_one_that_the_code_draws(structure):
    committed = (TREE / "docs" / "structure.svg").read_text()
    assert committed == draw(structure), "docs/structure.svg differs from the code: make structure"


def test_the_picture_is_read_out_and_follows_the_colour_scheme(structure):
    picture = ET.fromstring(draw(structure))
    named = {picture.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")}
    assert picture.get("role") == "img"
    assert set(picture.get("aria-labelledby").split()) == named
    assert "prefers-color-scheme: dark" in picture.find(f"{SVG}style").text
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert set(structure.apps) <= set(texts)
    assert f"ingest imports {_counts(structure, 'ingest')}." in in_words(structure)


def _counts(structure: Structure, app: str) -> str:
    pairs = sorted(pair for pair in structure.imports if pair[0] == app)
    return ", ".join(f"{imported} {structure.imports[app, imported]}" for _, imported in pairs)


def test_every_app_stands_in_the_layers(structure):
    apps = {path.parent.name for path in TREE.glob("*/apps.py")}
    assert apps == set(structure.packages) == set(structure.apps[1:])


def test_no_file_is_long(files):
    assert set(long_files(TREE, files)) <= LONG


def test_modules_have_the_fields_names(files):
    names = {part for path in files for part in path.relative_to(TREE).with_suffix("").parts}
    assert not names & (VAGUE | OWN)


def test_no_two_classes_share_a_name(files):
    assert set(shared_class_names(TREE, files)) <= SHARED


def test_a_commit_runs_the_steps_of_make_lint():
    configuration = yaml.safe_load((TREE / ".pre-commit-config.yaml").read_text())
    entries = {hook["entry"] for repo in configuration["repos"] for hook in repo["hooks"]}
    (steps,) = re.findall(r"^LINT := (.+)$", (TREE / "Makefile").read_text(), re.MULTILINE)
    assert entries == {f"make {step}" for step in steps.split()}
