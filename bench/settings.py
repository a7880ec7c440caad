"""The project's settings with two addresses more: the floors that requests are compared with."""

from energy.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
