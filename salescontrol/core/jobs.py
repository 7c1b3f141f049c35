"""The one dispatcher of background work (decisions 23): `run_due()` does, or hands to Celery, whatever is due.

Work enters as an outbox row in the business transaction (`enqueue`), or by the clock (`every`). Without Redis one local
process (`manage.py work`) calls `run_due()`; with Redis, beat does and Celery workers execute; a cron line may do it besides.
Redis only makes it quicker: what it does not take, or loses, the dispatcher does itself. Handlers are idempotent.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, close_old_connections, connection, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import audit, clock, notices
from salescontrol.core.access import access_of, deciding_users
from salescontrol.core.errors import NotVisible
from salescontrol.core.logs import without_numbers
from salescontrol.core.models import Heartbeat, JobRun, OutboxMessage
from salescontrol.core.permissions import Permission, Role

log = structlog.get_logger(__name__)
_HANDLERS: dict[str, Callable[..., None]] = {}
_SCHEDULE: dict[str, "Schedule"] = {}
_STEADY: list[Callable[[], object]] = []
DISPATCHER = "dispatcher"
# Handed to a worker and not begun by then: lost on the way, or the worker is gone.
HANDED = timedelta(minutes=1)
# Begun: the process that does it renews this every RENEW seconds; when it stops, it was killed.
LEASE = timedelta(minutes=2)
RENEW = 20.0
ATTEMPTS = 5
AWAY = timedelta(minutes=3)
LATE = timedelta(minutes=2)
BATCH, ROUNDS = 50, 20
notices.register("work.given_up", gettext_lazy("Background work was given up after %(count)s attempts: %(work)s"))
notices.register("work.failing", gettext_lazy("A scheduled job fails again and again: %(work)s"))


@dataclass(frozen=True)
class Slots:
    """Names the slot that is due at an instant: every `step`, by the office's clock, `after` the step's beginning."""

    step: timedelta
    form: str
    after: timedelta = field(default=timedelta())

    def __call__(self, now: datetime) -> str:
        return format(clock.local(now).replace(tzinfo=None) - self.after, self.form)


MINUTELY = Slots(timedelta(minutes=1), "%Y-%m-%dT%H:%M")
HOURLY = Slots(timedelta(hours=1), "%Y-%m-%dT%H")


def daily(hour: int, minute: int = 0) -> Slots:
    """One slot a day, named by its date, due at that local time and until the next day's."""
    return Slots(timedelta(days=1), "%Y-%m-%d", timedelta(hours=hour, minutes=minute))


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
    """Decorator: run the function once for every slot that `slot(now)` names; it returns a line for the log.

    Only the latest slot is run: after days without a dispatcher the job catches up once. It must do all that is due by then.
    """

    def register(function: Callable[[str], str]) -> Callable[[str], str]:
        _SCHEDULE[name] = Schedule(function, slot)
        return function

    return register


def steadily(function: Callable[[], object]) -> Callable[[], object]:
    """Decorator: run the function in every round of the dispatcher, which leaves no trace of it."""
    _STEADY.append(function)
    return function


def enqueue(topic: str, *, due_at: datetime | None = None, **payload) -> OutboxMessage:
    """Ask for work in the current transaction: it will be done if and only if the transaction commits."""
    assert topic in _HANDLERS, topic
    return OutboxMessage.objects.create(topic=topic, payload=payload, **({"due_at": due_at} if due_at else {}))


def run_due() -> int:
    """Do (or hand on) everything that is due, once; returns how many pieces. Safe to call from several processes."""
    now = clock.now()
    _seen(now)
    _run_steadily()
    done = _run_schedule(now) + _run_outbox()
    _give_up(clock.now())
    return done


def _run_steadily() -> None:
    for function in _STEADY:
        try:
            function()
        except Exception:
            # Whatever is wrong with one of them, the jobs and messages must be done all the same.
            log.exception("steady_work_failed", work=function.__name__)


def _seen(now: datetime) -> None:
    """Note that a dispatcher lives; after a break its life begins anew."""
    if Heartbeat.objects.filter(name=DISPATCHER, seen_at__gte=now - AWAY).update(seen_at=now):
        return
    _row, first = Heartbeat.objects.update_or_create(name=DISPATCHER, defaults={"seen_at": now, "since": now})
    if not first:
        log.warning("dispatcher_was_away")


