"""One broker and one database for the tests that need both."""

from collections.abc import Iterator

import pytest

from tests.support.brokers import Broker, broker
from tests.support.consumers import Installation, installation


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("installation")) as made:
        yield made
