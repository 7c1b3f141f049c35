"""Pages of viewings: what is typed stays, free times are buttons, who may read what (R2.4)."""

import re
import uuid
from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar

from enquiries.models import CalendarLink, DutyShift, Viewing
from enquiries.queries import roster
from enquiries.services import calendars, viewings
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.models import AuditEvent
from tests import build
from tests.enquiries.stock import customer, phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(people, monkeypatch):
    """A Monday at eight; a customer, and a unit that is the salesperson's."""
    monday = datetime(2026, 11, 23, 8, tzinfo=roster.zone_of(people.a))
    people.move_clock = lambda **delta: monkeypatch.setattr(clock, "now", lambda: monday + timedelta(**delta))
    people.move_clock()
    people.day = monday.date()
    people.unit = build.unit(build.building(people.a), by=people.specialist, salesperson=people.salesperson)
    people.customer = customer(people.a, people.salesperson, name="Zhou Min")
    return people


def book(office, text: str = "10:00", **plan) -> Viewing:
    start = roster.at(office.a, office.day, time.fromisoformat(text))
    wanted = viewings.Plan(customer=office.customer, salesperson=office.salesperson, starts_at=start, **plan)
    return viewings.book_viewing(op_id=uuid.uuid4(), project=office.a, plan=wanted, by=office.specialist)


def form(office, **typed) -> dict:
    fields = {"op_id": uuid.uuid4(), "salesperson": office.salesperson.pk, "day": office.day, "party_size": 2}
    return {**fields, "customer": office.customer.pk, **typed}


def url(name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=["AAA", *args])


def test_asking_for_times_keeps_what_was_typed_and_books_nothing(office, sign_in):
    book(office)
    typed = form(office, customer="", new_name="Qian Hua", rooms=office.unit.number, note="Lift?", look="1")
    text = sign_in(office.specialist).post(url("viewing_book"), typed).content.decode()

    assert all(kept in text for kept in ("Qian Hua", office.unit.number, "Lift?"))
    assert '<button class="btn" name="time" value="09:00">' in text
    assert 'value="10:00"' not in text
    assert Viewing.every.count() == 1


def test_the_desk_books_a_new_customer_in_one_form(office, sign_in):
    layout = build.layout(office.a)
    typed = form(office, customer="", new_name="Qian Hua", new_phone=phone(), rooms=f"{office.unit.number}，", layouts=[layout.pk],
                 source="WEB", time="10:15")  # fmt: skip
    answer = sign_in(office.specialist).post(url("viewing_book"), typed, follow=True)
    row = Viewing.every.get()

    assert "is booked for 2026-11-23 10:15" in answer.content.decode()
    assert (row.customer.name, row.customer.owner, row.party_size) == ("Qian Hua", office.salesperson, 2)
    assert {str(item) for item in row.items.all()} == {office.unit.number, "C"}


def test_a_salesperson_books_for_themselves_without_choosing_whom(office, sign_in):
    client = sign_in(office.salesperson)
    page = client.get(url("viewing_book") + f"?customer={office.customer.number}").content.decode()
    assert 'name="salesperson"' not in page
    assert 'value="09:00"' in page
    client.post(url("viewing_book"), form(office, salesperson=office.colleague.pk, time="09:00"))

    assert Viewing.every.get().salesperson == office.salesperson


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ({"time": "07:00"}, 422, "This time is over"),
        ({"time": "20:00"}, 422, "The room is open from 09:00 to 18:00"),
        ({"time": "10:00"}, 409, "Free that day: 09:00, 11:00, 11:15, 11:30."),
        ({"time": "12:00", "rooms": "9#-9999"}, 422, "No unit here is called 9#-9999"),
        ({"time": "12:00", "customer": ""}, 422, "Choose a customer, or enter name and phone"),
        ({"time": "12:00", "party_size": "0"}, 422, "greater than or equal to 1"),
        ({"time": "12:00", "day": "2026-13-40"}, 422, "Enter a valid date"),
        ({"time": "noon"}, 200, "choose when it begins"),
        ({"look": "1", "salesperson": ""}, 422, "This field is required"),
    ],
)
def test_bad_input_keeps_what_was_typed_and_says_what_to_do(office, sign_in, typed, status, sentence):
    book(office)
    answer = sign_in(office.specialist).post(url("viewing_book"), form(office, note="Lift?", **typed))

    assert answer.status_code == status
    assert sentence in answer.content.decode().replace("&#x27;", "'")
    assert "Lift?" in answer.content.decode()
    assert Viewing.every.count() == 1


