"""Pre-reports 报备 (domain B5): entered with a whole or hidden number, found again, kept apart; masked, scoped and on record."""

import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import transaction
from django.urls import reverse
from openpyxl import load_workbook

from enquiries import phones
from enquiries.models import Customer, PreReport
from enquiries.queries.scope import pre_reports_visible_to
from enquiries.services import erasing, looks, merging, pre_reports
from enquiries.states import Finding, ReportState
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import AuditEvent
from tests.enquiries import stock

NUMBER, HIDDEN = "13800138000", "138****8000"


@pytest.fixture
def desk(client, people):
    client.force_login(people.specialist)
    return client


def report(people, *, by=None, op_id=None, **changes) -> PreReport:
    values = {"agency": "Good Homes 好房", "agent_name": "Peng Fei", "name": "Zhou Min", "phone": NUMBER, **changes}
    return pre_reports.enter_report(
        op_id=op_id or uuid.uuid4(), project=people.a, announced=pre_reports.Announcement(**values),
        by=by or people.specialist,
    )  # fmt: skip


def address(people, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[people.a.code, *args])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("138****5678", "138****5678"), ("138 **** 5678", "138****5678"), ("138xxxx5678", "138****5678"),
        ("１３８＊＊＊＊５６７８", "138****5678"), ("138-****-5678", ""), ("138----5678", "138****5678"), ("13812345678", ""),
        ("238****5678", ""), ("138***5678", ""), ("138****567", ""), ("****5678", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_number_with_its_middle_hidden_is_read_as_people_write_it(typed, read):
    assert phones.read_hidden(typed) == read


def test_ends_are_of_mobile_numbers_only():
    assert phones.ends_index(NUMBER) == phones.ends_index(HIDDEN) != ""
    assert phones.ends_index("13800138001") != phones.ends_index(NUMBER)
    assert [phones.ends_index(number) for number in ("91234567", "0912345678", "02158881234")] == ["", "", ""]


def test_a_report_counts_from_the_databases_clock_for_as_long_as_the_settings_said(people):
    before = clock.now()
    row = report(people)
    assert before <= row.reported_at <= clock.now()
    assert row.valid_until == row.reported_at + timedelta(days=7)
    options.change(by=people.supervisor, project_id=people.a.pk, changes={"pre_report.days": 3})
    assert PreReport.every.get(pk=row.pk).valid_until == row.valid_until
    later = report(people, phone=stock.phone())
    assert later.valid_until == later.reported_at + timedelta(days=3)
    assert [entry.history_change_reason for entry in row.history.all()] == ["pre_report.enter"]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"phone": "12345"}, "phone", "phone"),
        ({"phone": "138****56"}, "phone", "phone"),
        ({"agent_phone": "x1"}, "agent_phone", "phone"),
        ({"name": "  "}, "name", "no_name"),
        ({"agency": ""}, "agency", "no_name"),
        ({"ahead": timedelta(minutes=-1)}, "expected_at", "past"),
        ({"ahead": timedelta(days=8)}, "expected_at", "far"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people, changes, field, code):
    changes = dict(changes)
    if ahead := changes.pop("ahead", None):
        changes["expected_at"] = clock.now() + ahead
    with pytest.raises(Refusal) as refused:
        report(people, **changes)
    assert (refused.value.code, field in refused.value.fields, PreReport.every.count()) == (code, True, 0)


def test_the_number_is_nowhere_in_clear(people):
    row = report(people, agent_phone="13911112222")
    for table in (PreReport, PreReport.history.model):
        stored = str(list(table._base_manager.extra(select={"raw": "phone || agent_phone"}).values_list("raw")))
        assert NUMBER not in stored
        assert "13911112222" not in stored
    assert (row.phone, row.agent_phone) == (NUMBER, "13911112222")


