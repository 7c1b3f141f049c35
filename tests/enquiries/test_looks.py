"""Looks at customers' data are on record before the data leaves, and limited where they could be milked (A4, decisions 30)."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse

from enquiries.models import Customer
from enquiries.services import customers, looks
from enquiries.states import Purpose
from salescontrol.core import audit, clock
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import AuditEvent, Notice
from tests.enquiries import stock


def address(name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=["AAA", *args])


@pytest.fixture
def room(people):
    people.mine = stock.customer(people.a, people.salesperson, name="Chen Lan", note="Wants the river")
    people.theirs = stock.customer(people.a, people.colleague, name="Huang Bo")
    return people


def reveal(customer, by, purpose=Purpose.CALL) -> str:
    return looks.reveal_phone(customer=customer, purpose=purpose, by=by)


def enter(people, by, phone: str = "") -> Customer:
    return customers.enter_customer(
        op_id=uuid.uuid4(), project=people.a, name="Zhou Min", phone=phone or stock.phone(), owner=None, note="", by=by
    )


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


def later(monkeypatch, **ahead) -> None:
    then = clock.now() + timedelta(**ahead)
    monkeypatch.setattr(clock, "now", lambda: then)


def test_a_number_is_shown_for_a_purpose_and_its_record_names_no_number(room):
    assert reveal(room.mine, room.salesperson, Purpose.PAPERS) == room.mine.phone
    (event,) = events("customer.reveal")
    assert (event.actor, event.project_id, event.target_kind, event.target_id, event.detail) == (
        room.salesperson, room.a.pk, "enquiries.customer", room.mine.pk, {"purpose": "PAPERS"},
    )  # fmt: skip


@pytest.mark.parametrize("purpose", ["", "CURIOSITY"])
def test_without_a_purpose_of_the_list_no_number_is_shown(room, purpose):
    with pytest.raises(Refusal) as refused:
        reveal(room.mine, room.salesperson, purpose)
    assert refused.value.code == "no_purpose"
    assert events("customer.reveal") == []


def test_who_does_not_see_the_customer_is_not_shown_the_number_and_management_reads_masked(room):
    with pytest.raises(NotVisible):
        reveal(room.theirs, room.salesperson)
    with pytest.raises(NotVisible):
        reveal(room.theirs, room.finance)
    with pytest.raises(Forbidden):
        reveal(room.theirs, room.management)
    assert events("customer.reveal") == []


def test_abuse_40_the_31st_number_within_an_hour_is_refused_and_the_supervisor_told_once(room, monkeypatch):
    for _time in range(looks.REVEALS_PER_HOUR):
        reveal(room.mine, room.salesperson)
    for _time in range(2):
        with pytest.raises(Refusal) as refused:
            reveal(room.mine, room.salesperson)
        assert refused.value.code == "too_many"
        assert room.mine.phone not in str(refused.value)
    assert len(events("customer.reveal")) == 30
    assert len(events("customer.reveal_refused")) == 2
    (notice,) = Notice.objects.all()
    assert (notice.to, notice.code, notice.params) == (
        room.supervisor, "customer.reveal_refused", {"who": room.salesperson.employee_no},
    )  # fmt: skip
    assert reveal(room.mine, room.specialist) == room.mine.phone
    later(monkeypatch, minutes=61)
    assert reveal(room.mine, room.salesperson) == room.mine.phone


def test_abuse_40_of_a_supervisor_who_asks_too_often_management_is_told(room, monkeypatch):
    monkeypatch.setattr(looks, "REVEALS_PER_HOUR", 0)
    with pytest.raises(Refusal):
        reveal(room.mine, room.supervisor)
    assert Notice.objects.get().to == room.management


def test_abuse_21_the_21st_number_looked_up_within_an_hour_is_refused_known_or_not_and_the_supervisor_told(
    room, monkeypatch
):
    AuditEvent.objects.filter(action="customer.probe").count()
    already = len(events("customer.probe"))
    for _time in range(looks.PROBES_PER_HOUR - 1):
        with pytest.raises(Conflict):
            enter(room, room.salesperson, room.theirs.phone)
    answers = set()
    for phone in (room.theirs.phone, stock.phone(), room.mine.phone):
        with pytest.raises(Refusal) as refused:
            enter(room, room.salesperson, phone)
        assert refused.value.code == "too_many"
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert already == 2  # one for each salesperson's own customer
    assert len(events("customer.probe_refused")) == 3
    assert {notice.to for notice in Notice.objects.all()} == {room.supervisor}
    assert enter(room, room.specialist).pk
    later(monkeypatch, minutes=61)
    assert enter(room, room.salesperson).pk


def test_abuse_21_changing_a_number_and_asking_for_a_hold_count_as_looks_too(room, monkeypatch):
    monkeypatch.setattr(looks, "PROBES_PER_HOUR", 1)
    with pytest.raises(Refusal) as refused:
        customers.change_customer(
            customer=room.mine, name="Chen Lan", phone=room.theirs.phone, note="", by=room.salesperson
        )
    assert refused.value.code == "too_many"
    with pytest.raises(Refusal) as refused:
        customers.find_or_enter(
            project=room.a, name="x", phone=room.theirs.phone, owner=room.salesperson, by=room.salesperson
        )
    assert refused.value.code == "too_many"


def test_abuse_21_the_same_form_again_is_no_second_look(room, monkeypatch):
    monkeypatch.setattr(looks, "PROBES_PER_HOUR", 2)
    values = {
        "op_id": uuid.uuid4(),
        "project": room.a,
        "name": "Zhou Min",
        "phone": stock.phone(),
        "owner": None,
        "note": "",
    }
    first = customers.enter_customer(by=room.salesperson, **values)
    assert customers.enter_customer(by=room.salesperson, **values) == first
    assert len([event for event in events("customer.probe") if event.actor == room.salesperson]) == 2


@pytest.mark.slow
def test_abuse_21_of_1000_numbers_typed_by_a_script_20_are_answered_and_none_says_whose(room, sign_in):
    already = len(events("customer.probe"))
    others = [stock.customer(room.a, room.colleague, name="Huang Bo", by=room.specialist).phone for _known in range(40)]
    answers = []
    for place in range(1000):
        phone = others[place // 25] if place % 25 == 0 else stock.phone()
        try:
            enter(room, room.salesperson, phone)
            answers.append("entered")
        except Refusal as refused:
            answers.append(f"{refused.code} {refused} {refused.links}")
    allowed = looks.PROBES_PER_HOUR - 1  # one for the salesperson's own customer
    assert already == 2 and len(set(answers[allowed:])) == 1
    assert answers[allowed].startswith("too_many")
    assert not any(secret in text for text in answers for secret in ("Xu Lei", room.colleague.employee_no, "Huang"))
    assert {notice.code for notice in Notice.objects.filter(to=room.supervisor)} == {"customer.probe_refused"}
    typed = {"op_id": str(uuid.uuid4()), "name": "Zhou Min", "phone": others[0]}
    page = sign_in(room.salesperson).post(address("customer_enter"), typed).content.decode()
    assert "which is the limit" in page and "Huang" not in page and "Xu Lei" not in page


@pytest.mark.slow
def test_abuse_40_of_500_customers_unmasked_by_a_script_30_are_shown_and_the_supervisor_is_told(room, sign_in):
    crowd = [stock.customer(room.a, room.salesperson, by=room.specialist) for _customer in range(100)]
    client, shown = sign_in(room.salesperson), []
    for place in range(500):
        row = crowd[place % 100]
        answer = client.post(
            address("customer_reveal", row.number), {"purpose": "CALL"}, headers={"HX-Request": "true"}
        )
        shown.append(row.phone in answer.content.decode())
    assert shown == [True] * 30 + [False] * 470
    assert len(events("customer.reveal_refused")) == 470
    assert [notice.code for notice in Notice.objects.filter(to=room.supervisor)] == ["customer.reveal_refused"]


def test_every_page_that_shows_customers_is_on_record(room, sign_in):
    client = sign_in(room.specialist)
    number = room.mine.number
    for name in ("customer", "customer_change", "customer_owner"):
        assert client.get(address(name, number)).status_code == 200
    assert [(event.actor, event.target_id) for event in events("customer.see")] == [(room.specialist, room.mine.pk)] * 3

    client.get(address("customer_list"))
    client.get(address("customer_list"), {"q": "Chen"})
    assert [event.detail for event in events("customer.list")] == [
        {"count": 2, "filter": [], "shown": [room.theirs.number, number]},
        {"count": 1, "filter": ["q"], "shown": [number]},
    ]

    client.get("/search/", {"q": "Chen"})
    client.get("/search/", {"q": "Nobody of that name"})
    assert [(event.project_id, event.detail) for event in events("customer.search")] == [
        (room.a.pk, {"count": 1, "shown": [number]})
    ]

    client.get(address("customer_list"), {"q": room.mine.phone, "sort": "name", "format": "xlsx"})
    (export,) = events("export")
    assert export.detail == {"what": "Customers", "filter": "q=*&sort=name", "people": True}


def test_a_page_that_is_refused_is_no_look(room, sign_in):
    client = sign_in(room.salesperson)
    assert client.get(address("customer", room.theirs.number)).status_code == 404
    assert client.get(address("customer_owner", room.mine.number)).status_code == 403
    assert events("customer.see") == []


def test_when_the_record_cannot_be_written_nothing_leaves(room, sign_in, monkeypatch):
    def broken(*args, **kwargs):
        raise DatabaseError("the log table is gone")

    client = sign_in(room.specialist)
    client.raise_request_exception = False
    monkeypatch.setattr(audit.AuditEvent.objects, "create", broken)
    number = room.mine.number
    answers = [
        client.get(address("customer", number)),
        client.get(address("customer_change", number)),
        client.get(address("customer_list")),
        client.get(address("customer_list"), {"format": "xlsx"}),
        client.get("/search/", {"q": "Chen"}),
        client.post(address("customer_reveal", number), {"purpose": "CALL"}),
        client.post(address("customer_reveal", number), {"purpose": "CALL"}, headers={"HX-Request": "true"}),
    ]
    for answer in answers:
        assert answer.status_code in (500, 503)
        assert not any(text in answer.content.decode() for text in ("Chen Lan", room.mine.phone, "Wants the river"))
