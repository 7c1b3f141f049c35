"""Pages about customers and calls ask the database as often for ten rows as for a thousand (quality V7, V9)."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enquiries import names, phones
from enquiries.models import Call, Customer, CustomerPhone, Visit
from enquiries.queries import calls, customers
from enquiries.states import CallState, VisitKind
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.history import create_tracked
from salescontrol.core.views import LongPaginator
from tests import build
from tests.enquiries import stock

pytestmark = pytest.mark.django_db
FEW, MANY = 10, 1000


@transaction.atomic
def fill(people, count: int) -> None:
    """So many customers more, each with a phone, a call and a visit."""
    numbers, now = [stock.phone() for _row in range(count)], clock.now()
    ours = {"project": people.a, "salesperson": people.salesperson}
    rows = create_tracked([
        Customer(project=people.a, name="Chen Lan", name_keys=names.keys("Chen Lan"), phone=number, owner=people.salesperson,
                 phone_index=phones.index(number), entered_by=people.specialist)
        for number in numbers
    ], action="customer.enter", by=people.specialist)  # fmt: skip
    create_tracked([
        CustomerPhone(project=people.a, customer=row, number=row.phone, number_index=row.phone_index,
                      tail_index=phones.tail_index(row.phone), is_main=True)
        for row in rows
    ], action="customer.enter", by=people.specialist)  # fmt: skip
    create_tracked([
        Call(**ours, customer=row, phone=row.phone, phone_index=row.phone_index, at=now - timedelta(minutes=place),
             taken_by=people.specialist, state=CallState.LOGGED, informed_at=now)
        for place, row in enumerate(rows)
    ], action="call.log", by=people.specialist)  # fmt: skip
    create_tracked(
        [Visit(**ours, customer=row, kind=VisitKind.FIRST, at=now, logged_by=people.specialist) for row in rows],
        action="visit.log", by=people.specialist,
    )  # fmt: skip


def queries(client, people) -> dict[str, int]:
    """How often each click asks the database, after a first one."""
    known = Customer.every.filter(project=people.a).order_by("pk").first()

    def address(name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=["AAA", *args])

    clicks = {
        "customers": lambda: client.get(address("customer_list"), {"size": 200}),
        "customers of a number": lambda: client.get(address("customer_list"), {"q": known.phone}),
        "customers of a name": lambda: client.get(address("customer_list"), {"q": "cl"}),
        "calls": lambda: client.get(address("call_list"), {"size": 200}),
        "visits": lambda: client.get(address("visit_list"), {"size": 200}),
        "one customer": lambda: client.get(address("customer", known.number)),
        "who is calling": lambda: client.post(address("call_caller"), {"phone": known.phone}),
        "answers": lambda: client.get(address("answers"), {"budget_to": "400"}),
        "workbench": lambda: client.get(reverse("home")),
    }
    counted = {}
    for what, click in clicks.items():
        click()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert click().status_code in (200, 403), what
        counted[what] = len(asked)
    return counted


@pytest.mark.parametrize("who", ["specialist", "salesperson"])
def test_v9_a_page_asks_as_often_for_a_thousand_rows_as_for_ten(people, sign_in, who):
    house = build.building(people.a)
    for floor in range(2, 5):
        build.unit(house, floor, by=people.specialist, salesperson=people.salesperson)
    options.change(by=people.supervisor, project_id=people.a.pk, changes={"customer.rows": 10_000})
    fill(people, FEW)
    client = sign_in(getattr(people, who))
    few = queries(client, people)
    fill(people, MANY - FEW)
    for floor in range(5, 40):
        build.unit(house, floor, by=people.specialist, salesperson=people.salesperson)
    assert queries(client, people) == few


def plan(rows) -> str:
    """How PostgreSQL finds these rows when sequential reading is out of the question."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        return rows.explain()


@pytest.mark.postgres
def test_v9_a_number_its_calls_and_the_lists_latest_rows_are_found_by_an_index(people):
    fill(people, 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE enquiries_customer; ANALYZE enquiries_customerphone; ANALYZE enquiries_call")
    access, known = access_of(people.specialist), Customer.every.first()
    desk = customers.listed(access, people.a)
    for rows, index in (
        (desk.filter(customers.reached_by(known.phone)), "customers_by_phone"),
        (desk.filter(customers.matching(known.phone)), "customers_by_phone"),
        (desk.order_by("-entered_at", "-pk")[:50], "customers_by_entry"),
        (calls.listed(access, people.a).order_by("-at", "-pk")[:50], "calls_by_time"),
    ):
        assert index in plan(rows), plan(rows)


def test_a_long_list_is_counted_to_its_limit_and_says_so(people, sign_in, monkeypatch):
    fill(people, 120)
    page = sign_in(people.specialist).get(reverse("enquiries:customer_list", args=["AAA"]))
    assert "1–50 of 120" in page.content.decode()
    monkeypatch.setattr(LongPaginator, "most", 100)
    page = sign_in(people.specialist).get(reverse("enquiries:customer_list", args=["AAA"]), {"page": 9})
    assert "51–100 of more than 100" in page.content.decode()


@pytest.mark.parametrize("who", ["specialist", "salesperson"])
def test_abuse_28_lists_offer_only_people_who_appear_in_what_is_seen(people, who):
    fill(people, 2)
    access = access_of(getattr(people, who))
    assert list(customers.owners(access, people.a)) == [people.salesperson]
    assert list(calls.people(access, people.a, "taken_by")) == [people.specialist]
    assert list(calls.people(access_of(people.colleague), people.a, "salesperson")) == []
