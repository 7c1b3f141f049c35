"""Phones, papers, follow-ups, whose a customer is, and merging (R2.5, R6.1, domain B5; abuse 20, 21, 25, 40)."""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from contracts.services import merging as moves
from contracts.services import waiting
from enquiries.models import Customer, CustomerPhone, FollowUp, IdPaper, IntakeLine
from enquiries.queries.customers import find, found
from enquiries.queries.follow_ups import due, notes
from enquiries.queries.life import steps
from enquiries.queries.present import contacts
from enquiries.services import customers, follow_ups, looks, merging, numbers, ownership, transfer
from enquiries.states import Purpose, Way
from inventory.states import Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, Notice
from tests import build
from tests.contracts.stock import hold
from tests.enquiries import stock

RESIDENT = "110101199003072519"


@pytest.fixture
def room(people):
    people.mine = stock.customer(people.a, people.salesperson, name="陈兰")
    people.theirs = stock.customer(people.a, people.colleague, name="Huang Bo")
    return people


def ahead(monkeypatch, **time) -> None:
    then = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: then)


def write(room, customer, by, way=Way.PHONE, content="Asked for the river", next_on=None, op_id=None) -> FollowUp:
    return follow_ups.follow_up(
        op_id=op_id or uuid.uuid4(), customer=customer, way=way, content=content, next_on=next_on, by=by
    )


def code(call, **values) -> str:
    with pytest.raises(Refusal) as refused:
        call(**values)
    return refused.value.code


def test_every_number_of_a_customer_is_once_in_the_project(room):
    second = stock.phone()
    numbers.add_phone(customer=room.mine, phone=second, by=room.salesperson)
    for call in (
        lambda: numbers.add_phone(customer=room.theirs, phone=second, by=room.colleague),
        lambda: stock.customer(room.a, room.colleague, number=second),
        lambda: customers.change_customer(customer=room.theirs, name="x", phone=second, note="", by=room.colleague),
    ):
        with pytest.raises(Conflict) as clash:
            call()
        assert (clash.value.code, clash.value.links) == ("known", [])
        assert room.mine.number not in str(clash.value)
    assert found(access_of(room.salesperson), second) == [room.mine]


def test_another_main_phone_is_the_customers_phone_and_the_former_stays(room):
    former = room.mine.phone
    added = numbers.add_phone(customer=room.mine, phone="9123 4567", country="SG", by=room.salesperson)
    numbers.make_main(customer=room.mine, phone_id=added.pk, by=room.salesperson)
    room.mine.refresh_from_db()
    assert room.mine.phone == "+6591234567"
    assert {row.number: row.is_main for row in CustomerPhone.every.filter(customer=room.mine)} == {
        former: False, "+6591234567": True,
    }  # fmt: skip
    assert code(numbers.remove_phone, customer=room.mine, phone_id=added.pk, by=room.salesperson) == "main"
    other = CustomerPhone.every.get(customer=room.mine, is_main=False)
    numbers.remove_phone(customer=room.mine, phone_id=other.pk, by=room.salesperson)
    assert found(access_of(room.salesperson), former) == []
    assert (
        CustomerPhone.history.filter(id=other.pk, history_type="-").get().history_change_reason
        == "customer.remove_phone"
    )


def test_the_main_phone_of_the_row_is_that_of_the_table(room):
    customers.change_customer(customer=room.mine, name="x", phone=(new := stock.phone()), note="", by=room.salesperson)
    assert [row.number for row in CustomerPhone.every.filter(customer=room.mine)] == [new]


def test_abuse_25_numbers_of_a_colleagues_customer_are_not_there(room):
    phone = CustomerPhone.every.get(customer=room.theirs)
    with pytest.raises(NotVisible):
        numbers.add_phone(customer=room.theirs, phone=stock.phone(), by=room.salesperson)
    with pytest.raises(NotVisible):
        numbers.make_main(customer=room.mine, phone_id=phone.pk, by=room.salesperson)
    with pytest.raises(NotVisible):
        looks.reveal(customer=room.mine, what=f"phone-{phone.pk}", purpose=Purpose.CALL, by=room.salesperson)


