"""Viewings (R2.4): booked with whoever is free, never twice at one time; confirmed, moved, called off, reported on."""

import uuid
from datetime import datetime, time, timedelta

import pytest
from django.db import IntegrityError

from enquiries.models import DutyShift, Viewing, ViewingSlot
from enquiries.queries import roster
from enquiries.queries.scope import viewings_visible_to
from enquiries.queries.viewings import find, steps
from enquiries.services import roster as roster_service
from enquiries.services import viewings
from enquiries.states import VIEWING_TABLE, ViewingState
from inventory.models import UnitInterest
from inventory.queries.scope import units_visible_to
from inventory.services import release
from inventory.states import Status
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Holiday, Notice
from tests import build
from tests.enquiries.stock import customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(people, monkeypatch):
    """A Monday at eight; a customer of the salesperson's, one of the colleague's, a unit nobody is assigned to."""
    monday = datetime(2026, 11, 30, 8, tzinfo=roster.zone_of(people.a))
    people.move_clock = lambda **delta: monkeypatch.setattr(clock, "now", lambda: monday + timedelta(**delta))
    people.move_clock()
    people.day = monday.date()
    people.unit = build.unit(build.building(people.a), by=people.specialist)
    people.customer = customer(people.a, people.salesperson)
    people.theirs = customer(people.a, people.colleague, name="Qian Hua")
    return people


def at(office, text: str, day: int = 0) -> datetime:
    return roster.at(office.a, office.day + timedelta(days=day), time.fromisoformat(text))


def book(office, text: str = "10:00", *, day: int = 0, by=None, seller=None, buyer=None, **plan) -> Viewing:
    wanted = viewings.Plan(
        customer=buyer or office.customer,
        salesperson=seller or office.salesperson,
        starts_at=at(office, text, day),
        **plan,
    )
    return viewings.book_viewing(op_id=uuid.uuid4(), project=office.a, plan=wanted, by=by or office.specialist)


def told(person) -> list[str]:
    return [*Notice.objects.filter(to=person, code__startswith="viewing").order_by("pk").values_list("code", flat=True)]


def test_a_booking_takes_its_time_tells_the_salesperson_and_lets_them_see_the_unit(office):
    before = units_visible_to(access_of(office.salesperson)).filter(pk=office.unit.pk).exists()
    row = book(office, units=[office.unit], layouts=[build.layout(office.a)], party_size=3)

    assert (row.state, row.ends_at - row.starts_at) == (ViewingState.PENDING, timedelta(hours=1))
    assert ViewingSlot.objects.filter(viewing=row).count() == 4
    assert told(office.salesperson) == ["viewing.booked"]
    assert not before
    assert units_visible_to(access_of(office.salesperson)).filter(pk=office.unit.pk).exists()
    assert row.history.get().history_change_reason == "viewing.book"
    assert [str(item) for item in row.items.all()] == [office.unit.number, "C"]


def test_the_same_form_books_once(office):
    wanted = viewings.Plan(customer=office.customer, salesperson=office.salesperson, starts_at=at(office, "10:00"))
    op_id = uuid.uuid4()
    first, second = (
        viewings.book_viewing(op_id=op_id, project=office.a, plan=wanted, by=office.specialist) for _twice in range(2)
    )

    assert first == second
    assert Viewing.every.count() == 1


@pytest.mark.parametrize("text", ["09:15", "10:00", "10:45"])
def test_nobody_is_booked_twice_at_one_time_and_the_loser_reads_what_is_free(office, text):
    book(office, "10:00")
    with pytest.raises(Conflict) as refused:
        book(office, text, buyer=office.theirs)

    assert refused.value.code == "taken"
    assert "09:00" in str(refused.value) or "11:00" in str(refused.value)
    assert Viewing.every.count() == 1


def test_the_database_itself_refuses_a_second_viewing_at_one_time(office):
    row, other = book(office), book(office, "12:00")
    with pytest.raises(IntegrityError):
        ViewingSlot.objects.create(viewing=other, salesperson=office.salesperson, slot_start=row.starts_at)


