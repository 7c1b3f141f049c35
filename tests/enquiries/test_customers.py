"""Customers are entered once per number, seen by those they concern, changed and handed over with history (R2.5, R6.1, R6.4)."""

import uuid

import pytest
from django.db import connection

from enquiries import phones
from enquiries.models import Customer
from enquiries.queries import customers as queries
from enquiries.queries.customers import customer_choices, find, found, owners
from enquiries.queries.life import steps
from enquiries.queries.present import card
from enquiries.queries.scope import customers_visible_to
from enquiries.services import customers
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice, Operation
from salescontrol.core.permissions import Role
from salescontrol.core.scoping import ScopeError, request_running
from tests import build
from tests.enquiries import stock


@pytest.fixture
def room(people):
    """Customers of two salespeople and of nobody in A, one in B."""
    people.mine = stock.customer(people.a, people.salesperson, name="Chen Lan 陈兰")
    people.theirs = stock.customer(people.a, people.colleague, name="Huang Bo")
    people.nobodys = stock.customer(people.a, None, name="Fan Rui", by=people.specialist)
    people.foreign = stock.customer(people.b, people.other_salesperson, name="Yao Jing")
    return people


def enter(people, by, phone: str = "", **changes) -> Customer:
    values = {
        "name": "Zhou Min",
        "phone": phone or stock.phone(),
        "owner": None,
        "note": "",
        "op_id": uuid.uuid4(),
        **changes,
    }
    return customers.enter_customer(project=people.a, by=by, **values)


def test_the_desk_sees_all_of_its_project_a_salesperson_their_own_others_nobody(room):
    whole = {room.mine, room.theirs, room.nobodys}
    expected = {
        "supervisor": whole, "specialist": whole, "salesperson": {room.mine}, "colleague": {room.theirs}, "finance": set(),
        "marketing": set(), "head": set(), "administrator": set(), "management": whole | {room.foreign},
        "other_salesperson": {room.foreign}, "other_supervisor": {room.foreign},
    }  # fmt: skip
    assert {name: set(customers_visible_to(access_of(getattr(room, name)))) for name in expected} == expected


def test_in_a_request_customers_answer_only_through_their_scope(room):
    with request_running():
        with pytest.raises(ScopeError):
            list(Customer.objects.all())
        assert set(customers_visible_to(access_of(room.salesperson))) == {room.mine}


def test_choices_are_the_visible_customers_of_the_project(room):
    assert [c.name for c in customer_choices(access_of(room.specialist), room.a)] == [
        "Chen Lan 陈兰",
        "Fan Rui",
        "Huang Bo",
    ]
    assert list(customer_choices(access_of(room.salesperson), room.a)) == [room.mine]
    assert set(owners(access_of(room.salesperson), room.a)) == {room.salesperson}


def test_a_form_lists_the_customers_entered_last_and_the_one_that_is_named(room, monkeypatch):
    monkeypatch.setattr(queries, "OFFERED", 1)
    everyone = customer_choices(access_of(room.specialist), room.a)
    first, *_others, last = sorted(everyone, key=lambda row: row.pk)

    assert list(queries.offered(everyone)) == [last]
    assert set(queries.offered(everyone, [first.pk])) == {first, last}
    assert list(queries.offered(customer_choices(access_of(room.salesperson), room.a), [room.foreign.pk])) == [
        room.mine
    ]


def test_a_salesperson_enters_for_themselves(people):
    row = enter(people, people.salesperson, "１３８ 0013 8000", name="  Zhou   Min ", note=" wants floor 12 ")

    assert (row.owner, row.entered_by, row.name, row.note) == (
        people.salesperson,
        people.salesperson,
        "Zhou Min",
        "wants floor 12",
    )
    assert (row.phone, row.phone_index) == ("13800138000", phones.index("13800138000"))
    assert [(h.history_change_reason, h.history_user) for h in row.history.all()] == [
        ("customer.enter", people.salesperson)
    ]


def test_a_salesperson_does_not_enter_for_somebody_else(people):
    with pytest.raises(Forbidden) as refused:
        enter(people, people.salesperson, owner=people.colleague)
    assert refused.value.code == "not_own"


def test_the_desk_names_a_salesperson_of_the_project_or_nobody_yet(people):
    assert enter(people, people.specialist, owner=people.colleague).owner == people.colleague
    assert enter(people, people.specialist).owner is None
    for stranger in (people.finance, people.other_salesperson):
        with pytest.raises(Refusal) as refused:
            enter(people, people.specialist, owner=stranger)
        assert refused.value.code == "no_salesperson"


@pytest.mark.parametrize("who", ["finance", "marketing", "management", "head", "administrator", "other_supervisor"])
def test_others_enter_nobody(people, who):
    with pytest.raises(Forbidden):
        enter(people, getattr(people, who))