def test_a_unit_that_is_not_for_sale_is_booked_with_a_warning(office, sign_in):
    build.place_in(Status.SUBSCRIBED, office.unit)
    answer = sign_in(office.specialist).post(
        url("viewing_book"), form(office, rooms=office.unit.number, time="10:00"), follow=True
    )

    assert "Not for sale at present, shown only" in answer.content.decode()
    assert Viewing.every.count() == 1


def test_a_viewing_goes_from_booking_to_outcome_on_its_pages(office, sign_in):
    row = book(office, units=[office.unit])
    client, number = sign_in(office.salesperson), row.number
    assert "Zhou Min" in client.get(url("viewing", number)).content.decode()
    client.post(url("viewing_confirm", number))
    moved = {"op_id": uuid.uuid4(), "reason": "Train", "day": office.day, "time": "11:00"}
    assert client.post(url("viewing_move", number), moved).status_code == 302
    client.post(url("viewing_confirm", number))
    office.move_clock(hours=4)
    item = row.items.get()
    typed = {"outcome": "Wants to hold it", f"liking_{item.pk}": "LIKED", f"feedback_{item.pk}": "Light"}
    text = client.post(url("viewing_outcome", number), typed, follow=True).content.decode()

    assert all(part in text for part in ("Wants to hold it", "Liked it", "Light", "Visited"))
    assert 'href="' + url("viewing_cancel", number) not in text


def test_each_page_that_names_customers_is_on_record(office, sign_in):
    row = book(office)
    client = sign_in(office.specialist)
    for name in ("viewing_list", "viewing_day", "viewing_week", "viewing_sheet"):
        before = AuditEvent.objects.filter(action="customer.list").count()
        text = client.get(f"{url(name)}?day={office.day}").content.decode()
        assert "Zhou Min" in text
        assert office.customer.phone not in text
        assert AuditEvent.objects.filter(action="customer.list").count() == before + 1
    client.get(url("viewing", row.number))
    assert AuditEvent.objects.filter(action="customer.see", target_id=office.customer.pk).exists()


@pytest.mark.parametrize("page", ["viewing_day", "viewing_week"])
def test_day_and_week_are_filtered_like_the_list_and_leafing_keeps_the_filter(office, sign_in, page):
    mine = book(office)
    theirs = customer(office.a, office.colleague, name="Huang Bo")
    start = roster.at(office.a, office.day, time(11))
    plan = viewings.Plan(customer=theirs, salesperson=office.colleague, starts_at=start)
    other = viewings.book_viewing(op_id=uuid.uuid4(), project=office.a, plan=plan, by=office.specialist)
    viewings.cancel_viewing(viewing=other, reason="Ill", by=office.specialist)
    client = sign_in(office.specialist)

    def shown(**asked) -> tuple[bool, bool]:
        text = client.get(url(page), asked).content.decode()
        return url("viewing", mine.number) in text, url("viewing", other.number) in text

    assert shown() == (True, True)
    assert shown(salesperson=office.colleague.pk) == (False, True)
    assert shown(state=mine.state) == (True, False)
    assert shown(salesperson=office.colleague.pk, state=mine.state) == (False, False)
    assert f"salesperson={office.colleague.pk}&amp;day=" in client.get(
        url(page), {"salesperson": office.colleague.pk}
    ).content.decode().replace("&day", "&amp;day")
    assert 'name="salesperson"' not in sign_in(office.salesperson).get(url(page)).content.decode()


def test_a_viewing_stands_at_the_projects_own_time_of_day(office, sign_in):
    office.a.zone = "Asia/Tokyo"
    office.a.save()
    row = book(office, "14:15")
    client = sign_in(office.specialist)
    for page in (url("viewing_day"), url("viewing_week"), url("viewing_list"), url("viewing", row.number)):
        text = client.get(page).content.decode()
        assert "14:15" in text and "13:15" not in text, page