def test_right_after_a_viewing_and_with_a_colleague_the_time_is_free(office):
    book(office, "10:00")
    book(office, "11:00")
    book(office, "10:00", seller=office.colleague, buyer=office.theirs)

    assert Viewing.every.count() == 3


@pytest.mark.parametrize(
    ("text", "day", "code"),
    [("07:00", 0, "past"), ("08:30", 1, "closed"), ("17:15", 0, "closed"), ("10:10", 0, "grid"), ("10:00", 200, "far")],
)
def test_bad_times_are_refused_at_the_field(office, text, day, code):
    with pytest.raises(Refusal) as refused:
        book(office, text, day=day)

    assert (refused.value.code, [*refused.value.fields]) == (code, ["time"])
    assert ViewingSlot.objects.count() == 0


def test_people_units_and_customers_of_other_projects_are_refused(office):
    foreign = build.unit(build.building(office.b), by=office.specialist)
    stranger = customer(office.b, office.other_salesperson)
    with pytest.raises(Refusal) as refused:
        book(office, seller=office.other_salesperson)
    assert refused.value.code == "no_salesperson"
    for plan in ({"units": [foreign]}, {"layouts": [build.layout(office.b)]}, {"buyer": stranger}):
        with pytest.raises(NotVisible):
            book(office, **plan)
    with pytest.raises(Refusal):
        book(office, party_size=0)


def test_a_salesperson_books_for_own_customers_with_themselves(office):
    book(office, by=office.salesperson)
    assert told(office.salesperson) == []
    with pytest.raises(NotVisible):
        book(office, "12:00", by=office.salesperson, buyer=office.theirs)
    with pytest.raises(Forbidden):
        book(office, "12:00", by=office.salesperson, seller=office.colleague)
    with pytest.raises(Forbidden):
        book(office, "12:00", by=office.management)


def test_units_that_are_not_for_sale_may_be_shown(office):
    build.place_in(Status.SUBSCRIBED, office.unit)
    row = book(office, units=[office.unit])

    assert viewings.not_for_sale([office.unit]) == [office.unit]
    assert row.items.count() == 1


def test_the_roster_says_who_can_be_booked(office):
    hours = {(office.salesperson.pk, office.day): (time(10), time(12))}
    roster_service.keep_roster(project=office.a, hours=hours, by=office.supervisor)

    assert roster.free_times(office.a, office.salesperson, office.day) == [
        at(office, text) for text in ("10:00", "10:15", "10:30", "10:45", "11:00")
    ]
    assert roster.free_times(office.a, office.colleague, office.day) == []
    for seller, buyer, text in (
        (office.salesperson, office.customer, "14:00"),
        (office.colleague, office.theirs, "10:00"),
    ):
        with pytest.raises(Refusal) as refused:
            book(office, text, seller=seller, buyer=buyer)
        assert refused.value.code == "off_duty"


def test_free_times_are_the_shift_without_what_is_booked(office):
    book(office, "10:00")
    free = [f"{start:%H:%M}" for start in roster.free_times(office.a, office.salesperson, office.day)]

    assert free[:3] == ["09:00", "11:00", "11:15"]
    assert free[-1] == "17:00"


def test_the_roster_is_the_supervisors_and_keeps_its_history(office):
    key = (office.salesperson.pk, office.day)
    with pytest.raises(Forbidden):
        roster_service.keep_roster(project=office.a, hours={key: (time(9), time(12))}, by=office.specialist)
    with pytest.raises(Refusal):
        roster_service.keep_roster(project=office.a, hours={key: (time(12), time(9))}, by=office.supervisor)
    for span, changed in (((time(9), time(12)), 1), ((time(9), time(12)), 0), ((time(9), time(13)), 1), (None, 1)):
        assert roster_service.keep_roster(project=office.a, hours={key: span}, by=office.supervisor) == changed

    assert DutyShift.objects.count() == 0
    assert [row.history_type for row in DutyShift.history.order_by("history_id")] == ["+", "~", "-"]


