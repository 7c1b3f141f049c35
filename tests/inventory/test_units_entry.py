"""Units entered in one prescribed format, with the words of the import, and nothing typed is ever lost (R1.2, R6.1)."""

from decimal import Decimal

import pytest
from django.db.models import ProtectedError
from django.urls import reverse

from inventory import rules
from inventory.models import Layout, ListingBatch, Unit
from inventory.services import entry
from inventory.states import BatchState, Review, Status
from salescontrol.core.errors import Conflict, Forbidden
from salescontrol.core.models import AuditEvent
from tests import build

GOOD = {
    "building": "3#",
    "entrance": "1单元",
    "floor": "12",
    "room": "02",
    "property_type": "HOME",
    "layout": "C2",
    "orientation": "S",
    "built_area": "118.40",
    "inner_area": "94.12",
    "pricing_mode": "BUILT",
    "list_unit_price": "22860",
}

KEY = rules.kept_place({name: GOOD[name] for name in ("building", "entrance", "floor", "room")}).unit_key


def address(name: str, *args) -> str:
    return reverse(f"inventory:{name}", args=["AAA", *args])


def enter(client, **changes):
    return client.post(address("unit_enter"), {**GOOD, **changes})


def errors(response) -> dict:
    return {name: list(messages) for name, messages in response.context["form"].errors.items()}


def test_a_unit_is_entered_with_what_follows_from_what_was_typed(people, sign_in):
    response = enter(sign_in(people.specialist))
    unit = Unit.objects.get()
    assert response.url == address("unit", unit.pk)
    assert (unit.number, unit.key, unit.floor, unit.stack) == ("3-1-1202", KEY, 12, "1-02")
    assert (unit.shared_area, unit.list_total) == (Decimal("24.28"), Decimal("2706624.00"))
    assert (unit.review, unit.status, unit.entered_by) == (Review.DRAFT, Status.DRAFT, people.specialist)
    assert unit.layout == Layout.objects.get(code="C2")
    assert unit.history.get().history_change_reason == "unit.enter"


def test_entered_units_gather_in_the_authors_open_batch_without_a_file(people, sign_in):
    enter(sign_in(people.specialist))
    enter(sign_in(people.specialist), room="03")
    enter(sign_in(people.marketing), room="04")
    first, second, third = Unit.objects.order_by("pk")
    assert first.batch == second.batch != third.batch
    assert (first.batch.file, first.batch.state, first.batch.made_by) == (None, BatchState.DRAFT, people.specialist)
    page = sign_in(people.marketing).get(reverse("inventory:batch", args=["AAA", third.batch_id]))
    assert page.status_code == 200
    assert "3-1-1204" in page.content.decode()


def test_a_batch_that_was_submitted_takes_no_more_units(people, sign_in):
    enter(sign_in(people.specialist))
    ListingBatch.objects.update(state=BatchState.SUBMITTED)
    enter(sign_in(people.specialist), room="03")
    assert ListingBatch.objects.count() == 2


def test_the_next_room_starts_where_this_one_stood(people, sign_in):
    response = enter(sign_in(people.specialist), another="1")
    page = people_page = sign_in(people.specialist).get(response.url).content.decode()
    assert 'value="1单元"' in page
    assert 'value="12"' in people_page


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("built_area", "１１８．４", "118.40"),
        ("built_area", "118.404", "118.40"),
        ("list_unit_price", "22,860", "22860.00"),
        ("list_unit_price", "２２，８６０元/㎡", "22860.00"),
        ("list_unit_price", "2.286万", "22860.00"),
        ("floor", "十二层", "十二层"),
        ("orientation", "朝南", "S"),
        ("mortgaged", "是", "True"),
    ],
)
def test_abuse_8_figures_as_people_type_them_are_read(people, sign_in, field, typed, kept):
    response = enter(sign_in(people.specialist), **{field: typed, "inner_area": ""})
    assert response.status_code == 302, errors(response)
    unit = Unit.objects.get()
    assert str(unit.floor_label if field == "floor" else getattr(unit, field)) == kept


