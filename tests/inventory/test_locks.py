"""The overlay lock of an opening event (domain B2.3): laid and lifted by the supervisor, with a reason."""

import pytest
from django.urls import reverse

from inventory.models import Unit, UnitLock
from inventory.services import locks, release
from inventory.states import Lock, Status
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from tests import build
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(people):
    """Three units: available, withheld, subscribed."""
    people.building = build.building(people.a)
    people.units = [
        build.unit(people.building, 12 + number, by=people.specialist, status=status)
        for number, status in enumerate((Status.AVAILABLE, Status.WITHHELD, Status.SUBSCRIBED))
    ]
    return people


def act(room, service, units, *, by=None, reason="Opening on 1 May"):
    return service(
        project=room.a, unit_ids=[unit.pk for unit in units], visible=Unit.every.all(), reason=reason,
        by=by or room.supervisor,
    )  # fmt: skip


def codes(room) -> list[str]:
    return [unit.locks for unit in Unit.every.order_by("pk")]


def test_units_kept_for_an_opening_event_are_not_held_until_the_lock_is_lifted(room):
    act(room, locks.keep_for_opening, room.units[:2])
    assert codes(room) == ["OPENING", "OPENING", ""]
    buyer = customer(room.a, room.salesperson)
    with pytest.raises(Conflict) as refused:
        hold(room.units[0], buyer, room.salesperson, room.specialist)
    assert "Kept for an opening event (Opening on 1 May)" in str(refused.value)

    act(room, locks.lift_opening, room.units[:2], reason="Event is over")
    assert codes(room) == ["", "", ""]
    assert hold(room.units[0], buyer, room.salesperson, room.specialist)


def test_who_laid_and_who_lifted_it_is_kept_with_both_reasons(room):
    act(room, locks.keep_for_opening, room.units[:1])
    act(room, locks.lift_opening, room.units[:1], reason="Event is over", by=room.supervisor)

    lock = UnitLock.every.get()
    assert (lock.kind, lock.reason, lock.set_by, lock.lifted_at is not None) == (
        Lock.OPENING, "Opening on 1 May", room.supervisor, True
    )  # fmt: skip
    kept = lock.history.order_by("history_id").values_list("history_change_reason", "history_user")
    assert [*kept] == [("unit.lock", room.supervisor.pk), ("unit.unlock: Event is over", room.supervisor.pk)]


def test_a_locked_unit_is_not_put_on_sale(room):
    build.permit(room.building)
    act(room, locks.keep_for_opening, room.units[1:2])
    with pytest.raises(Conflict):
        act(room, release.release_units, room.units[1:2])


def test_a_unit_with_a_claim_is_left_out_and_nothing_is_locked(room):
    with pytest.raises(Conflict) as refused:
        act(room, locks.keep_for_opening, room.units)

    assert (refused.value.code, codes(room)) == ("claimed", ["", "", ""])
    assert room.units[2].number in str(refused.value)


def test_a_lock_is_laid_and_lifted_once(room):
    act(room, locks.keep_for_opening, room.units[:1])
    with pytest.raises(Conflict) as refused:
        act(room, locks.keep_for_opening, room.units[:1])
    assert refused.value.code == "locked"
    act(room, locks.lift_opening, room.units[:1])
    with pytest.raises(Conflict) as refused:
        act(room, locks.lift_opening, room.units[:1])
    assert refused.value.code == "not_locked"


@pytest.mark.parametrize("service", [locks.keep_for_opening, locks.lift_opening])
def test_only_the_supervisor_with_a_reason(room, service):
    for person in (room.specialist, room.salesperson, room.management, room.other_supervisor):
        with pytest.raises(Forbidden):
            act(room, service, room.units[:1], by=person)
    with pytest.raises(Refusal) as refused:
        act(room, service, room.units[:1], reason=" ")
    assert refused.value.code == "no_reason"


def test_units_of_another_project_are_not_locked_by_their_id(room):
    other = build.unit(build.building(room.b), by=room.other_supervisor)
    with pytest.raises(Refusal) as refused:
        act(room, locks.keep_for_opening, [room.units[0], other])

    assert (refused.value.code, Unit.every.get(pk=other.pk).locks) == ("not_visible", "")


def test_the_panel_offers_the_lock_and_its_end_and_shows_who_and_why(room, sign_in):
    browser = sign_in(room.supervisor)
    panel = reverse("inventory:board_panel", args=["AAA", room.units[0].pk])
    lock = reverse("inventory:unit_lock", args=["AAA", room.units[0].pk])
    unlock = reverse("inventory:unit_unlock", args=["AAA", room.units[0].pk])
    assert lock in browser.get(panel).content.decode()

    browser.post(lock, {"reason": "Opening on 1 May"})
    page = browser.get(panel).content.decode()
    assert unlock in page and lock not in page
    assert "Kept for an opening event: Opening on 1 May" in page and room.supervisor.name in page

    browser.post(unlock, {"reason": "Over"})
    assert codes(room)[0] == ""


def test_many_are_locked_and_lifted_from_a_list(room, sign_in):
    browser = sign_in(room.supervisor)
    page = browser.get("/p/AAA/locks/lay/").content.decode()
    assert room.units[1].number in page and room.units[2].number not in page

    answer = browser.post("/p/AAA/locks/lay/", {"chosen": [room.units[0].pk, room.units[1].pk], "reason": "Opening"})
    assert (answer.status_code, codes(room)) == (302, ["OPENING", "OPENING", ""])
    answer = browser.post("/p/AAA/locks/lift/", {"everything": "on", "reason": "Over"})
    assert (answer.status_code, codes(room)) == (302, ["", "", ""])
