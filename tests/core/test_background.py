"""The page of the background work, and the mark on every page when it is delayed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from salescontrol.core import clock, jobs
from salescontrol.core.models import JobRun, OutboxMessage

pytestmark = pytest.mark.django_db
MARK = 'class="delayed"'


@pytest.fixture(autouse=True)
def _no_schedule(monkeypatch, settings):
    settings.REDIS_URL = ""
    monkeypatch.setattr(jobs, "_SCHEDULE", {})


def test_the_page_shows_what_waits_what_was_given_up_and_what_failed_without_its_contents(people, sign_in, monkeypatch):
    now = clock.now()
    jobs.run_due()
    OutboxMessage.objects.create(
        topic="import.read", payload={"name": "secret-name"}, due_at=now - timedelta(minutes=9)
    )
    OutboxMessage.objects.create(topic="sms.send", error="ValueError: secret-name", attempts=5, given_up_at=now)
    JobRun.objects.create(job="night.report", slot="2026-11-23", outcome="KeyError: secret-name", tries=5)
    monkeypatch.setattr(jobs, "_SCHEDULE", {"day.end": jobs.Schedule(str, jobs.MINUTELY)})
    begun = now - timedelta(minutes=5)
    JobRun.objects.create(
        job="day.end", slot=jobs.MINUTELY(begun), started_at=begun, finished_at=begun, outcome="4 closed"
    )
    page = sign_in(people.administrator).get(reverse("background")).content.decode()
    for shown in ("import.read", "sms.send", "ValueError", "night.report", "KeyError", "day.end", "4 closed", MARK):
        assert shown in page, shown
    assert "secret-name" not in page
    assert 'data-label="Slots" class="num">4<' in page, "four minutes between then and now were missed"


def test_the_mark_is_on_every_page_while_work_is_delayed_and_gone_afterwards(people, sign_in):
    client = sign_in(people.salesperson)
    assert MARK in client.get(reverse("inbox")).content.decode()
    jobs.run_due()
    assert MARK not in client.get(reverse("inbox")).content.decode()


def test_the_mark_costs_one_query(people):
    now = clock.now()
    with CaptureQueriesContext(connection) as asked:
        jobs.delayed(now)
    assert len(asked) == 1


def test_trying_again_asks_first_and_then_does_it(people, sign_in, monkeypatch):
    done = []
    monkeypatch.setitem(jobs._HANDLERS, "test.note", lambda: done.append(1))
    message = OutboxMessage.objects.create(topic="test.note", attempts=5, given_up_at=clock.now())
    client, address = sign_in(people.supervisor), reverse("background_again", args=[message.pk])
    assert client.get(address).status_code == 200
    jobs.run_due()
    assert done == []
    assert client.post(address).url == reverse("background")
    jobs.run_due()
    assert done == [1]
    assert client.post(address).status_code == 404