def test_a_rounded_area_is_said(people, sign_in):
    client = sign_in(people.specialist)
    page = client.get(enter(client, built_area="118.404").url).content.decode()
    assert "was rounded to 118.40" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (field, typed)
        for field in ("built_area", "list_unit_price")
        for typed in ("-1", "0", "NaN", "1e309", "Infinity", "0x10", "abc", "1,00", "9" * 400, "--", "=1+1")
    ]
    + [
        ("list_total", "2700000.123"),
        ("list_total", "1"),
        ("inner_area", "200"),
        ("floor", "999"),
        ("floor", "two"),
        ("room", "???"),
        ("room", "5-2-1202"),
        ("orientation", "up"),
        ("property_type", "CASTLE"),
        ("mortgaged", "perhaps"),
        ("note", "x" * 301),
        ("note", "a\x00b"),
        ("layout", "C\u202e2"),
        ("building", ""),
        ("building", "b" * 60),
        ("built_area", ""),
        ("room", ""),
    ],
)
def test_abuse_8_bad_values_are_refused_at_their_field_in_the_words_of_the_import(people, sign_in, field, typed):
    response = enter(sign_in(people.specialist), **{field: typed})
    assert response.status_code == 422
    expected = rules.clean_row({**GOOD, field: typed}, project_names=["Riverside Court"]).errors
    assert errors(response) == {
        problem.field: [other.message for other in expected if other.field == problem.field] for problem in expected
    }
    assert not Unit.objects.exists()
    assert not ListingBatch.objects.exists()


def test_nothing_typed_is_lost_on_an_error(people, sign_in):
    page = enter(sign_in(people.specialist), built_area="many", note="corner <b>room</b>", layout="C9").content.decode()
    assert 'value="many"' in page
    assert "corner &lt;b&gt;room&lt;/b&gt;" in page
    assert 'value="C9"' in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize(
    "spelled",
    [
        {"building": "3栋", "room": "1202"},
        {"building": " ３＃ ", "entrance": "一单元", "room": "１２０２"},
        {"building": "3号楼", "entrance": "1", "floor": "12F", "room": "02室"},
        {"building": "", "entrance": "", "floor": "", "room": "3-1-1202"},
    ],
)
def test_abuse_18_one_place_spelled_otherwise_is_the_same_place(people, sign_in, spelled):
    enter(sign_in(people.specialist))
    response = enter(sign_in(people.specialist), **spelled)
    assert response.status_code == 409
    assert errors(response) == {
        "room": ["This room is in the project already, as 3-1-1202. Correct the place, or work on that unit."]
    }
    assert Unit.objects.count() == 1


def test_abuse_18_the_database_keeps_places_apart_too(people):
    building = build.building(people.a)
    build.unit(building, by=people.specialist)
    place = rules.kept_place({"building": "3", "entrance": "", "floor": "12", "room": "1202"})
    Unit.objects.update(key=place.unit_key)
    with pytest.raises(Conflict):
        entry.enter_unit(project=people.a, place=place, values={"built_area": Decimal(50)}, by=people.specialist)


def test_a_draft_is_corrected_and_remembers_it(people, sign_in):
    client = sign_in(people.specialist)
    enter(client)
    unit = Unit.objects.get()
    page = client.get(address("unit_edit", unit.pk)).content.decode()
    assert 'value="118.40"' in page
    response = client.post(
        address("unit_edit", unit.pk),
        {**GOOD, "room": "05", "layout": "", "stack": "1-02", "version": unit.version, "no_discount": "on"},
    )
    assert response.url == address("unit", unit.pk)
    after = Unit.objects.get()
    assert (after.number, after.layout, after.stack, after.no_discount, after.version) == (
        "3-1-1205",
        None,
        "1-02",
        True,
        2,
    )
    assert after.history.first().history_change_reason == "unit.change_draft"


