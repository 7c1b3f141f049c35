"""Requests for holds (decisions 4): who may ask for what, the one answer, and that a refusal names nobody."""

import uuid
from decimal import Decimal

import pytest

from contracts.models import Claim, HoldRequest
from contracts.queries import requests as queries
from contracts.services import holds, requests, waiting
from contracts.states import Evidence, RequestState
from inventory.models import Unit
from inventory.states import Status
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import AuditEvent, Notice
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import hold, terms

pytestmark = pytest.mark.django_db


def ask(room, unit="own", by=None, who=None, **changes):
    unit = room.unit if unit == "own" else unit
    what = {"op_id": uuid.uuid4(), "wish": requests.Wish(), "reason": "Wants to sleep on it", **changes}
    return requests.ask_for_hold(
        project=room.a, unit_id=unit and unit.pk, customer=who or room.customer, by=by or room.salesperson, **what
    )


def place(room, request, unit=None, by=None, **changes):
    return requests.place_requested(
        op_id=changes.pop("op_id", None) or uuid.uuid4(), number=request.number, unit_id=(unit or room.unit).pk,
        terms=terms(None, None, **changes), by=by or room.specialist,
    )  # fmt: skip


def reject(room, request, by=None):
    return requests.reject_request(
        op_id=uuid.uuid4(), number=request.number, answer="Not this week", by=by or room.specialist
    )


def test_a_request_leaves_the_unit_free_and_the_desk_is_told(room):
    request = ask(room)

    assert Unit.objects.get(pk=room.unit.pk).status == Status.AVAILABLE
    assert request.history.first().history_change_reason == "request.make"
    told = set(Notice.objects.filter(code="request.made").values_list("to", flat=True))
    assert told == {room.specialist.pk, room.supervisor.pk}
    assert hold(room.unit, room.theirs, room.colleague, room.specialist)


def test_the_desk_places_what_was_asked_for(room):
    request = ask(room)
    claim = place(room, request)

    request.refresh_from_db()
    assert (claim.customer, claim.salesperson) == (room.customer, room.salesperson)
    assert (request.state, request.claim, request.answered_by) == (RequestState.PLACED, claim, room.specialist)
    assert Notice.objects.filter(to=room.salesperson, code="claim.held").exists()
    assert not Notice.objects.filter(code="request.made", read_at=None).exists()


def test_an_ordinary_hold_for_the_same_customer_answers_the_request_too(room):
    request = ask(room)
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    request.refresh_from_db()
    assert (request.state, request.claim) == (RequestState.PLACED, claim)


def test_a_wish_is_answered_with_a_unit_the_desk_picks(room):
    with pytest.raises(Refusal) as refused:
        ask(room, unit=None)
    assert refused.value.code == "no_wish"
    request = ask(room, unit=None, wish=requests.Wish(floor_from=13, budget=Decimal("2800000")))
    access = access_of(room.specialist)
    assert queries.answers(access, queries.find(access, room.a, request.number)) == [room.other]

    claim = place(room, request, unit=room.other)
    request.refresh_from_db()
    assert (claim.unit, request.state, request.unit) == (room.other, RequestState.PLACED, None)


def test_of_two_answers_the_second_reads_that_it_was_answered(room):
    request = ask(room)
    reject(room, request)
    for late in (lambda: place(room, request), lambda: reject(room, request, room.supervisor)):
        with pytest.raises(Conflict) as refused:
            late()
        assert refused.value.code == "answered"
    assert not Claim.objects.exists()


def test_the_same_form_answers_once(room):
    request, op_id = ask(room), uuid.uuid4()
    assert place(room, request, op_id=op_id) == place(room, request, op_id=op_id)
    assert Claim.objects.count() == 1


def test_a_request_that_cannot_be_placed_stays_open(room):
    request = ask(room)
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Conflict) as refused:
        place(room, request)
    assert refused.value.code == "taken"
    request.refresh_from_db()
    assert request.state == RequestState.REQUESTED