def test_a_paper_is_checked_kept_encrypted_once_in_the_project_and_found_whole(room):
    paper = numbers.add_paper(customer=room.mine, kind="RESIDENT", number=RESIDENT, by=room.salesperson)
    with pytest.raises(Conflict):
        numbers.add_paper(customer=room.theirs, kind="RESIDENT", number=RESIDENT, by=room.colleague)
    assert code(numbers.add_paper, customer=room.mine, kind="RESIDENT", number="1101", by=room.salesperson) == "paper"
    for table in ("enquiries_idpaper", "enquiries_historicalidpaper", "core_auditevent", "core_operation"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            assert RESIDENT not in repr(cursor.fetchall())
    assert found(access_of(room.salesperson), RESIDENT) == [room.mine]
    assert found(access_of(room.salesperson), RESIDENT[:10]) == found(access_of(room.colleague), RESIDENT) == []
    numbers.remove_paper(customer=room.mine, paper_id=paper.pk, by=room.salesperson)
    assert not IdPaper.every.exists()
    assert [step.text for step in steps(access_of(room.specialist), room.mine)][:2] == [
        "Identity paper removed by Zhao Ming", "Identity paper added by Zhao Ming",
    ]  # fmt: skip


def test_a_customer_is_found_by_pinyin_initials_and_last_four_digits_among_visible_ones_only(room):
    for words in ("陈兰", "chenlan", "chen lan", "CL", room.mine.phone[-4:]):
        assert found(access_of(room.salesperson), words) == [room.mine], words
        assert found(access_of(room.colleague), words) == [], words
    assert found(access_of(room.salesperson), room.mine.phone[-3:]) == []


def test_abuse_40_phones_papers_and_address_are_counted_together(room, monkeypatch):
    paper = numbers.add_paper(customer=room.mine, kind="RESIDENT", number=RESIDENT, by=room.salesperson)
    room.mine = customers.change_customer(
        customer=room.mine, name="陈兰", phone="", note="", address="Long Street 8", by=room.salesperson
    )
    shown = {line.key: line.text for line in contacts(room.mine)}
    assert shown[f"paper-{paper.pk}"] == "1101**********2519"
    assert "Street" not in shown["address"]
    monkeypatch.setattr(looks, "REVEALS_PER_HOUR", 3)
    asked = {"customer": room.mine, "purpose": Purpose.PAPERS, "by": room.salesperson}
    assert looks.reveal(what="", **asked) == room.mine.phone
    assert looks.reveal(what="address", **asked) == "Long Street 8"
    assert looks.reveal(what=f"paper-{paper.pk}", **asked) == RESIDENT
    assert code(looks.reveal, what="address", **asked) == "too_many"
    for odd in ("paper-", "paper-x", "phone-999999", "phone-99999999999999999999", "owner", "phone"):
        assert code(looks.reveal, what=odd, **asked) != "too_many"


def test_the_second_of_two_who_save_one_customer_is_told(room):
    seen = room.mine.version
    values = {"customer": room.mine, "phone": "", "note": "", "version": seen}
    customers.change_customer(name="Chen", by=room.specialist, **values)
    assert code(customers.change_customer, name="Lan", by=room.salesperson, **values) == "changed"
    assert Customer.every.get(pk=room.mine.pk).name == "Chen"


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"grade": "Z"}, "grade"), ({"channel": "x" * 99}, "channel"), ({"kind": ""}, "kind"), ({"needs": "x" * 10_000}, "needs"),
     ({"floor_from": 9, "floor_to": 2}, "floor_to"), ({"referrer": "ZZZZ9999"}, "referrer")],
)  # fmt: skip
def test_facts_that_cannot_be_are_refused_at_their_field(room, facts, field):
    with pytest.raises(Refusal) as refused:
        customers.change_customer(customer=room.mine, name="x", phone="", note="", by=room.salesperson, **facts)
    assert [*refused.value.fields] == [field]


def test_a_referrer_is_a_customer_whom_the_user_sees(room):
    values = {"customer": room.mine, "name": "x", "phone": "", "note": ""}
    assert code(customers.change_customer, referrer=room.theirs.number, by=room.salesperson, **values) == "facts"
    row = customers.change_customer(referrer=room.theirs.number.lower(), by=room.specialist, **values)
    assert row.referrer == room.theirs


def test_a_follow_up_is_written_once_and_says_when_the_next_is_due(room):
    today, op_id = clock.today(), uuid.uuid4()
    for _time in range(2):
        write(room, room.mine, room.salesperson, next_on=today, op_id=op_id)
    assert FollowUp.every.count() == 1
    assert [note.content for note in notes(access_of(room.salesperson), room.mine)] == ["Asked for the river"]
    assert [row.customer for row in due(access_of(room.salesperson), room.a, today)] == [room.mine]
    assert list(due(access_of(room.colleague), room.a, today)) == []
    write(room, room.mine, room.salesperson, next_on=today + timedelta(days=4))
    assert list(due(access_of(room.salesperson), room.a, today)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"way": "TELEX"}, "way"), ({"content": "  "}, "content"), ({"next_on": -1}, "next_on")],
)
def test_a_follow_up_that_cannot_be_is_refused(room, changes, expected):
    if "next_on" in changes:
        changes = {"next_on": clock.today() - timedelta(days=1)}
    assert code(write, room=room, customer=room.mine, by=room.salesperson, **changes) == expected
    with pytest.raises(NotVisible):
        write(room, room.theirs, room.salesperson)


