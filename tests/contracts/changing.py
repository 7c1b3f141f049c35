"""How the tests of changes ask for them, have them approved and carried out, as three people do."""

import uuid
from decimal import Decimal

from contracts.models import Change
from contracts.services import changes
from contracts.services.change_content import Entry, Money
from contracts.states import ChangeCause, ChangeKind, ChangeState
from inventory.models import Unit
from salescontrol.core import approvals
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import contracted, subscribed

A = Decimal


def staffed(room):
    """The people of the room with a second specialist, who executes what the first asked for."""
    room.second = build.user(Role.SPECIALIST, room.a, name="Shi Lan")
    return room


def sold(room, signed: bool = False, unit=None):
    """The subscription, or the contract, of the room's customer."""
    make = contracted if signed else subscribed
    return make(unit or room.unit, room.customer, room.salesperson, room.specialist)


def entry(kind: ChangeKind, **changes) -> Entry:
    return Entry(kind=kind, cause=ChangeCause.PERSONAL, reason="Moves abroad", form_signed=True, **changes)


def draft(room, subject, what: Entry, by=None) -> Change:
    return changes.request_change(
        op_id=uuid.uuid4(), trade=subject.trade.number, entry=what, by=by or room.specialist
    )  # fmt: skip


def submitted(room, subject, what: Entry) -> Change:
    return changes.submit(op_id=uuid.uuid4(), code=draft(room, subject, what).code, by=room.specialist)


DECIDERS = {Role.SUPERVISOR: "supervisor", Role.FINANCE: "finance", Role.MANAGEMENT: "management"}


def levels_of(change: Change) -> list[str]:
    assert change.approval is not None
    return list(change.approval.stages.order_by("number").values_list("role", flat=True))


def approve(room, change: Change) -> Change:
    for role in levels_of(change):
        approvals.decide(approval_id=change.approval_id, by=getattr(room, DECIDERS[Role(role)]), agree=True)
    return changes.fresh(change.code)


def execute(room, change: Change, by=None) -> Change:
    return changes.execute(op_id=uuid.uuid4(), code=change.code, by=by or room.second)


def carried_out(room, subject, what: Entry) -> Change:
    done = execute(room, approve(room, submitted(room, subject, what)))
    assert done.state == ChangeState.EXECUTED
    return done


def status(unit) -> tuple[str, list[str]]:
    row = Unit.every.get(pk=unit.pk)
    return row.status, row.lock_codes


def refund(**money) -> Entry:
    amounts = {"paid": A(50000), "refundable": A(50000), "fee": A(2000), "refund": A(48000), **money}
    return entry(ChangeKind.REFUND, money=Money(**amounts))


def swap(room, **more) -> Entry:
    return entry(ChangeKind.EXCHANGE, target_id=room.other.pk, **more)