@pytest.mark.parametrize("second", [NUMBER, HIDDEN])
def test_of_two_companies_both_reports_are_kept_and_the_second_says_so(people, second):
    first, other = report(people), report(people, agency="Other Homes", phone=second)
    assert (first.finding, other.finding) == (Finding.CLEAR, Finding.REPORTED)
    assert (first.state, other.state) == (ReportState.OPEN, ReportState.OPEN)


def test_two_whole_numbers_with_the_same_ends_are_two_people(people):
    report(people)
    assert report(people, agency="Other Homes", phone="13811118000").finding == Finding.CLEAR


def test_one_company_reports_a_person_once_as_long_as_it_counts(people, monkeypatch):
    first = report(people)
    with pytest.raises(Conflict) as refused:
        report(people, agency="GOOD HOMES 好房", phone=HIDDEN)
    assert refused.value.code == "again"
    assert first.number in str(refused.value.message)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=8))
    assert report(people).finding == Finding.CLEAR


@pytest.mark.parametrize("phone", [NUMBER, HIDDEN])
def test_somebody_who_is_a_customer_already_is_noted_and_kept(people, phone):
    guest = stock.customer(people.a, people.salesperson, number=NUMBER)
    row = report(people, phone=phone)
    assert row.finding == Finding.KNOWN
    assert row.customer == (guest if phone == NUMBER else None)


def test_another_projects_people_are_other_people(people):
    stock.customer(people.b, people.other_salesperson, number=NUMBER)
    assert report(people).finding == Finding.CLEAR


def test_the_same_form_enters_one_report(people):
    op_id = uuid.uuid4()
    assert report(people, op_id=op_id) == report(people, op_id=op_id)
    assert PreReport.every.count() == 1


@pytest.mark.parametrize(
    "who", ["salesperson", "finance", "marketing", "management", "administrator", "other_supervisor"]
)
def test_only_the_desk_enters_reports(people, who):
    with pytest.raises(Forbidden):
        report(people, by=getattr(people, who))


def test_a_salesperson_sees_only_reports_of_customers_of_their_own(people):
    stock.customer(people.a, people.salesperson, number=NUMBER)
    mine, nobodys = report(people), report(people, phone=stock.phone())
    seen = {
        name: set(pre_reports_visible_to(access_of(getattr(people, name))))
        for name in (
            "specialist",
            "supervisor",
            "management",
            "salesperson",
            "colleague",
            "finance",
            "other_supervisor",
        )
    }
    assert seen == {
        "specialist": {mine, nobodys}, "supervisor": {mine, nobodys}, "management": {mine, nobodys}, "salesperson": {mine},
        "colleague": set(), "finance": set(), "other_supervisor": set(),
    }  # fmt: skip


def test_a_refused_report_keeps_the_reason(people):
    row = pre_reports.refuse_report(report=report(people), reason="Name does not fit", by=people.specialist)
    assert (row.state, row.refusal) == (ReportState.REFUSED, "Name does not fit")
    assert row.history.first().history_change_reason == "pre_report.refuse: Name does not fit"
    with pytest.raises(Conflict):
        pre_reports.refuse_report(report=row, reason="Again", by=people.specialist)


@pytest.mark.parametrize(("who", "error"), [("salesperson", NotVisible), ("management", Forbidden)])
def test_only_the_desk_refuses_reports(people, who, error):
    with pytest.raises(error):
        pre_reports.refuse_report(report=report(people), reason="No", by=getattr(people, who))


def test_reports_expire_once_by_the_clock(people, monkeypatch):
    row, real = report(people), clock.now
    assert pre_reports.expire_due() == 0
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=7, seconds=1))
    assert (pre_reports.expire_due(), pre_reports.expire_due()) == (1, 0)
    assert PreReport.every.get(pk=row.pk).state == ReportState.EXPIRED