def test_a_change_made_meanwhile_is_not_overwritten(people, sign_in):
    client = sign_in(people.specialist)
    enter(client)
    unit = Unit.objects.get()
    client.post(address("unit_edit", unit.pk), {**GOOD, "note": "first", "version": 1})
    response = client.post(address("unit_edit", unit.pk), {**GOOD, "note": "second", "version": 1})
    assert response.status_code == 409
    assert "second" in response.content.decode()
    assert Unit.objects.get().note == "first"


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "99999999999999999999"])
def test_a_form_without_its_version_changes_nothing(people, sign_in, version):
    client = sign_in(people.specialist)
    enter(client)
    response = client.post(address("unit_edit", Unit.objects.get().pk), {**GOOD, "note": "x", "version": version})
    assert response.status_code in (409, 422)
    assert Unit.objects.get().note == ""


def test_approved_and_submitted_units_are_not_edited_here(people, sign_in):
    building = build.building(people.a)
    approved = build.unit(building, by=people.specialist)
    submitted = build.unit(building, 13, by=people.specialist, status=Status.DRAFT, review=Review.SUBMITTED)
    client = sign_in(people.specialist)
    for unit in (approved, submitted):
        for name in ("unit_edit", "unit_discard", "stack_fill"):
            assert client.get(address(name, unit.pk)).status_code == 409
            assert client.post(address(name, unit.pk), {**GOOD, "version": 1}).status_code == 409
        place = rules.kept_place({"building": "3", "entrance": "", "floor": "12", "room": "1299"})
        with pytest.raises(Conflict):
            entry.edit_unit(unit=unit, version=1, place=place, values={}, by=people.specialist)


def test_only_those_who_enter_units_may(people, sign_in):
    draft = build.unit(build.building(people.a), by=people.specialist, status=Status.DRAFT)
    place = rules.kept_place({"building": "3", "entrance": "", "floor": "12", "room": "1299"})
    for name in ("salesperson", "finance", "management"):
        client = sign_in(getattr(people, name))
        assert client.get(address("unit_enter")).status_code == 403
        assert enter(client).status_code == 403
        assert client.get(address("unit_edit", draft.pk)).status_code in (403, 404)
        with pytest.raises(Forbidden):
            entry.enter_unit(
                project=people.a, place=place, values={"built_area": Decimal(50)}, by=getattr(people, name)
            )


def test_marketing_does_not_reach_the_drafts_of_others(people, sign_in):
    draft = build.unit(build.building(people.a), by=people.specialist, status=Status.DRAFT)
    client = sign_in(people.marketing)
    for name in ("unit", "unit_edit", "unit_discard", "stack_fill"):
        assert client.get(address(name, draft.pk)).status_code == 404


def test_abuse_6_fields_outside_the_form_are_ignored(people, sign_in):
    enter(
        sign_in(people.specialist),
        status="CONTRACTED",
        review="APPROVED",
        salesperson=str(people.salesperson.pk),
        floor_total="1",
        project=str(people.b.pk),
        version="9",
        key="x",
    )
    unit = Unit.objects.get()
    assert (unit.status, unit.review, unit.salesperson, unit.floor_total, unit.project, unit.version) == (
        Status.DRAFT,
        Review.DRAFT,
        None,
        None,
        people.a,
        1,
    )
    assert unit.key == KEY


def test_a_parking_space_names_the_unit_it_belongs_to(people, sign_in):
    client = sign_in(people.specialist)
    enter(client)
    parking = {
        "building": "B车库",
        "entrance": "",
        "floor": "B1",
        "room": "17",
        "property_type": "PARKING",
        "layout": "",
        "orientation": "",
        "inner_area": "",
        "built_area": "12.5",
    }
    assert errors(enter(client, **parking, attached_to="9-9-9"))["attached_to"]
    assert enter(client, **parking, attached_to=" 3-1-1202 ").status_code == 302
    assert Unit.objects.get(property_type="PARKING").attached_to.number == "3-1-1202"


