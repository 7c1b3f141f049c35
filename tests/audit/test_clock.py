"""The server's clock goes back (abuse 14): no hold resurrects, no number goes back, and people are warned."""

from datetime import timedelta

import pytest

from inventory.models import Unit, UnitEvent
from inventory.queries.standing import standing
from inventory.states import Status
from salescontrol.core import clock, journal
from salescontrol.core.models import Notice
from security.services import consistency
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


def test_abuse_14_a_clock_set_back_resurrects_no_hold_and_no_number(people, monkeypatch):
    """A hold that has been written down as over stays over, and what happens then has the next number."""
    unit = build.unit(build.building(people.a), by=people.specialist)
    hold(unit, customer(people.a, people.salesperson), people.salesperson, people.specialist)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=25))
    second = hold(unit, customer(people.a, people.colleague), people.colleague, people.specialist)
    seq = Unit.objects.get().event_seq
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=23))

    row = Unit.objects.get()
    assert (standing(row), row.event_seq) == (Status.HELD, seq)
    assert list(UnitEvent.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, seq + 1))
    assert UnitEvent.objects.latest("seq").claim == second.number


def test_abuse_14_a_clock_set_back_is_told_on_every_page_and_to_who_keeps_the_product_running(
    people, sign_in, monkeypatch
):
    build.unit(build.building(people.a), by=people.specialist)
    journal.keep()
    assert not consistency.tell_of_clock()
    client = sign_in(people.salesperson)
    assert "clock has been set back" not in client.get("/").content.decode()
    real = clock.now
    ahead = real() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(hours=2))
    assert consistency.tell_of_clock()
    assert Notice.objects.filter(code="clock.set_back", to=people.supervisor).exists()
    monkeypatch.setattr(clock, "now", real)
    monkeypatch.setattr(clock, "_LATEST", [ahead])
    assert "clock has been set back" in client.get("/").content.decode()
