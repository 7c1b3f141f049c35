"""People who can really sign in, a clock that can be moved, and the browser of a person."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from salescontrol.core import clock

PASSWORD = "Tall-Cranes-2026"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


@pytest.fixture
def known(people):
    """The people, each with the same password; `known.supervisor` and so on."""
    for person in vars(people).values():
        if hasattr(person, "set_password"):
            person.set_password(PASSWORD)
            person.save()
    return people


@pytest.fixture
def enter(client):
    """Try to sign in through the page: `enter(number, password)` returns the answer."""

    def attempt(number, password=PASSWORD, *, on: Client | None = None, **extra):
        data = {"employee_no": getattr(number, "employee_no", number), "password": password, **extra.pop("data", {})}
        return (on or client).post(reverse("security:sign_in"), data, **extra)

    return attempt


@pytest.fixture
def browser():
    """A new browser of somebody: `browser(CHROME)`."""
    return lambda agent=CHROME, ip="127.0.0.1": Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=ip)


@pytest.fixture
def later(monkeypatch):
    """Move the clock: `later(minutes=31)`; a second call counts from the real time again."""
    real = clock.now

    def move(**distance):
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(**distance))

    return move
