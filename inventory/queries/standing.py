"""Where a unit stands at an instant: the one place which knows that a hold past its end counts as available (decisions 14)."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, CharField, F, Q, Value, When

from inventory.models import Unit
from inventory.states import Status
from salescontrol.core import clock


def ran_out(now: datetime, path: str = "") -> Q:
    """The units (reached over `path`, such as `unit__`) whose hold is over by the clock, written down or not."""
    return Q(**{f"{path}status": Status.HELD, f"{path}claim_ends_at__lte": now})


def status_at(now: datetime, path: str = "") -> Case:
    """An expression: the status that counts at `now`."""
    return Case(
        When(ran_out(now, path), then=Value(Status.AVAILABLE.value)),
        default=F(f"{path}status"),
        output_field=CharField(),
    )


def stands_in(statuses: Collection[str], now: datetime, path: str = "") -> Q:
    """The units whose status that counts at `now` is one of these; uses the index on the stored status."""
    stored = Q(**{f"{path}status__in": list(statuses)})
    if Status.HELD in statuses and Status.AVAILABLE not in statuses:
        return stored & ~ran_out(now, path)
    if Status.AVAILABLE in statuses and Status.HELD not in statuses:
        return stored | ran_out(now, path)
    return stored


def is_over(status: str, ends_at: datetime | None, now: datetime) -> bool:
    """The same for values at hand: whether this is a hold past its end."""
    return status == Status.HELD and ends_at is not None and ends_at <= now


def standing(unit: Unit, now: datetime | None = None) -> Status:
    """The status of this unit that counts at `now` (by default at this moment, asked of the database only for a hold)."""
    if unit.status == Status.HELD and is_over(unit.status, unit.claim_ends_at, now or clock.now()):
        return Status.AVAILABLE
    return Status(unit.status)