def _run_schedule(now: datetime) -> int:
    done = 0
    for name, schedule in _SCHEDULE.items():
        slot = schedule.slot(now)
        if slot and (run := _claim_slot(name, slot, now)) is not None:
            _run_slot(run, schedule)
            done += 1
    return done


def _claim_slot(name: str, slot: str, now: datetime) -> JobRun | None:
    """The slot's run, if this process may do it: nobody has begun it, or the last try failed or was killed some time ago."""
    run = JobRun.objects.filter(job=name, slot=slot).first()
    if run is None:
        return _first_try(name, slot, now)
    if run.finished_at or run.tries >= ATTEMPTS or run.taken_until > now:
        return None
    taken = {"tries": run.tries + 1, "started_at": now, "taken_until": now + LEASE, "outcome": ""}
    if not JobRun.objects.filter(pk=run.pk, tries=run.tries, finished_at__isnull=True).update(**taken):
        return None
    run.tries += 1
    return run


def _first_try(name: str, slot: str, now: datetime) -> JobRun | None:
    try:
        with transaction.atomic():
            return JobRun.objects.create(job=name, slot=slot, started_at=now, taken_until=now + LEASE)
    except IntegrityError:
        return None


def _run_slot(run: JobRun, schedule: Schedule) -> None:
    """Do one slot; a failure is kept with its text and tried again with growing distance while the slot is the latest."""
    mine = JobRun.objects.filter(pk=run.pk, tries=run.tries)
    try:
        with _renewed(mine):
            outcome = schedule.run(run.slot)
    except Exception as error:
        # A job may fail in any way; the other jobs and messages must be done all the same.
        log.exception("job_failed", job=run.job, slot=run.slot)
        mine.update(outcome=_told(error), taken_until=clock.now() + _distance(run.tries))
        _tell_failing(run)
    else:
        mine.update(outcome=outcome[:2000], finished_at=clock.now())