def test_a_salesperson_asks_for_own_customers_on_units_they_see(room):
    with pytest.raises(NotVisible):
        ask(room, unit=room.other)
    with pytest.raises(Refusal) as refused:
        ask(room, who=room.theirs)
    assert refused.value.code == "not_own"
    with pytest.raises(Forbidden):
        ask(room, by=room.specialist)
    with pytest.raises(Forbidden):
        ask(room, by=room.other_salesperson)


def test_a_refusal_to_a_salesperson_names_neither_holder_nor_hidden_units(room):
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Conflict) as refused:
        ask(room)

    assert str(refused.value) == f"{room.unit} is not available now. Ask the desk."
    assert refused.value.links == []


def test_the_same_wish_for_the_same_customer_is_asked_once(room):
    ask(room)
    with pytest.raises(Conflict) as refused:
        ask(room)
    assert refused.value.code == "twice"
    op_id = uuid.uuid4()
    assert ask(room, unit=None, wish=requests.Wish(floor_from=3), op_id=op_id) == ask(
        room, unit=None, wish=requests.Wish(floor_from=3), op_id=op_id
    )


def test_only_the_one_who_asked_withdraws(room):
    request = ask(room)
    for stranger in (room.colleague, room.specialist, room.other_supervisor):
        with pytest.raises(NotVisible):
            requests.withdraw_request(op_id=uuid.uuid4(), number=request.number, by=stranger)
    done = requests.withdraw_request(op_id=uuid.uuid4(), number=request.number, by=room.salesperson)
    assert done.state == RequestState.WITHDRAWN
    with pytest.raises(Conflict):
        place(room, request)


def test_only_the_desk_answers(room):
    request = ask(room)
    with pytest.raises(Forbidden):
        reject(room, request, room.salesperson)
    with pytest.raises(Forbidden):
        place(room, request, by=room.finance)
    with pytest.raises(NotVisible):
        reject(room, request, room.other_supervisor)


def test_a_unit_of_another_project_answers_no_request(room):
    request = ask(room)
    foreign = build.unit(build.building(room.b), by=room.other_supervisor)
    build.grant(room.specialist, Role.SPECIALIST, room.b)
    with pytest.raises(NotVisible):
        place(room, request, unit=foreign)


def test_a_request_for_an_offered_unit_is_answered_by_taking_the_offer(room):
    claim = hold(room.unit, room.theirs, room.colleague, room.specialist)
    waiting.join(op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=room.customer, salesperson=room.salesperson, note="",
                 by=room.specialist)  # fmt: skip
    holds.release_hold(op_id=uuid.uuid4(), number=claim.number, reason="Changed their mind", by=room.specialist)
    offer = waiting.offer_next(unit_id=room.unit.pk)
    request = ask(room)
    waiting.take_offer(
        op_id=uuid.uuid4(), number=offer.number, evidence=Evidence.ID_SEEN, reason="Yes", by=room.specialist
    )

    request.refresh_from_db()
    assert (request.state, request.claim) == (RequestState.PLACED, offer)


def test_a_salesperson_asks_the_desk_to_release_and_the_unit_stays_held(room):
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    with pytest.raises(NotVisible):
        requests.ask_to_release(op_id=uuid.uuid4(), number=claim.number, reason="Off", by=room.colleague)
    requests.ask_to_release(
        op_id=uuid.uuid4(), number=claim.number, reason="They bought elsewhere", by=room.salesperson
    )

    assert Unit.objects.get(pk=room.unit.pk).status == Status.HELD
    act = AuditEvent.objects.get(action="claim.ask_release")
    assert (act.actor, act.target_id) == (room.salesperson, claim.pk)
    assert Notice.objects.filter(to=room.specialist, code="claim.ask_release").count() == 1


def test_a_request_leaves_its_life_in_its_history(room):
    request = ask(room)
    reject(room, request)
    entries = HoldRequest.history.filter(id=request.pk).order_by("history_id")
    assert [(entry.history_change_reason, entry.history_user) for entry in entries] == [
        ("request.make", room.salesperson), ("request.rejected", room.specialist)
    ]  # fmt: skip
