"""Two connections at one salesperson's time (R2.4, decisions 31): the database lets one booking through."""

import uuid
from datetime import datetime, time, timedelta

import pytest
from django.db import transaction

from enquiries.models import Viewing, ViewingSlot
from enquiries.queries import roster
from enquiries.services import viewings
from salescontrol.core import clock
from tests.enquiries.stock import customer
from tests.rivals import Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def office(people, monkeypatch):
    monday = datetime(2026, 11, 30, 8, tzinfo=roster.zone_of(people.a))
    monkeypatch.setattr(clock, "now", lambda: monday)
    people.day = monday.date()
    people.guests = [customer(people.a, people.salesperson) for _each in range(6)]
    return people


def book(office, guest, text: str = "10:00") -> Viewing:
    start = roster.at(office.a, office.day, time.fromisoformat(text))
    plan = viewings.Plan(customer=guest, salesperson=office.salesperson, starts_at=start)
    return viewings.book_viewing(op_id=uuid.uuid4(), project=office.a, plan=plan, by=office.specialist)


def test_of_two_bookings_the_one_that_waited_for_the_time_is_refused(office):
    with transaction.atomic():
        book(office, office.guests[0])
        rival = Rival(lambda: book(office, office.guests[1], "10:30"))
        rival.wait_until_blocked()

    assert rival.told() == "taken"
    assert Viewing.every.count() == 1


def test_of_many_bookings_at_once_one_wins(office):
    told = at_once(*(lambda guest=guest: book(office, guest) for guest in office.guests))

    assert sorted(told) == ["done", *["taken"] * 5]
    assert ViewingSlot.objects.count() == 4


def test_bookings_that_overlap_in_opposite_ways_never_wait_for_each_other(office):
    told = at_once(*(
        lambda guest=guest, text=text: book(office, guest, text)
        for guest, text in zip(office.guests, ("10:00", "10:45", "10:15", "10:30", "11:00", "09:15"), strict=True)
    ))  # fmt: skip

    assert set(told) == {"done", "taken"}
    taken = [*ViewingSlot.objects.order_by("slot_start").values_list("slot_start", flat=True)]
    assert len(taken) == len(set(taken)) == 4 * told.count("done")


def test_a_move_and_a_booking_at_one_time_leave_one_there(office):
    row = book(office, office.guests[0], "14:00")
    start = roster.at(office.a, office.day, time(10))
    told = at_once(
        lambda: viewings.move_viewing(
            viewing=row, starts_at=start, salesperson=office.salesperson, reason="Earlier", by=office.specialist
        ),
        lambda: book(office, office.guests[1]),
    )

    assert sorted(told) == ["done", "taken"]
    assert ViewingSlot.objects.filter(slot_start__gte=start, slot_start__lt=start + timedelta(hours=1)).count() == 4
