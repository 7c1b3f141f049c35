"""Every unit tells its whole history in sentences, to each reader only what they may know (R6.2, decisions 15)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from inventory.models import Material, UnitEvent, UnitInterest, UnitLock
from inventory.queries import history
from inventory.services import assignment, projects, units
from inventory.states import Lock, Review, Status
from salescontrol.core import clock
from salescontrol.core.access import access_of, forget_access
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Attachment
from tests import build


@pytest.fixture
def house(people):
    people.building = build.building(people.a)
    people.unit = build.unit(
        people.building, by=people.specialist, status=Status.WITHHELD, salesperson=people.salesperson
    )
    return people


def told(person, unit) -> list[str]:
    """Sentences and lines for this reader, newest first."""
    forget_access(person)
    found = history.steps(access_of(person), unit)
    return [] if found is None else [text for step in found for text in (step.text, *step.lines)]


def change(unit, by, action="unit.change", reason="", **values):
    for name, value in values.items():
        setattr(unit, name, value)
    save_tracked(unit, action=action, by=by, reason=reason)


def release(house, reason="opening week"):
    with transaction.atomic():
        units.transition(unit=house.unit, action="unit.release", by=house.supervisor, reason=reason)


def test_a_status_event_is_a_sentence_with_who_and_why(house):
    release(house)
    assert told(house.finance, house.unit)[0] == "Put on sale by Lin Yue: opening week"


def test_an_event_for_somebody_else_names_both(house):
    with transaction.atomic():
        units.transition(
            unit=house.unit, action="unit.release", by=house.supervisor, reason="opening", on_behalf_of=house.management
        )
    assert told(house.finance, house.unit)[0] == "Put on sale by Lin Yue for Ma Chao: opening"


def test_a_decided_price_is_one_sentence(house):
    change(house.unit, house.supervisor, list_unit_price=Decimal("23000.00"), list_total=Decimal("2723200.00"))
    assert told(house.specialist, house.unit)[0] == "List price 2,706,624 → 2,723,200, approved by Lin Yue"


def test_several_changes_are_lines_under_one_sentence(house):
    layout = build.layout(house.a, "C2")
    change(house.unit, house.supervisor, orientation="S", built_area=Decimal("119.00"), layout=layout, mortgaged=True)
    first, *lines = told(house.specialist, house.unit)[:5]
    assert first == "Changed, approved by Lin Yue"
    assert set(lines) == {"Orientation: South", "Built area 118.40 ㎡ → 119.00 ㎡", "Layout: C2", "Mortgaged No → Yes"}


def test_what_was_emptied_says_so(house):
    change(house.unit, house.supervisor, inner_area=None)
    assert told(house.specialist, house.unit)[0] == "Inner area 94.12 ㎡ taken out, approved by Lin Yue"


def test_a_change_of_the_floor_price_leaves_no_trace_for_those_who_may_not_read_it(house):
    change(house.unit, house.management, floor_unit_price=Decimal("22500.00"), floor_total=Decimal("2664000.00"))
    assert told(house.supervisor, house.unit)[0] == "Floor price 2,616,640 → 2,664,000, approved by Ma Chao"
    assert not [text for text in told(house.specialist, house.unit) if "Ma Chao" in text or "2,664,000" in text]
    assert len(told(house.specialist, house.unit)) == len(told(house.supervisor, house.unit)) - 1


def test_review_steps_and_the_comment_of_a_return(house):
    draft = build.unit(house.building, 20, "01", by=house.specialist, status=Status.DRAFT)
    change(draft, house.specialist, "unit.submit", review=Review.SUBMITTED, submitted_by=house.specialist)
    change(draft, house.supervisor, "unit.return", review=Review.RETURNED, review_comment="area is missing")
    change(draft, house.specialist, "unit.change_draft", note="corrected")
    assert told(house.specialist, draft)[:4] == [
        "Draft changed by Wu Qian",
        "Note: corrected",
        "Returned by Lin Yue: area is missing",
        "Submitted for review by Wu Qian",
    ]


def test_an_approval_is_told_once(house):
    draft = build.unit(house.building, 20, "01", by=house.specialist, status=Status.DRAFT)
    draft.review = Review.SUBMITTED
    draft.save()
    with transaction.atomic():
        units.record_moves(
            units=[draft],
            action="unit.approve",
            to=Status.WITHHELD,
            by=house.supervisor,
            reason="",
            review=Review.APPROVED,
            review_comment="",
        )
    draft.refresh_from_db()
    assert [text for text in told(house.specialist, draft) if "pproved" in text] == ["Approved by Lin Yue"]


def test_assignments_are_told_by_name_to_the_desk(house):
    for person, reason in ((house.colleague, "holiday"), (None, "left the team")):
        assignment.assign_units(
            project=house.a,
            unit_ids=[house.unit.pk],
            visible=type(house.unit).objects.all(),
            salesperson=person,
            reason=reason,
            by=house.supervisor,
        )
    house.unit.refresh_from_db()
    assert told(house.specialist, house.unit)[:2] == [
        "Assignment to Xu Lei ended by Lin Yue: left the team",
        "Assigned to Xu Lei instead of Zhao Ming by Lin Yue: holiday",
    ]


def test_a_salesperson_reads_of_assignments_to_them_and_of_no_other_person(house):
    for person in (house.colleague, house.salesperson):
        assignment.assign_units(
            project=house.a,
            unit_ids=[house.unit.pk],
            visible=type(house.unit).objects.all(),
            salesperson=person,
            reason="Xu Lei asked",
            by=house.supervisor,
        )
    release(house)
    UnitLock.objects.create(unit=house.unit, kind=Lock.STOP, reason="asked by Lin Yue", set_by=house.supervisor)
    change(house.unit, house.supervisor, note="call first")
    texts = told(house.salesperson, house.unit)
    assert texts.count("Assigned to you") == 1
    assert "Put on sale: opening week" in texts
    assert "Locked (Sales stopped)" in texts
    assert not [text for text in texts for name in ("Xu Lei", "Lin Yue", "Wu Qian") if name in text]


def test_the_reason_of_a_claim_is_for_whoever_sees_people(house):
    release(house)
    UnitEvent.objects.create(
        unit=house.unit,
        seq=house.unit.event_seq + 1,
        action="hold.place",
        from_status=Status.AVAILABLE,
        to_status=Status.HELD,
        actor=house.specialist,
        reason="for Mrs. Li",
        at=clock.now() + timedelta(seconds=5),
        business_date=clock.today(),
    )
    assert told(house.specialist, house.unit)[0] == "Available → Held, by Wu Qian: for Mrs. Li"
    assert told(house.salesperson, house.unit)[0] == "Available → Held"


def test_locks_and_their_end(house):
    with transaction.atomic():
        units.lay_lock(unit=house.unit, kind=Lock.STOP, reason="burst pipe", by=house.supervisor)
        units.lift_lock(unit=house.unit, kind=Lock.STOP, by=house.supervisor)
    texts = told(house.specialist, house.unit)
    assert "Locked (Sales stopped) by Lin Yue: burst pipe" in texts
    assert "Unlocked (Sales stopped)" in texts


def test_materials_added_and_removed(house):
    file = Attachment.objects.create(
        name="a.png", content_type="image/png", size=1, sha256="0" * 64, uploaded_by=house.specialist
    )
    plan = Material(
        unit=house.unit, kind=Material.Kind.FLOOR_PLAN, title="Type C", file=file, added_by=house.specialist
    )
    save_tracked(plan, action="material.add", by=house.specialist)
    plan.removed_at = clock.now()
    save_tracked(plan, action="material.remove", by=house.supervisor)
    assert told(house.specialist, house.unit)[:2] == [
        "Floor plan “Type C” removed by Lin Yue",
        "Floor plan “Type C” added by Wu Qian",
    ]


def test_who_may_only_know_that_a_unit_is_for_sale_reads_no_history(house):
    house.a.share_for_sale = True
    house.a.save()
    other = build.unit(house.building, 13, "01", by=house.specialist, salesperson=house.colleague)
    other.project = house.a
    forget_access(house.salesperson)
    assert history.steps(access_of(house.salesperson), other) is None


def test_a_new_place_is_told_and_a_renumbered_building_too(house):
    other = build.building(house.a, "9#", position=2)
    change(house.unit, house.supervisor, building=other, number="9-1202")
    assert told(house.specialist, house.unit)[0] == "Building 3# → 9#, approved by Lin Yue"
    projects.save_building(project=house.a, building=other, name="10#", phase=None, position=2, by=house.supervisor)
    house.unit.refresh_from_db()
    assert told(house.specialist, house.unit)[0] == "Unit 9-1202 → 10-1202, by Lin Yue: 10#"


def test_the_pages_of_a_locked_unit_name_nobody_to_its_salesperson(house, sign_in):
    with transaction.atomic():
        units.lay_lock(unit=house.unit, kind=Lock.STOP, reason="burst pipe", by=house.supervisor)
    for url in (
        reverse("inventory:unit", args=["AAA", house.unit.pk]),
        reverse("inventory:board_panel", args=["AAA", house.unit.pk]),
    ):
        page = sign_in(house.salesperson).get(url).content.decode()
        assert "Sales stopped" in page
        assert "Lin Yue" not in page and "burst pipe" not in page
        assert "burst pipe" in sign_in(house.specialist).get(url).content.decode()


def test_whose_a_unit_is_stays_untold_to_a_salesperson_who_only_has_business_with_it(house, sign_in):
    UnitInterest.objects.create(unit=house.unit, user=house.colleague, kind="viewing")
    for url in (
        reverse("inventory:unit", args=["AAA", house.unit.pk]),
        reverse("inventory:board_panel", args=["AAA", house.unit.pk]),
    ):
        assert "Zhao Ming" not in sign_in(house.colleague).get(url).content.decode()
        assert "Zhao Ming" in sign_in(house.specialist).get(url).content.decode()
