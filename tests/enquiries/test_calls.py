"""A call is written down, logged once, told to the salesperson by number only, confirmed, and escalated once (R2.1, R2.3)."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from enquiries import phones
from enquiries.models import Call, Customer
from enquiries.queries import calls as queries
from enquiries.queries import customers as query
from enquiries.queries import present
from enquiries.queries.scope import calls_visible_to
from enquiries.services import calls, customers
from enquiries.states import CALL_TRANSITIONS, CallState
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice
from tests.enquiries import stock


def log(people, by=None, *, sheet=None, op_id=None, project=None, **changes) -> Call:
    values = {"phone": stock.phone(), "caller": "Chen Lan", "rings": "2", **changes}
    return calls.log_call(
        op_id=op_id or uuid.uuid4(), sheet=sheet or uuid.uuid4(), project=project or people.a, content=calls.Content(**values),
        by=by or people.specialist,
    )  # fmt: skip


def draft(people, sheet, by=None, **changes) -> Call:
    return calls.save_draft(sheet=sheet, project=people.a, content=calls.Content(**changes), by=by or people.specialist)


def test_a_call_from_an_unknown_number_enters_the_customer_and_tells_the_salesperson_the_number_only(people):
    call = log(
        people, salesperson=people.salesperson, phone="１３８ 0013 8000", asked="学校?", area_from=Decimal("90.00")
    )

    assert (call.state, call.taken_by, call.salesperson, call.rings) == (
        "LOGGED", people.specialist, people.salesperson, "2",
    )  # fmt: skip
    assert (call.phone, call.phone_index) == ("13800138000", phones.index("13800138000"))
    assert (call.customer.name, call.customer.owner) == ("Chen Lan", people.salesperson)
    notice = Notice.objects.get(code="call.yours")
    assert (notice.to, notice.params) == (people.salesperson, {"number": call.number})
    assert [(step.history_change_reason, step.history_user) for step in call.history.all()] == [
        ("call.log", people.specialist)
    ]


def test_a_known_number_needs_no_name_and_tells_the_customers_salesperson(people):
    known = stock.customer(people.a, people.colleague, name="Huang Bo", number="13911112222")
    call = log(people, phone="139 1111 2222", caller="")

    assert (call.customer, call.caller, call.salesperson) == (known, "Huang Bo", people.colleague)
    assert Customer.every.count() == 1


def test_a_caller_without_a_name_is_shown_as_unnamed_with_the_end_of_the_number_in_the_readers_language(people):
    call = log(people, phone="13911112222", caller="", salesperson=people.salesperson)
    access = access_of(people.specialist)
    assert (call.caller, call.customer.called) == ("", "unnamed caller …2222")
    assert queries.card(access, call).caller == present.card(access, call.customer).name == "unnamed caller …2222"
    assert query.found(access, "2222") == [call.customer]
    assert log(people, phone="13911112222", caller="").caller == ""


def test_a_caller_whose_name_becomes_known_is_called_by_it(people, sign_in):
    customer = log(people, phone="13911112222", caller="").customer
    facts = reverse("enquiries:customer_facts", args=[people.a.code, customer.number])
    assert sign_in(people.specialist).post(facts, {"kind": "PERSON", "version": 0}).status_code == 302
    customer.refresh_from_db()
    assert customer.name == "…2222", "what pages show is never stored"
    customers.change_customer(customer=customer, name="Chen Lan", phone="", note="", by=people.specialist)
    customer.refresh_from_db()
    assert customer.called == "Chen Lan"


def test_an_outsider_is_no_customer_and_the_number_is_kept(people):
    call = log(people, phone="13911112222", outsider=True)
    assert (call.customer, call.salesperson, call.phone, Customer.every.count()) == (None, None, "13911112222", 0)


def test_without_customer_and_salesperson_nobody_is_told(people):
    assert log(people, phone="", caller="A voice").informed_at is None
    assert not Notice.objects.filter(code="call.yours").exists()


def test_the_same_form_twice_is_one_call(people):
    sheet, op_id, number = uuid.uuid4(), uuid.uuid4(), stock.phone()
    first, second = (log(people, sheet=sheet, op_id=op_id, phone=number) for _twice in range(2))
    assert first == second
    with pytest.raises(Conflict) as refused:
        log(people, sheet=sheet, phone=number)
    assert (refused.value.code, Call.every.count(), Notice.objects.filter(code="call.yours").count()) == (
        "logged",
        1,
        0,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "12"}, "phone"),
        ({"phone": "１" * 30}, "phone"),
        ({"phone": "", "caller": " "}, "nobody"),
        ({"area_from": Decimal(90), "area_to": Decimal(80)}, "range"),
        ({"floor_from": 9, "floor_to": 3}, "range"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(people, changes, code):
    with pytest.raises(Refusal) as refused:
        log(people, **changes)
    assert (refused.value.code, Call.every.exists(), Customer.every.exists()) == (code, False, False)


def test_a_call_does_not_lie_in_the_future(people):
    with pytest.raises(Refusal) as refused:
        log(people, at=clock.now() + timedelta(hours=1))
    assert refused.value.code == "future"


def test_abuse_20_the_salesperson_is_one_of_this_project(people):
    for stranger in (people.other_salesperson, people.finance):
        with pytest.raises(Refusal) as refused:
            log(people, salesperson=stranger)
        assert (refused.value.code, list(refused.value.fields)) == ("no_salesperson", ["salesperson"])


def test_long_and_odd_texts_are_cut_and_kept_as_they_are(people):
    call = log(people, caller="<b>陈\u202e岚</b> 🏠" + "x" * 100, asked="问" * 10_000)
    assert (len(call.caller), len(call.asked), call.caller[:4]) == (60, 1000, "<b>陈")


@pytest.mark.parametrize("who", ["salesperson", "finance", "marketing", "management", "head", "other_supervisor"])
def test_others_log_nothing(people, who):
    with pytest.raises(Forbidden):
        log(people, by=getattr(people, who))
    with pytest.raises(Forbidden):
        draft(people, uuid.uuid4(), by=getattr(people, who))


def test_a_draft_is_kept_as_it_stands_and_becomes_the_call(people):
    sheet = uuid.uuid4()
    first = draft(people, sheet, phone="138", asked="How mu")
    assert draft(people, sheet, phone="138", asked="How mu").history.count() == 1
    again = draft(people, sheet, phone="13800138000", asked="How much", at=first.at)
    assert (again.pk, again.history.count(), again.state) == (first.pk, 2, "DRAFT")

    call = log(people, sheet=sheet, phone="13800138000", salesperson=people.salesperson)
    assert (call.pk, call.state, Call.every.count()) == (first.pk, "LOGGED", 1)
    with pytest.raises(Conflict):
        draft(people, sheet, asked="late")


def test_a_sheet_of_another_project_is_not_there(people):
    sheet = uuid.uuid4()
    draft(people, sheet)
    with pytest.raises(NotVisible):
        calls.save_draft(sheet=sheet, project=people.b, content=calls.Content(), by=people.other_supervisor)


def test_a_draft_is_thrown_away_and_gone_from_the_list(people):
    row = draft(people, uuid.uuid4(), asked="never mind")
    calls.discard_draft(call=row, by=people.supervisor)
    assert not queries.drafts(access_of(people.specialist), people.a).exists()
    with pytest.raises(NotVisible):
        queries.find(access_of(people.specialist), people.a, row.number)


def test_who_sees_which_calls(people):
    mine = log(people, salesperson=people.salesperson)
    customer = stock.customer(people.a, people.colleague, number="13911112222")
    given = log(people, phone="13911112222", salesperson=people.salesperson)
    nobodys = log(people)
    begun = draft(people, uuid.uuid4())
    foreign = log(people, by=people.other_supervisor, project=people.b, salesperson=people.other_salesperson)
    desk = {mine, given, nobodys}
    expected = {
        "supervisor": desk | {begun}, "specialist": desk | {begun}, "salesperson": {mine, given}, "colleague": {given},
        "finance": set(), "marketing": set(), "head": set(), "administrator": set(), "management": desk | {foreign},
        "other_salesperson": {foreign}, "other_supervisor": {foreign},
    }  # fmt: skip
    assert {name: set(calls_visible_to(access_of(getattr(people, name)))) for name in expected} == expected
    assert given.customer == customer


def test_only_the_salesperson_confirms_and_once_more_changes_nothing(people):
    call = log(people, salesperson=people.salesperson)
    for other in (people.specialist, people.supervisor):
        with pytest.raises(Forbidden):
            calls.confirm_call(call=call, by=other)
    with pytest.raises(NotVisible):
        calls.confirm_call(call=call, by=people.colleague)

    done = calls.confirm_call(call=call, by=people.salesperson)
    assert (done.state, done.confirmed_by) == ("CONFIRMED", people.salesperson)
    assert calls.confirm_call(call=call, by=people.salesperson).history.count() == 2
    assert Notice.objects.get(code="call.yours").read_at is not None


def test_what_nobody_confirms_comes_before_the_supervisor_once(people, monkeypatch):
    call, confirmed, nobodys = (
        log(people, salesperson=people.salesperson),
        log(people, salesperson=people.colleague),
        log(people),
    )
    calls.confirm_call(call=confirmed, by=people.colleague)
    assert calls.escalate_due() == 0
    later = clock.now() + timedelta(minutes=31)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert (calls.escalate_due(), calls.escalate_due()) == (1, 0)
    notice = Notice.objects.get(code="call.unconfirmed")
    assert (notice.to, notice.params) == (people.supervisor, {"number": call.number})
    assert Call.every.get(pk=nobodys.pk).escalated_at is None


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("action", CALL_TRANSITIONS)
def test_every_action_in_every_state(state, action):
    allowed = {
        ("call.log", "DRAFT"), ("call.discard", "DRAFT"), ("call.confirm", "LOGGED"),
    }  # fmt: skip
    assert (state in CALL_TRANSITIONS[action].sources) == ((action, state.value) in allowed)
