"""The project's settings with one address more: the floor that requests are compared with."""

from energy.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
