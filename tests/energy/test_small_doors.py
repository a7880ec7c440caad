"""What browsers and people ask for by the way: icons, the admin's sign-in, links, logs."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from django.contrib.staticfiles.finders import find
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from rest_framework.test import APIClient

from energy.stylesheets import REDOC, JoiningStaticFilesStorage
from tests.permissions.world import OWN, World
from tests.support.composition import ROOT


def test_a_browser_that_asks_for_an_icon_by_its_old_name_is_led_to_it(client, db):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.url == "/static/favicon.svg"


def test_redoc_asks_no_other_host_for_a_picture(tmp_path):
    folder = str(find(REDOC)).removesuffix(REDOC)
    storage = JoiningStaticFilesStorage(location=tmp_path)
    storage.save(REDOC, ContentFile(Path(folder, REDOC).read_bytes()))
    list(storage.post_process({REDOC: (FileSystemStorage(folder), REDOC)}))
    (served,) = tmp_path.rglob("redoc.standalone.*.js")
    assert "redoc/logo" in Path(folder, REDOC).read_text()
    assert "redoc/logo" not in served.read_text()


@pytest.mark.parametrize("verb", ["get", "post"])
def test_somebody_who_is_no_staff_is_told_so_at_the_admins_door(client_for, technician, verb):
    answer = getattr(client_for(technician), verb)("/admin/login/")
    assert answer.status_code == 403
    assert "Back to sites" in answer.content.decode()


@pytest.mark.parametrize(("status", "told"), [(403, False), (400, False), (500, True)])
def test_the_log_has_a_traceback_of_what_the_server_did_wrong_alone(status, told):
    say = f"""
        import logging, django
        django.setup()
        try:
            raise ValueError("reason")
        except ValueError as error:
            fault = {{"exc_info": error, "extra": {{"status_code": {status}}}}}
            logging.getLogger("django.request").warning("a line", **fault)
    """
    answer = subprocess.run(
        [sys.executable, "-c", dedent(say)],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "energy.settings", "DEBUG": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "a line" in answer.stderr
    assert ("Traceback" in answer.stderr) == told


@pytest.mark.parametrize("route", ["api:site", "api:device", "api:metric", "api:subscription"])
@pytest.mark.parametrize("kind", ["list", "detail"])
def test_every_link_of_the_browsable_api_leads_somewhere(db, route, kind):
    world = World()
    client = APIClient()
    client.cookies = world.cookies["technician"].copy()
    address = world.address(f"{route}-{kind}", "technician", OWN)
    page = client.get(address, HTTP_ACCEPT="text/html").content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'<a [^>]*href="([^"#]+)', page)}
    within = {link for link in links if link.startswith(("/", "http://testserver/", "?"))}
    assert within
    for link in within:
        answer = client.get(address + link if link.startswith("?") else link)
        assert answer.status_code in (200, 302), link
        if answer.streaming:
            b"".join(answer.streaming_content)
