"""What holds for every page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from devices.kinds import DeviceKind
from devices.templatetags.kinds import kind_icon
from sites.views import SiteListView
from tests.support.factories import SubscriptionFactory

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# Redoc's own template brings a style of its own, under a policy of its own.
OWN = [path for path in TEMPLATES if "energy" not in path.parts[len(settings.BASE_DIR.parts) :]]
VENDOR = settings.BASE_DIR / "static" / "vendor"


@pytest.fixture
def addresses(site, device, metric, technician):
    """One of each page, of things `technician` may change."""
    subscription = SubscriptionFactory(owner=technician, metrics=[metric])
    return [
        "/sites/",
        f"/sites/{site.pk}/",
        f"/sites/{site.pk}/devices/add/",
        "/devices/",
        f"/devices/{device.pk}/",
        f"/devices/{device.pk}/edit/",
        f"/devices/{device.pk}/delete/",
        f"/metrics/{metric.pk}/",
        "/subscriptions/",
        "/subscriptions/add/",
        f"/subscriptions/{subscription.pk}/",
        f"/subscriptions/{subscription.pk}/edit/",
        f"/subscriptions/{subscription.pk}/delete/",
        "/account/",
        "/account/tokens/",
        "/account/tokens/add/",
    ]


def test_every_page_asks_strangers_to_sign_in_first(client, addresses):
    for address in addresses:
        assert client.get(address).url == f"/login/?next={address}"
        assert client.post(address).status_code in (302, 405)


def test_every_page_has_one_heading_a_title_and_a_skip_link(client_for, technician, addresses):
    for address in addresses:
        page = client_for(technician).get(address).content.decode()
        assert page.count("<h1") == 1, address
        assert re.search(r"<title>[^<]+ · EMS</title>", page), address
        assert '<a class="skip-link" href="#main">' in page, address


def test_pages_name_no_page_that_is_not_there(client_for, technician, addresses):
    client = client_for(technician)
    pages = [client.get(address).content.decode() for address in addresses]
    links = {link for page in pages for link in re.findall(r'<a [^>]*href="(/[^"#]*)', page)}

    assert len(links) > 15
    for link in links:
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link
        if answer.streaming:  # an export takes a slot until it is read
            b"".join(answer.streaming_content)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_no_template_needs_inline_style_or_script(path):
    """So that the content security policy can forbid both."""
    source = path.read_text()

    assert not re.search(r'\sstyle="|<style|\son\w+="', source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)


def test_the_policy_allows_only_the_projects_own(client):
    policy = client.get("/login/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_lost_page_is_a_404_with_one_way_out(client_for, standard, settings):
    settings.DEBUG = False
    response = client_for(standard).get("/nowhere/")

    assert response.status_code == 404
    assert "Back to sites" in response.content.decode()


def test_the_page_of_a_failure_gives_a_reference_that_is_in_the_log(
    client_for, standard, monkeypatch, caplog
):
    def fail(*args):
        raise RuntimeError("secret")

    monkeypatch.setattr(SiteListView, "get_queryset", fail)
    client = client_for(standard)
    client.raise_request_exception = False

    page = client.get("/sites/")

    assert page.status_code == 500
    reference = re.search(r"<strong>(\w{12})</strong>", page.content.decode())[1]
    assert f"Failure {reference}: GET /sites/" in caplog.text
    assert b"secret" not in page.content


def test_a_page_without_its_database_says_when_to_come_back(client_for, standard, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("gone")

    client = client_for(standard)
    client.raise_request_exception = False
    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", fail)
        page = client.get("/sites/")

    assert page.status_code == 503
    assert int(page["Retry-After"]) > 0
    assert "database is away" in page.content.decode()


def test_the_sprite_has_exactly_the_icons_that_are_used():
    sources = "".join(path.read_text() for path in TEMPLATES)
    used = set(re.findall(r'{% icon "([\w-]+)" %}|symbol="([\w-]+)"', sources))
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()

    assert set(re.findall(r'<symbol id="([\w-]+)"', sprite)) == {
        *("".join(names) for names in used),
        *(kind_icon(kind) for kind in DeviceKind),
    }


@pytest.mark.parametrize("manifest", sorted(VENDOR.rglob("SHA256SUMS")), ids=str)
def test_vendored_files_are_the_published_ones(manifest: Path):
    from hashlib import sha256

    for line in manifest.read_text().splitlines():
        digest, name = line.split()
        assert sha256((manifest.parent / name).read_bytes()).hexdigest() == digest


def test_style_and_scripts_stay_small():
    from gzip import compress

    def size(pattern):
        files = (settings.BASE_DIR / "static").glob(pattern)
        return sum(len(compress(path.read_bytes())) for path in files)

    pages = ("tokens", "layout", "components", "forms", "tables", "charts")
    assert sum(size(f"css/{name}.css") for name in pages) <= 14_000
    assert size("js/*.js") <= 8_000