def test_a_report_that_ran_out_is_expired_before_anybody_writes_it_down(desk, people, monkeypatch):
    row = report(people)
    PreReport.every.filter(pk=row.pk).update(
        reported_at=clock.now() - timedelta(days=9), valid_until=clock.now() - timedelta(days=2)
    )
    for state, there in (("OPEN", False), ("EXPIRED", True)):
        page = desk.get(address(people, "pre_report_list"), {"state": state}).content.decode()
        assert (row.number in page) is there, state


def test_a_number_is_shown_in_full_for_a_purpose_and_counted_with_the_customers(people, monkeypatch):
    row = report(people, agent_phone="13911112222")
    monkeypatch.setattr(looks, "REVEALS_PER_HOUR", 2)
    assert looks.reveal_reported(report=row, what="phone", purpose="CALL", by=people.specialist) == NUMBER
    assert looks.reveal_reported(report=row, what="agent", purpose="CHECK", by=people.specialist) == "13911112222"
    acts = AuditEvent.objects.filter(action="customer.reveal", target_id=row.pk).order_by("pk")
    assert [act.detail["what"] for act in acts] == ["phone", "agent"]
    with pytest.raises(Refusal) as refused:
        looks.reveal_reported(report=row, what="phone", purpose="CALL", by=people.specialist)
    assert refused.value.code == "too_many"


@pytest.mark.parametrize(
    ("what", "purpose", "who", "error"),
    [
        ("phone", "", "specialist", Refusal), ("nothing", "CALL", "specialist", NotVisible),
        ("agent", "CALL", "specialist", NotVisible), ("phone", "CALL", "colleague", NotVisible),
        ("phone", "CALL", "management", Forbidden),
    ],
)  # fmt: skip
def test_a_number_is_not_shown_without_right_or_reason(people, what, purpose, who, error):
    with pytest.raises(error):
        looks.reveal_reported(report=report(people), what=what, purpose=purpose, by=getattr(people, who))


def test_a_hidden_number_has_nothing_to_show(people):
    with pytest.raises(NotVisible):
        looks.reveal_reported(report=report(people, phone=HIDDEN), what="phone", purpose="CALL", by=people.specialist)


def test_merging_two_customers_keeps_their_reports(people):
    guest = stock.customer(people.a, people.salesperson)
    other = stock.customer(people.a, people.salesperson, number=NUMBER)
    row = report(people)
    merging.merge(kept=guest, number=other.number, reason="Same person", by=people.supervisor)
    assert PreReport.every.get(pk=row.pk).customer == guest


def test_the_desk_enters_a_report_and_reads_it_masked(desk, people):
    stock.customer(people.a, people.colleague, name="Huang Bo", number=NUMBER)
    values = {"op_id": str(uuid.uuid4()), "agency": "Good <b>Homes", "agent_name": "Peng Fei", "agent_phone": "13911112222",
              "name": "Zhou Min", "phone": NUMBER}  # fmt: skip
    answer = desk.post(address(people, "pre_report_new"), values, follow=True)
    page, row = answer.content.decode(), PreReport.every.get()
    assert "138****8000" in page
    assert "139****2222" in page
    assert "Good &lt;b&gt;Homes" in page
    assert "The project knew this person already." in page
    for hidden in (NUMBER, "13911112222", "Huang Bo"):
        assert hidden not in page
    assert AuditEvent.objects.filter(action="pre_report.see", target_id=row.pk).count() == 1


def test_bad_input_keeps_what_was_typed(desk, people):
    values = {"op_id": str(uuid.uuid4()), "agency": "Good Homes", "agent_name": "Peng Fei", "name": "Zhou Min",
              "phone": "138****", "expected_at": "2020-01-01T10:00"}  # fmt: skip
    answer = desk.post(address(people, "pre_report_new"), values)
    assert (answer.status_code, "phone" in answer.context["form"].errors) == (422, True)
    assert "Good Homes" in answer.content.decode()
    answer = desk.post(address(people, "pre_report_new"), {**values, "phone": HIDDEN})
    assert (answer.status_code, "expected_at" in answer.context["form"].errors) == (422, True)


