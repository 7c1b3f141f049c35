"""Emergency stop (R1.7): what it covers, whom it stops, who opens again."""

import uuid
from datetime import timedelta

import pytest

from contracts.models import Claim
from inventory.models import SalesStop, Unit
from inventory.queries.blocks import blocking
from inventory.queries.history import steps
from inventory.queries.stops import scopes
from inventory.services import changes, locks, release, review, stops
from inventory.states import Lock, Review, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Approval, Notice
from salescontrol.core.permissions import Role
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(people):
    """Two buildings with two units each, of two layouts; the first unit is the salesperson's."""
    people.three, people.nine = build.building(people.a, "3#"), build.building(people.a, "9#", key="9", position=2)
    people.c, people.d = build.layout(people.a, "C"), build.layout(people.a, "D")
    people.units = [
        build.unit(where, floor, by=people.specialist, layout=layout)
        for where in (people.three, people.nine)
        for floor, layout in ((12, people.c), (13, people.d))
    ]
    Unit.every.filter(pk=people.units[0].pk).update(salesperson=people.salesperson)
    people.customer = customer(people.a, people.salesperson)
    return people


def stop(room, *, by=None, reason="Price error on the website", **scope) -> SalesStop:
    fields = {"op_id": uuid.uuid4(), "project": room.a, **scope}
    return stops.stop_sales(**fields, reason=reason, by=by or room.supervisor)


def reopen(room, laid: SalesStop, *, by, asked_by=None) -> None:
    asked = stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=asked_by or room.specialist)
    approvals.decide(approval_id=asked.pk, by=by, agree=True)


def test_the_scopes_count_what_is_for_sale_by_the_clock(room, monkeypatch):
    """A hold past its end counts as available here as everywhere, written down or not."""
    hold(room.units[0], room.customer, room.salesperson, room.specialist)
    assert [free for _scope, _all, free in scopes(room.a)] == [3, 1, 2, 1, 2]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=25))
    assert [free for _scope, _all, free in scopes(room.a)] == [4, 2, 2, 2, 2]


def stopped(room) -> list[bool]:
    return [Lock.STOP in unit.lock_codes for unit in Unit.every.filter(project=room.a).order_by("pk")]


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, [True, True, True, True]),
        ({"building": "three"}, [True, True, False, False]),
        ({"layout": "d"}, [False, True, False, True]),
    ],
)
def test_a_stop_covers_its_project_building_or_layout(room, scope, covered):
    laid = stop(room, **{name: getattr(room, of) for name, of in scope.items()})

    assert stopped(room) == covered
    assert (laid.reason, laid.stopped_by, laid.lifted_at) == ("Price error on the website", room.supervisor, None)
    assert [entry.history_change_reason for entry in laid.history.all()] == ["sales.stop"]


def test_units_of_another_project_go_on(room):
    other = build.unit(build.building(room.b), by=room.other_supervisor)
    stop(room)

    assert Unit.every.get(pk=other.pk).locks == ""


def test_nothing_is_held_after_the_stop_and_the_reason_is_said(room):
    stop(room, building=room.three)
    with pytest.raises(Conflict) as refused:
        hold(room.units[0], room.customer, room.salesperson, room.specialist)

    assert (refused.value.code, Claim.every.count()) == ("locked", 0)
    assert "Price error on the website" in str(refused.value) and "3#" in str(refused.value)
    assert hold(room.units[2], room.customer, room.salesperson, room.specialist)


def test_what_was_held_before_stays_held(room):
    claim = hold(room.units[0], room.customer, room.salesperson, room.specialist)
    stop(room)

    claim.refresh_from_db()
    assert (claim.released_at, Unit.every.get(pk=room.units[0].pk).status) == (None, Status.HELD)


def test_everybody_who_is_stopped_reads_the_reason_of_a_stop_but_not_of_a_lock(room):
    locks.keep_for_opening(
        project=room.a,
        unit_ids=[room.units[0].pk],
        visible=Unit.every.all(),
        reason="Opening on 1 May",
        by=room.supervisor,
    )
    stop(room)
    unit = Unit.every.get(pk=room.units[0].pk)

    assert any("Price error" in line for line in blocking(unit, desk=False))
    assert not any("1 May" in line for line in blocking(unit, desk=False))
    assert any("1 May" in line for line in blocking(unit, desk=True))