def test_days_that_are_none_are_today(office, sign_in):
    client = sign_in(office.specialist)
    for asked in ("nonsense", "0001-01-01", "9999-12-31", ""):
        for name in ("viewing_day", "viewing_week", "viewing_sheet"):
            assert client.get(url(name), {"day": asked}).status_code == 200
    assert sign_in(office.supervisor).get(url("roster"), {"day": "9999-12-31"}).status_code == 200


def test_lists_read_the_same_number_of_times_for_one_and_for_many(office, sign_in, django_assert_max_num_queries):
    client = sign_in(office.specialist)
    client.get(url("viewing_day"))  # The first page of a session reads more.
    counts = []
    for texts in (("09:00",), ("10:00", "11:00", "12:00", "13:00", "14:00")):
        for text in texts:
            book(office, text, units=[office.unit])
        with django_assert_max_num_queries(60) as seen:
            client.get(f"{url('viewing_day')}?day={office.day}")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_supervisor_keeps_the_roster_and_copies_it(office, sign_in):
    client, following = sign_in(office.supervisor), office.day + timedelta(days=7)
    cell = f"{office.salesperson.pk}-{office.day}"
    page = f"{url('roster')}?day={office.day}"
    bad = client.post(page, {f"from-{cell}": "nine", f"to-{cell}": "17:00"})
    assert (bad.status_code, 'value="nine"' in bad.content.decode()) == (422, True)
    client.post(page, {f"from-{cell}": "09:00", f"to-{cell}": "17:00"})
    text = client.post(f"{url('roster')}?day={following}", {"copy": "1"}, follow=True).content.decode()

    assert "1 shift changed." in text
    assert [row.on for row in DutyShift.objects.all()] == [office.day, following]


def test_the_day_of_a_salesperson_holds_own_viewings_of_every_project(office, sign_in):
    book(office)
    text = sign_in(office.salesperson).get(reverse("my_day")).content.decode()
    assert "Zhou Min" in text
    assert "My holds" in text
    assert "Zhou Min" not in sign_in(office.colleague).get(reverse("my_day")).content.decode()
    assert sign_in(office.specialist).get(reverse("my_day")).status_code == 403


def test_viewings_stand_on_workbench_customer_panel_and_in_the_search(office, sign_in):
    row = book(office, units=[office.unit])
    client = sign_in(office.salesperson)
    for address in (
        "/", reverse("enquiries:customer", args=["AAA", office.customer.number]),
        reverse("inventory:board_panel", args=["AAA", office.unit.pk]), f"/search/?q={row.number.lower()}",
    ):  # fmt: skip
        assert url("viewing", row.number) in client.get(address).content.decode(), address


def secret_of(text: str) -> str:
    return re.search(r"/calendar/([\w-]+)\.ics", text)[1]


def test_a_calendar_shows_when_and_where_and_nobody(office, sign_in, client):
    row = book(office, units=[office.unit], note="Brings the parents")
    book(office, "14:00")
    viewings.cancel_viewing(viewing=Viewing.every.order_by("pk").last(), reason="Ill", by=office.specialist)
    secret = secret_of(sign_in(office.salesperson).post(reverse("calendar_make")).content.decode())
    client.logout()
    answer = client.get(reverse("calendar_feed", args=[secret]))
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (row.starts_at, row.ends_at)
    assert row.number in str(event["summary"])
    assert (str(event["location"]), str(event["description"])) == ("Riverside Court", office.unit.number)
    for hidden in ("Zhou", office.customer.phone, office.customer.number, "parents", office.salesperson.name):
        assert hidden.encode() not in answer.content
    assert not CalendarLink.objects.filter(digest=secret).exists()


def test_a_calendar_ends_when_it_is_revoked_replaced_or_its_account_closed(office, client):
    first, second = (calendars.make_calendar(by=office.salesperson) for _each in range(2))
    assert [client.get(reverse("calendar_feed", args=[secret])).status_code for secret in (first, second)] == [404, 200]
    office.salesperson.is_active = False
    office.salesperson.save(update_fields=["is_active"])
    assert client.get(reverse("calendar_feed", args=[second])).status_code == 404
    office.salesperson.is_active = True
    office.salesperson.save(update_fields=["is_active"])
    calendars.revoke_calendar(by=office.salesperson)
    assert client.get(reverse("calendar_feed", args=[second])).status_code == 404
    assert client.get(reverse("calendar_feed", args=["no-such"])).status_code == 404
