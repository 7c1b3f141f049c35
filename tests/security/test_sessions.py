"""Sessions end: by time, by their owner, by an administrator, by every change of rights; and they stay on record (quality S2)."""

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from salescontrol.core import pages
from salescontrol.core.access import access_of
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Role
from security.models import EndReason, Session, User
from security.services import grants, sessions
from security.tasks import close_sessions
from tests.security.conftest import CHROME, PASSWORD, PHONE

pytestmark = pytest.mark.django_db


def only(person) -> Session:
    return Session.objects.get(user=person)


def test_the_key_is_a_new_one_at_every_sign_in(known, enter, client):
    client.cookies["sessionid"] = "a" * 32
    enter(known.supervisor)
    first = client.cookies["sessionid"].value
    assert first != "a" * 32
    client.post(reverse("security:sign_out"))
    enter(known.supervisor)
    assert client.cookies["sessionid"].value != first


def test_an_idle_session_ends_and_says_why(known, enter, client, later):
    enter(known.supervisor)
    later(minutes=29)
    assert client.get(reverse("inbox")).status_code == 200
    later(minutes=60)
    answer = client.get(reverse("inbox"))
    assert answer.status_code == 302 and answer.url == "/sign-in/?next=/inbox/"
    assert "nothing was done for a while" in client.get(answer.url).content.decode()
    row = only(known.supervisor)
    assert (
        (row.end_reason, row.session_data) == (EndReason.IDLE, "") and row.ended_at is not None and row.ended_by is None
    )


def test_work_keeps_a_session_but_not_beyond_twelve_hours(known, enter, client, later):
    enter(known.supervisor)
    for quarter in range(1, 48):
        later(minutes=15 * quarter)
        assert client.get(reverse("inbox")).status_code == 200, quarter
    later(hours=12, minutes=1)
    assert client.get(reverse("inbox")).status_code == 302
    assert only(known.supervisor).end_reason == EndReason.ABSOLUTE


def test_a_poll_keeps_no_session_alive(known, enter, client, later, monkeypatch):
    monkeypatch.setattr(pages.Inbox, "keeps_alive", False, raising=False)
    enter(known.supervisor)
    for minute in (10, 20, 29):
        later(minutes=minute)
        assert client.get(reverse("inbox")).status_code == 200
    later(minutes=31)
    assert client.get(reverse("inbox")).status_code == 302


def test_being_seen_is_written_once_a_minute_at_most(known, enter, client, later):
    enter(known.supervisor)
    before = only(known.supervisor).seen_at
    client.get(reverse("inbox"))
    assert only(known.supervisor).seen_at == before
    later(seconds=61)
    client.get(reverse("inbox"))
    assert only(known.supervisor).seen_at > before


