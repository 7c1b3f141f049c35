"""What an open board is told: exactly what its reader sees, in an answer of one shape, with few queries."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.models import ProjectGrant, Unit, UnitInterest
from inventory.queries import live
from inventory.queries.live import live_board, read_live
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Role
from security.models import Session
from tests import build
from tests.live.conftest import stock_of

pytestmark = pytest.mark.django_db
NOTHING = {"token", "now", "cells", "reload"}


def sell(unit: Unit, status: Status = Status.HELD, **fields) -> None:
    """A change of how a unit stands, recorded as the services record it, without their rules."""
    build.place_in(status, unit, **fields)


def renamed(row, field: str, value) -> None:
    setattr(row, field, value)
    save_tracked(row, action="test.change", by=None)


def cells(answer: dict) -> dict[int, list]:
    return {cell[0]: cell[1:] for cell in answer["cells"]}


def letters(state: dict, client_get) -> dict[int, str]:
    skeleton = client_get(state["skeleton"]).json()
    return dict(zip(sorted(ids_of(skeleton)), state["statuses"], strict=True))


def ids_of(skeleton: dict) -> list[int]:
    found = []
    for tower in skeleton["towers"]:
        if "columns" in tower:
            found += [pk for column in tower["columns"] for pk in column[0]]
        else:
            found += [slot[0] for row in tower["rows"] for slot in row[2] if slot]
    return found


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("supervisor", ("own", "held", "sold", "foreign", "free", "draft", "duplex", "parking")),
        ("finance", ("own", "held", "sold", "foreign", "free", "duplex", "parking")),
        ("salesperson", ("own", "held", "sold")),
        ("marketing", ()),
    ],
)
def test_each_reader_gets_exactly_the_units_that_they_see(stock, watch, who, seen):
    board = watch(getattr(stock, who))
    found = letters(board.seen.state, board.get)
    assert found == {getattr(stock, name).pk: live.LETTERS[getattr(stock, name).status] for name in seen}


def test_the_skeleton_names_no_price_no_status_and_nobody(stock, watch):
    sell(stock.own, Status.AVAILABLE, list_total=Decimal(7654321), status_reason="whysecret")
    board = watch(stock.supervisor)
    answer = board.get(board.seen.state["skeleton"])
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    text = answer.content.decode()
    for hidden in ("7654321", "whysecret", "Zhao", "Xu Lei"):
        assert hidden not in text
    sell(stock.free, Status.CONTRACTED)
    assert watch(stock.supervisor).seen.state["skeleton"] == board.seen.state["skeleton"]


def test_abuse_28_a_skeleton_of_others_is_not_there(stock, watch):
    desk = watch(stock.supervisor).seen.state
    board = watch(stock.salesperson)
    assert board.seen.state["skeleton"] != desk["skeleton"]
    for address in (
        desk["skeleton"],
        desk["prices"],
        "/p/AAA/board/skeleton/0123abcd/",
        "/p/AAA/board/prices/0123abcd/",
    ):
        assert board.get(address).status_code == 404
    assert board.get(board.seen.state["skeleton"]).status_code == 200


def test_prices_come_by_ascending_id(stock, watch):
    sell(stock.held, Status.AVAILABLE, list_total=None)
    sell(stock.sold, Status.CONTRACTED, list_total=Decimal("1234567.89"))
    board = watch(stock.salesperson)
    ids = sorted(ids_of(board.get(board.seen.state["skeleton"]).json()))
    prices = dict(zip(ids, board.get(board.seen.state["prices"]).json(), strict=True))
    assert prices == {stock.own.pk: 2706624, stock.held.pk: None, stock.sold.pk: 1234567.89}


def test_nothing_changed_is_a_short_answer(stock, watch):
    board = watch(stock.salesperson)
    answer = board.ask()
    assert answer["reload"] is False
    # On PostgreSQL what the test's own open transaction did is told again.
    if connection.vendor == "sqlite":
        assert (set(answer), answer["cells"]) == (NOTHING, [])
        assert len(board.seen.last.content) <= 320


def test_a_change_is_told_with_status_locks_total_and_end(stock, watch):
    board = watch(stock.supervisor)
    ends = clock.now() + timedelta(hours=2)
    sell(stock.own, claim_ends_at=ends, locks="PRICE,STOP", list_total=Decimal(3_000_000))
    answer = board.ask()
    letter, locks, total, until, mine, asked = cells(answer)[stock.own.pk]
    assert (letter, locks, total, mine, asked) == ("h", "PRICE,STOP", 3_000_000, 0, 1)
    assert abs(until - ends.timestamp()) < 0.01
    assert answer["counts"]["legend"]["HELD"] == 1
    assert answer["counts"]["headline"].startswith("6 units · 6 released")
    assert answer["counts"]["remaining"] == {"C": 4}
    assert answer["reload"] is False


def test_ones_own_units_are_marked(stock, watch):
    board = watch(stock.salesperson)
    assert board.seen.state["mine"] == sorted([stock.own.pk, stock.held.pk, stock.sold.pk])
    sell(stock.own)
    assert cells(board.ask())[stock.own.pk][4] == 1


def test_abuse_28_what_happens_to_hidden_units_changes_nothing_in_the_answer(stock, watch):
    board = watch(stock.salesperson)
    quiet = board.ask()
    sell(stock.foreign)
    Unit.objects.filter(pk=stock.free.pk).update(locks="STOP", room="9")
    build.unit(stock.building, 30, by=stock.specialist)
    UnitInterest.objects.create(unit=stock.free, user=stock.colleague, kind="hold")
    loud = board.ask()
    for answer in (quiet, loud):
        answer["cells"] = (
            [cell for cell in answer["cells"] if cell[0] != stock.own.pk]
            if connection.vendor == "postgresql"
            else answer["cells"]
        )
    assert (
        {name: quiet[name] for name in ("reload",)} == {name: loud[name] for name in ("reload",)} == {"reload": False}
    )
    assert set(cells(loud)) <= {stock.own.pk, stock.held.pk, stock.sold.pk}
    assert len(quiet["token"]) == len(loud["token"])
    if connection.vendor == "sqlite":
        assert (loud["cells"], set(loud)) == ([], NOTHING)


def test_a_unit_that_comes_into_sight_or_leaves_it_makes_another_board(stock, watch):
    board = watch(stock.salesperson)
    Unit.objects.filter(pk=stock.free.pk).update(salesperson=stock.salesperson)
    assert board.ask()["reload"] is True
    assert stock.free.pk in letters(watch(stock.salesperson).seen.state, board.get)
    board = watch(stock.salesperson)
    Unit.objects.filter(pk=stock.own.pk).update(salesperson=stock.colleague)
    assert board.ask()["reload"] is True


def test_a_room_that_is_renamed_makes_another_board(stock, watch):
    board = watch(stock.supervisor)
    Unit.objects.filter(pk=stock.own.pk).update(room="1299")
    assert board.ask()["reload"] is True


@pytest.mark.parametrize("token", ["", "x", "a.b.c.d", "gAAAAABm"])
def test_a_token_that_is_none_asks_for_the_whole_board_again(stock, watch, token):
    board = watch(stock.supervisor)
    board.seen.token = token
    answer = board.ask()
    assert (answer["cells"], answer["reload"]) == ([], True)


def test_abuse_30_somebody_elses_token_is_of_no_use(stock, watch):
    token = watch(stock.supervisor).seen.token
    board = watch(stock.salesperson)
    board.seen.token = token
    assert board.ask()["reload"] is True


def test_an_expired_hold_counts_as_available_in_every_part(stock, watch, monkeypatch):
    now = clock.now()
    sell(stock.own, claim_ends_at=now + timedelta(minutes=5))
    board = watch(stock.supervisor)
    found = letters(board.seen.state, board.get)
    assert (found[stock.own.pk], list(board.seen.state["ends"])) == ("h", [str(stock.own.pk)])
    sell(stock.own, claim_ends_at=now - timedelta(seconds=1))
    fresh = watch(stock.supervisor)
    assert letters(fresh.seen.state, fresh.get)[stock.own.pk] == "a"
    assert fresh.seen.state["ends"] == {}
    assert fresh.seen.state["counts"]["legend"]["HELD"] == 0
    page = fresh.get("/p/AAA/board/?plain=1").content.decode()
    assert f'class="unit available" href="/p/AAA/board/?plain=1&amp;unit={stock.own.pk}"' in page


def test_changed_cells_say_whether_they_match_the_filter(stock, watch):
    board = watch(stock.supervisor, "status=AVAILABLE&total_to=280")
    assert stock.own.pk in board.seen.state["asked"]
    assert stock.sold.pk not in board.seen.state["asked"]
    sell(stock.own, Status.SUBSCRIBED)
    assert cells(board.ask())[stock.own.pk][5] == 0


def test_a_look_keeps_no_session_alive(stock, watch):
    board = watch(stock.supervisor)
    Session.objects.update(seen_at=clock.now() - timedelta(minutes=20))
    board.ask()
    assert Session.objects.filter(seen_at__gt=clock.now() - timedelta(minutes=19)).count() == 0


def test_who_is_signed_out_is_told_so(stock, watch):
    board = watch(stock.supervisor)
    Session.objects.update(ended_at=clock.now())
    assert board.get("/p/AAA/board/changes/?token=x").status_code == 401


def test_who_may_not_see_the_project_is_told_nothing(stock, watch, client):
    client.force_login(stock.other_supervisor, backend="django.contrib.auth.backends.ModelBackend")
    for part in ("state/", "changes/?token=x"):
        assert client.get(f"/p/AAA/board/{part}").status_code == 404
    client.force_login(stock.head, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/p/AAA/board/changes/?token=x").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_unchanged_board_costs_few_queries_and_a_changed_one_does_not_read_all(people, watch):
    stock = stock_of(people)
    board = watch(stock.supervisor)
    board.ask()
    with CaptureQueriesContext(connection) as quiet:
        board.ask()
    # Somebody's long transaction elsewhere on a PostgreSQL server lets changes be told again, which costs a look more.
    if connection.vendor == "sqlite":
        assert len([query for query in quiet if "boardchange" in query["sql"]]) == 1
        assert len(quiet) <= 8
    sell(stock.own)
    with CaptureQueriesContext(connection) as changed:
        answer = board.ask()
    assert set(cells(answer)) >= {stock.own.pk}
    assert not [query for query in changed if "json_" in query["sql"]]
    assert len(changed) <= 24


@pytest.mark.django_db(transaction=True)
def test_a_board_kept_in_the_process_is_always_the_one_read_anew(people):
    """Whatever happens between two looks: units change, come, go, move, are shared, given and taken."""
    stock = stock_of(people)
    stock.b_unit = build.unit(build.building(stock.b), 3, by=stock.other_supervisor)
    steps = (
        lambda: sell(stock.own, claim_ends_at=clock.now() + timedelta(hours=1)),
        lambda: sell(stock.own, Status.AVAILABLE, claim_ends_at=None),
        lambda: sell(stock.held, locks="STOP", list_total=Decimal(99)),
        lambda: sell(stock.held, locks="", list_total=None),
        lambda: sell(stock.free, room="77", stack="07"),
        lambda: build.unit(stock.building, 40, by=stock.specialist, status=Status.DRAFT),
        lambda: build.unit(stock.building, 41, by=stock.specialist),
        lambda: sell(stock.foreign, salesperson=stock.salesperson),
        lambda: sell(stock.foreign, salesperson=stock.colleague),
        lambda: UnitInterest.objects.create(unit=stock.foreign, user=stock.salesperson, kind="viewing"),
        lambda: UnitInterest.objects.all().delete(),
        lambda: renamed(stock.a, "share_for_sale", True),
        lambda: sell(stock.free, Status.SUBSCRIBED),
        lambda: renamed(stock.building, "name", "33#"),
        lambda: sell(stock.b_unit),
    )
    readers = [access_of(person) for person in (stock.supervisor, stock.finance, stock.salesperson, stock.marketing)]
    for access in readers:
        live_board(access, stock.a)
    for step in steps:
        step()
        for access in readers:
            kept, fresh = live_board(access, stock.a), read_live(access, stock.a)
            for name in ("ids", "letters", "totals", "locks", "ends", "stacks", "skeleton", "prices"):
                assert getattr(kept, name) == getattr(fresh, name), name
            assert +kept.counts == +fresh.counts


@pytest.mark.django_db(transaction=True)
def test_whose_role_changed_gets_no_board_kept_from_before(people):
    """No unit changed, so the feed says nothing; the rights do."""
    stock, person = stock_of(people), people.salesperson
    assert stock.own.pk in live_board(access_of(person), stock.a).ids
    with transaction.atomic():
        ProjectGrant.objects.filter(user=person).delete()
        build.grant(person, Role.MARKETING, stock.a)
    forget_access(person)
    assert live_board(access_of(person), stock.a).ids == []


def test_readers_of_one_sight_share_a_board_and_others_do_not(stock):
    sights = {name: live.sight_of(access_of(getattr(stock, name)), stock.a.pk) for name in
              ("supervisor", "specialist", "finance", "management", "salesperson", "colleague", "marketing")}  # fmt: skip
    assert sights["supervisor"] == sights["specialist"] == "all"
    assert sights["finance"] == sights["management"] == "approved"
    assert len({sights[name] for name in ("salesperson", "colleague", "marketing")}) == 3
