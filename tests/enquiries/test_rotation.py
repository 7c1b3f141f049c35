"""Whose turn it is 轮接: in order, fair, skipped and swapped on record; customers who have a salesperson cost no turn."""

import uuid
from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from enquiries import phones
from enquiries.models import Customer, RotationTurn
from enquiries.queries import rotation as query
from enquiries.queries.roster import zone_of
from enquiries.services import calls, roster, rotation, visits
from enquiries.states import Line, SkipReason, TurnKind
from salescontrol.core import clock, options
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import Notice
from salescontrol.core.permissions import Role
from tests import build
from tests.enquiries import stock


@pytest.fixture
def office(people, monkeypatch):
    """Monday at ten; three salespeople and no roster, so that all of them are on duty. `pass_by` lets minutes go by."""
    people.now = datetime(2026, 11, 23, 10, tzinfo=zone_of(people.a))
    monkeypatch.setattr(clock, "now", lambda: people.now)
    people.third = build.user(Role.SALESPERSON, people.a, name="Yu Han")
    people.team = [people.salesperson, people.colleague, people.third]
    return people


def pass_by(office, minutes: int = 5) -> None:
    office.now += timedelta(minutes=minutes)


def settings(office, **changes) -> None:
    named = {f"rotation.{key}": value for key, value in changes.items()}
    options.change(by=office.supervisor, project_id=office.a.pk, changes=named)


def next_up(office, line=Line.PHONE):
    found = query.next_up(office.a, query.line_for(office.a, line), office.team)
    return found.person if found else None


def order(office, line=Line.PHONE) -> list:
    return [place.person for place in query.standing(office.a, query.line_for(office.a, line), office.team)]


def call(office, salesperson=None, *, in_turn=True, phone="", **changes) -> calls.Call:
    pass_by(office)
    content = calls.Content(
        phone=phone or stock.phone(), rings="2", salesperson=salesperson, in_turn=in_turn, **changes
    )
    return calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=office.a, content=content, by=office.specialist
    )


def visit(office, guest=None, by=None, **changes) -> visits.Visit:
    pass_by(office)
    guest = guest or stock.customer(office.a, None, by=office.specialist)
    report = visits.Report(customer=guest, **{"in_turn": True, **changes})
    return visits.log_visit(op_id=uuid.uuid4(), project=office.a, report=report, by=by or office.specialist)


def skip(office, who, *, line=Line.PHONE, reason=SkipReason.BUSY, note="", by=None) -> RotationTurn:
    return rotation.skip_turn(
        op_id=uuid.uuid4(), project=office.a, line=line, salesperson=who, reason=reason, note=note, by=by or office.specialist
    )  # fmt: skip


def swap(office, first, second, line=Line.PHONE) -> RotationTurn:
    return rotation.swap_turns(
        op_id=uuid.uuid4(), project=office.a, line=line, first=first, second=second, by=office.specialist
    )


def go_out(office, who, reason=SkipReason.LUNCH) -> RotationTurn:
    return rotation.go_out(op_id=uuid.uuid4(), project=office.a, salesperson=who, reason=reason, by=office.specialist)


def come_back(office, who) -> RotationTurn:
    return rotation.come_back(op_id=uuid.uuid4(), project=office.a, salesperson=who, by=office.specialist)


def taken(office) -> list:
    rows = RotationTurn.objects.filter(kind=TurnKind.TAKEN).order_by("pk")
    return [(row.salesperson, row.out_of_turn) for row in rows]


def address(office, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[office.a.code, *args])


@pytest.fixture
def desk(client, office):
    client.force_login(office.specialist)
    return client


def test_callers_go_round_and_who_waited_longest_is_next(office):
    given = [call(office).salesperson for _each in range(7)]
    assert given == [*office.team, *office.team, office.salesperson]
    place = query.next_up(office.a, Line.PHONE, office.team)
    assert (place.person, place.minutes, place.turns) == (office.colleague, 10, 2)


def test_calls_and_visitors_have_an_order_each_unless_the_settings_make_them_one(office):
    assert [call(office).salesperson, visit(office).salesperson] == [office.salesperson, office.salesperson]
    settings(office, separate=False)
    assert query.lines_of(office.a) == (Line.BOTH,)
    assert [call(office).salesperson, visit(office).salesperson, call(office).salesperson] == [
        office.colleague, office.third, office.salesperson,
    ]  # fmt: skip


