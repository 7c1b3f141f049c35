"""A change of status, price or discount of a unit reaches everyone whose hold, request or place in the line names it (R1.8)."""

from datetime import time, timedelta
from uuid import uuid4

import pytest

from contracts.services import holds, requests, waiting
from enquiries.queries import roster
from enquiries.services import viewings
from inventory.queries.concerned import concerned
from salescontrol.core import clock
from salescontrol.core.models import Notice
from tests.contracts.stock import hold


@pytest.fixture
def wanted(room):
    """The colleague has a request for the salesperson's unit that nobody answered yet."""
    room.unit.salesperson = room.colleague
    room.unit.save()
    wish = requests.Wish()
    room.request = requests.ask_for_hold(op_id=uuid4(), project=room.a, unit_id=room.unit.pk, wish=wish,
                                         customer=room.theirs, reason="Asks", by=room.colleague)  # fmt: skip
    room.unit.refresh_from_db()
    room.unit.salesperson = None
    room.unit.save()
    return room


def told(person) -> list[str]:
    return [notice.code for notice in Notice.objects.filter(to=person).order_by("pk")]


@pytest.mark.django_db
def test_an_open_request_concerns_its_salesperson_and_an_answered_one_nobody(wanted):
    assert concerned([wanted.unit, wanted.other]) == {wanted.colleague: [wanted.unit]}
    requests.reject_request(op_id=uuid4(), number=wanted.request.number, answer="No", by=wanted.specialist)
    assert concerned([wanted.unit]) == {}


@pytest.mark.django_db
def test_a_place_in_the_waiting_list_concerns_its_salesperson_until_it_is_left(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    place = waiting.join(op_id=uuid4(), unit_id=room.unit.pk, customer=room.theirs, salesperson=room.colleague,
                         note="", by=room.specialist)  # fmt: skip
    assert set(concerned([room.unit])) == {room.salesperson, room.colleague}
    waiting.leave(op_id=uuid4(), number=place.number, reason="Bought", by=room.specialist)
    assert set(concerned([room.unit])) == {room.salesperson}


@pytest.mark.django_db
def test_the_others_hear_that_a_unit_was_taken_and_is_free_again_but_not_whose_it_is(wanted):
    hold(wanted.other, wanted.customer, wanted.salesperson, wanted.specialist)
    assert "unit.taken" not in told(wanted.colleague), "nothing of theirs names it"
    claim = hold(wanted.unit, wanted.customer, wanted.salesperson, wanted.specialist)
    assert told(wanted.colleague)[-1] == "unit.taken" and "unit.taken" not in told(wanted.salesperson)
    holds.release_hold(op_id=uuid4(), number=claim.number, reason="Left", by=wanted.specialist)
    assert told(wanted.colleague)[-1] == "unit.free"
    texts = str(list(Notice.objects.filter(code__in=["unit.taken", "unit.free"]).values()))
    assert wanted.customer.name not in texts and wanted.salesperson.name not in texts


@pytest.mark.django_db
def test_a_hold_on_a_unit_that_a_viewing_names_tells_who_conducts_the_viewing(room):
    day = clock.today(room.a.zone) + timedelta(days=1)
    plan = viewings.Plan(
        customer=room.theirs, salesperson=room.colleague, starts_at=roster.at(room.a, day, time(10)), units=[room.unit]
    )
    viewing = viewings.book_viewing(op_id=uuid4(), project=room.a, plan=plan, by=room.specialist)
    claim = hold(room.unit, room.customer, room.salesperson, room.specialist)
    assert told(room.colleague)[-1] == "unit.taken"
    viewings.cancel_viewing(viewing=viewing, reason="Ill", by=room.specialist)
    holds.release_hold(op_id=uuid4(), number=claim.number, reason="Left", by=room.specialist)
    assert "unit.free" not in told(room.colleague), "the viewing is called off"


@pytest.mark.django_db
def test_as_many_queries_for_many_units_as_for_one(wanted, django_assert_num_queries):
    for units in ([wanted.unit], [wanted.unit, wanted.other]):
        with django_assert_num_queries(7):
            concerned(units)
