"""The one dispatcher: work done once per slot, at least once per message, never before its transaction commits (decisions 23)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from salescontrol.core import clock, jobs
from salescontrol.core.models import Heartbeat, JobRun, OutboxMessage


@pytest.fixture
def calls(monkeypatch):
    """A topic `test.note` whose handler writes down its calls, and fails as often as told."""
    seen, failures = [], []

    def note(**payload):
        seen.append(payload)
        if failures:
            raise RuntimeError(failures.pop())

    monkeypatch.setitem(jobs._HANDLERS, "test.note", note)
    monkeypatch.setattr(jobs, "_SCHEDULE", {})
    return seen, failures


@pytest.mark.django_db
def test_a_message_is_done_once_and_marked_done(calls, settings):
    settings.REDIS_URL = ""
    seen, _failures = calls
    jobs.enqueue("test.note", unit=7)
    assert jobs.run_due() == 1
    assert jobs.run_due() == 0
    assert seen == [{"unit": 7}]
    assert OutboxMessage.objects.get().done_at is not None


@pytest.mark.django_db
def test_a_failure_is_kept_with_its_text_and_tried_again_later(calls, settings):
    settings.REDIS_URL = ""
    seen, failures = calls
    failures.append("printer on fire")
    jobs.enqueue("test.note", unit=7)
    jobs.run_due()
    message = OutboxMessage.objects.get()
    assert message.error == "RuntimeError: printer on fire"
    assert message.done_at is None and message.due_at > clock.now()
    assert jobs.run_due() == 0, "not before its time"
    OutboxMessage.objects.update(due_at=clock.now() - timedelta(seconds=1))
    jobs.run_due()
    assert len(seen) == 2 and OutboxMessage.objects.get().done_at is not None


@pytest.mark.django_db
def test_a_message_is_given_up_after_five_attempts(calls, settings):
    settings.REDIS_URL = ""
    seen, failures = calls
    failures.extend(["no"] * 9)
    jobs.enqueue("test.note")
    for _attempt in range(9):
        OutboxMessage.objects.update(due_at=clock.now() - timedelta(seconds=1))
        jobs.run_due()
    assert len(seen) == jobs.ATTEMPTS


@pytest.mark.django_db
def test_a_message_that_ends_the_process_counts_as_an_attempt_and_is_given_up_too(calls, monkeypatch, settings):
    """A killed process runs no `except`: were the attempt counted afterwards, the message would end every process for ever."""
    settings.REDIS_URL = ""
    seen = []

    def killed(**payload):
        seen.append(payload)
        raise SystemExit

    monkeypatch.setitem(jobs._HANDLERS, "test.note", killed)
    jobs.enqueue("test.note")
    for _attempt in range(9):
        OutboxMessage.objects.update(due_at=clock.now() - timedelta(seconds=1), taken_until=None)
        try:
            jobs.run_due()
        except SystemExit:
            continue
    assert len(seen) == jobs.ATTEMPTS


@pytest.mark.django_db
def test_a_failing_job_of_the_clock_keeps_nothing_else_from_its_work(calls, settings):
    settings.REDIS_URL = ""
    seen, _failures = calls
    ran = []

    def broken(slot):
        raise RuntimeError("no paper")

    jobs.every("test.broken", lambda now: "2026-11-23")(broken)
    jobs.every("test.nightly", lambda now: "2026-11-23")(lambda slot: ran.append(slot) or "done")
    jobs.enqueue("test.note", unit=7)
    jobs.run_due()
    assert (ran, seen) == (["2026-11-23"], [{"unit": 7}])
    run = JobRun.objects.get(job="test.broken")
    assert run.outcome == "RuntimeError: no paper" and run.finished_at is None


@pytest.mark.django_db(transaction=True)
def test_work_asked_for_in_a_failed_transaction_is_never_done(calls, settings):
    settings.REDIS_URL = ""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue("test.note")
        raise ZeroDivisionError
    assert jobs.run_due() == 0


@pytest.mark.django_db
def test_a_slot_runs_once_however_often_the_dispatcher_looks(monkeypatch):
    ran = []
    monkeypatch.setattr(jobs, "_SCHEDULE", {})
    jobs.every("test.nightly", lambda now: "2026-11-23")(lambda slot: ran.append(slot) or "done")
    jobs.run_due()
    jobs.run_due()
    assert ran == ["2026-11-23"]
    assert JobRun.objects.get(job="test.nightly").outcome == "done"


@pytest.mark.django_db
def test_the_dispatcher_shows_that_it_lives():
    assert not jobs.alive()
    jobs.run_due()
    assert jobs.alive()
    Heartbeat.objects.update(seen_at=clock.now() - timedelta(minutes=10))
    assert not jobs.alive()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_share_the_work_without_doing_any_twice(calls, settings):
    settings.REDIS_URL = ""
    seen, _failures = calls
    for number in range(40):
        jobs.enqueue("test.note", number=number)
    barrier = threading.Barrier(2)

    def dispatch():
        barrier.wait()
        jobs.run_due()
        connection.close()

    threads = [threading.Thread(target=dispatch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item["number"] for item in seen) == list(range(40))


@pytest.mark.redis
@pytest.mark.django_db(transaction=True)
def test_with_redis_the_message_goes_to_a_worker_by_number_only(calls, monkeypatch):
    handed = []
    monkeypatch.setattr("salescontrol.core.tasks.run_message.delay", handed.append)
    message = jobs.enqueue("test.note", unit=7)
    jobs.run_due()
    assert handed == [message.pk]
    jobs.run_message(message.pk)
    jobs.run_message(message.pk)
    assert calls[0] == [{"unit": 7}], "delivered twice, done once"
