"""What somebody outside can reach or pretend (abuse 41, 42, 44, 47)."""

import io
import json
import logging

import pytest
from django.test import Client, RequestFactory

from salescontrol.core.logs import JsonFormatter
from salescontrol.core.middleware import client_ip
from tests.crawl import BACKEND, Stage, addresses, counted_once, quiet
from tests.world import make

pytestmark = pytest.mark.django_db
FORGOTTEN = (
    "/admin/", "/admin/login/", "/__debug__/", "/__debug__/render_panel/", "/media/", "/media/x.pdf", "/protected/x", "/var/",
    "/.git/config",
    "/.git/HEAD", "/.env", "/env", "/static/../salescontrol/settings.py", "/static/..%2f.env", "/static/%2e%2e/%2e%2e/etc/passwd",
    "/salescontrol/settings.py", "/manage.py", "/db.sqlite3", "/salescontrol.sqlite3", "/backup.zip", "/phpinfo.php", "/server-status",
    "/api/", "/graphql", "/silk/", "/accounts/login/", "/jsi18n/", "/debug/", "/metrics", "/healthz/details", "/readyz/", "/robots.txt.bak",
)  # fmt: skip


@pytest.mark.parametrize("path", FORGOTTEN)
def test_abuse_41_what_is_not_a_page_is_not_there(client, people, sign_in, path):
    assert client.get(path).status_code == 404
    assert sign_in(people.management).get(path).status_code == 404


def test_abuse_41_the_health_pages_tell_names_only(client):
    assert client.get("/healthz").content == b"ok"
    found = json.loads(client.get("/readyz").content)

    assert set(found) == {"ready", "database", "migrations", "background", "journal", "disk"}
    assert all(isinstance(value, bool) for value in found.values())


def test_abuse_42_another_host_gets_no_answer(client):
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "[::1]evil", "localhost:80:80"):
        assert client.get("/sign-in/", headers={"host": host}).status_code == 400


def test_abuse_42_nobody_forwards_a_host_an_address_or_a_scheme_by_themselves(client, settings):
    """With no trusted proxy in front, forwarded headers are somebody's text."""
    spoofed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https",
               "X-Real-IP": "10.9.8.7", "Forwarded": "for=10.9.8.7;host=evil.example;proto=https"}  # fmt: skip
    answer = client.get("/", headers=spoofed)

    assert answer["Location"] == "/sign-in/?next=/"
    assert not answer.wsgi_request.is_secure()
    assert client_ip(answer.wsgi_request) == "127.0.0.1"
    assert b"evil.example" not in client.get("/sign-in/", headers=spoofed).content


@pytest.mark.parametrize(
    ("proxies", "chain", "found"),
    [
        (0, "1.1.1.1", "127.0.0.1"),
        (1, "6.6.6.6, 2.2.2.2", "2.2.2.2"),
        (2, "6.6.6.6, 3.3.3.3, 2.2.2.2", "3.3.3.3"),
        (2, "2.2.2.2", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_abuse_42_as_many_proxies_are_believed_as_there_are(settings, proxies, chain, found):
    settings.TRUSTED_PROXIES = proxies
    assert client_ip(RequestFactory().get("/", headers={"X-Forwarded-For": chain})) == found


def test_abuse_44_every_post_needs_the_token_of_its_page():
    """Asked without the token, every address refuses, writes nothing, and says 403."""
    with Stage() as stage, quiet(), counted_once({}):
        world = make()
        stage.settle()
        client = Client(enforce_csrf_checks=True)
        client.force_login(world.people["supervisor"], backend=BACKEND)
        wrong = []
        for address in (kinds[0] for kinds in addresses(world).values()):
            for method, data in (("post", {"csrfmiddlewaretoken": "x" * 64}), ("delete", None)):
                answer = getattr(client, method)(address.path, data)
                if answer.status_code != 403:
                    wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []


def test_abuse_44_another_site_cannot_use_a_token_it_made_up(people):
    client = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    client.force_login(people.specialist, backend=BACKEND)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post("/language/", {"language": "zh-hans", "csrfmiddlewaretoken": "a" * 32})

    assert answer.status_code == 403


INJECTED = "x\r\n2026-11-23 admin login ok\u2028\x1b[31m"


def test_abuse_47_a_forged_line_stays_one_line_of_json(client, people, sign_in):
    """Line breaks in names, addresses and headers are escaped; every line is one record."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        client.post("/sign-in/", {"employee_no": INJECTED, "password": INJECTED}, headers={"user-agent": INJECTED})
        client.get("/p/x%0d%0a2026-11-23%20admin%20login%20ok/board/")
        sign_in(people.specialist).get("/nothing%0a2026-11-23%20admin%20login%20ok/?q=%0aadmin%20login%20ok")
        logging.getLogger("x").error("failed for %s", INJECTED)
    finally:
        root.removeHandler(handler)
    lines = stream.getvalue().splitlines()

    assert len(lines) >= 4
    assert stream.getvalue().count("\n") == len(lines)
    for line in stream.getvalue().split("\n")[:-1]:
        record = json.loads(line)
        assert "\x1b" not in line
        assert {"at", "level", "logger"} <= set(record)