@pytest.mark.parametrize("text", ["<script>x</script>", "😀" * 400, "‮abc", "x" * 10_000])
def test_odd_texts_are_kept_as_text(room, text):
    assert write(room, room.mine, room.salesperson, content=text).content == text[:1000]


def test_a_customer_without_follow_up_is_warned_of_then_lapses_and_the_desk_gives_it(room, monkeypatch):
    day = {"days": 13}
    ahead(monkeypatch, **day)
    assert [ownership.lapse_due() for _time in range(2)] == [0, 0]
    assert sorted((notice.to.name, notice.code, notice.params["number"]) for notice in Notice.objects.all()) == sorted(
        (row.owner.name, "customer.lapsing", row.number) for row in (room.mine, room.theirs)
    )
    write(room, room.mine, room.salesperson)
    ahead(monkeypatch, days=3)
    assert [ownership.lapse_due() for _time in range(2)] == [1, 0]
    room.mine.refresh_from_db()
    room.theirs.refresh_from_db()
    assert (room.mine.owner, room.theirs.owner) == (room.salesperson, None)
    assert room.theirs.history.first().history_change_reason == "customer.lapse"
    assert Notice.objects.get(code="customer.lapsed").to == room.colleague
    with pytest.raises(NotVisible):
        find(access_of(room.colleague), room.a, room.theirs.number)
    customers.assign_owner(customer=room.theirs, owner=room.salesperson, reason="Free", by=room.specialist)
    assert ownership.lapse_due() == 0


def test_a_visitor_stays_longer_than_a_caller(room, monkeypatch):
    write(room, room.mine, room.salesperson, way=Way.VISIT)
    ahead(monkeypatch, days=16)
    assert ownership.lapse_due() == 1
    assert Customer.every.get(pk=room.mine.pk).owner == room.salesperson
    ahead(monkeypatch, days=15)
    assert ownership.lapse_due() == 1


def test_a_customer_for_whom_something_is_held_does_not_lapse(room, monkeypatch):
    unit = build.unit(build.building(room.a), 3, status=Status.AVAILABLE, by=room.specialist)
    waiting_unit = build.unit(unit.building, 4, status=Status.AVAILABLE, by=room.specialist)
    hold(waiting_unit, room.mine, room.salesperson, room.specialist)
    waiting.join(
        op_id=uuid.uuid4(),
        unit_id=waiting_unit.pk,
        customer=room.theirs,
        salesperson=room.colleague,
        note="",
        by=room.specialist,
    )
    ahead(monkeypatch, days=40)
    assert ownership.lapse_due() == 1
    assert Customer.every.get(pk=room.theirs.pk).owner == room.colleague


def decide(approval: Approval, by, agree: bool = True) -> None:
    approvals.decide(approval_id=approval.pk, by=by, agree=agree, comment="" if agree else "No")


def test_abuse_20_a_salesperson_asks_and_the_supervisor_passes_the_customer_on(room):
    asked = transfer.ask_transfer(customer=room.mine, owner=room.colleague, reason="On leave", by=room.salesperson)
    assert Customer.every.get(pk=room.mine.pk).owner == room.salesperson
    with pytest.raises((Forbidden, NotVisible)):
        decide(asked, room.salesperson)
    with pytest.raises((Forbidden, NotVisible)):
        decide(asked, room.colleague)
    decide(asked, room.supervisor)
    row = Customer.every.get(pk=room.mine.pk)
    assert row.owner == room.colleague
    assert row.history.first().history_change_reason == "customer.transfer: On leave"
    assert code(transfer.ask_transfer, customer=row, owner=room.colleague, reason="x", by=room.salesperson) == "not_own"


def test_abuse_20_who_changed_hands_meanwhile_is_not_passed_on(room):
    asked = transfer.ask_transfer(customer=room.mine, owner=room.colleague, reason="Leave", by=room.salesperson)
    other = build.user(build_role(), room.a)
    customers.assign_owner(customer=room.mine, owner=other, reason="Desk", by=room.specialist)
    with pytest.raises(Conflict):
        decide(asked, room.supervisor)
    assert Customer.every.get(pk=room.mine.pk).owner == other


def build_role():
    from salescontrol.core.permissions import Role

    return Role.SALESPERSON