def test_a_poll_of_an_ended_session_is_told_where_to_go_instead_of_getting_the_page(known, enter, client, later):
    enter(known.supervisor)
    later(minutes=31)
    answer = client.get(reverse("inbox"), headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer["HX-Redirect"] == "/sign-in/" and b"<html" not in answer.content


def test_a_form_sent_after_the_end_leads_back_to_its_page(known, client):
    answer = client.post(reverse("inbox_read_all"), headers={"Referer": "http://testserver/inbox/?page=2"})
    assert answer.url == "/sign-in/?next=/inbox/%3Fpage%3D2"
    for foreign in ("https://evil.example/x", "", "//evil.example/x"):
        assert client.post(reverse("inbox_read_all"), headers={"Referer": foreign}).url == "/sign-in/?next=/", foreign


def test_changing_a_role_ends_every_session_at_once(known, enter, client):
    enter(known.salesperson)
    grants.set_roles(user=known.salesperson, project_id=known.a.pk, roles=[Role.SPECIALIST], by=known.supervisor)
    answer = client.get(reverse("inbox"))
    assert answer.status_code == 302
    assert "roles were changed" in client.get(answer.url).content.decode()


def test_the_epoch_alone_ends_a_session_too(known, enter, client):
    """Even a session whose row was missed dies: its proof names the epoch (decisions 24)."""
    enter(known.salesperson)
    User.objects.filter(pk=known.salesperson.pk).update(auth_epoch=7)
    assert client.get(reverse("inbox")).status_code == 302
    assert only(known.salesperson).ended_at is not None


def test_a_closed_account_is_out_at_its_next_request(known, enter, client):
    enter(known.salesperson)
    User.objects.filter(pk=known.salesperson.pk).update(is_active=False)
    assert client.get(reverse("inbox")).status_code == 302


def test_a_changed_password_ends_all_other_sessions_and_keeps_this_one(known, enter, client):
    other = Client()
    enter(known.supervisor, on=other)
    enter(known.supervisor)
    new = {"present": PASSWORD, "new": "Quiet-Harbour-77", "again": "Quiet-Harbour-77"}
    assert client.post(reverse("security:password"), new).status_code == 302
    assert client.get(reverse("inbox")).status_code == 200
    assert other.get(reverse("inbox")).status_code == 302
    assert Session.objects.filter(user=known.supervisor, end_reason=EndReason.PASSWORD_CHANGED).count() == 1


def test_abuse_51_one_sees_where_one_is_signed_in_and_ends_one_or_all_others(known, enter, browser, client):
    phone, third = browser(PHONE), browser("Mozilla/5.0 (X11; Linux) Firefox/150.0")
    for device in (client, phone, third):
        enter(known.supervisor, on=device)
    page = client.get(reverse("security:sessions")).content.decode()
    assert "Safari · iPhone" in page and "Firefox · Linux" in page and page.count("this one") == 1
    row = Session.objects.get(user=known.supervisor, device=PHONE)
    assert client.post(reverse("security:session_end", args=[row.number])).status_code == 302
    ended = phone.get(reverse("inbox"))
    assert ended.status_code == 302 and "ended from another device" in phone.get(ended.url).content.decode()
    client.post(reverse("security:sessions"))
    assert third.get(reverse("inbox")).status_code == 302 and client.get(reverse("inbox")).status_code == 200


def test_abuse_51_a_session_that_changes_its_device_is_noted_and_told_to_its_owner(known, enter, browser):
    own = browser(CHROME)
    enter(known.supervisor, on=own)
    thief = browser(PHONE, "203.0.113.50")
    thief.cookies = own.cookies
    thief.get(reverse("inbox"))
    row = only(known.supervisor)
    assert row.moved_at is not None and (row.last_device, row.last_ip) == (PHONE, "203.0.113.50")
    assert AuditEvent.objects.filter(action="session.moved", actor=known.supervisor).count() == 1
    assert [item.code for item in known.supervisor.notices.all()] == ["session.moved"]
    assert "was Chrome · Windows" in own.get(reverse("security:sessions")).content.decode()


def test_a_session_is_addressed_by_its_number_never_by_its_key(known, enter, client):
    enter(known.supervisor)
    page = client.get(reverse("security:sessions")).content.decode()
    assert client.cookies["sessionid"].value not in page


def test_an_administrator_ends_anybodys_session_and_others_only_their_own(known, enter, client):
    victim = Client()
    enter(known.salesperson, on=victim)
    url = reverse("security:session_end", args=[only(known.salesperson).number])
    enter(known.supervisor)
    assert client.post(url).status_code == 404
    assert victim.get(reverse("inbox")).status_code == 200
    administrator = Client()
    enter(known.administrator, on=administrator)
    assert administrator.get(url).status_code == 200
    assert administrator.post(url).status_code == 302
    ended = victim.get(reverse("inbox"))
    assert "administrator ended this session" in victim.get(ended.url).content.decode()
    row = only(known.salesperson)
    assert (row.end_reason, row.ended_by) == (EndReason.BY_ADMINISTRATOR, known.administrator)
    assert AuditEvent.objects.filter(
        action="session.end", actor=known.administrator, target_id=known.salesperson.pk
    ).exists()


def test_ended_sessions_stay_as_a_record_without_their_data(known, enter, client):
    enter(known.supervisor)
    client.post(reverse("security:sign_out"))
    row = only(known.supervisor)
    assert (row.end_reason, row.ended_by, row.session_data) == (EndReason.SIGNED_OUT, known.supervisor, "")
    enter(known.supervisor)
    assert Session.objects.filter(user=known.supervisor).count() == 2


def test_an_ended_key_never_works_again_even_when_a_slow_request_still_writes(known, enter, client):
    enter(known.supervisor)
    store = client.session
    assert store["duties"] == []
    sessions.end_all_sessions(user=known.supervisor, by=None, reason=EndReason.RIGHTS_CHANGED)
    store["project"] = "AAA"
    with pytest.raises(UpdateError):
        store.save()
    assert only(known.supervisor).session_data == ""


def test_sessions_that_nobody_came_back_to_are_closed_by_the_clock(known, enter, client, later):
    enter(known.supervisor)
    enter(known.specialist, on=Client())
    later(minutes=91)
    assert close_sessions("slot") == "closed 2, swept 1"
    assert {row.end_reason for row in Session.objects.all()} == {EndReason.IDLE}
    assert close_sessions("slot") == "closed 0, swept 0"


def test_the_list_of_sessions_costs_the_same_for_one_and_for_thirty(known, enter, client):
    enter(known.supervisor)
    client.get(reverse("security:sessions"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("security:sessions"))
    for turn in range(30):
        enter(known.supervisor, on=Client(REMOTE_ADDR=f"10.0.0.{turn}"))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("security:sessions"))
    assert len(many) == len(few)


PUBLIC = {
    "security:sign_in",
    "security:sign_out",
    "security:second_factor",
    "security:one_time",
    "security:language",
    "healthz",
    "readyz",
    "display",
    "display_changes",
    "calendar_feed",
}


def test_only_these_pages_open_without_signing_in():
    """A public page opts out explicitly, and is listed here."""
    found = set()

    def walk(patterns, prefix=""):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                name = pattern.namespace
                walk(pattern.url_patterns, f"{prefix}{name}:" if name else prefix)
            elif getattr(pattern.callback, "login_required", True) is False:
                found.add(prefix + pattern.name)

    walk(get_resolver().url_patterns)
    assert {name for name in found if name.startswith("security:") or ":" not in name} == PUBLIC


def test_rights_are_read_anew_after_a_change_within_one_request(known):
    assert Role.SALESPERSON in access_of(known.salesperson).roles_in(known.a.pk)
    grants.set_roles(user=known.salesperson, project_id=known.a.pk, roles=[], by=known.supervisor)
    assert not access_of(known.salesperson).roles_in(known.a.pk)
