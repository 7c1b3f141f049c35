"""A visit is logged on its day, takes its kind from earlier visits and calls, and counts as a contact (R2.5, domain B5)."""

import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from enquiries.models import Customer, Visit
from enquiries.queries.scope import visits_visible_to
from enquiries.services import calls, merging, visits
from enquiries.states import VisitKind
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.models import AuditEvent
from tests.enquiries import stock

NUMBER = "13800138000"


@pytest.fixture
def guest(people):
    return stock.customer(people.a, people.salesperson, name="Zhou Min", number=NUMBER)


@pytest.fixture
def desk(client, people):
    client.force_login(people.specialist)
    return client


def log(people, guest, by=None, *, op_id=None, project=None, **changes) -> Visit:
    return visits.log_visit(
        op_id=op_id or uuid.uuid4(), project=project or people.a, report=visits.Report(customer=guest, **changes),
        by=by or people.specialist,
    )  # fmt: skip


def called(people, **changes) -> calls.Call:
    content = calls.Content(phone=NUMBER, rings="2", **changes)
    return calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=people.a, content=content, by=people.specialist
    )


def address(people, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[people.a.code, *args])


@pytest.mark.parametrize(
    ("who", "rows"), [("salesperson", 1), ("specialist", 2), ("management", 2), ("colleague", 1), ("finance", None)]
)
def test_who_reads_visits_takes_exactly_those_as_excel(people, guest, sign_in, who, rows):
    log(people, guest)
    log(people, stock.customer(people.a, people.colleague))
    answer = sign_in(getattr(people, who)).get(address(people, "visit_list"), {"format": "xlsx"})
    if rows is None:
        assert answer.status_code in (403, 404)
        return
    sheet = load_workbook(BytesIO(answer.content)).active
    numbers = {row.number for row in Visit.every.all()}
    assert len([cell for cell in sheet["A"] if cell.value in numbers]) == rows


def test_the_kind_follows_from_earlier_calls_and_visits(people, guest):
    assert visits.proposed(guest) == (VisitKind.FIRST, None)
    call = called(people, outsider=True)
    first, second = log(people, guest), log(people, guest)
    assert [(row.kind, row.call) for row in (first, second)] == [("CALLED", call), ("REPEAT", call)]
    assert log(people, guest, kind="FIRST").kind == "FIRST"


def test_a_draft_is_no_call(people, guest):
    calls.save_draft(sheet=uuid.uuid4(), project=people.a, content=calls.Content(phone=NUMBER), by=people.specialist)
    assert visits.proposed(guest) == (VisitKind.FIRST, None)


def test_a_visit_has_its_history_and_renews_whose_the_customer_is(people, guest):
    row = log(people, guest)
    known = Customer.every.get(pk=guest.pk)
    assert (known.visited, known.last_contact_at) == (True, row.at)
    assert (row.salesperson, row.logged_by) == (people.salesperson, people.specialist)
    assert [(step.history_change_reason, step.history_user) for step in row.history.all()] == [
        ("visit.log", people.specialist)
    ]


def test_grade_and_wishes_become_the_customers_only_when_asked(people, guest):
    said = {"grade": "A", "layout": "B2", "floor_from": 8}
    log(people, guest, said=said)
    assert Customer.every.get(pk=guest.pk).grade == ""
    log(people, guest, said=said, carry=True)
    known = Customer.every.get(pk=guest.pk)
    assert (known.grade, known.layout, known.floor_from, known.version) == ("A", "B2", 8, guest.version + 1)
    log(people, guest, carry=True)
    assert Customer.every.get(pk=guest.pk).grade == "A"


def test_the_same_form_logs_one_visit(people, guest):
    op_id = uuid.uuid4()
    assert log(people, guest, op_id=op_id) == log(people, guest, op_id=op_id)
    assert Visit.every.count() == 1


def test_no_back_fill_but_by_the_supervisor_with_a_reason(people, guest):
    before = clock.now() - timedelta(days=2)
    for by, reason, code in (
        (people.specialist, "Forgotten", "late"), (people.salesperson, "Forgotten", "late"), (people.supervisor, " ", "no_reason"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            log(people, guest, by, at=before, late_reason=reason)
        assert refused.value.code == code
    row = log(people, guest, people.supervisor, at=before, late_reason="Power cut")
    assert (row.at, row.late_reason) == (before, "Power cut")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ahead": timedelta(hours=1)}, "future"),
        ({"said": {"floor_from": 9, "floor_to": 3}}, "facts"),
        ({"said": {"party": "CROWD"}}, "facts"),
        ({"kind": "NEVER"}, "facts"),
    ],
)
def test_what_cannot_be_is_refused(people, guest, changes, code):
    if "ahead" in changes:
        changes = {"at": clock.now() + changes["ahead"]}
    with pytest.raises(Refusal) as refused:
        log(people, guest, **changes)
    assert (refused.value.code, Visit.every.count()) == (code, 0)


