"""Stylesheets as a browser gets them in production."""

import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from energy.settings import STORAGES

PARTS = ("tokens", "layout", "components", "forms", "tables", "charts")
TYPEFACE = re.compile(r'url\("../vendor/inter-4.001/inter-var-subset\.[0-9a-f]{12}\.woff2"\)')


@pytest.fixture
def collected(settings, tmp_path):
    """The text of a collected stylesheet of the project, found by the name that templates use."""
    backend = {"BACKEND": "energy.stylesheets.JoiningStaticFilesStorage"}
    settings.STORAGES = {**STORAGES, "staticfiles": backend}
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    call_command("collectstatic", interactive=False, verbosity=0)
    return lambda name: (tmp_path / staticfiles_storage.stored_name(f"css/{name}.css")).read_text()


def test_a_page_gets_all_its_styles_in_one_file_and_in_order(collected, settings):
    stylesheet = collected("app")

    assert "@import" not in stylesheet
    sources = [(settings.BASE_DIR / f"static/css/{part}.css").read_text() for part in PARTS]
    ends = [stylesheet.index(source[-200:]) for source in sources]
    assert ends == sorted(ends)
    assert stylesheet.index("@layer reset, base, layout, components, utilities;") < ends[0]


@pytest.mark.parametrize("name", ["app", "admin", "api"])
def test_pages_admin_and_api_have_the_tokens_and_the_typeface(collected, name):
    stylesheet = collected(name)

    assert "@import" not in stylesheet
    assert stylesheet.count("--accent-soft: light-dark(") == 1
    assert TYPEFACE.search(stylesheet)
