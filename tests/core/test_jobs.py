"""The one dispatcher: work done once per slot, at least once per message, never before its transaction commits (decisions 23)."""

import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from salescontrol.core import background, clock, jobs, tasks, upkeep
from salescontrol.core.errors import Forbidden, NotVisible
from salescontrol.core.models import AuditEvent, Heartbeat, JobRun, Notice, Operation, OutboxMessage


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


@pytest.fixture
def slots(monkeypatch):
    """A job `test.nightly` whose slot the test names; it notes its runs, and fails as often as told."""
    state = SimpleNamespace(due="2026-11-23", ran=[], failures=[])

    def run(slot):
        state.ran.append(slot)
        if state.failures:
            raise RuntimeError(state.failures.pop())
        return "done"

    monkeypatch.setattr(jobs, "_SCHEDULE", {})
    jobs.every("test.nightly", lambda now: state.due)(run)
    return state


def pass_time(**spans):
    """Let what is taken be free again, as if the time had passed."""
    JobRun.objects.update(taken_until=F("taken_until") - timedelta(**spans))


@pytest.mark.django_db
def test_a_failed_slot_is_tried_again_with_growing_distance_and_a_bound(slots):
    slots.failures = ["no paper"] * 99
    for expected in range(1, jobs.ATTEMPTS + 1):
        jobs.run_due()
        jobs.run_due()
        assert len(slots.ran) == expected, "once, and not again before its time"
        ahead = JobRun.objects.get().taken_until - clock.now()
        assert abs(ahead - timedelta(seconds=30 * 4**expected)) < timedelta(seconds=10)
        pass_time(days=1)
    jobs.run_due()
    assert len(slots.ran) == jobs.ATTEMPTS


@pytest.mark.django_db
def test_a_slot_whose_second_try_ends_well_is_done(slots):
    slots.failures = ["no paper"]
    jobs.run_due()
    pass_time(minutes=3)
    jobs.run_due()
    run = JobRun.objects.get()
    assert (run.tries, run.outcome) == (2, "done") and run.finished_at


@pytest.mark.django_db
def test_a_slot_whose_process_was_killed_is_taken_over_but_not_before_its_lease_ends(slots):
    JobRun.objects.create(job="test.nightly", slot="2026-11-23", taken_until=clock.now() + jobs.LEASE)
    jobs.run_due()
    assert slots.ran == []
    pass_time(minutes=3)
    jobs.run_due()
    assert slots.ran == ["2026-11-23"] and JobRun.objects.get().tries == 2


@pytest.mark.django_db(transaction=True)
def test_long_work_stays_taken_however_long_it_lasts(monkeypatch, settings):
    settings.REDIS_URL = ""
    monkeypatch.setattr(jobs, "RENEW", 0.05)
    monkeypatch.setattr(jobs, "_SCHEDULE", {})
    seen = []

    def slow(**payload):
        lease = OutboxMessage.objects.filter(done_at__isnull=True).values_list("taken_until", flat=True)
        begun = lease.get()
        for _moment in range(100):
            time.sleep(0.05)
            if lease.get() > begun:
                seen.append("renewed")
                return

    monkeypatch.setitem(jobs._HANDLERS, "test.note", slow)
    jobs.enqueue("test.note")
    jobs.run_due()
    assert seen == ["renewed"]


@pytest.mark.django_db
def test_abuse_69_after_three_days_without_a_dispatcher_a_job_catches_up_once_and_the_gap_is_listed(slots, monkeypatch):
    monkeypatch.setattr(jobs, "_SCHEDULE", {})
    jobs.every("test.nightly", jobs.daily(2))(lambda slot: slots.ran.append(slot) or "done")
    today = clock.now().replace(hour=4, minute=0)
    for day in (4, 0):
        monkeypatch.setattr(clock, "now", lambda day=day: today - timedelta(days=day))
        for _look in range(3):
            jobs.run_due()
    days = [f"{clock.local(today) - timedelta(days=day):%Y-%m-%d}" for day in range(5)]
    assert slots.ran == [days[4], days[0]]
    assert background.missed_slots(today) == [background.Missed("test.nightly", 3, days[3], days[1])]


def test_slots_are_named_by_the_clock_of_the_office():
    evening = datetime(2026, 11, 23, 17, 59, tzinfo=UTC)
    assert jobs.MINUTELY(evening) == "2026-11-24T01:59"
    assert jobs.HOURLY(evening) == "2026-11-24T01"
    assert jobs.daily(2)(evening) == "2026-11-23", "01:59 at the office: yesterday's is still the one that is due"
    assert jobs.daily(2)(evening + timedelta(minutes=1)) == "2026-11-24"


