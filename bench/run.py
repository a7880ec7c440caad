"""`python -m bench.run MODULE [ARGUMENT]...`: sets Django up, then runs the module's `main`."""

import os
import sys
from importlib import import_module

import django


def main() -> int:
    """What the module's `main` returns for the arguments."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    return int(import_module(sys.argv[1]).main(*sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
