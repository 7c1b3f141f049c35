"""The bell in the database: every change that a board shows rings, on both engines, and none is lost between two looks."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F

from inventory.models import AccessGrant, BoardChange, Unit, UnitInterest
from inventory.queries.feed import Mark, mark, rung_since
from inventory.services.displays import forget_changes
from inventory.states import Status
from salescontrol.core import clock
from tests import build
from tests.live.conftest import stock_of

pytestmark = pytest.mark.django_db


def rung(project, since: Mark, user=None) -> dict[int, bool]:
    return dict(rung_since(project.pk, since, user_id=user and user.pk).units)


@pytest.mark.parametrize(
    ("column", "value"),
    [("locks", "PRICE"), ("list_total", Decimal(5)), ("list_unit_price", Decimal(5)), ("salesperson", None),
     ("claim_ends_at", "now")],
)  # fmt: skip
def test_a_change_of_how_a_unit_stands_rings(stock, column, value):
    since = mark()
    build.place_in(Status.HELD, stock.own, **{column: clock.now() if value == "now" else value})
    assert rung(stock.a, since)[stock.own.pk] is False


@pytest.mark.parametrize(
    ("column", "value"),
    [("room", "9999"), ("floor", 33), ("floor_to", 34), ("floor_label", "x"), ("stack", "77"), ("layout", None),
     ("orientation", "E"), ("built_area", Decimal("119.00")), ("surveyed_built_area", Decimal("119.00")),
     ("property_type", "SHOP"), ("number", "x"), ("entrance", "2")],
)  # fmt: skip
def test_a_change_of_what_a_unit_is_or_where_says_so(stock, column, value):
    since = mark()
    Unit.objects.filter(pk=stock.own.pk).update(**{column: value})
    assert rung(stock.a, since)[stock.own.pk] is True


def test_what_no_board_shows_does_not_ring(stock):
    before = BoardChange.objects.count()
    Unit.objects.filter(pk=stock.own.pk).update(note="x", floor_total=Decimal(1), version=F("version") + 1)
    assert BoardChange.objects.count() == before


def test_units_that_come_and_go_ring(stock):
    since = mark()
    new = build.unit(stock.building, 20, by=stock.specialist, status=Status.DRAFT)
    assert (gone := new.pk) in rung(stock.a, since)
    since = mark()
    new._change_reason, new._history_user = "unit.discard", stock.specialist
    new.delete()
    assert new.pk is None
    assert gone in rung(stock.a, since)


def test_sight_that_is_given_changed_or_taken_rings(stock):
    now = clock.now()
    for make in (
        lambda: UnitInterest.objects.create(unit=stock.foreign, user=stock.salesperson, kind="deal"),
        lambda: AccessGrant.objects.create(unit=stock.foreign, user=stock.finance, purpose="x", since=now, until=now + timedelta(1)),
    ):  # fmt: skip
        since = mark()
        row = make()
        assert stock.foreign.pk in rung(stock.a, since)
        since = mark()
        row.until = now + timedelta(hours=3)
        row.save()
        assert stock.foreign.pk in rung(stock.a, since)
    since = mark()
    UnitInterest.objects.all().delete()
    assert stock.foreign.pk in rung(stock.a, since)


def test_names_on_the_board_ring_for_all_units_of_their_project_only(stock):
    for row, column, value in (
        (stock.building, "name", "33#"),
        (stock.layout, "code", "CC"),
        (stock.a, "share_for_sale", True),
    ):
        since = mark()
        type(row).objects.filter(pk=row.pk).update(**{column: value})
        assert rung(stock.a, since)[0] is True
        assert 0 not in rung(stock.b, since)


def test_another_projects_changes_are_not_heard(stock):
    foreign = build.unit(build.building(stock.b), 3, by=stock.other_supervisor)
    since = mark()
    Unit.objects.filter(pk=foreign.pk).update(locks="STOP")
    assert foreign.pk not in rung(stock.a, since)
    assert foreign.pk in rung(stock.b, since)


def test_a_hold_that_runs_out_rings_by_the_clock_alone(stock):
    now = clock.now()
    build.place_in(Status.HELD, stock.held, claim_ends_at=now + timedelta(minutes=5))
    before, after = now + timedelta(minutes=6), now + timedelta(minutes=7)
    known = Mark(10**12 if connection.vendor == "sqlite" else mark().position + 10**6, now)
    found = rung_since(stock.a.pk, known, user_id=None, now=before)
    assert set(found.units) == {stock.held.pk}
    again = rung_since(stock.a.pk, Mark(known.position, before), user_id=None, now=after)
    assert set(again.units) == set()


def test_sight_that_ends_rings_for_its_owner_alone(stock):
    now = clock.now()
    UnitInterest.objects.create(
        unit=stock.foreign, user=stock.salesperson, kind="viewing", until=now + timedelta(minutes=5)
    )
    known = Mark(10**12 if connection.vendor == "sqlite" else mark().position + 10**6, now)
    later = now + timedelta(minutes=6)
    assert set(rung_since(stock.a.pk, known, user_id=stock.salesperson.pk, now=later).units) == {stock.foreign.pk}
    assert set(rung_since(stock.a.pk, known, user_id=stock.colleague.pk, now=later).units) == set()


def test_a_mark_of_another_database_or_of_yesterday_is_of_no_use(stock):
    now = clock.now()
    assert rung_since(stock.a.pk, Mark(10**12, now), user_id=None).lost
    assert rung_since(stock.a.pk, Mark(mark().position, now - timedelta(hours=25)), user_id=None).lost
    assert not rung_since(stock.a.pk, mark(), user_id=None).lost


def test_the_feed_forgets_what_no_board_can_ask_for(stock):
    BoardChange.objects.update(at=clock.now() - timedelta(hours=25))
    kept = BoardChange.objects.create(project_id=stock.a.pk, unit_id=stock.own.pk)
    assert forget_changes() > 0
    assert list(BoardChange.objects.values_list("pk", flat=True)) == [kept.pk]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_when_transactions_commit_out_of_order(people):
    """The first to write is the last to commit: a reader that looked in between hears of both."""
    stock = stock_of(people)
    wrote, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            Unit.objects.filter(pk=stock.own.pk).update(locks="PRICE")
            wrote.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    start = mark()
    thread.start()
    assert wrote.wait(10)
    Unit.objects.filter(pk=stock.free.pk).update(locks="PRICE")
    first = rung_since(stock.a.pk, start, user_id=None)
    assert stock.free.pk in first.units
    may_commit.set()
    thread.join()
    second = rung_since(stock.a.pk, first.mark, user_id=None)
    assert stock.own.pk in second.units


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_change_inside_a_savepoint_is_not_lost_either(people):
    """A subtransaction has an id of its own, later than its parent's; the feed goes by the parent's."""
    stock = stock_of(people)
    wrote, may_commit = threading.Event(), threading.Event()

    def nested() -> None:
        with transaction.atomic():
            with transaction.atomic():
                Unit.objects.filter(pk=stock.own.pk).update(locks="PRICE")
            wrote.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=nested)
    thread.start()
    assert wrote.wait(10)
    between = mark()
    may_commit.set()
    thread.join()
    assert stock.own.pk in rung_since(stock.a.pk, between, user_id=None).units
