"""What a change forbids while it waits and after it was carried out, and what an exchange leaves to be done (domain B9, T17–T20)."""

import uuid
from datetime import timedelta

import pytest

from contracts.models import Contract, Milestone
from contracts.services import changes, contracts, milestones, subscription_ends
from contracts.states import ChangeKind, MilestoneKind
from inventory.states import Lock, Status
from salescontrol.core import clock
from salescontrol.core.errors import Conflict, Refusal
from tests import build
from tests.contracts.changing import A, carried_out, entry, refund, sold, staffed, status, submitted, swap

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    """With a second specialist, who executes what the first asked for."""
    return staffed(room)


def test_while_a_change_is_under_way_the_sale_goes_neither_on_nor_back(room):
    """What the buyer has signed is not made void without a word (domain B9: the lock is on from the submission)."""
    subject = sold(room)
    change = submitted(room, subject, refund())
    acts = (
        lambda: contracts.make_contract(op_id=uuid.uuid4(), subscription=subject.code, by=room.specialist),
        lambda: subscription_ends.void(op_id=uuid.uuid4(), code=subject.code, reason="Slip", by=room.supervisor),
    )
    for act in acts:
        with pytest.raises(Conflict, match="is under way") as refused:
            act()
        assert refused.value.links[0][0] == change.number
    changes.withdraw(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    assert contracts.make_contract(op_id=uuid.uuid4(), subscription=subject.code, by=room.specialist).number


def test_while_a_contract_is_changed_it_is_neither_handed_over_nor_made_void(room):
    subject = sold(room, signed=True)
    submitted(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"))
    today = clock.today(room.a.zone)
    acts = (
        lambda: milestones.hand_over(
            op_id=uuid.uuid4(), code=subject.code, delivered_on=today, reason="Waived", by=room.supervisor
        ),
        lambda: milestones.void_signing(op_id=uuid.uuid4(), code=subject.code, reason="Slip", by=room.supervisor),
    )  # fmt: skip
    for act in acts:
        with pytest.raises(Conflict, match="is under way"):
            act()
    assert status(room.unit) == (Status.CONTRACTED, [Lock.CHANGE])


@pytest.mark.parametrize("signed", [False, True])
def test_t20_what_a_change_was_carried_out_on_is_not_the_last_step_and_not_made_void(room, signed):
    subject = sold(room, signed)
    done = carried_out(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"))
    void = milestones.void_signing if signed else subscription_ends.void
    with pytest.raises(Conflict, match=f"{done.number} was carried out on it since") as refused:
        void(op_id=uuid.uuid4(), code=subject.code, reason="Slip", by=room.supervisor)
    assert refused.value.code == "changed"


def test_t18_after_an_exchange_the_new_contract_has_to_be_filed_and_paid_like_any_other(room):
    """Its first payment is that of the old one; nothing else is taken as reached, and only the supervisor waives it."""
    subject = sold(room, signed=True)
    today = clock.today(room.a.zone)
    contracts.pay_first(subject, on=today - timedelta(days=3), receipt="SJ-7", amount=A(800000), by=room.specialist)
    carried_out(room, subject, swap(room))

    new = Contract.every.get(previous=subject)
    rows = {row.kind: row for row in Milestone.every.filter(contract=new)}
    first = rows.pop(MilestoneKind.FIRST_PAYMENT)
    assert (first.receipt, first.amount, first.actual_on) == ("SJ-7", A(800000), today - timedelta(days=3))
    assert rows[MilestoneKind.FILED].expected_on == today + timedelta(days=30)
    assert not any(row.actual_on for row in rows.values())
    with pytest.raises(Refusal, match="Not reached yet"):
        milestones.hand_over(op_id=uuid.uuid4(), code=new.code, delivered_on=today, reason="", by=room.specialist)


def test_the_price_is_confirmed_by_the_change_that_waits_for_it_alone(room):
    """An old refund of the same unit says nothing about the lock of a new one."""
    old = carried_out(room, sold(room, signed=True), refund())
    changes.confirm_price(op_id=uuid.uuid4(), code=old.code, by=room.supervisor)
    build.place_in(Status.AVAILABLE, room.unit)
    submitted(room, sold(room), refund())
    with pytest.raises(Conflict, match="No price waits"):
        changes.confirm_price(op_id=uuid.uuid4(), code=old.code, by=room.supervisor)
    assert status(room.unit) == (Status.SUBSCRIBED, [Lock.REFUND])
