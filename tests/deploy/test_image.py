"""What the Dockerfile promises, read from the file itself: no Docker engine is needed."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.composition import ROOT
from tests.support.stack import application_environment, make_secrets

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
ONLY_FOR_THE_DEMO = ("pvlib", "scipy", "pandas", "h5py")


def reaches_the_build(path: str) -> bool:
    """Whether the context holds a path of the top folder: the last line that matches decides."""
    reaches = True
    for line in IGNORED:
        if fnmatch(path, line.removeprefix("!")):
            reaches = line.startswith("!")
    return reaches


def test_the_build_gets_each_file_that_it_copies() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    names = ("requirements.txt", "requirements-clickhouse.txt", "requirements-demo.txt")
    assert {f"locks/{name}" for name in names} < sources
    folders = {source.partition("/")[0] for source in sources}
    assert [folder for folder in folders if not reaches_the_build(folder)] == ["."]
    assert all((ROOT / source).exists() for source in sources)


def test_it_installs_nothing_without_a_hash() -> None:
    installs = re.findall(r"pip [^&]*?install[^&\n]*", DOCKERFILE)
    assert len(installs) == 2
    assert all("--require-hashes" in install for install in installs)


@pytest.mark.parametrize("path", [".env", ".git", ".venv", "var", "tests", "tools"])
def test_the_build_does_not_get_what_is_private_or_not_needed(path: str) -> None:
    assert not reaches_the_build(path)


def test_the_image_gets_every_file_that_the_application_needs(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    application = tmp_path / "app"
    application.mkdir()
    for path in filter(lambda path: reaches_the_build(path.name), ROOT.iterdir()):
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, application / path.name)
    answer = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--dry-run"],
        check=False,
        cwd=application,
        env=application_environment(tmp_path, "postgres://energy@localhost/energy", 8000),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert "static files copied" in answer.stdout


def test_it_runs_unprivileged() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    users = {stage.split()[2]: re.findall(r"^USER (\S+)$", stage, re.MULTILINE) for stage in stages}
    assert users["server"] == users["demo"] == ["energy"]


def test_it_has_no_health_check_of_its_own() -> None:
    """Each service has another one, and what ends by itself has none."""
    assert "HEALTHCHECK" not in DOCKERFILE


def test_the_server_runs_without_what_only_the_demo_needs(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    lean = f"""
        import sys
        sys.modules.update(dict.fromkeys({ONLY_FOR_THE_DEMO}))
        import energy.wsgi
        from django.core import management
        from django.urls import get_resolver
        get_resolver().url_patterns
        for name, app in management.get_commands().items():
            if app != "demo":
                management.load_command_class(app, name)
        management.call_command("check")
    """
    answer = subprocess.run(
        [sys.executable, "-c", dedent(lean)],
        check=False,
        cwd=ROOT,
        env=application_environment(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", 8000),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr


def test_only_the_demos_requirements_name_what_only_it_needs() -> None:
    def named(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9]+)==", text, re.MULTILINE))

    assert named("requirements-demo.txt") >= {"pvlib", "scipy"}
    assert not named("requirements.txt") & set(ONLY_FOR_THE_DEMO)