def test_who_has_a_salesperson_goes_to_them_and_costs_no_turn(office):
    stock.customer(office.a, office.third, number="13800138000")
    assert call(office, phone="13800138000").salesperson == office.third
    assert taken(office) == []
    settings(office, owner_first=False)
    assert call(office, phone="13800138000").salesperson == office.salesperson
    assert taken(office) == [(office.salesperson, False)]


def test_a_salesperson_who_left_is_nobodys(office):
    guest = stock.customer(office.a, office.third, number="13800138000")
    office.third.is_active = False
    office.third.save()
    office.team.remove(office.third)
    assert call(office, phone="13800138000").salesperson == office.salesperson
    assert visit(office, guest).salesperson == office.salesperson


def test_a_visitor_who_comes_again_goes_to_who_received_them_before(office):
    guest = stock.customer(office.a, None, by=office.specialist)
    assert visit(office, guest).salesperson == office.salesperson
    Customer.every.filter(pk=guest.pk).update(owner=None)
    assert visit(office, Customer.every.get(pk=guest.pk)).salesperson == office.salesperson
    assert len(taken(office)) == 1


def test_who_receives_a_visitor_of_nobody_looks_after_them_from_then_on(office):
    row = visit(office)
    assert Customer.every.get(pk=row.customer_id).owner == office.salesperson
    assert Notice.objects.filter(to=office.salesperson, code="customer.yours").count() == 1


def test_somebody_may_be_taken_out_of_turn_and_it_is_recorded(office):
    call(office, office.third, in_turn=False)
    row = RotationTurn.objects.get()
    assert (row.salesperson, row.other, row.out_of_turn) == (office.third, office.salesperson, True)
    assert order(office) == [office.salesperson, office.colleague, office.third]


def test_a_salesperson_who_logs_a_new_visitor_takes_a_turn_like_everybody(office):
    guest = stock.customer(office.a, office.third)
    visit(office, guest, by=office.third, in_turn=False)
    assert taken(office) == [(office.third, True)]
    visit(office, guest, by=office.third, in_turn=False)
    assert len(taken(office)) == 1


def test_no_customer_costs_no_turn(office):
    row = call(office, outsider=True)
    assert (row.salesperson, taken(office)) == (None, [])


def test_who_is_skipped_keeps_the_turn_for_the_next_one(office):
    skip(office, office.salesperson)
    assert next_up(office) == office.colleague
    assert next_up(office, Line.VISIT) == office.salesperson
    assert [call(office).salesperson, call(office).salesperson] == [office.colleague, office.salesperson]


def test_by_the_settings_who_is_skipped_loses_the_turn_and_a_setting_is_never_retroactive(office):
    settings(office, keep=False)
    pass_by(office)
    skip(office, office.salesperson)
    settings(office, keep=True)
    assert order(office) == [office.colleague, office.third, office.salesperson]


def test_when_everybody_was_skipped_it_begins_again_in_front(office):
    for person in office.team:
        skip(office, person)
    assert next_up(office) == office.salesperson


@pytest.mark.parametrize(
    ("reason", "note", "code"),
    [("", "", "no_reason"), ("NEVER", "", "no_reason"), (SkipReason.OTHER, "  ", "no_reason")],
)
def test_a_skip_needs_a_reason(office, reason, note, code):
    with pytest.raises(Refusal) as refused:
        skip(office, office.salesperson, reason=reason, note=note)
    assert (refused.value.code, RotationTurn.objects.count()) == (code, 0)


def test_only_who_is_next_is_skipped(office):
    with pytest.raises(Conflict) as refused:
        skip(office, office.third)
    assert refused.value.code == "not_next"


def test_two_swap_places_and_nobody_elses_changes(office):
    swap(office, office.salesperson, office.third)
    assert order(office) == [office.third, office.colleague, office.salesperson]
    assert order(office, Line.VISIT) == office.team
    call(office)
    swap(office, office.third, office.colleague)
    assert order(office) == [office.third, office.salesperson, office.colleague]
    kinds = Counter(RotationTurn.objects.values_list("kind", flat=True))
    assert kinds == {"SWAPPED": 4, "TAKEN": 1}