def test_the_list_finds_by_words_and_number_and_its_excel_is_masked(desk, people):
    row, other = report(people), report(people, phone=stock.phone(), name="Huang Bo", agency="Other Homes")
    for words, found in (
        (NUMBER, {row}),
        (HIDDEN, {row}),
        ("other", {other}),
        ("Peng", {row, other}),
        (row.number, {row}),
    ):
        page = desk.get(address(people, "pre_report_list"), {"q": words}).content.decode()
        assert {each for each in (row, other) if each.number in page} == found, words
    book = load_workbook(BytesIO(desk.get(address(people, "pre_report_list"), {"format": "xlsx"}).content))
    cells = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert "138****8000" in cells
    assert not [cell for cell in cells if NUMBER in cell]
    assert AuditEvent.objects.filter(action="pre_report.list").exists()


def test_an_empty_list_says_what_to_do(desk, client, people):
    assert "Enter the first" in desk.get(address(people, "pre_report_list")).content.decode()
    client.force_login(people.salesperson)
    assert "The desk enters them" in client.get(address(people, "pre_report_list")).content.decode()


def test_a_colleagues_report_is_not_there_for_a_salesperson(client, people):
    stock.customer(people.a, people.colleague, number=NUMBER)
    row = report(people)
    client.force_login(people.salesperson)
    for name in ("pre_report", "pre_report_refuse"):
        assert client.get(address(people, name, row.number)).status_code == 404
    assert (
        client.post(address(people, "pre_report_reveal", row.number), {"what": "phone", "purpose": "CALL"}).status_code
        == 404
    )
    for words in ("", NUMBER, HIDDEN, "Zhou Min", row.number):
        assert row.agent_name not in client.get(address(people, "pre_report_list"), {"q": words}).content.decode()


def test_the_page_shows_a_number_on_demand_and_refuses_the_report(desk, people):
    row = report(people)
    page = desk.post(address(people, "pre_report_reveal", row.number), {"what": "phone", "purpose": "CALL"})
    assert (page.status_code, NUMBER in page.content.decode()) == (200, True)
    page = desk.post(address(people, "pre_report_reveal", row.number), {"what": "phone"})
    assert (page.status_code, NUMBER in page.content.decode()) == (422, False)
    answer = desk.post(address(people, "pre_report_refuse", row.number), {"reason": "A joke"}, follow=True)
    assert "A joke" in answer.content.decode()
    assert address(people, "pre_report_refuse", row.number) not in answer.content.decode()


def test_the_report_and_its_customer_lead_to_each_other(desk, people):
    guest: Customer = stock.customer(people.a, people.salesperson, number=NUMBER)
    way = address(people, "pre_report", report(people).number)
    assert address(people, "customer", guest.number) in desk.get(way).content.decode()
    assert way in desk.get(address(people, "customer", guest.number)).content.decode()


@pytest.mark.parametrize(
    ("phone", "name", "theirs"),
    [
        ("13800030005", "whoever", True),
        ("138****0005", "Huang Bo", True),
        ("138****0005", "Somebody Else", False),
        ("13800030006", "Huang Bo", False),
    ],
)
def test_abuse_53_reports_that_announced_an_erased_customer_say_nothing_of_them(people, phone, name, theirs):
    known = stock.customer(people.a, people.salesperson, name="Huang Bo", number="13800030005")
    row = report(people, name=name, phone=phone)
    PreReport.every.filter(pk=row.pk).update(customer=None)
    with transaction.atomic():
        erasing.erase(customer=known, by=people.supervisor, about="T")
    row.refresh_from_db()
    said = {row.name, row.phone, row.phone_index, row.ends_index}
    assert (said == {""}) is theirs
    assert row.agency
    assert (not row.history.exclude(name="").exists()) is theirs