def test_a_week_is_copied_without_days_off_and_without_touching_what_is_planned(office):
    days = [office.day + timedelta(days=count) for count in range(3)]
    hours = {(office.salesperson.pk, day): (time(9), time(17)) for day in days}
    roster_service.keep_roster(project=office.a, hours=hours, by=office.supervisor)
    following = office.day + timedelta(days=7)
    Holiday.objects.create(day=following + timedelta(days=1), name="Founding day")
    early = {(office.salesperson.pk, following): (time(9), time(10))}
    roster_service.keep_roster(project=office.a, hours=early, by=office.supervisor)

    assert roster_service.copy_week(project=office.a, first=following + timedelta(days=4), by=office.supervisor) == 1
    assert [(row.on, row.ends) for row in DutyShift.objects.filter(on__gte=following)] == [
        (following, time(10)), (following + timedelta(days=2), time(17)),
    ]  # fmt: skip
    with pytest.raises(Refusal):
        roster_service.copy_week(project=office.a, first=following, by=office.supervisor)


def test_a_moved_viewing_frees_its_time_and_waits_to_be_confirmed_again(office):
    row = book(office, units=[office.unit])
    viewings.confirm_viewing(viewing=row, by=office.salesperson)
    moved = viewings.move_viewing(
        viewing=row,
        starts_at=at(office, "14:00"),
        salesperson=office.colleague,
        reason="Train is late",
        by=office.specialist,
    )

    assert (moved.number, moved.state, moved.moves) == (row.number, ViewingState.PENDING, 1)
    assert told(office.salesperson) == ["viewing.booked", "viewing.cancelled"]
    assert told(office.colleague) == ["viewing.moved"]
    assert {interest.user for interest in UnitInterest.objects.all()} == {office.colleague}
    book(office, "10:00", buyer=office.theirs)
    assert "Train is late" in steps(access_of(office.specialist), moved)[0].text
    assert "10:00" in steps(access_of(office.specialist), moved)[0].lines[0]


def test_a_viewing_can_be_moved_by_a_quarter_and_not_onto_another(office):
    row = book(office)
    book(office, "12:00", buyer=office.theirs)
    viewings.move_viewing(
        viewing=row,
        starts_at=at(office, "10:15"),
        salesperson=office.salesperson,
        reason="Traffic",
        by=office.salesperson,
    )
    with pytest.raises(Conflict):
        viewings.move_viewing(
            viewing=row,
            starts_at=at(office, "11:30"),
            salesperson=office.salesperson,
            reason="Traffic",
            by=office.specialist,
        )

    row.refresh_from_db()
    assert (row.starts_at, row.moves, row.slots.count()) == (at(office, "10:15"), 1, 4)


def test_a_cancelled_viewing_frees_time_and_sight(office):
    row = book(office, units=[office.unit])
    with pytest.raises(Refusal):
        viewings.cancel_viewing(viewing=row, reason=" ", by=office.specialist)
    viewings.cancel_viewing(viewing=row, reason="Customer is ill", by=office.specialist)

    assert not units_visible_to(access_of(office.salesperson)).filter(pk=office.unit.pk).exists()
    assert told(office.salesperson) == ["viewing.booked", "viewing.cancelled"]
    book(office, units=[office.unit])


def test_the_outcome_is_kept_for_each_unit(office):
    row = book(office, units=[office.unit])
    item = row.items.get()
    with pytest.raises(Refusal) as early:
        viewings.record_outcome(viewing=row, outcome="Fine", opinions={}, by=office.salesperson)
    office.move_clock(hours=3)
    with pytest.raises(Refusal) as empty:
        viewings.record_outcome(viewing=row, outcome="  ", opinions={}, by=office.salesperson)
    done = viewings.record_outcome(
        viewing=row,
        outcome="Comes back with the parents",
        opinions={item.pk: ("LIKED", "Light")},
        by=office.salesperson,
    )
    item.refresh_from_db()

    assert (early.value.code, empty.value.code) == ("early", "no_outcome")
    assert (done.state, item.liking, item.feedback) == (ViewingState.VISITED, "LIKED", "Light")
    assert item.history.count() == 2


