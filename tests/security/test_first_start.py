"""The first start: one-time links for an administrator and a management account, once, and no password anywhere (decisions 6)."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from salescontrol.core.permissions import Role
from security.models import OneTimeLink, User
from security.queries import roles_of

pytestmark = pytest.mark.django_db
PEOPLE = {"admin_no": "x1", "admin_name": "Tang Wei", "management_no": "M1", "management_name": "Ma Chao"}


def run(**changes) -> str:
    out = StringIO()
    call_command("first_admin", stdout=out, **{**PEOPLE, "url": "https://sales.example.com/", **changes})
    return out.getvalue()


def test_it_prints_two_links_that_work_once():
    printed = run()
    links = [word for word in printed.split() if word.startswith("https://sales.example.com/one-time/")]
    assert len(links) == 2
    path = links[0].removeprefix("https://sales.example.com")
    assert Client().post(path, {"new": "Quiet-Harbour-77", "again": "Quiet-Harbour-77"}).status_code == 302
    assert Client().get(path).status_code == 404
    administrator, management = User.objects.get(employee_no="X1"), User.objects.get(employee_no="M1")
    assert roles_of(administrator, None) == {Role.ADMINISTRATOR} and roles_of(management, None) == {Role.MANAGEMENT}
    assert not management.has_usable_password()


def test_it_runs_once_only():
    run()
    with pytest.raises(CommandError, match="administrator already"):
        run(admin_no="X2", management_no="M2")
    assert User.objects.count() == 2


@pytest.mark.parametrize("changes", [{"admin_no": "a b"}, {"admin_name": " "}, {"management_no": "x1"}])
def test_what_is_wrong_is_said_and_nothing_is_made(changes):
    with pytest.raises(CommandError):
        run(**changes)
    assert not User.objects.exists() and not OneTimeLink.objects.exists()


def test_what_is_left_out_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "X9")
    run(admin_no="", admin_name="")
    assert asked == ["Employee number of the admin account: ", "Name of the admin account: "]


def test_a_new_installation_has_nobody_in_it():
    assert not User.objects.exists()
