"""Query parameters of every list are answered or refused, never ignored."""

import pytest

LISTS = ["sites", "devices", "metrics", "subscriptions"]
FILTERS = [
    ("sites", "state"),
    ("sites", "kind"),
    ("devices", "site"),
    ("devices", "kind"),
    ("devices", "status"),
    ("metrics", "site"),
    ("metrics", "device"),
    ("metrics", "kind"),
    ("metrics", "state"),
]


@pytest.fixture
def client(api_client_for, technician, site):
    """An API client signed in as the technician."""
    return api_client_for(technician)


def refused(client, address):
    """The fields that the 400 to `address` names."""
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == 400
    return [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize(("rows", "name"), FILTERS)
@pytest.mark.parametrize("value", ["nonsense", "0", "-1", "1.5", "a%00b", "9" * 30, "%F0%9F%92%A1"])
def test_an_unknown_filter_value_is_refused_by_name(client, rows, name, value):
    assert refused(client, f"{rows}/?{name}={value}") == [name]


@pytest.mark.parametrize("name", ["name", "search"])
@pytest.mark.parametrize("value", ["a%00b", "x" * 300])
def test_a_text_that_nothing_can_contain_is_refused_by_name(client, name, value):
    assert refused(client, f"sites/?{name}={value}") == [name]


def test_the_id_of_an_invisible_row_is_refused_as_an_unknown_one(
    client, foreign_site, foreign_device
):
    for address, row in (
        ("devices/?site=", foreign_site),
        ("metrics/?site=", foreign_site),
        ("metrics/?device=", foreign_device),
    ):
        hidden = client.get(f"/api/v1/{address}{row.pk}")
        assert hidden.status_code == 400
        assert hidden.content == client.get(f"/api/v1/{address}987654").content


@pytest.mark.parametrize("rows", LISTS)
@pytest.mark.parametrize("value", ["nonsense", "owner", "password", "%3F", "name,nonsense", "-"])
def test_an_unknown_ordering_is_refused(client, rows, value):
    assert refused(client, f"{rows}/?ordering={value}") == ["ordering"]


@pytest.mark.parametrize("rows", LISTS)
def test_an_ordering_by_several_fields_may_end_in_a_comma(client, rows):
    assert client.get(f"/api/v1/{rows}/?ordering=-name,").status_code == 200


@pytest.mark.parametrize("rows", LISTS)
@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["", "0", "-1", "x", "1.5", "9" * 30, "٣", "last"])
def test_what_is_no_number_of_a_page_is_refused(client, rows, name, value):
    assert refused(client, f"{rows}/?{name}={value}") == [name]


@pytest.mark.parametrize("rows", [*LISTS, "me", "sites/{site}"])
def test_an_unknown_parameter_is_refused_by_name(client, site, rows):
    assert refused(client, f"{rows.format(site=site.pk)}/?knd=battery") == ["knd"]


@pytest.mark.parametrize("rows", LISTS)
def test_a_parameter_given_twice_is_refused(client, rows):
    assert refused(client, f"{rows}/?search=a&search=b") == ["search"]


@pytest.mark.parametrize("rows", LISTS)
def test_an_unknown_format_is_refused(client, rows):
    assert refused(client, f"{rows}/?format=xml") == ["format"]


@pytest.mark.parametrize("rows", LISTS)
def test_the_browsable_api_shows_a_list_with_its_filters(client, rows):
    response = client.get(f"/api/v1/{rows}/", HTTP_ACCEPT="text/html")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert b'name="ordering"' in response.content