@pytest.mark.parametrize(("fields", "words"), [
    ({"mortgaged": True}, "Mortgaged"), ({"sealed": True}, "Sealed by a court"),
    ({"contractor_owned": True}, "Given to a contractor"),
])  # fmt: skip
def test_what_lies_on_a_unit_by_law_blocks_a_claim(room, fields, words):
    Unit.every.filter(pk=room.units[0].pk).update(**fields)
    with pytest.raises(Conflict) as refused:
        hold(room.units[0], room.customer, room.salesperson, room.specialist)

    assert words in str(refused.value)


def test_a_free_unit_costs_no_query(room, django_assert_num_queries):
    unit = Unit.every.get(pk=room.units[0].pk)
    with django_assert_num_queries(0):
        assert blocking(unit, desk=True) == []


def test_the_same_form_stops_once(room):
    op_id = uuid.uuid4()

    assert stop(room, op_id=op_id) == stop(room, op_id=op_id)
    assert SalesStop.objects.count() == 1


def test_a_second_stop_of_the_same_says_so(room):
    stop(room, building=room.three)
    with pytest.raises(Conflict) as refused:
        stop(room, building=room.three, reason="Again")

    assert refused.value.code == "stopped"
    assert "Price error on the website" in str(refused.value)


def test_only_supervisor_and_management_stop(room):
    for person in (room.specialist, room.salesperson, room.finance, room.other_supervisor):
        with pytest.raises(Forbidden):
            stop(room, by=person)
    assert stop(room, by=room.management)


def test_a_stop_needs_a_reason_and_a_part_of_its_own_project(room):
    with pytest.raises(Refusal) as refused:
        stop(room, reason="  ")
    assert refused.value.code == "no_reason"
    with pytest.raises(Refusal) as refused:
        stop(room, building=build.building(room.b, "1#"))
    assert refused.value.code == "scope"


def test_the_room_and_the_salespeople_concerned_are_told(room):
    stop(room, building=room.three)
    told = {notice.to.name for notice in Notice.objects.filter(code="sales.stopped")}
    assert told == {room.specialist.name, room.management.name, room.salesperson.name}

    stop(room)
    told = {notice.to.name for notice in Notice.objects.filter(code="sales.stopped", params__scope=room.a.name)}
    assert told == {room.specialist.name, room.management.name, room.salesperson.name, room.colleague.name}


def test_reopening_is_decided_by_somebody_else(room):
    laid = stop(room)
    asked = stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.specialist)
    assert stopped(room) == [True] * 4
    with pytest.raises(Forbidden):
        approvals.decide(approval_id=asked.pk, by=room.specialist, agree=True)
    approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)

    laid.refresh_from_db()
    assert (laid.lifted_by, laid.approval_id, laid.lifted_at is not None) == (room.supervisor, asked.pk, True)
    assert stopped(room) == [False] * 4
    assert hold(room.units[0], room.customer, room.salesperson, room.specialist)
    assert Notice.objects.filter(code="sales.reopened", to=room.salesperson).exists()


def test_abuse_10_who_stopped_and_asks_does_not_decide(room):
    laid = stop(room)
    asked = stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.supervisor)
    with pytest.raises(Forbidden) as refused:
        approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)

    assert refused.value.code == "four_eyes"
    approvals.decide(approval_id=asked.pk, by=room.management, agree=True)
    assert stopped(room) == [False] * 4


def test_what_management_stopped_management_opens(room):
    laid = stop(room, by=room.management)
    with pytest.raises(Forbidden) as refused:
        reopen(room, laid, by=room.supervisor)
    assert refused.value.code == "wrong_role"

    approvals.decide(approval_id=Approval.objects.get().pk, by=room.management, agree=True)
    assert stopped(room) == [False] * 4


def test_only_the_desk_asks_to_reopen_and_once(room):
    laid = stop(room)
    for person in (room.salesperson, room.finance, room.other_supervisor):
        with pytest.raises(Forbidden):
            stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Please", by=person)
    stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.specialist)
    with pytest.raises(Conflict) as refused:
        stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.supervisor)
    assert refused.value.code == "pending"


def test_what_is_open_again_is_not_opened_twice(room):
    laid = stop(room)
    reopen(room, laid, by=room.supervisor)
    with pytest.raises(Conflict) as refused:
        stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.specialist)

    assert refused.value.code == "lifted"
    assert stop(room), "the same scope can be stopped anew"


