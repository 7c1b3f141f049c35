"""The short way of a poll that is told nothing: taken only while everything is as it was, with the same answer and headers."""

import json
import time
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import BoardChange, ProjectGrant
from inventory.queries.live import LETTERS
from inventory.states import Status
from salescontrol.core import audit, clock
from salescontrol.core.history import save_tracked
from security import polls
from security.models import EndReason, Session, User
from security.services.sessions import close_session
from tests import build
from tests.live.conftest import stock_of

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _nothing_kept():
    polls.forget()
    yield
    polls.forget()


class Poll:
    """An open board of one person; `queries` are those of the last look."""

    def __init__(self, client, person) -> None:
        self.client, self.person, self.queries = client, person, []
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        self.token = client.get("/p/AAA/board/state/", headers=ASKED)["Board-Token"]

    def __call__(self, **headers):
        reset_queries()  # Many looks in one test would fill the log that the context reads.
        with CaptureQueriesContext(connection) as asked:
            answer = self.client.get(f"/p/AAA/board/changes/?token={self.token}", headers={**ASKED, **headers})
        self.queries = [query["sql"] for query in asked]
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    @property
    def short(self) -> bool:
        """Whether one statement gave the answer."""
        return len(self.queries) == 1 and "rung.*" in self.queries[0]


@pytest.fixture
def poll(people, client) -> Poll:
    stock_of(people)
    # While anybody's transaction is open on a PostgreSQL server, all changes since it began are told again. Here they are forgotten.
    BoardChange.objects.all().delete()
    asked = Poll(client, people.supervisor)
    asked(), asked()
    assert asked.short
    return asked


def test_the_short_answer_is_the_long_one(poll):
    polls.forget()
    long, short = poll(), poll()
    assert poll.short
    assert {**long.json(), "token": "", "now": 0} == {**short.json(), "token": "", "now": 0}
    assert short.json()["now"] >= long.json()["now"]
    theirs = {"X-Request-ID": "", "Content-Length": ""}
    assert {**long.headers, **theirs} == {**short.headers, **theirs}
    assert int(short["Content-Length"]) == len(short.content)
    assert len(long.content) == pytest.approx(len(short.content), abs=3)


