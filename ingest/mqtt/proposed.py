"""Series that no rule of the mapping tells of: others have proposed them, or they have an alias."""

import logging
from time import monotonic

from django.db import transaction
from django.utils import timezone

from ingest.discovering import propose
from ingest.models import Alias, Discovered
from ingest.mqtt import discovery
from ingest.mqtt.form import DiscoveryForm
from ingest.mqtt.mapping import ValueRule
from ingest.mqtt.messages import Message
from ingest.mqtt.patterns import is_topic
from ingest.mqtt.reading import Router, external_name, split_name
from ingest.mqtt.storing import SOURCE, sender_for
from ingest.names import ExternalName, Guess

logger = logging.getLogger("ingest.mqtt")

MOST_PROPOSED = 5_000  # series, those of earlier runs included
_QUIET = 0.2  # s; discovery messages come many at a time


class ProposedSeries:
    """Adds them to what `router` knows, and their names to those that wait for a Metric."""

    def __init__(self, router: Router, form: DiscoveryForm) -> None:
        self._router = router
        self._prefix = form.prefix
        self._site = form.site
        self._known: set[str] = set()
        self._unannounced: dict[str, Guess] = {}
        self._heard_at = 0.0

    @property
    def filters(self) -> list[str]:
        """Where proposals come."""
        return discovery.filters(self._prefix)

    def is_one(self, message: Message) -> bool:
        """Whether a message is a proposal."""
        return discovery.is_discovery(message.topic, self._prefix)

    def recall(self) -> None:
        """Add what was proposed to earlier runs, and what has an alias.

        Messages of it may wait in the broker, and come before anybody proposes it again.
        """
        for model in (Alias, Discovered):
            names = model.objects.filter(source=SOURCE, owner=None).order_by("pk")
            for name, site in names.values_list("name", "site__slug")[:MOST_PROPOSED]:
                topic, path = split_name(name)
                if is_topic(topic) and self._router.route(topic) is None:
                    self._add(name, topic, ValueRule(path), site or "")

    def hear(self, message: Message) -> list[str]:
        """Take a proposal in; returns the topics that have to be listened to for it."""
        topics = []
        self._heard_at = monotonic()
        for topic, path, guess in discovery.proposals(message.topic, self._prefix, message.payload):
            is_new = self._router.route(topic) is None
            name = external_name(topic, path.text)
            if self._add(name, topic, ValueRule(path, guess=guess), self._site):
                topics += [topic] * is_new
            if name in self._known:
                self._unannounced[name] = guess
        return topics

    def announce(self) -> None:
        """Let the names be seen that were proposed, once there is a pause."""
        if self._unannounced and monotonic() - self._heard_at >= _QUIET:
            names = [ExternalName(name, None, guess) for name, guess in self._unannounced.items()]
            self._unannounced = {}
            try:
                with transaction.atomic():
                    propose(names, sender_for(self._site), timezone.now())
            except Exception:
                # Nothing is lost: names are kept with their first readings, too.
                logger.exception("Names that were proposed cannot be kept")

    def _add(self, name: str, topic: str, rule: ValueRule, site: str) -> bool:
        """Whether a series was added: nothing is that is known, or one too many."""
        if name in self._known or len(self._known) >= MOST_PROPOSED:
            return False
        self._known.add(name)
        self._router.add(topic, rule, site)
        return True
