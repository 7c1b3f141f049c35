"""Waiting lists (domain B3): who may join, who is next, what an offer is, and that each is made once."""

import uuid
from datetime import timedelta

import pytest

from contracts.models import Claim, WaitingEntry
from contracts.services import holds, waiting
from contracts.states import ClaimState, Evidence, HoldKind, WaitingState
from inventory.models import Unit, UnitEvent
from inventory.services.units import lay_lock, lift_lock
from inventory.states import Lock, Status
from salescontrol.core import jobs
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice, OutboxMessage
from tests.contracts.stock import customer, hold
from tests.contracts.test_holds import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(room):
    """The unit is held for a customer of the salesperson, and a colleague's customer waits."""
    room.claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    room.place = join(room, room.theirs, room.colleague)
    return room


def join(room, who, salesperson, by=None, **changes):
    what = {"op_id": uuid.uuid4(), "note": "Likes the view", **changes}
    return waiting.join(unit_id=room.unit.pk, customer=who, salesperson=salesperson, by=by or room.specialist, **what)


def release(claim, by):
    return holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=by)


def take(room, claim, **changes):
    what = {"op_id": uuid.uuid4(), "evidence": Evidence.ID_SEEN, "reason": "They want it", "by": room.specialist}
    return waiting.take_offer(number=claim.number, **{**what, **changes})


def state(place) -> str:
    return WaitingEntry.objects.get(pk=place.pk).state


def test_a_unit_that_comes_free_is_offered_to_the_next_in_line(held):
    second = join(held, customer(held.a, held.salesperson), held.salesperson)
    release(held.claim, held.specialist)
    assert jobs.run_due() > 0

    offer = Claim.objects.get(kind=HoldKind.OFFER)
    unit = Unit.objects.get(pk=held.unit.pk)
    assert (offer.customer, offer.salesperson, offer.state) == (held.theirs, held.colleague, ClaimState.ACTIVE)
    assert offer.expires_at - offer.placed_at == timedelta(hours=2)
    assert (unit.status, unit.claim_ends_at) == (Status.HELD, offer.expires_at)
    assert (state(held.place), state(second)) == (WaitingState.OFFERED, WaitingState.WAITING)
    event = UnitEvent.objects.latest("seq")
    assert (event.action, event.actor, event.claim) == ("claim.offer", None, offer.number)
    told = set(Notice.objects.filter(code="waiting.offered").values_list("to", flat=True))
    assert {held.colleague.pk, held.specialist.pk, held.supervisor.pk} <= told
    assert held.salesperson.pk not in told


def test_a_message_that_comes_twice_offers_once(held):
    release(held.claim, held.specialist)
    message = OutboxMessage.objects.get(topic="waiting.offer")
    assert waiting.offer_next(**message.payload) is not None
    assert waiting.offer_next(**message.payload) is None
    assert Claim.objects.filter(kind=HoldKind.OFFER).count() == 1


def test_an_offer_that_was_taken_is_the_customers_hold_in_one_event(held):
    release(held.claim, held.specialist)
    offer = waiting.offer_next(unit_id=held.unit.pk)
    before = UnitEvent.objects.filter(unit=held.unit).count()
    taken = take(held, offer)

    assert taken.number == offer.number
    assert (taken.kind, taken.customer, taken.evidence) == (HoldKind.CUSTOMER, held.theirs, Evidence.ID_SEEN)
    assert taken.expires_at > offer.expires_at + timedelta(hours=20)
    assert state(held.place) == WaitingState.TAKEN
    event = UnitEvent.objects.latest("seq")
    assert (event.action, event.from_status, event.to_status) == ("claim.take", Status.HELD, Status.HELD)
    assert UnitEvent.objects.filter(unit=held.unit).count() == before + 1


def test_the_same_form_takes_an_offer_once(held):
    release(held.claim, held.specialist)
    offer, op_id = waiting.offer_next(unit_id=held.unit.pk), uuid.uuid4()
    assert take(held, offer, op_id=op_id) == take(held, offer, op_id=op_id)
    with pytest.raises(Conflict) as refused:
        take(held, offer)
    assert refused.value.code == "no_offer"


