"""What the background work has done, is doing and owes: read for its page. Names of work only, never what is in a message."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Min, Q

from salescontrol.core import jobs
from salescontrol.core.models import Heartbeat, JobRun, OutboxMessage

LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Missed:
    """Slots of a job in a row that were never finished."""

    job: str
    count: int
    first: str
    last: str


def dispatcher() -> Heartbeat | None:
    """When the dispatcher was last seen, and since when without a break."""
    return Heartbeat.objects.filter(name=jobs.DISPATCHER).first()


def open_by_topic() -> list[Any]:
    """What waits or is being done: topic, how many, when the oldest was due, how many of them failed before."""
    waiting = OutboxMessage.objects.filter(done_at__isnull=True, given_up_at__isnull=True)
    return list(
        waiting.values("topic")
        .annotate(count=Count("pk"), oldest=Min("due_at"), failed=Count("pk", filter=~Q(error="")))
        .order_by("topic")
    )


def given_up(limit: int = 50) -> list[OutboxMessage]:
    """Messages that used up their attempts, oldest first."""
    return list(OutboxMessage.objects.filter(done_at__isnull=True, given_up_at__isnull=False).order_by("pk")[:limit])


def latest_runs() -> list[JobRun]:
    """The latest run of each job that is scheduled, by name."""
    rows = (JobRun.objects.filter(job=name).order_by("-pk").first() for name in sorted(jobs._SCHEDULE))
    return [row for row in rows if row is not None]


def failed_runs(now: datetime, limit: int = 50) -> list[JobRun]:
    """Runs of the last seven days that did not end well and are not under way, newest first."""
    ended = Q(taken_until__lt=now) | ~Q(outcome="")
    rows = JobRun.objects.filter(ended, finished_at__isnull=True, started_at__gte=now - LOOK_BACK)
    return list(rows.order_by("-pk")[:limit])


def missed_slots(now: datetime) -> list[Missed]:
    """Slots of the last seven days, by the office's clock, that are over and were never finished, in rows without a gap."""
    return [missed for name, schedule in sorted(jobs._SCHEDULE.items()) for missed in _missed(name, schedule, now)]


def _missed(name: str, schedule: jobs.Schedule, now: datetime) -> Iterator[Missed]:
    runs = JobRun.objects.filter(job=name)
    first = runs.order_by("pk").first()
    if first is None:
        return
    start = max(now - LOOK_BACK, first.started_at)
    step = getattr(schedule.slot, "step", jobs.MINUTELY.step)
    done = set(runs.filter(finished_at__gte=start - step).values_list("slot", flat=True))
    for missed, row in groupby(_over(schedule, start, now, step), key=lambda slot: slot not in done):
        if missed:
            slots = list(row)
            yield Missed(name, len(slots), slots[0], slots[-1])


def _over(schedule: jobs.Schedule, start: datetime, now: datetime, step: timedelta) -> list[str]:
    """Every slot that was due between two instants and is not due now, in order, each once."""
    named = (schedule.slot(now - step * back) for back in range((now - start) // step, 0, -1))
    present = schedule.slot(now)
    return list(dict.fromkeys(slot for slot in named if slot is not None and slot != present))