def test_a_draft_entered_by_mistake_is_discarded_and_its_record_kept(people, sign_in):
    client = sign_in(people.specialist)
    enter(client)
    unit = Unit.objects.get()
    assert "taken out" in client.get(address("unit_discard", unit.pk)).content.decode()
    client.post(address("unit_discard", unit.pk))
    assert not Unit.objects.exists()
    assert [(row.history_type, row.history_user) for row in Unit.history.filter(id=unit.pk)] == [
        ("-", people.specialist),
        ("+", people.specialist),
    ]
    assert AuditEvent.objects.get(action="unit.discard").detail == {"unit": "3-1-1202"}


def test_abuse_17_nothing_with_a_history_is_deleted(people, sign_in):
    building = build.building(people.a)
    approved = build.unit(building, by=people.specialist)
    returned = build.unit(
        building, 13, by=people.specialist, status=Status.DRAFT, review=Review.RETURNED, submitted_by=people.specialist
    )
    with pytest.raises(Conflict):
        entry.discard_unit(unit=approved, by=people.specialist)
    with pytest.raises(Conflict):
        entry.discard_unit(unit=returned, by=people.specialist)
    assert sign_in(people.specialist).post(address("unit_discard", returned.pk)).status_code == 409
    for row in (approved, building, people.a, people.specialist):
        with pytest.raises(ProtectedError):
            row.delete()
    assert Unit.objects.count() == 2


# ------------------------------------------------------------------ a whole column at once


@pytest.fixture
def column(people):
    building = build.building(people.a)
    people.drafts = [
        build.unit(building, floor, "02", by=people.specialist, status=Status.DRAFT) for floor in (3, 2, 1)
    ]
    people.done = build.unit(building, 9, "02", by=people.specialist)
    people.beside = build.unit(building, 3, "01", by=people.specialist, status=Status.DRAFT)
    return people


def test_a_column_is_filled_in_at_once(column, sign_in):
    client, url = sign_in(column.specialist), address("stack_fill", column.drafts[0].pk)
    page = client.get(url).content.decode()
    assert column.done.number not in page
    assert column.beside.number not in page
    rooms = [unit.pk for unit in column.drafts]
    response = client.post(url, {"rooms": rooms, "layout": "C2", "orientation": "S", "no_discount": "on"})
    assert response.status_code == 302
    for unit in Unit.objects.filter(pk__in=rooms):
        assert (unit.layout.code, unit.orientation, unit.no_discount, unit.version) == ("C2", "S", True, 2)
        assert unit.history.first().history_change_reason == "unit.stack_fill"
    column.beside.refresh_from_db()
    assert column.beside.layout is None


def test_what_is_filled_in_stays_unless_asked(column, sign_in):
    Unit.objects.filter(pk=column.drafts[0].pk).update(orientation="N")
    client, url = sign_in(column.specialist), address("stack_fill", column.drafts[0].pk)
    rooms = [unit.pk for unit in column.drafts]
    client.post(url, {"rooms": rooms, "orientation": "S"})
    assert [Unit.objects.get(pk=pk).orientation for pk in rooms] == ["N", "S", "S"]
    client.post(url, {"rooms": rooms, "orientation": "S", "replace": "on"})
    assert [Unit.objects.get(pk=pk).orientation for pk in rooms] == ["S", "S", "S"]


def test_filling_in_needs_rooms_of_the_column_and_something_to_fill(column, sign_in):
    client, url = sign_in(column.specialist), address("stack_fill", column.drafts[0].pk)
    for data in (
        {"rooms": [], "layout": "C2"},
        {"rooms": [column.drafts[0].pk]},
        {"rooms": [column.beside.pk], "layout": "C2"},
        {"rooms": [column.done.pk], "layout": "C2"},
        {"rooms": ["x"], "layout": "C2"},
    ):
        assert client.post(url, data).status_code == 422
    assert not Layout.objects.exists()
