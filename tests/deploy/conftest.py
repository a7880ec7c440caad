"""The deployed stack, started once for the tests that go through it."""

from collections.abc import Iterator

import pytest

from tests.support.processes import free_port
from tests.support.runs import Made, started
from tests.support.stack import Stack, application, make_secrets, nginx


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx in front of gunicorn, with a superuser named ada."""
    folder = tmp_path_factory.mktemp("stack")
    make_secrets(folder)
    port = free_port()
    with application(folder, port), nginx(folder, port) as running_stack:
        yield running_stack


@pytest.fixture(scope="session")
def stack_without_application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx alone: nobody listens where the application should be."""
    folder = tmp_path_factory.mktemp("away")
    make_secrets(folder)
    (folder / "static").mkdir()
    (folder / "static" / "app.css").write_text("body { margin: 0 }\n" * 200)
    with nginx(folder, free_port()) as running_stack:
        yield running_stack


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A first `make run`, which makes the database and the demo, ended again."""
    folder = tmp_path_factory.mktemp("made")
    with started(folder) as run:
        pass
    return Made(folder, run.output)
