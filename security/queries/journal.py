"""What the journal says of a unit's event: enough to bring it and its claim back, and no personal data (decisions 18, B7)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contracts.models import Claim
from inventory.models import UnitEvent


def unit_event_lines(ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    """The line of each of these events: project, unit, number, operation, action, from, to, when, who (employee numbers), and
    of its claim everything but the customer and what was written as a reason."""
    events = UnitEvent._base_manager.filter(pk__in=ids).select_related("unit__project", "actor", "on_behalf_of")
    numbers = {event.claim for event in events if event.claim}
    claims = Claim._base_manager.filter(number__in=numbers).select_related("salesperson")
    by_number = {claim.number: claim for claim in claims}
    return {event.pk: _line(event, by_number.get(event.claim)) for event in events}


def _line(event: UnitEvent, claim: Claim | None) -> dict[str, Any]:
    unit = event.unit
    line = {
        "project": unit.project.code, "unit": unit.number, "key": unit.key, "seq": event.seq, "op": str(event.op_id),
        "action": event.action, "from": event.from_status, "to": event.to_status, "at": _text(event.at),
        "date": _text(event.business_date), "ends": _text(event.ends_at), "by": _employee(event.actor),
        "for": _employee(event.on_behalf_of), "claim": event.claim,
    }  # fmt: skip
    if claim is not None:
        line["terms"] = {
            "stage": claim.stage, "kind": claim.kind, "evidence": claim.evidence, "salesperson": _employee(claim.salesperson),
            "unit_price": _text(claim.list_unit_price), "total": _text(claim.list_total),
        }  # fmt: skip
    return line


def _employee(user) -> str:
    return user.employee_no if user else ""


def _text(value: datetime | date | Decimal | None) -> str:
    """A value as text; moments and dates in ISO form, unknown as an empty text."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