def test_abuse_21_a_claim_tells_neither_who_nor_whose_and_counts_as_a_look(room, monkeypatch):
    asked = transfer.raise_dispute(
        project=room.a, phone=room.theirs.phone, reason="I showed her the flat", by=room.salesperson
    )
    kind = approvals.KINDS[asked.kind]
    told = [asked.subject, str(kind.present(asked, access_of(room.salesperson))), kind.url(asked)]
    for secret in (room.theirs.number, "Huang", "Xu Lei", room.theirs.phone):
        assert not any(secret in text for text in told), secret
    assert "Xu Lei" in str(kind.present(asked, access_of(room.supervisor)))
    decide(asked, room.supervisor)
    assert Customer.every.get(pk=room.theirs.pk).owner == room.salesperson
    assert room.theirs.history.first().history_change_reason.startswith("customer.dispute: I showed")
    assert {notice.code for notice in Notice.objects.filter(to=room.colleague)} == {"customer.not_yours"}
    monkeypatch.setattr(looks, "PROBES_PER_HOUR", 0)
    values = {"project": room.a, "reason": "Mine", "by": room.salesperson}
    assert code(transfer.raise_dispute, phone=room.mine.phone, **values) == "too_many"


def test_a_claim_of_an_unknown_or_own_number_is_refused(room):
    values = {"project": room.a, "reason": "Mine", "by": room.salesperson}
    assert code(transfer.raise_dispute, phone=stock.phone(), **values) == "unknown"
    assert code(transfer.raise_dispute, phone=room.mine.phone, **values) == "yours"
    assert not Approval.objects.exists()


def test_two_who_are_one_become_one_with_everything_and_both_histories(room):
    numbers.add_paper(customer=room.theirs, kind="RESIDENT", number=RESIDENT, by=room.colleague)
    write(room, room.theirs, room.colleague, content="From the other")
    unit = build.unit(build.building(room.a), 3, status=Status.AVAILABLE, by=room.specialist)
    claim = hold(unit, room.theirs, room.colleague, room.specialist)
    kept = merging.merge(kept=room.mine, number=room.theirs.number, reason="Same person", by=room.specialist)

    assert {row.number for row in kept.phones.all()} == {room.mine.phone, room.theirs.phone}
    assert [row.number for row in kept.phones.filter(is_main=True)] == [room.mine.phone]
    assert (kept.papers.count(), kept.follow_ups.count()) == (1, 1)
    claim.refresh_from_db()
    assert claim.customer == kept
    desk = access_of(room.specialist)
    assert find(desk, room.a, room.theirs.number) == kept
    assert found(desk, room.theirs.phone) == [kept]
    told = [step.text for step in steps(desk, kept)]
    assert told.count("Two customers made one by Wu Qian: Same person") == 1
    assert told.count("Entered by Zhao Ming") == told.count("Entered by Xu Lei") == 1
    with pytest.raises(NotVisible):
        find(access_of(room.colleague), room.a, room.theirs.number)


def test_merging_is_for_the_desk_with_another_customer_of_the_project(room):
    foreign = stock.customer(room.b, room.other_salesperson)
    with pytest.raises(Forbidden):
        merging.merge(kept=room.mine, number=room.theirs.number, reason="x", by=room.salesperson)
    for number in (room.mine.number, foreign.number, "ZZZZ9999", ""):
        assert code(merging.merge, kept=room.mine, number=number, reason="x", by=room.specialist) == "number"
    assert code(merging.merge, kept=room.mine, number=room.theirs.number, reason=" ", by=room.specialist) == "no_reason"
    assert moves.move in merging._MOVES


def test_two_who_wait_for_one_unit_are_not_merged_and_nothing_moves(room):
    unit = build.unit(build.building(room.a), 3, status=Status.AVAILABLE, by=room.specialist)
    third = stock.customer(room.a, room.salesperson)
    hold(unit, third, room.salesperson, room.specialist)
    for who in (room.mine, room.theirs):
        waiting.join(
            op_id=uuid.uuid4(), unit_id=unit.pk, customer=who, salesperson=who.owner, note="", by=room.specialist
        )
    assert code(merging.merge, kept=room.mine, number=room.theirs.number, reason="x", by=room.specialist) == "both"
    assert CustomerPhone.every.filter(customer=room.theirs).exists()


def test_a_salesperson_names_the_colleague_by_employee_number_on_the_page(room, sign_in):
    client, url = sign_in(room.salesperson), f"/p/AAA/customers/{room.mine.number}/pass-on/"
    assert "Xu Lei" not in client.get(url).content.decode()
    refused = client.post(url, {"owner": "nobody", "reason": "Leave"})
    assert refused.status_code == 422
    assert "has this employee number" in refused.content.decode()
    assert client.post(url, {"owner": room.colleague.employee_no, "reason": "Leave"}).status_code == 302
    assert Approval.objects.get().after["owner"] == room.colleague.pk


def test_merging_knows_every_row_that_names_a_customer():
    """Whoever adds such a model says what becomes of its rows. A line of an import keeps whom it was about."""
    naming = {
        model
        for model in apps.get_app_config("enquiries").get_models()
        if not model.__name__.startswith("Historical")
        and any(field.name == "customer" and field.related_model is Customer for field in model._meta.fields)
    }
    assert naming == {CustomerPhone, IntakeLine, *merging.MOVED}
