"""Every kind of Device has its look on the pages."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings

from devices.kinds import DeviceKind
from devices.templatetags.kinds import carrier, kind_icon

STATIC = settings.BASE_DIR / "static"
SVG = "{http://www.w3.org/2000/svg}"


def style_rules(name):
    """The stylesheet `name` as (selector, declarations) of each rule without rules inside."""
    source = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / name).read_text(), flags=re.DOTALL)
    return re.findall(r"([^{};]+)\{([^{}]*)\}", source)


def declarations_for(name, selector):
    """The declarations of every rule in the stylesheet `name` that has exactly `selector`."""
    return [
        declarations.strip()
        for selectors, declarations in style_rules(name)
        if selector in (each.strip() for each in selectors.split(","))
    ]


@pytest.mark.parametrize("kind", DeviceKind)
def test_every_kind_has_an_icon_in_the_sprite(kind):
    symbols = ET.parse(STATIC / "icons.svg").iter(f"{SVG}symbol")

    assert kind_icon(kind) in {symbol.get("id") for symbol in symbols}


@pytest.mark.parametrize("kind", DeviceKind)
def test_every_kind_has_the_colour_of_its_carrier(kind):
    [colour] = declarations_for("tables.css", f".{carrier(kind)}")
    token = re.fullmatch(r"--colour: var\((--[\w-]+)\);", colour)[1]

    assert f"{token}: light-dark(" in (STATIC / "css" / "tokens.css").read_text()


@pytest.mark.parametrize("kind", DeviceKind)
def test_the_device_form_shows_the_metrics_of_every_kind_when_it_is_chosen(kind):
    selector = f'form:has([name="kind"] [value="{kind}"]:checked) .for-{kind}'

    assert declarations_for("forms.css", selector) == ["display: grid;"]