def test_a_unit_under_two_stops_stays_stopped_until_both_are_lifted(room):
    whole, part = stop(room), stop(room, building=room.three)
    reopen(room, whole, by=room.supervisor)
    assert stopped(room) == [True, True, False, False]
    reopen(room, part, by=room.supervisor)
    assert stopped(room) == [False] * 4


def test_other_locks_stay_when_sales_open_again(room):
    locks.keep_for_opening(
        project=room.a, unit_ids=[room.units[0].pk], visible=Unit.every.all(), reason="Opening", by=room.supervisor
    )
    laid = stop(room)
    assert Unit.every.get(pk=room.units[0].pk).lock_codes == ["OPENING", "STOP"]
    reopen(room, laid, by=room.supervisor)
    assert Unit.every.get(pk=room.units[0].pk).lock_codes == ["OPENING"]


def test_a_unit_that_moves_into_a_stopped_layout_is_stopped_and_out_of_it_free(room):
    stop(room, layout=room.d)
    first, second = room.units[:2]
    for unit, layout in ((first, "D"), (second, "C")):
        asked = changes.request_change(
            unit_id=unit.pk, visible=Unit.every.all(), values={"layout": layout}, version=1, reason="Drawn anew",
            by=room.specialist,
        )  # fmt: skip
        approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)

    assert stopped(room) == [True, False, False, True]


def test_a_unit_that_is_approved_under_a_stop_is_stopped_and_a_draft_is_not(room):
    room.a.optional_before_approval, room.a.optional_reason = ["orientation", "floor_plan", "discount"], "Trial"
    room.a.save()
    stop(room, building=room.three)
    draft = build.unit(room.three, 20, by=room.marketing, status=Status.DRAFT, layout=room.c)
    assert draft.locks == ""
    asked = review.submit_units(
        project=room.a, unit_ids=[draft.pk], visible=Unit.every.all(), by=room.marketing, note="New"
    )
    approvals.decide(approval_id=asked[0].pk, by=room.supervisor, agree=True)

    draft.refresh_from_db()
    assert (draft.review, draft.status, draft.lock_codes) == (Review.APPROVED, Status.WITHHELD, ["STOP"])
    build.permit(room.three)
    with pytest.raises(Conflict) as refused:
        release.release_units(
            project=room.a, unit_ids=[draft.pk], visible=Unit.every.all(), reason="On sale", by=room.supervisor
        )
    assert "Sales stopped" in str(refused.value)


def test_a_batch_of_changes_is_not_stopped_by_a_stop(room):
    """Facts may be corrected while nothing is sold."""
    stop(room)
    asked = changes.request_change(
        unit_id=room.units[0].pk, visible=Unit.every.all(), values={"orientation": "S"}, version=1, reason="Typo",
        by=room.specialist,
    )  # fmt: skip
    approvals.decide(approval_id=asked.pk, by=room.supervisor, agree=True)

    unit = Unit.every.get(pk=room.units[0].pk)
    assert (unit.orientation, unit.lock_codes) == ("S", ["STOP"])


def test_abuse_32_a_stop_is_not_opened_from_another_project(room):
    laid = stop(room)
    asked = stops.ask_to_reopen(project=room.a, stop_id=laid.pk, reason="Corrected", by=room.specialist)
    second = build.user(Role.SUPERVISOR, room.b)
    forget_access(second)
    assert not approvals.visible_to(access_of(second)).filter(pk=asked.pk).exists()
    with pytest.raises(Refusal) as refused:
        approvals.decide(approval_id=asked.pk, by=second, agree=True)
    assert refused.value.status == 404


def test_the_life_of_a_unit_tells_the_stops_it_was_under(room):
    laid = stop(room, building=room.three)
    reopen(room, laid, by=room.supervisor)

    def told(unit, reader) -> list[str]:
        forget_access(reader)
        return [step.text for step in steps(access_of(reader), unit) if "Sales of" in step.text]

    desk = told(room.units[0], room.specialist)
    assert len(desk) == 2
    assert desk[1] == "Sales of 3# stopped by Lin Yue: Price error on the website"
    own = told(room.units[0], room.salesperson)
    assert "Price error on the website" in own[1] and room.supervisor.name not in "".join(own)
    assert told(room.units[2], room.specialist) == []
    before = clock.now() - timedelta(days=2)
    SalesStop.objects.update(stopped_at=before, lifted_at=before)
    assert told(room.units[0], room.specialist) == [], "that was before the unit was approved"