def test_taking_an_offer_keeps_to_the_rules_of_any_hold(held):
    release(held.claim, held.specialist)
    offer = waiting.offer_next(unit_id=held.unit.pk)
    with pytest.raises(Refusal) as refused:
        take(held, offer, evidence=Evidence.NONE)
    assert refused.value.code == "evidence"
    assert take(held, offer, evidence=Evidence.NONE, by=held.supervisor)


def test_an_offer_that_lapses_goes_to_the_next_one(held, monkeypatch):
    second = join(held, customer(held.a, held.salesperson), held.salesperson)
    release(held.claim, held.specialist)
    waiting.offer_next(unit_id=held.unit.pk)
    later(monkeypatch, hours=2, seconds=1)
    assert holds.expire_due() == 1
    assert state(held.place) == WaitingState.LAPSED

    waiting.offer_next(unit_id=held.unit.pk)
    assert state(second) == WaitingState.OFFERED
    assert Claim.objects.get(released_at=None).customer == second.customer


def test_an_offer_that_is_declined_goes_to_the_next_one(held):
    second = join(held, customer(held.a, held.salesperson), held.salesperson)
    release(held.claim, held.specialist)
    release(waiting.offer_next(unit_id=held.unit.pk), held.specialist)
    assert state(held.place) == WaitingState.WITHDRAWN
    waiting.offer_next(unit_id=held.unit.pk)
    assert state(second) == WaitingState.OFFERED


def test_nobody_else_is_held_the_unit_while_customers_wait(held):
    release(held.claim, held.specialist)
    with pytest.raises(Conflict) as refused:
        hold(held.unit, held.customer, held.salesperson, held.specialist)

    assert refused.value.code == "waiting"
    assert [url for _label, url in refused.value.links] == [f"/p/AAA/holds/units/{held.unit.pk}/waiting/"]
    taken = hold(held.unit, held.theirs, held.colleague, held.specialist)
    assert (taken.customer, state(held.place)) == (held.theirs, WaitingState.TAKEN)


def test_a_locked_unit_is_offered_when_the_lock_is_lifted(held, django_capture_on_commit_callbacks):
    release(held.claim, held.specialist)
    unit = Unit.objects.get(pk=held.unit.pk)
    lay_lock(unit=unit, kind=Lock.OPENING, reason="Opening on Sunday", by=held.supervisor)
    assert (waiting.offer_next(unit_id=unit.pk), waiting.offer_free()) == (None, 0)

    lift_lock(unit=unit, kind=Lock.OPENING, by=held.supervisor)
    assert waiting.offer_free() == 1
    assert state(held.place) == WaitingState.OFFERED


def test_a_customer_waits_once_and_only_for_what_somebody_has(held):
    with pytest.raises(Conflict) as twice:
        join(held, held.theirs, held.colleague)
    assert twice.value.code == "twice"
    with pytest.raises(Conflict) as free:
        waiting.join(
            op_id=uuid.uuid4(), unit_id=held.other.pk, customer=held.customer, salesperson=held.salesperson, note="",
            by=held.specialist,
        )  # fmt: skip
    assert free.value.code == "free"


def test_a_salesperson_enters_own_customers_for_units_they_see(held):
    assert join(held, held.customer, held.salesperson, by=held.salesperson)
    with pytest.raises(Refusal) as refused:
        join(held, held.theirs, held.salesperson, by=held.salesperson)
    assert refused.value.code == "not_own"
    with pytest.raises(NotVisible):
        join(held, held.theirs, held.colleague, by=held.colleague)
    with pytest.raises(Forbidden):
        join(held, held.theirs, held.colleague, by=held.finance)


def test_leaving_the_list_lets_the_next_move_up(held):
    second = join(held, customer(held.a, held.salesperson), held.salesperson)
    with pytest.raises(NotVisible):
        waiting.leave(op_id=uuid.uuid4(), number=held.place.number, reason="No", by=held.salesperson)
    waiting.leave(op_id=uuid.uuid4(), number=held.place.number, reason="Bought elsewhere", by=held.colleague)
    release(held.claim, held.specialist)
    waiting.offer_next(unit_id=held.unit.pk)

    assert (state(held.place), state(second)) == (WaitingState.WITHDRAWN, WaitingState.OFFERED)
    with pytest.raises(Conflict):
        waiting.leave(op_id=uuid.uuid4(), number=second.number, reason="No", by=held.specialist)
