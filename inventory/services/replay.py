"""Brings a unit's event back that a restored database lacks: with the number, operation, time and status it had (quality B7)."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from inventory.models import Unit, UnitEvent
from inventory.states import Review, Status
from salescontrol.core.history import update_tracked


def restore_event(*, unit: Unit, line: Mapping[str, Any], actor, on_behalf_of, by) -> UnitEvent | None:
    """Write the journal's `line` as the next event of this locked unit, and the status it led to; None when it does not follow
    on the unit's last one (somebody has worked with the unit since the restore). Needs the caller's transaction.

    A unit that the event approved is approved again: it leaves the draft only together with its approval.
    """
    if (unit.event_seq + 1, unit.status) != (line["seq"], line["from"]):
        return None
    at, ends_at = datetime.fromisoformat(line["at"]), _moment(line["ends"])
    approved = {"review": Review.APPROVED} if unit.status == Status.DRAFT else {}
    Unit._base_manager.filter(pk=unit.pk).update(
        status=line["to"], status_reason="", status_at=at, event_seq=line["seq"], claim_ends_at=ends_at, **approved
    )
    unit.refresh_from_db()
    if approved:
        update_tracked([unit], [], action=line["action"], by=by)
    return UnitEvent._base_manager.create(
        unit=unit, seq=line["seq"], op_id=uuid.UUID(line["op"]), action=line["action"], from_status=line["from"],
        to_status=line["to"], actor=actor, on_behalf_of=on_behalf_of, claim=line["claim"], ends_at=ends_at, at=at,
        business_date=date.fromisoformat(line["date"]),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
