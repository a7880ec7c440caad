"""WSGI entry point: `gunicorn energy.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
application = get_wsgi_application()
