"""A real Chromium against a real server: signed in without typing, and every complaint of the browser is a failure."""

import os

import pytest
from django.test import Client

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync")  # fmt: skip
# Answers that a page may get on purpose: a refused form, a lost race, a page that is not there.
EXPECTED = ("status of 404", "status of 409", "status of 422")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {**browser_type_launch_args, "executable_path": path, "headless": True, "args": list(ARGUMENTS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "locale": "en-GB",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1440, "height": 900},
    }


@pytest.fixture(scope="session")
def live_server(live_server):
    """The server of pytest-django; its last threads may end after it, and on SQLite they close a connection that is not theirs."""
    for connection in live_server.thread.connections_override.values():
        connection.inc_thread_sharing()
    return live_server


def listen(page) -> list[str]:
    """What the browser complains about from now on: errors in the console (refusals of the policy among them) and in scripts."""
    complaints: list[str] = []

    def hear(message) -> None:
        if message.type == "error" and not any(text in message.text for text in EXPECTED):
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    return complaints


@pytest.fixture
def page(page):
    """Playwright's page; the test fails when the browser complained."""
    complaints = listen(page)
    yield page
    assert complaints == []


@pytest.fixture
def enter(live_server, settings):
    """Sign somebody in on a page or context of the browser: `enter(page, person)` returns a client of the same session."""

    def let_in(page, person) -> Client:
        client = Client()  # One of its own: a client that signs somebody else in ends the session before.
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        return client

    return let_in


@pytest.fixture
def open_page(live_server, page):
    """Open an address of the product (from `reverse`) and return Playwright's answer."""
    return lambda address: page.goto(live_server.url + address)
