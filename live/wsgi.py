"""WSGI entry point of the pages and the API, from which streams are handed on."""

import os

from energy.wsgi import application as pages_and_api
from live.relay import StreamRelay

application = StreamRelay(pages_and_api, os.environ.get("LIVE_ADDRESS", ""))
