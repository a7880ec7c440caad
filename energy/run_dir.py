"""The folder of what the processes of one machine share while they run."""

import os
from pathlib import Path

from django.conf import settings


def run_dir() -> Path:
    """RUN_DIR, which must belong to this user."""
    folder = Path(settings.RUN_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.lstat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else: set RUN_DIR to another folder.")
    return folder
