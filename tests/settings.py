"""The project's settings, with what tests do differently."""

import os
from tempfile import TemporaryDirectory

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 4)

from energy.settings import *  # noqa: F403

# Several processes of tests run at once, with users of the same ids.
_run_dir = TemporaryDirectory(prefix="energy-tests-")
RUN_DIR = _run_dir.name
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
