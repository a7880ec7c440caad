"""The process that sends streams: `gunicorn --config deploy/live.conf.py`.

Django answers a request as it always does, with its middleware and its permissions, in the one
thread that asks the database. Where the answer is a stream, it goes on from the event loop, so that
a stream holds neither a thread nor a connection to the database.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
django.setup(set_prefix=False)

from django.core.handlers.asgi import ASGIRequest  # noqa: E402
from django.core.handlers.base import BaseHandler  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.http.response import HttpResponseBase  # noqa: E402

from energy.errors import TooManyRequests  # noqa: E402
from energy.problems import Problem, plain_problem, refusal  # noqa: E402
from live.hub import Hub  # noqa: E402
from live.streams import Stream  # noqa: E402

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SERVED = re.compile(r"/api/v1/(sites|devices|subscriptions)/[0-9]+/stream/|/healthz")


class LiveApplication:
    """An ASGI application for streams, and for the probe of whoever supervises it."""

    def __init__(self) -> None:
        self._hub = Hub()
        self._handler = BaseHandler()
        self._handler.load_middleware()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is served here, not {scope['type']}.")
        if not _SERVED.fullmatch(scope["path"]):
            await _answer(plain_problem(Problem(404, "Not found.")), send)
            return
        request = ASGIRequest(scope, BytesIO())
        response = await self._hub.ask(self._handler.get_response, request)
        feed = getattr(response, "feed", None)
        if feed is None or scope["method"] != "GET":
            await _answer(response, send)
            return
        stream = Stream(feed)
        try:
            self._hub.count(stream)
        except TooManyRequests as error:
            await _answer(refusal(request, error), send)
            return
        try:
            await self._send(stream, response, receive, send)
        finally:
            self._hub.forget(stream)

    async def _send(self, stream: Stream, response: Any, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(_end_when_left(stream, receive))
        try:
            await self._hub.follow(stream)
            await send(_head(response))
            await stream.run(partial(_send_part, send))
            await send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving


async def _end_when_left(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    stream.end()


async def _send_part(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})


async def _answer(response: HttpResponseBase, send: Send) -> None:
    body = response.content if isinstance(response, HttpResponse) else b""
    await send(_head(response))
    await send({"type": "http.response.body", "body": body})


def _head(response: Any) -> Message:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.items()]
    cookies = [
        (b"set-cookie", c.output(header="").strip().encode()) for c in response.cookies.values()
    ]
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers + cookies,
    }


application = LiveApplication()
