"""ASGI entry point: `gunicorn -k asgi energy.asgi`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
application = get_asgi_application()