@pytest.mark.parametrize(
    ("changes", "code"), [({"name": " "}, "no_name"), ({"phone": "12"}, "phone"), ({"phone": "x" * 30}, "phone")]
)
def test_without_name_or_number_nobody_is_entered(people, changes, code):
    with pytest.raises(Refusal) as refused:
        enter(people, people.specialist, **changes)
    assert refused.value.code == code
    assert not Customer.every.exists()


def test_abuse_02_the_same_form_twice_enters_one_customer(people):
    op_id, phone = uuid.uuid4(), stock.phone()
    first, second = (enter(people, people.salesperson, phone, op_id=op_id) for _time in range(2))

    assert first == second
    assert Customer.every.count() == 1


def test_abuse_03_another_content_under_the_same_id_is_refused(people):
    op_id = uuid.uuid4()
    enter(people, people.salesperson, op_id=op_id)
    with pytest.raises(Refusal) as refused:
        enter(people, people.salesperson, op_id=op_id)
    assert refused.value.code == "other_content"
    assert Customer.every.count() == 1


def test_the_same_number_is_one_customer_in_a_project_and_another_in_the_next(room):
    phone = room.mine.phone
    known = stock.customer(room.b, room.other_salesperson, number=phone)
    assert known.phone == phone
    with pytest.raises(Conflict) as clash:
        enter(room, room.specialist, f"+86 {phone}")
    assert clash.value.code == "known"
    assert Customer.every.filter(phone_index=phones.index(phone)).count() == 2


def test_a_clash_leads_the_desk_to_the_customer(room):
    with pytest.raises(Conflict) as clash:
        enter(room, room.specialist, room.theirs.phone)
    assert room.theirs.number in str(clash.value)
    assert [url for _label, url in clash.value.links] == [f"/p/AAA/customers/{room.theirs.number}/"]


def test_a_clash_with_a_colleagues_customer_tells_a_salesperson_neither_who_nor_whose(room):
    answers = []
    for known in (room.theirs, room.nobodys):
        with pytest.raises(Conflict) as clash:
            enter(room, room.salesperson, known.phone)
        answers.append(str(clash.value))
        assert clash.value.links == []
    assert answers[0] == answers[1]
    assert not any(secret in answers[0] for secret in (room.theirs.number, "Huang", "Xu Lei", room.theirs.phone))


def test_find_or_enter_finds_whom_the_desk_may_see_and_enters_whom_nobody_knows(room):
    call = {"project": room.a, "name": "Zhou Min", "owner": room.salesperson, "by": room.specialist}
    assert customers.find_or_enter(phone=room.theirs.phone, **call) == room.theirs
    new = customers.find_or_enter(phone=stock.phone(), **call)
    assert (new.name, new.owner, new.entered_by) == ("Zhou Min", room.salesperson, room.specialist)


def test_find_or_enter_does_not_hand_a_colleagues_customer_to_a_salesperson(room):
    call = {"project": room.a, "name": "Zhou Min", "owner": room.salesperson, "by": room.salesperson}
    assert customers.find_or_enter(phone=room.mine.phone, **call) == room.mine
    with pytest.raises(Conflict) as clash:
        customers.find_or_enter(phone=room.theirs.phone, **call)
    assert clash.value.links == []


def test_changes_leave_history_and_an_empty_phone_keeps_the_old_one(room):
    row = customers.change_customer(
        customer=room.mine, name="Chen Lan", phone="", note="Budget 3m", by=room.salesperson
    )
    assert (row.name, row.note, row.phone) == ("Chen Lan", "Budget 3m", room.mine.phone)
    new = stock.phone()
    row = customers.change_customer(
        customer=room.mine, name="Chen Lan", phone=new, note="Budget 3m", by=room.specialist
    )
    assert (row.phone, row.phone_index) == (new, phones.index(new))
    assert [h.history_change_reason for h in row.history.all()] == [
        "customer.change",
        "customer.change",
        "customer.enter",
    ]


def test_a_changed_number_clashes_like_an_entered_one(room):
    with pytest.raises(Conflict) as clash:
        customers.change_customer(customer=room.mine, name="x", phone=room.theirs.phone, note="", by=room.salesperson)
    assert (clash.value.code, clash.value.links) == ("known", [])
    room.mine.refresh_from_db()
    assert room.mine.name == "Chen Lan 陈兰"


def test_nobody_changes_a_customer_whom_they_do_not_see(room):
    with pytest.raises(NotVisible):
        customers.change_customer(customer=room.theirs, name="x", phone="", note="", by=room.salesperson)
    with pytest.raises(Forbidden):
        customers.change_customer(customer=room.theirs, name="x", phone="", note="", by=room.management)


