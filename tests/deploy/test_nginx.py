"""What a client meets at the deployed front door."""

import http.client
import json
import re
import socket
import ssl
from http.cookies import SimpleCookie
from typing import Any

import pytest
import requests

from tests.support.stack import PASSWORD, TRUSTED_PROXY, Stack

pytestmark = pytest.mark.nginx

TOO_LARGE = 16 * 1024 * 1024 + 1
SECURITY_HEADERS = (
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
    "Content-Security-Policy",
)


def headers_of(stack: Stack, path: str) -> list[tuple[str, str]]:
    """The answer's header lines as they came, repeated ones too."""
    context = ssl.create_default_context(cafile=stack.certificate)
    connection = http.client.HTTPSConnection("localhost", stack.https_port, context=context)
    connection.request("GET", path)
    with connection.getresponse() as response:
        return response.getheaders()


def announce_body(stack: Stack, path: str, length: int) -> http.client.HTTPResponse:
    """Send the head of a POST that announces `length` bytes, and read the answer."""
    context = ssl.create_default_context(cafile=stack.certificate)
    connection = http.client.HTTPSConnection("localhost", stack.https_port, context=context)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    return connection.getresponse()


def hashed_stylesheet(stack: Stack) -> str:
    manifest = json.loads((stack.folder / "static" / "staticfiles.json").read_text())
    return "/static/" + str(manifest["paths"]["admin/css/base.css"])


def test_a_page_comes_through_the_proxy(stack: Stack) -> None:
    answer = stack.get("/login/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_plain_http_is_sent_to_https_with_its_path(stack: Stack) -> None:
    answer = requests.get(stack.http + "/sites/?page=2", allow_redirects=False, timeout=30)
    assert answer.status_code == 308
    assert answer.headers["Location"] == stack.https + "/sites/?page=2"


def test_a_hashed_static_file_is_cached_for_a_year(stack: Stack) -> None:
    answer = stack.get(hashed_stylesheet(stack))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_static_file_is_compressed(stack: Stack) -> None:
    answer = stack.get(hashed_stylesheet(stack), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_a_missing_static_file_is_not_cached(stack: Stack) -> None:
    answer = stack.get("/static/app.0123456789ab.css")
    assert answer.status_code == 404
    assert "Cache-Control" not in answer.headers


def test_a_page_is_compressed(stack: Stack) -> None:
    answer = stack.get("/login/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/login/", "/api/v1/me/", "/static/nothing.css"])
def test_every_answer_carries_each_security_header_once(stack: Stack, path: str) -> None:
    names = [name.lower() for name, _ in headers_of(stack, path)]
    assert {name: names.count(name.lower()) for name in SECURITY_HEADERS} == dict.fromkeys(
        SECURITY_HEADERS, 1
    )


def test_pages_ask_for_https_from_now_on(stack: Stack) -> None:
    assert "max-age=31536000" in stack.get("/login/").headers["Strict-Transport-Security"]


def test_the_version_of_nginx_is_not_told(stack: Stack) -> None:
    assert stack.get("/static/nothing.css").headers["Server"] == "nginx"


def test_an_api_body_over_the_limit_is_a_413_problem(stack: Stack) -> None:
    answer = announce_body(stack, "/api/v1/readings/", TOO_LARGE)
    problem = json.load(answer)
    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == 413
    assert "16777216 bytes" in problem["detail"]


@pytest.mark.parametrize("path", ["/api/v2/write", "/api/v3/write_lp", "/write"])
def test_line_protocol_over_the_limit_is_refused_as_influxdb_does(stack: Stack, path: str) -> None:
    answer = announce_body(stack, path, TOO_LARGE)
    assert answer.status == 413
    assert json.load(answer)["code"] == "request too large"


def test_line_protocol_in_chunks_arrives_whole(stack: Stack) -> None:
    person = {"username": "ada", "password": PASSWORD}
    options: dict[str, Any] = {"verify": stack.certificate, "timeout": 30}
    signed_in = requests.post(f"{stack.https}/api/v1/auth/login/", json=person, **options)
    lines = [b"# nothing\n"] * 100 + [b"nonsense"]
    headers = {"Authorization": f"Token {signed_in.json()['token']}"}
    answer = requests.post(
        f"{stack.https}/api/v2/write", data=iter(lines), headers=headers, **options
    )
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("partial write: line 101: ")


def test_a_form_over_the_limit_is_a_413_page(stack: Stack) -> None:
    answer = announce_body(stack, "/login/", TOO_LARGE)
    assert answer.status == 413
    assert b"<h1>The upload is too large</h1>" in answer.read()


def test_signing_in_sets_a_cookie_for_https_only(stack: Stack) -> None:
    session = requests.Session()
    # The machine may name certificates of its own in the environment.
    session.trust_env = False
    session.verify = stack.certificate
    form = session.get(stack.https + "/login/", timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token is not None
    answer = session.post(
        stack.https + "/login/?next=/admin/",
        data={"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        headers={"Referer": stack.https + "/login/"},
        allow_redirects=False,
        timeout=30,
    )
    cookies = SimpleCookie()
    for line in answer.raw.headers.getlist("Set-Cookie"):
        cookies.load(line)
    assert answer.status_code == 302
    assert cookies["sessionid"]["secure"]
    assert cookies["sessionid"]["httponly"]
    assert cookies["sessionid"]["samesite"] == "Lax"
    assert cookies["csrftoken"]["secure"]


def by_http_from(address: str, stack: Stack) -> int:
    """The status of a page asked for by HTTP from `address`, claiming that it came by HTTPS."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", stack.http_port, source_address=(address, 0), timeout=30
    )
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    connection.request("GET", "/login/", headers=headers)
    with connection.getresponse() as response:
        return response.status


def test_a_client_that_claims_https_is_not_believed(stack: Stack) -> None:
    assert by_http_from("127.0.0.1", stack) == 308


def test_a_trusted_proxy_that_says_https_is_believed(stack: Stack) -> None:
    assert by_http_from(TRUSTED_PROXY, stack) == 200


def test_an_unknown_host_name_is_refused(stack: Stack) -> None:
    assert stack.get("/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_long_list_of_ids_in_the_address_reaches_the_application(stack: Stack) -> None:
    ids = ",".join(str(number) for number in range(100_000, 101_000))
    assert stack.get(f"/api/v1/metrics/latest/?ids={ids}").status_code < 414


def test_headers_too_large_are_refused(stack: Stack) -> None:
    answer = stack.get("/login/", headers={"Cookie": "a=" + "x" * 20_000})
    assert answer.status_code == 431


def test_headers_that_trickle_in_are_cut_off(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.http_port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow:")
        assert connection.recv(1024) == b""


def test_the_api_answers_a_503_problem_while_the_application_is_away(
    stack_without_application: Stack,
) -> None:
    answer = stack_without_application.get("/api/v1/sites/")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "10"
    assert answer.json()["status"] == 503


@pytest.mark.parametrize("path", ["/api/v2/write", "/write", "/query", "/ping", "/health"])
def test_clients_of_influxdb_are_told_to_wait_while_the_application_is_away(
    stack_without_application: Stack, path: str
) -> None:
    answer = stack_without_application.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert answer.json()["code"] == "unavailable"


def test_a_page_says_that_the_application_is_away(stack_without_application: Stack) -> None:
    answer = stack_without_application.get("/sites/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "<h1>The system is starting or being updated</h1>" in answer.text


def test_static_files_need_no_application(stack_without_application: Stack) -> None:
    answer = stack_without_application.get("/static/app.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
