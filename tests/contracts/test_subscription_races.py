"""Two desks at one unit: of two activations one wins, the other is told; numbers never twice (B16.1, B16.9, I7)."""

import uuid
from decimal import Decimal

import pytest
from django.db import transaction

from contracts.models import Claim, IssuedNumber, Subscription
from contracts.services import subscriptions
from contracts.states import SubscriptionState
from enquiries.models import Customer
from inventory.models import Unit, UnitEvent
from inventory.states import Status
from security.queries import consistency
from tests import build
from tests.contracts import selling
from tests.contracts.stock import customer, hold
from tests.rivals import Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def room(room):
    build.permit(room.unit.building)
    return room


def drafted(room, buyer=None, unit=None):
    row = selling.draft(room, *([selling.trades.Purchaser(buyer)] if buyer else []), unit=unit)
    selling.complete(row, room.specialist)
    return row


def test_b16_1_of_two_desks_that_activate_on_one_unit_one_wins_and_the_other_is_told(room):
    first, second = drafted(room), drafted(room, room.theirs)
    with transaction.atomic():
        selling.activate(room, first)
        rival = Rival(lambda: selling.activate(room, second, by=room.supervisor))
        rival.wait_until_blocked()

    assert rival.told() == "taken"
    assert (Claim.every.count(), IssuedNumber.objects.count()) == (1, 1)
    second.refresh_from_db()
    assert second.state == SubscriptionState.DRAFT
    assert consistency.problems() == []


def test_b16_1_a_hold_and_an_activation_at_once_are_one_claim(room):
    row = drafted(room)
    told = at_once(
        lambda: selling.activate(room, row),
        lambda: hold(room.unit, room.theirs, room.colleague, room.supervisor),
    )
    assert sorted(told) == ["done", "taken"]
    assert Claim.every.count() == 1


def test_many_activations_at_once_claim_the_unit_once(room):
    rows = [drafted(room, customer(room.a, room.salesperson)) for _one in range(5)]
    told = at_once(*(lambda row=row: selling.activate(room, row) for row in rows))

    assert sorted(told) == ["done", *["taken"] * 4]
    assert Subscription.every.filter(state=SubscriptionState.ACTIVE).count() == 1
    assert Unit.every.get(pk=room.unit.pk).status == Status.SUBSCRIBED


def test_the_same_form_twice_at_once_is_one_activation(room):
    row, op_id = drafted(room), uuid.uuid4()

    def act():
        return subscriptions.activate(
            op_id=op_id, code=row.code, receipt="R", received=row.deposit, by=room.specialist
        )  # fmt: skip

    assert at_once(act, act) == ["done", "done"]
    assert UnitEvent.every.filter(action="trade.subscribe").count() == IssuedNumber.objects.count() == 1


def test_b16_9_numbers_given_at_once_follow_each_other(room):
    units = [build.unit(room.unit.building, floor=floor, by=room.specialist) for floor in range(20, 24)]
    rows = [drafted(room, unit=unit) for unit in units]
    assert at_once(*(lambda row=row: selling.activate(room, row) for row in rows)) == ["done"] * 4
    assert sorted(IssuedNumber.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4]


def test_buyers_are_locked_in_one_order_whoever_is_named_first(room):
    """Rule 7: else two subscriptions of the same couple would wait for each other (found by the race of the trade)."""
    first, second = sorted((room.customer, room.theirs), key=lambda row: row.pk)
    share = selling.trades.Purchaser(second, Decimal(50)), selling.trades.Purchaser(first, Decimal(50))
    row = selling.draft(room, *share, unit=room.other)
    selling.complete(row, room.specialist)
    for act in (lambda: selling.draft(room, *share), lambda: selling.activate(room, row)):
        with transaction.atomic():
            Customer.every.select_for_update(of=("self",), no_key=True).get(pk=first.pk)
            rival = Rival(act)
            rival.wait_until_blocked()
            Customer.every.select_for_update(of=("self",), no_key=True, nowait=True).get(pk=second.pk)
        assert rival.told() == "done"