def test_a_salesperson_logs_own_customers_for_themselves(people, guest):
    assert log(people, guest, people.salesperson).salesperson == people.salesperson
    with pytest.raises(Forbidden):
        log(people, guest, people.salesperson, salesperson=people.colleague)
    with pytest.raises(NotVisible):
        log(people, guest, people.colleague)


def test_a_customer_of_another_project_is_not_there(people, guest):
    abroad = stock.customer(people.b, people.other_salesperson)
    with pytest.raises(NotVisible):
        log(people, abroad)


def test_everybody_sees_their_own_visits(people, guest):
    row = log(people, guest)
    seen = {
        name: row in visits_visible_to(access_of(getattr(people, name)))
        for name in ("specialist", "supervisor", "salesperson", "colleague", "other_salesperson")
    }
    assert seen == {
        "specialist": True, "supervisor": True, "salesperson": True, "colleague": False, "other_salesperson": False,
    }  # fmt: skip


def test_merging_two_customers_keeps_the_visits(people, guest):
    other = stock.customer(people.a, people.salesperson)
    row = log(people, other)
    merging.merge(kept=guest, number=other.number, reason="Same person", by=people.supervisor)
    assert Visit.every.get(pk=row.pk).customer == guest


def test_a_new_visitor_is_entered_and_shown_masked(desk, people):
    answer = desk.post(
        address(people, "visit_new"),
        {"op_id": str(uuid.uuid4()), "new_name": "Li <b>Na</b>", "new_phone": NUMBER, "grade": "B", "carry": "on",
         "salesperson": people.salesperson.pk, "channel": "FENCE", "objections": "Too far 太远", "budget_to": "300万"},
        follow=True,
    )  # fmt: skip
    page, row = answer.content.decode(), Visit.every.get()
    assert (row.customer.owner, row.customer.grade, row.customer.channel) == (people.salesperson, "B", "FENCE")
    assert "138****8000" in page
    assert NUMBER not in page
    assert "Li &lt;b&gt;Na" in page
    assert "Too far 太远" in page
    assert AuditEvent.objects.filter(action="visit.see", target_id=row.pk).count() == 1


def test_the_form_proposes_the_kind_of_the_customer_in_the_address(desk, people, guest):
    log(people, guest)
    page = desk.get(address(people, "visit_new"), {"customer": guest.number})
    assert page.context["form"].initial["kind"] == VisitKind.REPEAT


def test_a_form_without_a_customer_says_so(desk, people):
    answer = desk.post(address(people, "visit_new"), {"op_id": str(uuid.uuid4())})
    assert (answer.status_code, "customer" in answer.context["form"].errors) == (422, True)


def test_the_list_filters_and_its_excel_is_masked(desk, people, guest):
    row = log(people, guest, said={"grade": "A", "channel": "WEB"})
    log(people, stock.customer(people.a, people.colleague, name="Huang Bo"))
    page = desk.get(address(people, "visit_list"), {"grade": "A", "q": "Zhou"}).content.decode()
    assert row.number in page
    assert "Huang Bo" not in page
    book = load_workbook(BytesIO(desk.get(address(people, "visit_list"), {"format": "xlsx", "grade": "A"}).content))
    cells = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert "138****8000" in cells
    assert not [cell for cell in cells if NUMBER in cell]
    assert "Huang Bo" not in cells


def test_an_empty_list_says_what_to_do(desk, people):
    assert "No visits yet" in desk.get(address(people, "visit_list")).content.decode()


def test_the_customers_page_shows_visits_and_the_way_to_the_next(desk, people, guest):
    row = log(people, guest)
    page = desk.get(address(people, "customer", guest.number)).content.decode()
    assert row.number in page
    assert f"{address(people, 'visit_new')}?customer={guest.number}" in page


def test_who_lost_the_customer_reads_their_visit_without_who_it_was(client, people, guest):
    row = log(people, guest)
    Customer.every.filter(pk=guest.pk).update(owner=people.colleague)
    client.force_login(people.salesperson)
    page = client.get(address(people, "visit", row.number)).content.decode()
    assert "Zhou Min" not in page
    assert "138****8000" not in page
