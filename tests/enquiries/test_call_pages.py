"""The pages of calls: the sheet, its draft, who is calling, the list, the page, confirming; answers, talking points, measures."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enquiries.models import Call, TalkingPoint
from enquiries.queries.answers import answers, points_for
from enquiries.services import calls, talk
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.models import AuditEvent
from tests import build
from tests.enquiries import stock


def address(people, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[people.a.code, *args])


def sheet(**changes) -> dict:
    return {"op_id": str(uuid.uuid4()), "sheet": str(uuid.uuid4()), "rings": "2", "phone": "138 0013 8000", **changes}


def point(people, **changes) -> TalkingPoint:
    values = {
        "kind": "FEES",
        "title": "Fees",
        "text": "2.8 a month",
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
    }
    return talk.write_point(project=people.a, by=people.supervisor, **{**values, **changes})


@pytest.fixture
def desk(client, people):
    client.force_login(people.specialist)
    return client


def test_a_call_is_logged_and_shown_masked(desk, people):
    answer = desk.post(
        address(people, "call_new"),
        sheet(
            caller="Chen <b>Lan</b>", salesperson=people.salesperson.pk, budget_to="３00万", asked="学校 🏫 \u202eabc"
        ),
        follow=True,
    )
    page, call = answer.content.decode(), Call.every.get()
    assert (answer.status_code, call.budget_to, call.salesperson) == (200, Decimal(3_000_000), people.salesperson)
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "¥3,000,000" in page
    assert "Chen &lt;b&gt;Lan" in page
    assert AuditEvent.objects.filter(action="call.see", target_id=call.pk).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"asked": "x" * 10_000}, "asked"),
        ({"at": "2999-01-01T10:00"}, "at"),
        ({"salesperson": "999999"}, "salesperson"),
        ({"rings": "77"}, "rings"),
        ({"area_from": "NaN"}, "area_from"),
        ({"budget_to": "-3"}, "budget_to"),
        ({"floor_to": "9" * 15}, "floor_to"),
        ({"sheet": "no"}, "sheet"),
    ],
)
def test_bad_input_is_said_at_its_field_and_nothing_typed_is_lost(desk, people, changes, field):
    answer = desk.post(address(people, "call_new"), sheet(caller="Kept", needs="also kept", **changes))
    page = answer.content.decode()
    assert (answer.status_code, Call.every.exists()) == (422, False)
    assert field in answer.context["form"].errors
    assert "Kept" in page and "also kept" in page


def test_abuse_20_a_forged_salesperson_of_another_project_is_refused(desk, people):
    answer = desk.post(address(people, "call_new"), sheet(salesperson=people.other_salesperson.pk))
    assert (answer.status_code, Call.every.exists()) == (422, False)


def test_a_draft_is_kept_listed_and_taken_up_as_it_was_left(desk, people):
    values = sheet(phone="138", asked="How much", budget_to="280", floor_from="x", at="")
    kept = desk.post(address(people, "call_draft"), values, headers={"HX-Request": "true"})
    call = Call.every.get()
    assert (kept.status_code, "Draft kept" in kept.content.decode(), call.state) == (200, True, "DRAFT")
    assert address(people, "call_resume", call.number) in desk.get(address(people, "call_list")).content.decode()

    resumed = desk.get(address(people, "call_resume", call.number))
    form = resumed.context["form"]
    assert [form[name].value() for name in ("phone", "asked", "budget_to")] == ["138", "How much", "280"]
    assert str(form["sheet"].value()) == values["sheet"]


def test_decisions_30_a_resumed_draft_keeps_its_number_and_shows_it_masked(desk, people):
    values = sheet(asked="How much", at="")
    desk.post(address(people, "call_draft"), values)
    url = address(people, "call_resume", Call.every.get().number)
    page = desk.get(url).content.decode()
    assert "138****8000" in page and "13800138000" not in page and "138 0013 8000" not in page

    again = {**values, "phone": "", "kept": "True", "asked": "How much is it"}
    assert desk.post(address(people, "call_draft"), again).status_code == 200
    assert Call.every.get().phone == "13800138000"
    assert desk.post(url, again).status_code == 302
    assert (Call.every.get().phone, Call.every.get().state) == ("13800138000", "LOGGED")


def test_a_number_that_is_taken_out_again_is_gone(desk, people):
    values = sheet(caller="A voice")
    desk.post(address(people, "call_draft"), values)
    assert desk.post(address(people, "call_new"), {**values, "phone": ""}).status_code == 302
    assert (Call.every.get().phone, Call.every.get().customer) == ("", None)


def test_without_javascript_a_button_parks_and_a_button_asks_who_is_calling(desk, people):
    stock.customer(people.a, people.colleague, name="Huang Bo", number="13911112222")
    looked = desk.post(address(people, "call_new"), sheet(phone="13911112222", look="1", asked="kept"))
    page = looked.content.decode()
    assert (looked.status_code, Call.every.exists()) == (200, False)
    assert "Huang Bo" in page and "kept" in page and people.colleague.name in page

    parked = desk.post(address(people, "call_new"), sheet(park="1"))
    assert (parked.status_code, Call.every.get().state) == (302, "DRAFT")


def test_the_known_caller_is_shown_masked_with_salesperson_and_last_calls(desk, people):
    stock.customer(people.a, people.colleague, name="Huang Bo", number="13911112222")
    content = calls.Content(phone="13911112222", asked="Is there a pool?")
    calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=people.a, content=content, by=people.specialist)
    page = desk.post(address(people, "call_caller"), {"phone": "+86 139-1111-2222"}).content.decode()

    assert "Huang Bo" in page and people.colleague.name in page and "Is there a pool?" in page
    assert "139****2222" in page and "13911112222" not in page
    assert AuditEvent.objects.filter(action="customer.search", actor=people.specialist).exists()
    assert "does not know yet" in desk.post(address(people, "call_caller"), {"phone": "13811112222"}).content.decode()


def test_the_salesperson_confirms_on_the_page(client, people):
    content = calls.Content(phone="13911112222", salesperson=people.salesperson, asked="A pool?")
    call = calls.log_call(
        op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=people.a, content=content, by=people.specialist
    )
    client.force_login(people.salesperson)
    assert "Calls for you" in client.get("/").content.decode()
    page = client.get(address(people, "call", call.number)).content.decode()
    assert address(people, "call_confirm", call.number) in page
    answer = client.post(address(people, "call_confirm", call.number), follow=True)
    assert address(people, "call_confirm", call.number) not in answer.content.decode()
    assert Call.every.get().state == "CONFIRMED"


def test_the_list_filters_and_gives_exactly_that_as_excel(desk, people):
    for rings in "2259MU":
        values = calls.Content(phone=stock.phone(), rings=rings, salesperson=people.salesperson, channel="WEB")
        calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=people.a, content=values, by=people.specialist)
    today = clock.today().isoformat()
    for asked, count in (
        ("answer=in_time", 2), ("answer=late", 2), ("answer=missed", 1), ("answer=unknown", 1), ("state=open", 6), ("channel=WEB", 6),
        ("channel=none", 0), (f"since={today}&until={today}", 6), ("until=2020-01-01", 0), (f"taken_by={people.specialist.pk}", 6),
    ):  # fmt: skip
        answer = desk.get(f"{address(people, 'call_list')}?{asked}")
        assert (asked, answer.context["page"].paginator.count) == (asked, count)
    assert desk.get(f"{address(people, 'call_list')}?format=xlsx").content.startswith(b"PK")
    assert AuditEvent.objects.filter(action="call.list").count() == 10


def test_the_answers_are_for_sale_and_fit_and_hold_no_floor_price(people):
    house = build.building(people.a)
    kind = build.layout(people.a, "C2", description="3 bedrooms 三室")
    by, now = people.specialist, clock.now()

    def made(floor, **fields):
        values = {"layout": kind, "list_total": Decimal(2_000_000 + floor), "floor_total": Decimal(1_777_777), **fields}
        return build.unit(house, floor, by=by, **values)

    floor, fits, lapsed = 10, made(5), made(6, status=Status.HELD, claim_ends_at=now - timedelta(minutes=1))
    for other in (
        {"status": Status.HELD, "claim_ends_at": now + timedelta(hours=1)}, {"status": Status.CONTRACTED}, {"status": Status.DRAFT},
        {"list_total": Decimal(9_000_000)}, {"layout": None},
    ):  # fmt: skip
        floor += 1
        made(floor, **other)
    made(90)
    wish = {"layout": "三室", "budget_to": Decimal(3_000_000), "floor_to": 40, "area_from": Decimal(10)}
    found = answers(access_of(people.supervisor), people.a, wish, "")
    assert [unit.pk for unit in found.units] == [fits.pk, lapsed.pk]
    assert "1777777" not in repr(found)
    assert answers(access_of(people.salesperson), people.a, wish, "").units == ()


def test_the_answers_ask_as_often_for_thirty_units_as_for_one(people):
    house, access = build.building(people.a), access_of(people.salesperson)
    counts = []
    for floors in (range(1, 2), range(2, 31)):
        for floor in floors:
            build.unit(house, floor, by=people.specialist, salesperson=people.salesperson)
            point(people, title=f"Point {floor}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = answers(access, people.a, {"floor_from": 1}, "point")
        counts.append((len(found.units), len(asked)))
    assert counts[0][0] == 1
    assert counts[1][0] == 12
    assert counts[0][1] == counts[1][1]


def test_talking_points_are_found_by_words_while_they_are_valid(people):
    fees, school = point(people), point(people, kind="SCHOOLS", title="School 学校", text="Ten minutes on foot")
    polite = point(people, kind="COURTESY", title="Greeting", text="Good day, how may I help?")
    point(people, title="Old fees", valid_from=date(2025, 1, 1), valid_until=date(2025, 12, 31))
    point(people, title="Next fees", valid_from=date(2999, 1, 1))
    access = access_of(people.salesperson)

    def said(words):
        return set(answers(access, people.a, {}, words).points)

    assert (said("foot school"), said("学校"), said("fees"), said("pool")) == ({school}, {school}, {fees}, set())
    assert answers(access, people.a, {}, "pool").courtesy == (polite,)
    talk.end_point(point=fees, by=people.supervisor)
    assert said("fees") == set()


def test_a_talking_point_is_kept_by_the_supervisor_and_nobody_is_overwritten(people):
    row = point(people)
    with pytest.raises(Forbidden):
        point_by = {"kind": "FEES", "title": "x", "text": "y", "valid_from": date(2026, 1, 1), "valid_until": None}
        talk.write_point(project=people.a, by=people.specialist, **point_by)
    values = {
        "kind": "FEES",
        "title": "Fees",
        "text": "3.1 a month",
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
    }
    changed = talk.change_point(point=row, version=1, by=people.supervisor, **values)
    assert (changed.version, [step.text for step in changed.history.all()]) == (2, ["3.1 a month", "2.8 a month"])
    with pytest.raises(Conflict):
        talk.change_point(point=row, version=1, by=people.supervisor, **values)
    with pytest.raises(Refusal):
        talk.change_point(point=row, version=2, by=people.supervisor, **{**values, "valid_until": date(2025, 1, 1)})


def test_talking_points_have_their_pages(client, people):
    row = point(people, text="<script>2.8</script>")
    client.force_login(people.supervisor)
    assert client.get(address(people, "talk_list") + "?q=fees&kind=FEES").context["page"].paginator.count == 1
    values = {"kind": "FEES", "title": "Fees", "text": "3.1", "valid_from": "2026-01-01", "version": "1"}
    page = client.post(address(people, "talk_change", row.pk), values, follow=True).content.decode()
    assert "3.1" in page and "&lt;script&gt;2.8" in page
    assert client.post(address(people, "talk_change", row.pk), values).status_code == 409
    assert client.post(address(people, "talk_end", row.pk)).status_code == 302
    client.force_login(people.specialist)
    assert client.get(address(people, "talk", row.pk)).status_code == 404
    assert "No talking point fits" in client.get(address(people, "answers") + "?q=fees").content.decode()


def test_the_measures_count_what_is_known_and_lead_to_the_rows(client, people, monkeypatch):
    for rings in "0359MU":
        values = calls.Content(phone=stock.phone(), rings=rings, salesperson=people.salesperson, channel="WEB")
        call = calls.log_call(
            op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=people.a, content=values, by=people.specialist
        )
    later = call.informed_at + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    calls.confirm_call(call=call, by=people.salesperson)
    calls.save_draft(sheet=uuid.uuid4(), project=people.a, content=calls.Content(), by=people.specialist)
    client.force_login(people.supervisor)
    answer = client.get(address(people, "call_measures"))
    found = answer.context["found"]

    whole = found.whole
    assert (whole.total, whole.in_time, whole.late, whole.missed, whole.unknown, whole.share) == (6, 2, 2, 1, 1, 40.0)
    assert (found.drafts, found.open, found.confirmed, found.minutes) == (1, 5, 1, 10.0)
    for lines in (found.by_hour, found.by_person, found.by_channel):
        assert sum(line.total for line in lines) == 6
        for line in lines:
            rows = client.get(f"{address(people, 'call_list')}?{line.asked}&answer=in_time")
            assert rows.context["page"].paginator.count == line.in_time
    assert "40.0" in answer.content.decode()
    wrong = client.get(address(people, "call_measures") + "?since=2026-05-05&until=x")
    assert (wrong.status_code, "until" in wrong.context["form"].errors) == (200, True)


@pytest.mark.parametrize("words", ["物业", "wuyefei", "wyf", "wy", "tingche", "tcf", "tc", "WYF tcf", "2.8"])
def test_a_talking_point_is_found_by_pinyin_and_initials_of_each_word_of_its_title(desk, people, words):
    fees = point(people, title="物业费 停车费")
    point(people, title="学区", text="划片")
    assert list(points_for(access_of(people.salesperson), people.a, words)) == [fees]
    page = desk.get(address(people, "talk_list"), {"q": words}).content.decode()
    assert "物业费" in page and "学区" not in page
