"""No page leads to an answer that refuses: each of its links, followed as far as they lead."""

import re
from collections import deque
from datetime import timedelta
from html import unescape
from urllib.parse import urldefrag, urljoin

import pytest
from django.test import Client
from django.utils import timezone

from tests.permissions.world import OWN, World
from tests.support.readings import store

MOST = 250  # addresses
# What ends the sign-in, what is no page, and exports, which have tests of their own.
_LEFT_OUT = re.compile(r"/(logout|static|api|admin)/|/export/|^mailto:|\.(ico|svg|css)$")


@pytest.mark.parametrize("persona", ["standard", "technician"])
def test_every_link_of_a_page_is_answered(db: None, persona: str) -> None:
    world = World()
    now = timezone.now()
    store(world.sides[OWN].metric, {now - timedelta(minutes=n): float(n) for n in range(60)})
    client = Client()
    client.cookies = world.cookies[persona].copy()
    refused = [(link, on) for link, on, status in _followed(client) if status not in (200, 302)]
    assert not refused


def _followed(client: Client) -> list[tuple[str, str, int]]:
    """Each link from /sites/ on, the page that it was found on, and the status it is answered."""
    waiting, known, answers = deque([("/sites/", "")]), {"/sites/"}, []
    while waiting and len(answers) < MOST:
        link, on = waiting.popleft()
        answer = client.get(link)
        answers.append((link, on, answer.status_code))
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            continue
        for found in re.findall(r'<a\s[^>]*href="([^"]*)"', answer.content.decode()):
            address = urldefrag(urljoin(link, unescape(found))).url
            if address.startswith("/") and address not in known and not _LEFT_OUT.search(address):
                known.add(address)
                waiting.append((address, link))
    return answers
