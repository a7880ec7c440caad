"""The project's settings, with two more addresses for requests to be compared with."""

from energy.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
