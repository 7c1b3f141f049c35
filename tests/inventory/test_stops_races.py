"""No claim commits after a stop has (R1.7): whoever waits for the unit's row while sales are stopped is refused."""

import uuid
from functools import partial

import pytest
from django.db import transaction

from contracts.models import Claim
from inventory.models import SalesStop, Unit
from inventory.services import changes, stops
from inventory.states import Lock
from salescontrol.core import approvals
from tests import build
from tests.contracts.stock import customer, hold
from tests.rivals import PATIENCE_SECONDS, Rival, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def room(people):
    people.building = build.building(people.a)
    people.c, people.d = build.layout(people.a, "C"), build.layout(people.a, "D")
    people.unit = build.unit(people.building, by=people.specialist, layout=people.c)
    people.customer = customer(people.a, people.salesperson)
    return people


def stop(room, **scope) -> SalesStop:
    return stops.stop_sales(op_id=uuid.uuid4(), project=room.a, reason="Price error", by=room.supervisor, **scope)


def claim(room):
    return hold(room.unit, room.customer, room.salesperson, room.specialist)


def test_a_claim_that_waits_for_the_row_while_the_stop_commits_is_refused(room):
    with transaction.atomic():
        stop(room)
        rival = Rival(lambda: claim(room))
        rival.wait_until_blocked()
        assert Claim.every.count() == 0
    rival.join(PATIENCE_SECONDS)

    assert rival.outcome == "locked"
    assert Claim.every.count() == 0


def test_without_the_lock_on_the_rows_the_claim_would_slip_through(room, monkeypatch):
    """The seeded fault: a stop that marks the units it read without locking them lets a claim finish after its instant."""

    def unlocked(project_id: int) -> list[Unit]:
        return list(Unit.every.filter(project_id=project_id).order_by("pk"))

    monkeypatch.setattr(stops, "_lock_all", unlocked)
    monkeypatch.setattr(stops, "cover", lambda chosen: None)
    with transaction.atomic():
        laid = stop(room)
        rival = Rival(lambda: claim(room))
        rival.join(PATIENCE_SECONDS)

    assert rival.outcome == "done"
    assert Claim.every.get().placed_at > laid.stopped_at


def test_a_stop_waits_for_the_claim_that_was_first_and_then_covers_its_unit(room):
    with transaction.atomic():
        placed = claim(room)
        rival = Rival(lambda: stop(room))
        rival.wait_until_blocked()
        assert SalesStop.objects.count() == 0
    rival.join(PATIENCE_SECONDS)

    assert rival.outcome == "done"
    assert SalesStop.objects.get().stopped_at > placed.placed_at
    assert Lock.STOP in Unit.every.get().lock_codes


def test_a_unit_on_its_way_into_a_stopped_layout_does_not_slip_through(room):
    asked = changes.request_change(
        unit_id=room.unit.pk, visible=Unit.every.all(), values={"layout": "D"}, version=1, reason="Drawn anew",
        by=room.specialist,
    )  # fmt: skip
    with transaction.atomic():
        approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)
        rival = Rival(lambda: stop(room, layout=room.d))
        rival.wait_until_blocked()
    rival.join(PATIENCE_SECONDS)

    unit = Unit.every.get()
    assert (rival.outcome, unit.layout_id, Lock.STOP in unit.lock_codes) == ("done", room.d.pk, True)


def test_two_stops_of_the_same_at_once_are_one(room):
    with transaction.atomic():
        stop(room)
        rival = Rival(lambda: stop(room))
        rival.wait_until_blocked()
    rival.join(PATIENCE_SECONDS)

    assert rival.outcome == "stopped"
    assert SalesStop.objects.count() == 1


def test_many_claims_and_a_stop_at_once_leave_no_claim_after_it(room):
    """Twelve units, twelve desks, one stop: each claim is placed before the stop's instant or refused by it."""
    homes = [build.unit(room.building, 30 + number, by=room.specialist) for number in range(12)]
    customers = [customer(room.a, room.salesperson) for _home in homes]

    def place(home, buyer):
        return hold(home, buyer, room.salesperson, room.supervisor, override="Opening day")

    claims = [partial(place, home, buyer) for home, buyer in zip(homes, customers, strict=True)]
    told = at_once(*claims, lambda: stop(room))

    laid = SalesStop.objects.get()
    assert set(told) <= {"done", "locked"}
    assert not Claim.every.filter(placed_at__gt=laid.stopped_at).exists()
    assert Claim.every.count() == told[:-1].count("done")