def asked_of_the_server(wsgi, poll) -> tuple[str, dict[str, str], bytes]:
    """The next look, asked of what the web server runs."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in poll.client.cookies.items())
    request = poll.client.generic(
        "GET", "/p/AAA/board/changes/", QUERY_STRING=f"token={poll.token}", headers=ASKED
    ).wsgi_request
    begun = []
    environ = {**request.environ, "HTTP_COOKIE": cookies}
    environ = {name: value for name, value in environ.items() if not name.startswith("salescontrol.")}
    body = wsgi.application(environ, lambda status, headers: begun.append((status, dict(headers))))
    return *begun[0], b"".join(body)


def test_the_web_server_is_answered_before_django_sees_the_request(poll, monkeypatch):
    """With everything that the long answer has, and an id of its own; what is not quiet reaches Django."""
    wsgi = import_module("salescontrol.wsgi")  # Here, because it looks at the database.
    long = poll()
    asked_of_the_server(wsgi, poll)  # Its cookies are spelled as a browser spells them: remembered from here on.

    def unreachable(environ, start_response):
        raise AssertionError("it reached Django")

    monkeypatch.setattr(wsgi, "_django", unreachable)
    status, headers, body = asked_of_the_server(wsgi, poll)
    assert status == "200 OK"
    assert headers.pop("X-Request-ID") not in ("", long["X-Request-ID"])
    assert int(headers.pop("Content-Length")) == len(body)
    assert headers == {name: value for name, value in long.items() if name not in ("X-Request-ID", "Content-Length")}
    assert {**json.loads(body), "token": "", "now": 0} == {**long.json(), "token": "", "now": 0}
    close_session(session=Session.objects.get(user=poll.person), by=None, reason=EndReason.BY_OWNER)
    with pytest.raises(AssertionError, match="reached Django"):
        asked_of_the_server(wsgi, poll)


def test_the_short_way_is_logged_as_the_long_one(poll, caplog):
    caplog.set_level("INFO")
    poll()
    line = caplog.records[-1].msg
    assert (line["route"], line["status"], line["user"]) == ("inventory:board_changes", 200, poll.person.pk)


@pytest.mark.parametrize("reason", [EndReason.BY_ADMINISTRATOR, EndReason.BY_OWNER])
def test_an_ended_session_is_told_nothing_more(poll, reason):
    close_session(session=Session.objects.get(user=poll.person), by=None, reason=reason)
    assert poll().status_code == 401


@pytest.mark.parametrize(
    "late", [{"seen_at": timedelta(minutes=31)}, {"started_at": timedelta(hours=13)}, {"expire_date": timedelta(1)}]
)
def test_a_session_that_is_over_by_the_clock_is_told_nothing_more(poll, late):
    Session.objects.update(**{name: clock.now() - age for name, age in late.items()})
    assert poll().status_code == 401


def test_the_limits_are_asked_of_the_clock_at_each_look(poll, settings):
    settings.SESSION_IDLE_MINUTES = 0
    assert poll().status_code == 401


@pytest.mark.parametrize(
    "change", [{"auth_epoch": 7}, {"is_active": False}, {"password": "argon2$another"}], ids=lambda change: next(iter(change))
)  # fmt: skip
def test_a_changed_account_is_told_nothing_more(poll, change):
    person = User.objects.get(pk=poll.person.pk)
    for name, value in change.items():
        setattr(person, name, value)
    with transaction.atomic():
        save_tracked(person, action="test.change", by=None)
    assert poll().status_code == 401


def test_lost_rights_are_lost_at_the_next_look(poll):
    with transaction.atomic():
        ProjectGrant.objects.filter(user=poll.person).delete()
        audit.record("role.revoke", by=None, target=poll.person)
    answer = poll()
    assert not poll.short
    assert answer.status_code in (403, 404)


def test_a_change_is_told_by_the_long_way_and_then_it_is_quiet_again(poll, people):
    build.place_in(Status.HELD, people.own, claim_ends_at=clock.now() + timedelta(hours=1))
    assert [cell[0] for cell in poll().json()["cells"]] == [people.own.pk]
    if connection.vendor == "sqlite":
        poll(), poll()
        assert poll.short


def test_a_hold_that_runs_out_is_told_without_anybody_having_written(poll, people):
    build.place_in(Status.HELD, people.own, claim_ends_at=clock.now() + timedelta(seconds=1))
    letter, until = "", time.monotonic() + 15
    while letter != LETTERS[Status.AVAILABLE] and time.monotonic() < until:
        letter = dict(cell[:2] for cell in poll().json()["cells"]).get(people.own.pk, letter)
    assert letter == LETTERS[Status.AVAILABLE]


def test_another_browser_with_the_same_cookie_goes_the_long_way(poll):
    poll(**{"User-Agent": "somebody else"})
    assert not poll.short
    assert Session.objects.get(user=poll.person).last_device == "somebody else"


def test_another_readers_token_goes_the_long_way(poll, people, client):
    token = poll.token
    other = Poll(client, people.specialist)
    other.token = token
    assert other().json()["reload"] is True


def test_somebody_elses_cookie_and_no_cookie_are_no_way_in(poll, client):
    client.cookies["sessionid"] = "x" * 32
    assert poll().status_code == 401
    client.cookies.clear()
    assert poll().status_code == 401


def test_a_look_keeps_no_session_alive(poll):
    before = Session.objects.get(user=poll.person)
    poll()
    after = Session.objects.get(user=poll.person)
    assert (before.seen_at, before.expire_date) == (after.seen_at, after.expire_date)
