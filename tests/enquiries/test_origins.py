"""How a visitor came: the pre-reports propose, the desk judges, departing takes a reason and is told of (domain B5)."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from enquiries.models import PreReport, Visit
from enquiries.services import origins, visits
from enquiries.states import Origin, ReportState
from salescontrol.core import clock
from salescontrol.core.errors import Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice
from tests.enquiries import stock
from tests.enquiries.test_pre_reports import HIDDEN, NUMBER, report


@pytest.fixture
def guest(people):
    """The desk enters the customer as they come: after what was reported before."""
    return lambda: stock.customer(people.a, people.salesperson, number=NUMBER, by=people.specialist)


@pytest.fixture
def desk(client, people):
    client.force_login(people.specialist)
    return client


def log(people, customer, by=None, **changes) -> Visit:
    report = visits.Report(customer=customer, **changes)
    return visits.log_visit(op_id=uuid.uuid4(), project=people.a, report=report, by=by or people.specialist)


def judge(people, visit, asked, reason="Looked again", by=None) -> Visit:
    return origins.judge_again(visit=visit, asked=asked, reason=reason, by=by or people.supervisor)


def told(person) -> list[str]:
    return list(Notice.objects.filter(to=person, code="visit.judged_apart").values_list("params", flat=True))


def moved(row: PreReport, **times) -> PreReport:
    PreReport.every.filter(pk=row.pk).update(**times)
    return PreReport.every.get(pk=row.pk)


def address(people, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[people.a.code, *args])


@pytest.mark.parametrize("phone", [NUMBER, HIDDEN])
def test_who_was_reported_before_arriving_came_by_the_channel(people, guest, phone):
    announced = report(people, phone=phone)
    visit = log(people, guest())
    assert (visit.origin, visit.pre_report, visit.origin_departs) == (Origin.CHANNEL, announced, False)
    announced.refresh_from_db()
    assert (announced.state, announced.customer) == (ReportState.ARRIVED, visit.customer)
    assert told(people.supervisor) == []


def test_who_was_not_reported_came_by_themselves(people, guest):
    report(people, phone="13811118000")
    visit = log(people, guest())
    assert (visit.origin, visit.pre_report) == (Origin.NATURAL, None)


def test_a_report_made_after_the_arrival_does_not_count_however_little_late(people, guest):
    customer, at = guest(), clock.now()
    for seconds, origin in ((1, Origin.NATURAL), (-1, Origin.CHANNEL)):
        PreReport.every.all().delete() if seconds == 1 else None
        row = report(people, agency=f"Homes {seconds}", phone=HIDDEN)
        moved(row, reported_at=at + timedelta(seconds=seconds), finding="CLEAR")
        found = origins.proposed(customer, [NUMBER], at)
        assert found.origin == origin, seconds


def test_a_report_that_has_run_out_does_not_count(people, guest):
    moved(report(people), reported_at=clock.now() - timedelta(days=9), valid_until=clock.now() - timedelta(seconds=1))
    assert log(people, guest()).origin == Origin.NATURAL


def test_a_refused_report_does_not_count(people, guest):
    from enquiries.services import pre_reports

    pre_reports.refuse_report(report=report(people), reason="A joke", by=people.specialist)
    assert log(people, guest()).origin == Origin.NATURAL


def test_of_two_reports_the_first_counts_and_when_it_lapsed_the_second(people, guest):
    first, second = report(people), report(people, agency="Other Homes", phone=HIDDEN)
    customer = guest()
    assert origins.proposed(customer, [NUMBER], clock.now()).report == first
    moved(first, reported_at=clock.now() - timedelta(days=9), valid_until=clock.now() - timedelta(seconds=1))
    assert log(people, customer).pre_report == second


def test_who_was_a_customer_before_the_report_came_by_themselves(people, guest):
    customer = guest()
    report(people)
    assert log(people, customer).origin == Origin.NATURAL


def test_who_comes_again_came_as_they_came_at_first(people, guest):
    customer = guest()
    assert log(people, customer).origin == Origin.NATURAL
    row = moved(report(people), finding="CLEAR")
    assert log(people, customer).origin == Origin.NATURAL
    other = report(people, phone="13811118000")
    second = stock.customer(people.a, people.colleague, number="13811118000", by=people.specialist)
    assert [log(people, second).pre_report for _each in range(2)] == [other, other]
    assert PreReport.every.get(pk=row.pk).state == ReportState.OPEN


def test_departing_takes_a_reason_and_the_supervisor_hears_of_it(people, guest):
    announced, customer = report(people), guest()
    with pytest.raises(Refusal) as refused:
        log(people, customer, origin="NATURAL")
    assert (refused.value.code, Visit.every.count()) == ("no_reason", 0)
    visit = log(people, customer, origin="NATURAL", origin_reason="Saw our fence")
    assert (visit.origin, visit.origin_departs, visit.origin_reason) == (Origin.NATURAL, True, "Saw our fence")
    assert told(people.supervisor) == [{"number": visit.number}]
    assert told(people.salesperson) == []
    assert PreReport.every.get(pk=announced.pk).state == ReportState.OPEN


def test_the_second_report_is_judged_to_be_the_one_only_with_a_reason(people, guest):
    report(people)
    second = report(people, agency="Other Homes")
    customer = guest()
    visit = log(people, customer, origin=second.number, origin_reason="Came with their agent")
    assert (visit.pre_report, visit.origin_departs) == (second, True)


@pytest.mark.parametrize("asked", ["ZZZZ9999", "CHANNEL", "<b>"])
def test_no_report_of_somebody_else_is_accepted(people, guest, asked):
    report(people, phone=stock.phone())
    with pytest.raises(Refusal) as refused:
        log(people, guest(), origin=asked, origin_reason="So")
    assert refused.value.code == "origin"


def test_a_salesperson_follows_the_reports(people, guest):
    announced, customer = report(people), guest()
    with pytest.raises(Forbidden) as refused:
        log(people, customer, people.salesperson, origin="NATURAL", origin_reason="Mine")
    assert refused.value.code == "not_desk"
    assert log(people, customer, people.salesperson).pre_report == announced


def test_the_supervisor_judges_anew_and_the_history_keeps_both(people, guest):
    announced = report(people)
    visit = log(people, guest())
    again = judge(people, visit, "NATURAL", "The agent came after them")
    assert (again.origin, again.pre_report, again.origin_departs) == (Origin.NATURAL, None, True)
    assert PreReport.every.get(pk=announced.pk).state == ReportState.REFUSED
    judged = list(visit.history.order_by("history_id").values_list("history_change_reason", "origin"))
    assert judged == [("visit.log", "CHANNEL"), ("visit.judge: The agent came after them", "NATURAL")]
    back = judge(people, visit, announced.number, "The agent has shown messages")
    assert back.pre_report == announced
    assert PreReport.every.get(pk=announced.pk).state == ReportState.ARRIVED


@pytest.mark.parametrize(
    ("who", "asked", "reason", "error"),
    [
        ("specialist", "NATURAL", "So", Forbidden), ("salesperson", "NATURAL", "So", Forbidden),
        ("other_supervisor", "NATURAL", "So", Forbidden), ("supervisor", "NATURAL", " ", Refusal),
        ("supervisor", "ZZZZ9999", "So", Refusal),
    ],
)  # fmt: skip
def test_nobody_else_judges_anew_and_nobody_without_a_reason(people, guest, who, asked, reason, error):
    report(people)
    visit = log(people, guest())
    with pytest.raises(error):
        judge(people, visit, asked, reason, getattr(people, who))
    assert Visit.every.get(pk=visit.pk).origin == Origin.CHANNEL


def test_judging_the_same_anew_is_refused(people, guest):
    visit = log(people, guest())
    with pytest.raises(Refusal) as refused:
        judge(people, visit, "NATURAL")
    assert refused.value.code == "same"


def test_a_deputy_of_another_project_finds_no_visit(people, guest):
    visit = log(people, guest())
    with pytest.raises((NotVisible, Forbidden)):
        judge(people, visit, "NATURAL", by=people.other_supervisor)


def test_the_sheet_shows_the_reports_and_what_they_propose(desk, people):
    row = report(people)
    typed = {"op_id": str(uuid.uuid4()), "new_name": "Zhou Min", "new_phone": NUMBER, "note": "Rain", "look": "1"}
    answer = desk.post(address(people, "visit_new"), typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "as the pre-reports say: Good Homes 好房" in page
    assert f"({row.number})" in page
    assert "138****8000" in page
    assert "Rain" in page
    assert Visit.every.count() == 0
    typed.pop("look")
    assert desk.post(address(people, "visit_new"), {**typed, "salesperson": people.salesperson.pk}).status_code == 302
    assert Visit.every.get().pre_report == row


def test_the_sheet_for_a_customer_in_the_address_shows_their_reports(desk, people, guest):
    row, customer = report(people), guest()
    page = desk.get(address(people, "visit_new"), {"customer": customer.number}).content.decode()
    assert f"({row.number})" in page


def test_a_salespersons_sheet_has_no_reports(client, people, guest):
    row, customer = report(people), guest()
    client.force_login(people.salesperson)
    page = client.get(address(people, "visit_new"), {"customer": customer.number}).content.decode()
    assert row.number not in page
    assert "origin" not in client.get(address(people, "visit_new")).context["form"].fields


def test_departing_on_the_sheet_without_a_reason_is_said_at_its_field(desk, people):
    report(people)
    typed = {"op_id": str(uuid.uuid4()), "new_name": "Zhou Min", "new_phone": NUMBER, "origin": "NATURAL"}
    answer = desk.post(address(people, "visit_new"), typed)
    assert (answer.status_code, "origin_reason" in answer.context["form"].errors) == (422, True)


def test_the_list_filters_by_origin_and_the_visit_shows_the_judgement(desk, client, people, guest):
    row, customer = report(people), guest()
    channel, natural = log(people, customer), log(people, stock.customer(people.a, people.colleague))
    page = desk.get(address(people, "visit_list"), {"origin": "CHANNEL"}).content.decode()
    assert channel.number in page
    assert natural.number not in page
    page = desk.get(address(people, "visit", channel.number)).content.decode()
    assert address(people, "pre_report", row.number) in page
    assert address(people, "visit_judge", channel.number) not in page
    client.force_login(people.supervisor)
    answer = client.post(
        address(people, "visit_judge", channel.number), {"origin": "NATURAL", "reason": "Saw our fence"}, follow=True
    )
    assert "Saw our fence" in answer.content.decode()
    assert "Judged anew" in answer.content.decode()


def test_who_lost_the_customer_reads_no_report_on_the_visit(client, people, guest):
    row, customer = report(people), guest()
    visit = log(people, customer)
    type(customer).every.filter(pk=customer.pk).update(owner=people.colleague)
    client.force_login(people.salesperson)
    assert row.number not in client.get(address(people, "visit", visit.number)).content.decode()


def test_the_salesperson_hears_of_a_visit_that_somebody_else_logged(people, guest):
    customer = guest()
    visit = log(people, customer)
    log(people, customer, people.salesperson)
    notices = list(Notice.objects.filter(to=people.salesperson, code="visit.yours"))
    assert [(notice.params, notice.url) for notice in notices] == [
        ({"number": visit.number}, address(people, "visit", visit.number))
    ]
