"""Opening customers, or leafing through lists, quickly one after the other is slowed down and told (quality P6, abuse 40 by hand)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from enquiries.services import pace
from salescontrol.core import clock, options
from salescontrol.core.errors import TooFast
from salescontrol.core.models import AuditEvent, Notice
from tests.enquiries import stock
from tests.enquiries.test_calls import log

pytestmark = pytest.mark.django_db


def address(name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=["AAA", *args])


def limit(people, **changes: int) -> None:
    options.change(
        by=people.supervisor,
        project_id=people.a.pk,
        changes={f"customer.{name}": number for name, number in changes.items()},
    )


@pytest.fixture
def walk(monkeypatch):
    """`walk(minutes=3)`: from here on it is that much later."""
    plain, passed = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: plain() + passed[0])

    def later(**span) -> None:
        passed[0] += timedelta(**span)

    return later


@pytest.fixture
def room(people):
    people.customers = [
        stock.customer(people.a, people.salesperson, name=f"Chen {place}", by=people.specialist) for place in range(7)
    ]
    return people


def opened(client, room, *places: int) -> list[int]:
    return [client.get(address("customer", room.customers[place].number)).status_code for place in places]


def told() -> list:
    return [(notice.to, notice.code) for notice in Notice.objects.filter(code__endswith="_refused")]


def test_60_customers_and_600_rows_within_10_minutes_are_what_is_set_at_first(people):
    settings = options.values(people.a.pk)
    assert [settings[f"customer.{name}"] for name in ("opens", "rows", "pace_minutes")] == [60, 600, 10]


def opened_before(room, place: int, minutes: int) -> None:
    """As if the specialist had opened this customer so long ago."""
    AuditEvent.objects.create(
        actor=room.specialist, action="customer.see", project_id=room.a.pk, at=clock.now() - timedelta(minutes=minutes),
        detail={"shown": [room.customers[place].number]},
    )  # fmt: skip


def test_one_customer_too_many_is_refused_until_the_first_is_long_enough_ago_and_the_supervisor_told_once(
    room, sign_in, walk
):
    limit(room, opens=5)
    client = sign_in(room.specialist)
    for place, minutes in ((0, 11), (1, 6), (2, 2), (3, 2)):
        opened_before(room, place, minutes)
    assert opened(client, room, 4, 5) == [200, 200], "the first is out of the window"

    answer = client.get(address("customer", room.customers[6].number))
    page = answer.content.decode()
    assert (answer.status_code, "Chen 6" in page) == (429, False)
    assert "5 different customers within 10 minutes" in page and "The supervisor has been told" in page
    assert 120 < int(answer["Retry-After"]) <= 240
    assert opened(client, room, 0, 6) == [429, 429]
    assert AuditEvent.objects.filter(action="customer.see_refused", actor=room.specialist).count() == 3
    assert told() == [(room.supervisor, "customer.see_refused")]

    walk(seconds=int(answer["Retry-After"]))
    assert opened(client, room, 6, 0) == [200, 429]


def test_who_was_opened_before_and_other_people_are_not_slowed_down(room, sign_in):
    limit(room, opens=5)
    assert opened(sign_in(room.specialist), room, 0, 1, 2, 3, 4, 4, 0, 1) == [200] * 8
    assert opened(sign_in(room.supervisor), room, 5, 6) == [200, 200]


def test_forms_about_customers_count_like_their_pages(room, sign_in):
    limit(room, opens=5)
    client = sign_in(room.specialist)
    numbers = [customer.number for customer in room.customers]
    assert [client.get(address("customer_change", number)).status_code for number in numbers[:6]] == [200] * 5 + [429]
    answer = client.post(address("customer_change", numbers[6]), {"name": ""})
    assert (answer.status_code, "Chen 6" in answer.content.decode()) == (429, False)


def test_who_is_calling_is_looked_up_as_often_as_the_phone_rings(room, sign_in):
    limit(room, opens=5)
    client = sign_in(room.specialist)
    opened(client, room, 0, 1, 2, 3, 4)
    for customer in room.customers * 2:
        answer = client.post(address("call_caller"), {"phone": customer.phone})
        assert (answer.status_code, customer.name in answer.content.decode()) == (200, True)
    assert told() == []


def test_of_a_supervisor_who_opens_too_many_management_is_told(room, sign_in):
    limit(room, opens=5)
    assert opened(sign_in(room.supervisor), room, *range(6)) == [200] * 5 + [429]
    assert told() == [(room.management, "customer.see_refused")]


def leaf(client, *pages: int, name: str = "customer_list") -> list[int]:
    return [client.get(address(name), {"page": page}).status_code for page in pages]


def test_leafing_through_more_rows_than_are_set_is_refused_and_reading_the_same_page_is_not(people, sign_in, walk):
    for _customer in range(101):
        stock.customer(people.a, people.salesperson, by=people.specialist)
    limit(people, rows=100)
    client = sign_in(people.specialist)
    assert leaf(client, 1, 2, 1, 1, 2) == [200] * 5
    refused = client.get(address("customer_list"), {"page": 3})
    assert (refused.status_code, "100 different rows" in refused.content.decode()) == (429, True)
    assert leaf(client, 1) == [200], "what was read before can be read again"
    assert told() == [(people.supervisor, "customer.list_refused")]
    walk(seconds=int(refused["Retry-After"]))
    assert leaf(client, 3) == [200]


def test_calls_and_searches_count_among_the_rows(room, sign_in):
    for _call in range(50):
        log(room, salesperson=room.salesperson, phone=room.customers[0].phone)
    limit(room, rows=50)
    client = sign_in(room.specialist)
    assert leaf(client, 1, name="call_list") == [200]
    assert client.get(address("customer_list")).status_code == 429
    searched = client.get("/search/", {"q": "Chen"})
    assert (searched.status_code, "Chen 3" in searched.content.decode()) == (429, False)


def test_a_page_that_is_longer_than_the_limit_can_be_read_by_itself(room, sign_in):
    for _customer in range(60):
        stock.customer(room.a, room.salesperson, by=room.specialist)
    limit(room, rows=50)
    client = sign_in(room.specialist)
    assert client.get(address("customer_list"), {"size": 100}).status_code == 200


def test_quality_p10_the_record_of_a_list_says_whom_it_showed(room, sign_in):
    leaf(sign_in(room.specialist), 1)
    (event,) = AuditEvent.objects.filter(action="customer.list")
    assert set(event.detail["shown"]) == {customer.number for customer in room.customers}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_one_by_one(room):
    limit(room, opens=5)

    def open_one(customer) -> bool:
        try:
            pace.note("customer.see", [customer.number], project=room.a, by=room.specialist, target=customer)
        except TooFast:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(7) as pool:
        assert sum(pool.map(open_one, room.customers)) == 5
