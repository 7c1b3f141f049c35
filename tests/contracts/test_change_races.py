"""Changes at the same time as others (B16.1, B16.8): of two exchanges to one unit one wins; nothing is done twice."""

import uuid

import pytest
from django.db import transaction

from contracts.models import Change, Claim, Subscription
from contracts.services import changes
from contracts.states import ChangeState, SubscriptionState
from inventory.models import Unit, UnitEvent
from inventory.states import Status
from salescontrol.core.models import Approval
from security.queries import consistency
from tests import build
from tests.contracts.changing import approve, execute, refund, staffed, submitted, swap
from tests.contracts.stock import hold, subscribed
from tests.rivals import Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def both(room):
    """Two sales whose exchanges to the same third unit are approved."""
    staffed(room)
    room.third = build.unit(room.unit.building, 14, by=room.specialist)
    one = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    two = subscribed(room.third, room.theirs, room.colleague, room.specialist)
    room.changes = [approve(room, submitted(room, row, swap(room))) for row in (one, two)]
    return room


def test_of_two_exchanges_to_one_unit_one_wins_and_the_other_leaves_nothing(both):
    told = at_once(*(lambda change=change: execute(both, change) for change in both.changes))
    assert sorted(told) == ["done", "taken"]
    assert Claim.every.filter(unit=both.other, released_at__isnull=True).count() == 1
    assert Subscription.every.filter(state=SubscriptionState.ACTIVE).count() == 2
    states = sorted(changes.fresh(change.code).state for change in both.changes)
    assert states == [ChangeState.APPROVED, ChangeState.EXECUTED]
    assert consistency.problems() == []


def test_an_exchange_that_waits_for_a_hold_of_its_unit_is_refused(both):
    with transaction.atomic():
        hold(both.other, both.customer, both.salesperson, both.specialist)
        rival = Rival(lambda: execute(both, both.changes[0]))
        rival.wait_until_blocked()
    assert rival.told() == "taken"
    assert Unit.every.get(pk=both.unit.pk).status == Status.SUBSCRIBED


def test_an_execution_at_once_with_itself_is_done_once(both):
    change, op_id = both.changes[0], uuid.uuid4()
    told = at_once(
        *(lambda: changes.execute(op_id=op_id, code=change.code, by=both.second) for _time in range(2)),
        lambda: execute(both, change),
    )
    assert told.count("done") >= 1
    assert UnitEvent.every.filter(unit=both.other, action="trade.come").count() == 1


def test_whoever_makes_a_change_void_waits_for_its_execution_before_touching_it(both):
    """Rule 7: the approval first, by both; in another order the two would wait for each other (found by the race of the trade)."""
    change = both.changes[0]
    with transaction.atomic():
        Approval.objects.select_for_update(of=("self",)).get(pk=change.approval_id)
        rival = Rival(
            lambda: changes.void(op_id=uuid.uuid4(), code=change.code, reason="Not wanted", by=both.supervisor)
        )
        rival.wait_until_blocked()
        assert Change.every.select_for_update(of=("self",), nowait=True).get(pk=change.pk).state == ChangeState.APPROVED
        execute(both, change)
    assert rival.told() == "decided"
    assert changes.fresh(change.code).state == ChangeState.EXECUTED
    assert consistency.problems() == []


def test_of_two_requests_for_one_sale_one_is_kept(room):
    staffed(room)
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    told = at_once(
        *(
            lambda by=by: changes.request_change(op_id=uuid.uuid4(), trade=row.trade.number, entry=refund(), by=by)
            for by in (room.specialist, room.second)
        )
    )
    assert sorted(told) == ["done", "open"]