@contextmanager
def _renewed(mine: QuerySet) -> Iterator[None]:
    """While inside, the row stays taken: a thread renews it, however long the work lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_renew, args=(mine, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew(mine: QuerySet, over: threading.Event) -> None:
    while not over.wait(RENEW):
        try:
            mine.update(taken_until=clock.now() + LEASE)
        except DatabaseError:
            log.warning("lease_not_renewed", exc_info=True)
        finally:
            connection.close()


def _told(error: Exception) -> str:
    return without_numbers(f"{type(error).__name__}: {error}")[:2000]


def _distance(attempts: int) -> timedelta:
    """How long to wait after so many failures: 2 minutes, 8, 32, 2 hours."""
    return timedelta(seconds=30 * 4**attempts)


def _tell_failing(run: JobRun) -> None:
    """Two failures in a row are told, once a day for each job; one alone may have been a restart of the database."""
    before = JobRun.objects.filter(job=run.job, pk__lt=run.pk).order_by("-pk").first()
    if run.tries > 1 or (before is not None and before.finished_at is None):
        _tell("work.failing", f"job:{run.job}:{clock.today()}", work=run.job)


def _tell(code: str, key: str, **params) -> None:
    keepers = deciding_users([Role.SUPERVISOR, Role.ADMINISTRATOR], None)
    notices.tell(keepers, code, key=key, url=reverse("background"), **params)


def _run_outbox() -> int:
    """Do what is due in portions, until nothing is left or others need their turn."""
    done = 0
    for _round in range(ROUNDS):
        rows = _take(clock.now())
        for row in _left_here(rows):
            run_message(row.pk, row.attempts)
        done += len(rows)
        if len(rows) < BATCH:
            break
    return done


def _free(now: datetime) -> Q:
    return Q(taken_until__isnull=True) | Q(taken_until__lt=now)


def _take(now: datetime) -> list[OutboxMessage]:
    """Reserve due messages for this dispatcher, skipping those that another one holds."""
    with transaction.atomic():
        due = OutboxMessage.objects.filter(_free(now), done_at__isnull=True, due_at__lte=now, attempts__lt=ATTEMPTS)
        rows = list(due.select_for_update(skip_locked=True).order_by("due_at", "pk")[:BATCH])
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(taken_until=now + HANDED)
    return rows


def _left_here(rows: list[OutboxMessage]) -> list[OutboxMessage]:
    """Hand fresh messages to Celery; what is left is done here.

    Left are: everything without Redis, what was handed on before and not begun in time, and everything from the first
    message that Redis did not take (abuse 67): a frozen one costs one wait, not one for each message.
    """
    here, answers = [], bool(settings.REDIS_URL)
    for row in rows:
        fresh = row.taken_until is None
        answers = answers and (not fresh or _handed(row))
        if not (answers and fresh):
            here.append(row)
    return here


def _handed(row: OutboxMessage) -> bool:
    from kombu.exceptions import OperationalError

    from salescontrol.core.tasks import run_message as task

    try:
        # Measured against a frozen Redis: 4 s at most without Celery's own retries, 11 s with them.
        task.apply_async((row.pk, row.attempts), retry=False)
    except OperationalError:
        log.warning("queue_away", exc_info=True)
        return False
    return True


def run_message(pk: int, attempts: int) -> None:
    """Execute one outbox message; a failure is kept with its text and tried again with growing distance.

    `attempts` is how many there were when it was handed on: of several copies only the first begins. The attempt is
    counted before it begins, so that a message which ends the process is given up as well.
    """
    waiting = OutboxMessage.objects.filter(pk=pk, attempts=attempts, attempts__lt=ATTEMPTS, done_at__isnull=True)
    if not waiting.update(attempts=F("attempts") + 1, taken_until=clock.now() + LEASE):
        return
    message = OutboxMessage.objects.get(pk=pk)
    mine = OutboxMessage.objects.filter(pk=pk, attempts=attempts + 1)
    try:
        with _renewed(mine):
            _HANDLERS[message.topic](**message.payload)
    except Exception as error:
        # A handler may fail in any way; the dispatcher must survive it, keep the text and try again later.
        log.exception("job_failed", topic=message.topic, message=pk)
        mine.update(error=_told(error), taken_until=None, due_at=clock.now() + _distance(message.attempts))
    else:
        mine.update(error="", taken_until=None, done_at=clock.now())


def _give_up(now: datetime) -> None:
    """Tell those who keep the product running about messages that used up their attempts, each once."""
    spent = OutboxMessage.objects.filter(
        _free(now), done_at__isnull=True, given_up_at__isnull=True, attempts__gte=ATTEMPTS
    )
    for message in spent:
        with transaction.atomic():
            if spent.filter(pk=message.pk).update(given_up_at=now):
                key = f"message:{message.pk}:{now.isoformat()}"
                _tell("work.given_up", key, work=message.topic, count=message.attempts)


@transaction.atomic
def try_again(*, message_id: int, by) -> OutboxMessage:
    """Begin anew with a message that was given up (`background.again`); NotVisible when there is none of this number."""
    access_of(by).require(Permission.CONSISTENCY_SEE)
    message = OutboxMessage.objects.select_for_update().filter(pk=message_id, given_up_at__isnull=False).first()
    if message is None:
        raise NotVisible(_("There is nothing to try again. Perhaps somebody else has done so."))
    message.attempts, message.due_at, message.given_up_at, message.taken_until = 0, clock.now(), None, None
    message.save(update_fields=["attempts", "due_at", "given_up_at", "taken_until"])
    audit.record("background.again", by=by, detail={"message": message.pk, "topic": message.topic})
    return message


def work(*, pause: Callable[[], bool]) -> None:
    """The local worker: `run_due()` again and again until `pause()` says stop; it outlives a database that is away."""
    while not pause():
        try:
            run_due()
        except DatabaseError:
            log.exception("round_failed")
        close_old_connections()


def delayed(now: datetime) -> bool:
    """Whether nobody dispatches, or something waits longer than it should: one query, for the mark on every page."""
    waiting = OutboxMessage.objects.filter(
        _free(now) | Q(attempts=0), done_at__isnull=True, attempts__lt=ATTEMPTS, due_at__lt=now - LATE
    )
    return not Heartbeat.objects.filter(~Exists(waiting), name=DISPATCHER, seen_at__gte=now - AWAY).exists()