def test_the_desk_gives_a_customer_to_another_salesperson_and_both_are_told_by_number(room):
    row = customers.assign_owner(
        customer=room.mine, owner=room.colleague, reason="Zhao Ming is on leave", by=room.specialist
    )

    assert row.owner == room.colleague
    assert row.history.first().history_change_reason == "customer.assign: Zhao Ming is on leave"
    told = {notice.to: (notice.code, notice.params) for notice in Notice.objects.all()}
    assert told == {
        room.colleague: ("customer.yours", {"number": row.number}),
        room.salesperson: ("customer.not_yours", {"number": row.number}),
    }
    with pytest.raises(NotVisible):
        find(access_of(room.salesperson), room.a, row.number)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"reason": " "}, "no_reason"), ({"owner": "finance"}, "no_salesperson"), ({"owner": "salesperson"}, "same")],
)
def test_a_change_of_owner_needs_a_reason_and_another_salesperson(room, changes, code):
    values = {"owner": "colleague", "reason": "On leave", **changes}
    values["owner"] = getattr(room, values["owner"])
    with pytest.raises(Refusal) as refused:
        customers.assign_owner(customer=room.mine, by=room.supervisor, **values)
    assert refused.value.code == code


def test_abuse_20_a_salesperson_does_not_pass_a_customer_on(room):
    with pytest.raises(Forbidden):
        customers.assign_owner(customer=room.mine, owner=room.colleague, reason="Friend", by=room.salesperson)
    with pytest.raises(Forbidden):
        customers.assign_owner(customer=room.mine, owner=room.colleague, reason="Friend", by=room.management)


def test_the_life_masks_numbers_and_names_people_to_the_desk_only(room):
    old, new = room.mine.phone, stock.phone()
    customers.change_customer(customer=room.mine, name="Chen Lan", phone=new, note="", by=room.specialist)
    customers.assign_owner(customer=room.mine, owner=room.colleague, reason="On leave", by=room.specialist)

    desk = steps(access_of(room.supervisor), room.mine)
    assert [step.text for step in desk] == [
        "Given to another salesperson by Wu Qian: On leave", "Changed by Wu Qian", "Entered by Zhao Ming",
    ]  # fmt: skip
    assert desk[0].lines == ("Salesperson: Zhao Ming → Xu Lei",)
    assert f"Phone: {phones.masked(old)} → {phones.masked(new)}" in desk[1].lines
    sales = steps(access_of(room.colleague), room.mine)
    assert [step.text for step in sales] == ["Changed", "Entered"]
    assert not any("Zhao Ming" in line for step in sales for line in step.lines)


def test_a_card_holds_no_whole_number_and_no_owner_for_who_sees_no_people(room):
    shown = card(access_of(room.specialist), room.mine)
    assert (shown.phone, shown.owner) == (phones.masked(room.mine.phone), "Zhao Ming")
    assert room.mine.phone not in repr(shown)
    assert card(access_of(room.marketing), room.mine).owner == ""


def test_a_search_finds_by_part_of_the_name_by_number_and_by_the_whole_phone_only(room):
    desk = access_of(room.specialist)
    assert found(desk, "chen") == [room.mine]
    assert found(desk, "陈兰") == [room.mine]
    assert found(desk, room.theirs.number.lower()) == [room.theirs]
    assert found(desk, f"+86 {room.theirs.phone}") == [room.theirs]
    assert found(desk, room.theirs.phone[:7]) == []
    assert found(desk, room.theirs.phone_index) == []


def test_abuse_28_a_search_finds_nobody_whom_the_reader_does_not_see(room):
    for words in (room.theirs.phone, room.theirs.number, "Huang", room.foreign.phone, "138", " "):
        assert found(access_of(room.salesperson), words) == []


def test_the_database_never_holds_a_number_in_clear(room):
    numbers = {row.phone for row in Customer.every.all()}
    customers.change_customer(customer=room.mine, name="x", phone=(new := stock.phone()), note="", by=room.salesperson)
    for table in (
        "enquiries_customer",
        "enquiries_historicalcustomer",
        "core_operation",
        "core_auditevent",
        "core_notice",
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            raw = repr(cursor.fetchall())
        assert [number for number in {*numbers, new} if number in raw] == [], table
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM enquiries_customer")
        assert all(phone.startswith("f1:") for (phone,) in cursor.fetchall())
    assert Operation.objects.count() == 4


def test_many_at_once_with_one_number_are_one_customer(people, monkeypatch):
    """Whoever looked before the other had written finds the other's customer at the constraint."""
    first = enter(people, people.specialist, phone := stock.phone())
    looked = iter([None, first])
    monkeypatch.setattr(customers, "_known", lambda row: next(looked))

    found_now = customers.find_or_enter(project=people.a, name="Twin", phone=phone, owner=None, by=people.specialist)

    assert found_now == first
    assert Customer.every.count() == 1


def test_who_is_at_the_desk_in_one_project_stays_a_salesperson_in_the_other(people):
    both = build.user(Role.SALESPERSON, people.a)
    build.grant(both, Role.SPECIALIST, people.b)
    stock.customer(people.a, people.salesperson)
    own = stock.customer(people.a, both)
    foreign = stock.customer(people.b, people.other_salesperson)
    assert set(customers_visible_to(access_of(both))) == {own, foreign}
