"""Two desks save at one moment: each turn is given once, and nobody waits for each other (R2.1)."""

import uuid
from collections import Counter
from datetime import datetime

import pytest
from django.db import transaction

from enquiries.models import RotationTurn
from enquiries.queries.roster import zone_of
from enquiries.services import calls, rotation, visits
from enquiries.states import Line, TurnKind
from salescontrol.core import clock
from salescontrol.core.permissions import Role
from tests import build
from tests.enquiries import stock
from tests.rivals import Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def office(people, monkeypatch):
    monday = datetime(2026, 11, 30, 10, tzinfo=zone_of(people.a))
    monkeypatch.setattr(clock, "now", lambda: monday)
    people.team = [people.salesperson, people.colleague, build.user(Role.SALESPERSON, people.a, name="Yu Han")]
    people.guests = [stock.customer(people.a, None, by=people.specialist) for _each in range(6)]
    return people


def call(office) -> calls.Call:
    content = calls.Content(phone=stock.phone(), rings="2", in_turn=True)
    return calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=office.a, content=content, by=office.specialist
    )


def visit(office, guest) -> visits.Visit:
    report = visits.Report(customer=guest, in_turn=True)
    return visits.log_visit(op_id=uuid.uuid4(), project=office.a, report=report, by=office.specialist)


def test_who_comes_second_waits_and_gets_the_next_turn(office):
    with transaction.atomic():
        first = call(office)
        rival = Rival(lambda: call(office))
        rival.wait_until_blocked()
    assert rival.told() == "done"
    assert (first.salesperson, rival.result.salesperson) == (office.salesperson, office.colleague)


def test_of_many_at_once_everybody_gets_as_many(office):
    told = at_once(*[lambda guest=guest: visit(office, guest) for guest in office.guests])
    assert told == ["done"] * 6
    rows = RotationTurn.objects.filter(kind=TurnKind.TAKEN)
    assert Counter(rows.values_list("salesperson", flat=True)) == {person.pk: 2 for person in office.team}
    assert not rows.filter(out_of_turn=True).exists()


def test_calls_visits_and_skips_at_once_end_in_one_order(office):
    def skip() -> None:
        rotation.skip_turn(
            op_id=uuid.uuid4(), project=office.a, line=Line.VISIT, salesperson=office.salesperson, reason="BUSY",
            by=office.specialist,
        )  # fmt: skip

    acts = [
        skip,
        skip,
        *[lambda: call(office)] * 3,
        *[lambda guest=guest: visit(office, guest) for guest in office.guests[:3]],
    ]
    told = at_once(*acts)
    assert set(told[2:]) == {"done"}
    assert set(told[:2]) <= {"done", "not_next"}
    places = list(RotationTurn.objects.filter(kind=TurnKind.TAKEN).values_list("place", flat=True))
    assert len(set(places)) == len(places) == 6


def test_the_first_two_turns_of_a_project_at_once(office):
    assert at_once(lambda: call(office), lambda: call(office)) == ["done", "done"]
    given = RotationTurn.objects.order_by("pk").values_list("salesperson", flat=True)
    assert list(given) == [office.salesperson.pk, office.colleague.pk]
