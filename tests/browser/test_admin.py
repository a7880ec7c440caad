"""The admin's pages in a browser: accessible, and within the content security policy."""

import pytest

from accounts.models import ApiToken, User
from changes.models import Change
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import violations


@pytest.fixture
def addresses(fleet, administrator, technician):
    """One of each kind of page, and every form."""
    ApiToken.objects.create(user=technician)
    rows = {
        "sites/site": fleet.site.pk,
        "devices/device": fleet.battery.pk,
        "metrics/metric": fleet.power.pk,
        "subscriptions/subscription": fleet.subscription.pk,
        "accounts/user": User.objects.get(username="tess").pk,
        "auth/group": technician.groups.get().pk,
        "changes/change": Change.objects.first().pk,
    }
    lists = [f"/admin/{name}/" for name in (*rows, "accounts/apitoken")]
    forms = [f"/admin/{name}/{pk}/change/" for name, pk in rows.items()]
    added = [f"/admin/{name}/add/" for name in rows if name != "changes/change"]
    return [
        "/admin/",
        *lists,
        *forms,
        *added,
        *(f"/admin/{name}/import/" for name in ("sites/site", "devices/device")),
        f"/admin/sites/site/{fleet.site.pk}/delete/",
        f"/admin/accounts/user/{rows['accounts/user']}/password/",
    ]


def test_no_page_breaks_the_policy(open_browser, addresses):
    page = sign_in(open_browser(), "ada")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    for address in addresses:
        answer = page.goto(address)
        assert answer.status == 200, address
    assert complaints == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(open_browser, addresses, theme):
    page = sign_in(open_browser(theme=theme), "ada")
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = violations(page)
    assert {address: wrong for address, wrong in found.items() if wrong} == {}
