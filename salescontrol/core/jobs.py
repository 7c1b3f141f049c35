"""The one dispatcher of background work (decisions 23): `run_due()` does, or hands to Celery, whatever is due.

Work enters as an outbox row in the business transaction (`enqueue`), or by the clock (`every`). Without Redis one local
process (`manage.py work`) calls `run_due()`; with Redis, beat does and Celery workers execute. Handlers are idempotent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, close_old_connections, transaction
from django.db.models import F, Q

from salescontrol.core import clock
from salescontrol.core.models import Heartbeat, JobRun, OutboxMessage

log = structlog.get_logger(__name__)
_HANDLERS: dict[str, Callable[..., None]] = {}
_SCHEDULE: dict[str, "Schedule"] = {}
TAKEN = timedelta(minutes=15)
ATTEMPTS = 5
DISPATCHER = "dispatcher"


@dataclass(frozen=True)
class Schedule:
    """A job by the clock: `slot(now)` names the slot that is due at this instant, or None."""

    run: Callable[[str], str]
    slot: Callable[[datetime], str | None]


def handler(topic: str) -> Callable:
    """Decorator: the function gets the payload of each message of `topic` as keyword arguments."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _HANDLERS[topic] = function
        return function

    return register


def every(name: str, slot: Callable[[datetime], str | None]) -> Callable:
    """Decorator: run the function once for every slot that `slot(now)` names; it returns a line for the log."""

    def register(function: Callable[[str], str]) -> Callable[[str], str]:
        _SCHEDULE[name] = Schedule(function, slot)
        return function

    return register


def enqueue(topic: str, *, due_at: datetime | None = None, **payload) -> OutboxMessage:
    """Ask for work in the current transaction: it will be done if and only if the transaction commits."""
    assert topic in _HANDLERS, topic
    return OutboxMessage.objects.create(topic=topic, payload=payload, **({"due_at": due_at} if due_at else {}))


def run_due() -> int:
    """Do (or hand on) everything that is due, once; returns how many pieces. Safe to call from several processes."""
    now = clock.now()
    Heartbeat.objects.update_or_create(name=DISPATCHER, defaults={"seen_at": now})
    return _run_schedule(now) + _run_outbox(now)


def _run_schedule(now: datetime) -> int:
    done = 0
    for name, schedule in _SCHEDULE.items():
        slot = schedule.slot(now)
        if slot and (run := _claim_slot(name, slot)) is not None:
            _run_slot(run, schedule)
            done += 1
    return done


def _run_slot(run: JobRun, schedule: Schedule) -> None:
    """Do one slot; a failure is kept with its text, without an end, and the next slot tries again."""
    try:
        run.outcome = schedule.run(run.slot)
        run.finished_at = clock.now()
    except Exception as error:
        # A job may fail in any way; the other jobs and messages must be done all the same.
        log.exception("job_failed", job=run.job, slot=run.slot)
        run.outcome = _told(error)
    run.save(update_fields=["outcome", "finished_at"])


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _claim_slot(name: str, slot: str) -> JobRun | None:
    if JobRun.objects.filter(job=name, slot=slot).exists():
        return None
    try:
        with transaction.atomic():
            return JobRun.objects.create(job=name, slot=slot)
    except IntegrityError:
        return None


def _run_outbox(now: datetime) -> int:
    done = 0
    for pk in _take(now):
        if settings.REDIS_URL:
            _hand_to_celery(pk)
        else:
            run_message(pk)
        done += 1
    return done


def _take(now: datetime, count: int = 50) -> list[int]:
    """Reserve due messages for this dispatcher, skipping those that another one holds."""
    with transaction.atomic():
        free = Q(taken_until__isnull=True) | Q(taken_until__lt=now)
        due = OutboxMessage.objects.filter(free, done_at__isnull=True, due_at__lte=now, attempts__lt=ATTEMPTS)
        rows = list(due.select_for_update(skip_locked=True).order_by("due_at", "pk")[:count])
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(taken_until=now + TAKEN)
    return [row.pk for row in rows]


def _hand_to_celery(pk: int) -> None:
    from salescontrol.core.tasks import run_message as task

    task.delay(pk)


def run_message(pk: int) -> None:
    """Execute one outbox message; a failure is kept with its text and tried again with growing distance.

    The attempt is counted before it begins, so that a message which ends the process is given up as well.
    """
    open_message = OutboxMessage.objects.filter(pk=pk, done_at__isnull=True, attempts__lt=ATTEMPTS)
    if not open_message.update(attempts=F("attempts") + 1):
        return
    message = OutboxMessage.objects.get(pk=pk)
    try:
        _HANDLERS[message.topic](**message.payload)
    except Exception as error:
        # A handler may fail in any way; the dispatcher must survive it, keep the text and try again later.
        log.exception("job_failed", topic=message.topic, message=pk)
        message.error = _told(error)
        message.taken_until, message.due_at = None, clock.now() + timedelta(seconds=30 * 4**message.attempts)
    else:
        message.error, message.done_at = "", clock.now()
    message.save(update_fields=["error", "taken_until", "due_at", "done_at"])


def work(*, pause: Callable[[], bool]) -> None:
    """The local worker: `run_due()` again and again until `pause()` says stop."""
    while not pause():
        run_due()
        close_old_connections()


def alive(within: timedelta = timedelta(minutes=3)) -> bool:
    """Whether a dispatcher was seen within the time."""
    return Heartbeat.objects.filter(name=DISPATCHER, seen_at__gte=clock.now() - within).exists()