def test_who_did_not_come_is_noted_once_the_time_has_come(office):
    row = book(office)
    with pytest.raises(Refusal) as early:
        viewings.miss_viewing(viewing=row, by=office.salesperson)
    office.move_clock(hours=3)

    assert early.value.code == "early"
    assert viewings.miss_viewing(viewing=row, by=office.salesperson).state == ViewingState.NO_SHOW


ACTS = {
    "viewing.confirm": lambda office, row: viewings.confirm_viewing(viewing=row, by=office.specialist),
    "viewing.move": lambda office, row: viewings.move_viewing(
        viewing=row,
        starts_at=at(office, "15:00", 1),
        salesperson=office.salesperson,
        reason="Later",
        by=office.specialist,
    ),
    "viewing.cancel": lambda office, row: viewings.cancel_viewing(viewing=row, reason="Ill", by=office.specialist),
    "viewing.miss": lambda office, row: viewings.miss_viewing(viewing=row, by=office.specialist),
    "viewing.outcome": lambda office, row: viewings.record_outcome(
        viewing=row, outcome="Fine", opinions={}, by=office.specialist
    ),
}


@pytest.mark.parametrize("state", ViewingState.values)
@pytest.mark.parametrize("action", [*VIEWING_TABLE])
def test_every_action_in_every_state(office, action, state):
    row = book(office)
    Viewing.every.filter(pk=row.pk).update(state=state)
    office.move_clock(hours=3)
    possible = state in VIEWING_TABLE[action].sources
    if possible:
        assert ACTS[action](office, row).state == VIEWING_TABLE[action].target
        return
    with pytest.raises(Conflict) as refused:
        ACTS[action](office, row)
    assert refused.value.code == "wrong_state"


def test_salespeople_see_their_own_viewings_the_desk_all_others_none(office):
    mine, theirs = book(office), book(office, seller=office.colleague, buyer=office.theirs)
    expected = {
        "salesperson": {mine}, "colleague": {theirs}, "specialist": {mine, theirs}, "supervisor": {mine, theirs},
        "management": {mine, theirs}, "finance": set(), "marketing": set(), "administrator": set(),
        "other_supervisor": set(), "other_salesperson": set(),
    }  # fmt: skip
    for name, rows in expected.items():
        assert {*viewings_visible_to(access_of(getattr(office, name)))} == rows, name
    with pytest.raises(NotVisible):
        find(access_of(office.salesperson), office.a, theirs.number)
    with pytest.raises(NotVisible):
        viewings.cancel_viewing(viewing=theirs, reason="Mine now", by=office.salesperson)


def test_salesperson_and_reception_are_reminded_once(office):
    book(office, "10:00")
    assert viewings.remind_due() == 0
    office.move_clock(hours=1, minutes=1)

    assert [viewings.remind_due(), viewings.remind_due()] == [1, 0]
    assert told(office.specialist) == ["viewing.soon"]
    assert told(office.salesperson) == ["viewing.booked", "viewing.soon"]


def test_how_long_before_and_how_long_the_office_decides(office):
    changes = {"viewing.minutes": 50, "viewing.remind_minutes": 120}
    options.change(by=office.supervisor, project_id=office.a.pk, changes=changes)
    row = book(office, "10:00")

    assert row.ends_at == at(office, "11:00")
    assert viewings.remind_due() == 1


def test_a_change_of_a_unit_to_be_seen_reaches_its_salesperson(office):
    book(office, units=[office.unit])
    release.withhold_units(
        project=office.a, unit_ids=[office.unit.pk], visible=units_visible_to(access_of(office.supervisor)),
        reason="Kept back", by=office.supervisor,
    )  # fmt: skip

    assert Notice.objects.filter(to=office.salesperson, params__units=office.unit.number).exists()


def test_notices_name_nobody(office):
    book(office)
    row = Notice.objects.get(to=office.salesperson)

    assert not {office.customer.name, office.customer.phone} & {*map(str, row.params.values())}