@pytest.mark.django_db
def test_a_message_that_was_given_up_is_told_once_and_can_be_tried_again(people, calls, settings):
    settings.REDIS_URL = ""
    seen, failures = calls
    failures.extend(["no"] * jobs.ATTEMPTS)
    message = jobs.enqueue("test.note")
    for _attempt in range(9):
        OutboxMessage.objects.update(due_at=clock.now() - timedelta(seconds=1))
        jobs.run_due()
    told = Notice.objects.filter(code="work.given_up")
    keepers = {people.supervisor, people.other_supervisor, people.administrator}
    assert {notice.to for notice in told} == keepers and told.count() == 3
    jobs.try_again(message_id=message.pk, by=people.administrator)
    jobs.run_due()
    assert len(seen) == jobs.ATTEMPTS + 1 and OutboxMessage.objects.get().done_at
    assert AuditEvent.objects.get(action="background.again").actor == people.administrator
    with pytest.raises(NotVisible):
        jobs.try_again(message_id=message.pk, by=people.administrator)
    with pytest.raises(Forbidden):
        jobs.try_again(message_id=message.pk, by=people.specialist)


@pytest.mark.django_db
def test_a_message_that_ends_the_process_five_times_is_told_too(people, monkeypatch, calls, settings):
    settings.REDIS_URL = ""
    jobs.enqueue("test.note")
    OutboxMessage.objects.update(attempts=jobs.ATTEMPTS, taken_until=clock.now() - timedelta(seconds=1))
    jobs.run_due()
    assert Notice.objects.filter(code="work.given_up", to=people.administrator).exists()


@pytest.mark.django_db
def test_a_job_that_fails_twice_in_a_row_is_told_once_a_day(people, slots):
    slots.failures = ["no paper"] * 99
    for minute in range(4):
        slots.due = f"2026-11-23T10:0{minute}"
        jobs.run_due()
        assert Notice.objects.filter(code="work.failing", to=people.supervisor).count() == (1 if minute else 0)


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
    assert jobs.delayed(clock.now())
    jobs.run_due()
    assert not jobs.delayed(clock.now())
    since = Heartbeat.objects.get().since
    jobs.run_due()
    assert Heartbeat.objects.get().since == since
    Heartbeat.objects.update(seen_at=clock.now() - timedelta(minutes=10))
    assert jobs.delayed(clock.now())
    jobs.run_due()
    assert Heartbeat.objects.get().since > since, "after a break its life begins anew"


@pytest.mark.django_db
def test_work_that_waits_too_long_is_a_delay_but_work_under_way_or_given_up_is_not(calls):
    jobs.run_due()
    now = clock.now()
    message = jobs.enqueue("test.note", due_at=now - timedelta(minutes=1))
    assert not jobs.delayed(now)
    OutboxMessage.objects.update(due_at=now - timedelta(minutes=3))
    assert jobs.delayed(now)
    OutboxMessage.objects.filter(pk=message.pk).update(attempts=1, taken_until=now + jobs.LEASE)
    assert not jobs.delayed(now)
    OutboxMessage.objects.filter(pk=message.pk).update(attempts=jobs.ATTEMPTS, taken_until=None)
    assert not jobs.delayed(now)


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
    monkeypatch.setattr(tasks.run_message, "apply_async", lambda args, **_options: handed.append(args))
    message = jobs.enqueue("test.note", unit=7)
    jobs.run_due()
    assert handed == [(message.pk, 0)]
    jobs.run_message(message.pk, 0)
    OutboxMessage.objects.update(done_at=None)
    jobs.run_message(message.pk, 0)
    assert calls[0] == [{"unit": 7}], "delivered twice, done once"


@pytest.mark.django_db(transaction=True)
def test_abuse_67_a_message_that_was_lost_on_its_way_is_done_by_the_dispatcher(calls, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(tasks.run_message, "apply_async", lambda args, **_options: None)
    jobs.enqueue("test.note", unit=7)
    jobs.run_due()
    jobs.run_due()
    assert calls[0] == [], "a worker may still begin it"
    OutboxMessage.objects.update(taken_until=F("taken_until") - jobs.HANDED)
    jobs.run_due()
    assert calls[0] == [{"unit": 7}]


@pytest.mark.django_db(transaction=True)
def test_abuse_67_a_dead_redis_is_asked_once_in_a_round_and_everything_is_done_here(calls, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    asked = []

    def refuse(args, **options):
        asked.append(args)
        raise OperationalError

    monkeypatch.setattr(tasks.run_message, "apply_async", refuse)
    for number in range(5):
        jobs.enqueue("test.note", number=number)
    assert jobs.run_due() == 5
    assert len(asked) == 1 and len(calls[0]) == 5


@pytest.mark.django_db
def test_old_traces_are_cleared_and_open_work_is_not(people, calls):
    now = clock.now()
    old, recent = now - timedelta(days=31), now - timedelta(days=29)
    kept = [
        OutboxMessage.objects.create(topic="test.note", done_at=recent).pk,
        OutboxMessage.objects.create(topic="test.note", due_at=old).pk,
    ]
    OutboxMessage.objects.create(topic="test.note", done_at=old)
    for at in (old, recent):
        Operation.objects.create(op_id=uuid4(), action="x", fingerprint="x", by=people.specialist, at=at)
    JobRun.objects.create(job="a", slot="1", started_at=now - timedelta(days=366))
    JobRun.objects.create(job="a", slot="2", started_at=now - timedelta(days=364))
    assert upkeep.clear("2026-11-23") == "cleared 1 messages, 1 operations, 1 runs"
    assert sorted(OutboxMessage.objects.values_list("pk", flat=True)) == sorted(kept)