@pytest.mark.parametrize(("second", "code"), [("salesperson", "same"), ("specialist", "no_salesperson")])
def test_a_swap_needs_two_salespeople(office, second, code):
    with pytest.raises(Refusal) as refused:
        swap(office, office.salesperson, getattr(office, second))
    assert refused.value.code == code


def test_the_same_form_swaps_once(office):
    op_id = uuid.uuid4()
    rows = [
        rotation.swap_turns(op_id=op_id, project=office.a, line=Line.PHONE, first=office.salesperson,
                            second=office.third, by=office.specialist)
        for _each in range(2)
    ]  # fmt: skip
    assert rows[0] == rows[1]
    assert order(office)[0] == office.third


def test_who_is_out_is_passed_over_until_they_are_back_or_the_day_ends(office):
    go_out(office, office.salesperson)
    assert (next_up(office), order(office)[-1]) == (office.colleague, office.salesperson)
    with pytest.raises(Conflict):
        go_out(office, office.salesperson)
    pass_by(office, 30)
    come_back(office, office.salesperson)
    place = query.next_up(office.a, Line.PHONE, office.team)
    assert (place.person, place.minutes) == (office.salesperson, 0)
    with pytest.raises(Conflict):
        come_back(office, office.salesperson)
    go_out(office, office.salesperson)
    office.now += timedelta(days=1)
    assert next_up(office) == office.salesperson


def test_only_who_is_on_duty_now_stands_in_the_order(office):
    day = clock.local(office.now, office.a.zone).date()
    hours = {(office.colleague.pk, day): (time(9), time(12)), (office.third.pk, day): (time(10, 30), time(18))}
    roster.keep_roster(project=office.a, hours=hours, by=office.supervisor)
    assert order(office) == [office.colleague]
    pass_by(office, 30)
    assert order(office) == [office.colleague, office.third]
    pass_by(office, 90)
    assert order(office) == [office.third]
    office.now = office.now.replace(hour=18)
    assert order(office) == []
    row = call(office)
    assert (row.salesperson, taken(office)) == (None, [])


def test_on_duty_says_what_the_roster_says_of_each(office):
    from enquiries.queries import roster as hours

    day = clock.local(office.now, office.a.zone).date()
    roster.keep_roster(project=office.a, hours={(office.third.pk, day): (time(8), time(20))}, by=office.supervisor)
    spans = {person.pk: hours.duty(office.a, person, day) for person in office.team}
    found = hours.on_duty(office.a, office.team, office.now)
    assert found == {pk: span[0] for pk, span in spans.items() if span and span[0] <= office.now < span[1]}


def test_turns_are_given_by_the_desk_only(office):
    for by in (office.salesperson, office.management, office.finance):
        with pytest.raises(Forbidden):
            skip(office, office.salesperson, by=by)


