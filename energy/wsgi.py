"""WSGI entry point: `gunicorn energy.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from energy.pacing import LeastRate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
application = LeastRate(get_wsgi_application())
