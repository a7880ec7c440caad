"""The action `stream/` of Sites, Devices and Subscriptions."""

from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from energy.instants import to_micros
from energy.renderers import FastJSONRenderer
from live.feeds import Credentials, Feed, Topic, visible_metrics
from live.followed import Followed
from live.frames import MEDIA_TYPE, opening, resumed_from
from live.newest import newest_of
from live.streams import RETRY_SECONDS, Stream

_DESCRIPTION = """Server-Sent Events: the newest reading of each Metric, then each new one.

`event: reading`, with `data: {"metric", "timestamp", "value", "unit"}`. A flush has the newest
reading of each Metric that changed; a client gets 4 flushes at once and then 4 a second. A comment
every 15 s shows that the stream is alive. A client that names the last `id` it got in
`Last-Event-ID`, as EventSource does by itself, is sent what has changed since.

A stream ends within 5 s once its user may not see what it shows, and after an hour at most; ask
again then. Each user may have 20 at once; one more is a 429. While the process that sends streams
is away, an answer has the newest readings alone and ends, so that clients ask again."""


class EventStreamRenderer(FastJSONRenderer):
    """Stands for event streams in the negotiation; all that it renders is errors, as JSON."""

    media_type = MEDIA_TYPE
    format = "events"


class EventStreamResponse(StreamingHttpResponse):
    """A stream's first events; the live process goes on from there by `feed`."""

    def __init__(self, feed: Feed) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_newest(feed), content_type=MEDIA_TYPE, headers=headers)
        self.feed = feed


class StreamMixin(GenericViewSet):
    """Adds the action `stream/`: the readings of an object's Metrics as they arrive."""

    @extend_schema(
        description=_DESCRIPTION,
        parameters=[
            OpenApiParameter(
                "Last-Event-ID", str, OpenApiParameter.HEADER, description="The last `id` received."
            )
        ],
        responses={(200, MEDIA_TYPE): OpenApiResponse({"type": "string"})},
        filters=False,
    )
    @action(
        detail=True,
        renderer_classes=(EventStreamRenderer,),
        pagination_class=None,
        filterset_class=None,
        further_problems=(429,),
    )
    def stream(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Readings as they arrive."""
        topic = Topic(request.user.pk, self.queryset.model, self.get_object().pk)  # type: ignore[union-attr,arg-type]
        metrics = visible_metrics(topic) or frozenset()
        last = resumed_from(request.headers.get("Last-Event-ID", ""))
        if last and last > to_micros(timezone.now()):
            last = None  # Not of this clock.
        return EventStreamResponse(Feed(topic, _credentials(request), metrics, last))


def _credentials(request: Request) -> Credentials:
    user: Any = request.user
    token = request.auth.pk if request.auth is not None else None
    session = None if token else request.session.session_key
    return Credentials(user.pk, user.password, token, session)


def _newest(feed: Feed) -> Iterator[bytes]:
    """What the feed's client has not got yet, as events that come to an end."""
    stream, number = Stream(feed), to_micros(timezone.now())
    for newest in newest_of(feed.metrics):
        followed = Followed()
        followed.begin(number)
        followed.read(newest, number)
        followed.greet(stream)
    yield opening(RETRY_SECONDS) + stream.taken()