def test_a_turn_is_never_rewritten(office):
    call(office)
    for change in (lambda: RotationTurn.objects.update(note="x"), lambda: RotationTurn.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_order_is_asked_in_as_many_queries_for_many_people_as_for_one(office, django_assert_num_queries):
    for team in (office.team[:1], office.team):
        with django_assert_num_queries(4):
            query.standing(office.a, Line.PHONE, team)


def test_the_page_says_who_is_next_and_what_happened(desk, office):
    row = call(office)
    skip(office, office.colleague, reason=SkipReason.OTHER, note="Phone is <b>broken</b>")
    page = desk.get(address(office, "rotation")).content.decode()
    assert "Next: <b>Yu Han</b>" in page
    assert "Phone is &lt;b&gt;broken" in page
    assert row.number in page
    assert address(office, "rotation_out") in page


def test_salespeople_read_the_order_and_no_note_call_or_button(client, office):
    row = call(office)
    skip(office, office.colleague, reason=SkipReason.OTHER, note="Argues with Zhou Min")
    client.force_login(office.third)
    page = client.get(address(office, "rotation")).content.decode()
    assert "Next: <b>Yu Han</b>" in page
    assert "Zhao Ming" in page
    for hidden in ("Zhou Min", row.number, address(office, "rotation_skip"), address(office, "rotation_out")):
        assert hidden not in page
    assert client.post(address(office, "rotation_skip"), {}).status_code == 403


def test_an_empty_order_says_where_it_comes_from(desk, office):
    office.now = office.now.replace(hour=3)
    page = desk.get(address(office, "rotation")).content.decode()
    assert "Nobody is on duty now" in page
    assert "No turn yet today" in page


def test_the_desk_skips_swaps_and_notes_who_is_out_on_pages(desk, office):
    first, second, third = office.team
    forms = [
        ("rotation_skip", {"salesperson": first.pk, "reason": "LUNCH"}),
        ("rotation_swap", {"first": second.pk, "second": third.pk}),
        ("rotation_out", {"salesperson": second.pk, "reason": "AWAY"}),
        ("rotation_back", {"salesperson": second.pk}),
    ]
    for name, values in forms:
        assert desk.get(address(office, name)).status_code == 200
        answer = desk.post(f"{address(office, name)}?line=VISIT", {"op_id": str(uuid.uuid4()), **values})
        assert (answer.status_code, answer["Location"]) == (302, address(office, "rotation")), name
    rows = list(RotationTurn.objects.order_by("pk").values_list("kind", "line", "salesperson"))
    assert rows == [
        ("SKIPPED", "VISIT", first.pk), ("SWAPPED", "VISIT", second.pk), ("SWAPPED", "VISIT", third.pk),
        ("OUT", "BOTH", second.pk), ("BACK", "BOTH", second.pk),
    ]  # fmt: skip


def test_a_skip_that_comes_too_late_keeps_the_form_and_says_so(desk, office):
    call(office)
    values = {"op_id": str(uuid.uuid4()), "salesperson": office.salesperson.pk, "reason": "BUSY"}
    answer = desk.post(address(office, "rotation_skip"), values)
    assert answer.status_code == 409
    assert "any more" in answer.content.decode()


@pytest.mark.parametrize("name", ["call_new", "visit_new"])
def test_the_sheets_propose_who_is_next_and_let_them_be_skipped(desk, office, name):
    page = desk.get(address(office, name))
    assert page.context["form"].initial["salesperson"] == "turn"
    assert "in turn: Zhao Ming, waited 60 min" in page.content.decode()
    typed = {"op_id": str(uuid.uuid4()), "sheet": str(uuid.uuid4()), "salesperson": "turn", "needs": "A garden"}
    answer = desk.post(address(office, name), {**typed, "skip": office.salesperson.pk, "skip_reason": "BUSY"})
    text = answer.content.decode()
    assert "in turn: Xu Lei" in text
    assert "A garden" in text
    assert RotationTurn.objects.get().reason == "BUSY"
    answer = desk.post(address(office, name), {**typed, "skip": office.colleague.pk, "skip_reason": ""})
    assert "Choose the reason." in answer.content.decode()
    assert RotationTurn.objects.count() == 1


def test_a_call_logged_in_turn_goes_to_who_is_next_when_it_is_saved(desk, office):
    typed = {
        "op_id": str(uuid.uuid4()),
        "sheet": str(uuid.uuid4()),
        "salesperson": "turn",
        "phone": "13800138000",
        "rings": "2",
    }
    call(office)
    answer = desk.post(address(office, "call_new"), typed)
    assert answer.status_code == 302
    assert [person for person, _out in taken(office)] == [office.salesperson, office.colleague]
    assert (
        Customer.every.get(phone_index__gt="", calls__phone_index=phones.index("13800138000")).owner == office.colleague
    )


def test_a_visitor_logged_in_turn_becomes_the_customer_of_who_is_next(desk, office):
    typed = {"op_id": str(uuid.uuid4()), "salesperson": "turn", "new_name": "Li Na", "new_phone": "13800138000"}
    assert desk.post(address(office, "visit_new"), typed).status_code == 302
    assert Customer.every.get(name="Li Na").owner == office.salesperson
    assert taken(office) == [(office.salesperson, False)]


def test_a_draft_keeps_the_choice_of_the_order(desk, office):
    sheet = str(uuid.uuid4())
    answer = desk.post(
        address(office, "call_new"), {"op_id": str(uuid.uuid4()), "sheet": sheet, "salesperson": "turn", "park": "1"}
    )
    assert answer.status_code == 302
    draft = calls.Call.every.get()
    page = desk.get(address(office, "call_resume", draft.number))
    assert page.context["form"].initial["salesperson"] == "turn"
