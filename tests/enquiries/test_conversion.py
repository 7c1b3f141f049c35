"""From the first call to the visit and the hold (R2.1): who called first in the period, by who answered and by channel."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from contracts.services import holds
from contracts.states import Evidence
from enquiries.models import Call, Visit
from enquiries.queries.conversion import conversion
from enquiries.services import calls, visits
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.permissions import Role
from tests import build
from tests.enquiries import stock


@pytest.fixture
def office(people):
    people.second = build.user(Role.SPECIALIST, people.a, name="Bai Lu")
    people.today = clock.today()
    return people


def call(office, phone: str, *, by=None, channel="", days_ago: int = 0, minutes_ago: int = 60) -> Call:
    at = clock.now() - timedelta(days=days_ago, minutes=minutes_ago)
    content = calls.Content(phone=phone, rings="2", channel=channel, salesperson=office.salesperson, at=at)
    return calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=office.a, content=content, by=by or office.specialist
    )


def visit(office, after: Call, minutes: int) -> Visit:
    report = visits.Report(customer=after.customer)
    row = visits.log_visit(op_id=uuid.uuid4(), project=office.a, report=report, by=office.specialist)
    Visit.every.filter(pk=row.pk).update(at=after.at + timedelta(minutes=minutes))
    return row


def held(office, after: Call) -> None:
    office.building = getattr(office, "building", None) or build.building(office.a)
    unit = build.unit(office.building, 3, stock.phone()[-2:], by=office.specialist, status=Status.AVAILABLE)
    terms = holds.Terms(after.customer, office.salesperson, "Wants it", Evidence.ID_SEEN)
    holds.place_hold(op_id=uuid.uuid4(), unit_id=unit.pk, terms=terms, by=office.specialist)


def figures(office, since=None, until=None, by=None):
    access = access_of(by or office.supervisor)
    return conversion(access, office.a, since or office.today - timedelta(days=1), until or office.today)


def counts(line) -> tuple:
    return line.label, line.called, line.visited, line.held


def test_people_are_counted_by_their_first_call_once(office):
    one = call(office, "13800138001", channel="WEB", minutes_ago=300)
    call(office, "13800138001", by=office.second, channel="FENCE", minutes_ago=60)
    two = call(office, "13800138002", by=office.second, channel="WEB")
    call(office, "13800138003")
    visit(office, one, 30)
    visit(office, one, 200)
    visit(office, two, 50)
    held(office, one)
    found = figures(office)
    assert counts(found.whole) == ("", 3, 2, 1)
    assert found.whole.minutes == 40
    assert found.whole.visited_share == pytest.approx(66.67, abs=0.01)
    assert [counts(line) for line in found.by_person] == [("Bai Lu", 1, 1, 0), ("Wu Qian", 2, 1, 1)]
    assert [counts(line) for line in found.by_channel] == [("Web", 2, 2, 1), ("–", 1, 0, 0)]


def test_who_called_before_the_period_is_no_first_caller_of_it(office):
    call(office, "13800138001", days_ago=40)
    call(office, "13800138001")
    assert figures(office).whole.called == 0
    earlier = office.today - timedelta(days=50)
    assert figures(office, earlier, office.today).whole.called == 1


def test_a_visit_before_the_call_does_not_follow_from_it(office):
    first = call(office, "13800138001")
    visit(office, first, -30)
    assert counts(figures(office).whole) == ("", 1, 0, 0)
    assert figures(office).whole.minutes is None


def test_as_many_queries_for_many_calls_as_for_none(office, django_assert_num_queries):
    figures(office)
    for number in range(3):
        with django_assert_num_queries(1):
            figures(office)
        held(office, call(office, f"1380013801{number}", channel="WEB"))


def test_every_count_opens_its_rows(client, office):
    one, two = call(office, "13800138001", channel="WEB", minutes_ago=300), call(office, "13800138002", channel="WEB")
    again = call(office, "13800138001", minutes_ago=60)
    visit(office, one, 30)
    held(office, two)
    client.force_login(office.supervisor)
    page = client.get(reverse("enquiries:call_measures", args=[office.a.code])).content.decode()
    assert "From the first call to the visit and the hold" in page
    line = next(line for line in figures(office).by_channel if line.label == "Web")
    rows = {"first": {one, two}, "visited": {one}, "held": {two}}
    for stage, expected in rows.items():
        answer = client.get(f"{reverse('enquiries:call_list', args=[office.a.code])}?{line.asked}&became={stage}")
        text = answer.content.decode()
        assert {row for row in (one, two, again) if row.number in text} == expected, stage
        assert f"became={stage}" in page


def test_nobody_called_says_so(client, office):
    client.force_login(office.supervisor)
    page = client.get(reverse("enquiries:call_measures", args=[office.a.code])).content.decode()
    assert "Nobody called for the first time in this period." in page
