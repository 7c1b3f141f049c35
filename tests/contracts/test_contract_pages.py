"""Pages of contracts, of what is overdue, of numbers, and the story of a sale: each in its good case, and who reads what."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Contract, IssuedNumber, Milestone
from contracts.services import contracts, milestones
from contracts.states import CONTRACT_ACTIONS, Content, ContractState
from contracts.views.contracts import BUTTONS
from inventory.models import Unit
from inventory.states import Status
from salescontrol.core import money
from salescontrol.core.history import save_tracked
from salescontrol.core.models import AuditEvent
from tests.contracts.stock import contracted, subscribed
from tests.contracts.test_contracts import edit, make, sign, signed, today

pytestmark = pytest.mark.django_db


def at(name: str, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


def age(contract, days: int, by) -> None:
    """The contract and what it expects, as if it had been signed so many days earlier."""
    with transaction.atomic():
        back = timedelta(days=days)
        contract.signed_on -= back
        save_tracked(contract, action="contract.sign", by=by, fields=["signed_on"])
        for row in Milestone.every.filter(contract=contract, expected_on__isnull=False):
            row.expected_on -= back
            save_tracked(row, action="contract.sign", by=by, fields=["expected_on"])


def filled(contract, **changes) -> dict:
    """The form of a draft, complete."""
    return {
        "op_id": uuid.uuid4(), "version": contract.version, "main_amount": str(contract.total), "decoration_amount": "0",
        "supplement_amount": "0", "vat_rate": "9", "pages": "32", "copies": "4", "contents": Content.values, **changes,
    }  # fmt: skip


def test_the_way_from_subscription_to_handover_on_pages(room, sign_in):
    subscription = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    client, day = sign_in(room.specialist), today(room).isoformat()
    assert money.capitals(subscription.total) in text(client.get(at("contract_new", subscription.code)))
    client.post(at("contract_new", subscription.code), {"op_id": uuid.uuid4()})
    contract = Contract.every.get()
    steps = [
        ("contract_edit", filled(contract, main_amount="2,706,624", draft_no="CQ-1")),
        ("contract_sign", {"version": 1, "signed_on": day, "receipt": "SJ-1", "amount": "812,000"}),
        ("contract_details", {"version": 2, "online_no": "WQ-1", "online_on": day, "pages": 32, "copies": 4}),
        ("contract_file", {"filing_no": "BA-1", "filed_on": day}),
        ("milestone", {"actual_on": day}),
        ("contract_hand_over", {"delivered_on": day}),
    ]
    for name, typed in steps:
        address = at(name, contract.code, *(["PAID"] if name == "milestone" else []))
        assert client.get(address).status_code == 200, name
        response = client.post(address, {**typed, "op_id": uuid.uuid4()})
        assert (response.status_code, response.get("Location")) == (302, at("contract", contract.code)), (
            name,
            text(response),
        )

    page = text(client.get(at("contract", contract.code)))
    for said in (
        contract.number,
        "Handed over",
        "CQ-1",
        "WQ-1",
        "BA-1",
        "SJ-1",
        money.capitals(contract.total),
        room.customer.name,
    ):
        assert said in page
    assert Unit.every.get(pk=room.unit.pk).status == Status.DELIVERED


def test_a_page_offers_what_its_state_and_reader_allow(room, sign_in):
    contract = edit(room, make(room))

    def offered(person) -> set[str]:
        page = text(sign_in(person).get(at("contract", contract.code)))
        names = ("edit", "sign", "discard", "details", "file", "hand_over", "void", "void_hand_over")
        return {name for name in names if f'href="{at(f"contract_{name}", contract.code)}"' in page}

    assert offered(room.specialist) == {"edit", "sign", "discard"}
    assert offered(room.salesperson) == set()
    sign(room, contract)
    assert offered(room.specialist) == {"details", "file", "hand_over"}
    assert offered(room.supervisor) == {"details", "file", "hand_over", "void"}
    assert offered(room.management) == set()


def test_no_form_is_offered_that_could_not_be_saved(room, sign_in):
    """The edit form of a signed contract says where it stands; so do the details of a draft, and the form of an active subscription."""
    client, contract = sign_in(room.specialist), edit(room, make(room))
    assert client.get(at("contract_edit", contract.code)).status_code == 200
    assert client.get(at("contract_details", contract.code)).status_code == 409
    assert client.get(at("subscription_edit", contract.subscription.code)).status_code == 409

    sign(room, contract)
    told = client.get(at("contract_edit", contract.code))
    assert told.status_code == 409
    assert f"Contract {contract.number} is signed, so this cannot be done" in text(told)
    assert client.get(at("contract_details", contract.code)).status_code == 200


def test_what_is_missing_for_the_signature_is_told_in_the_form(room, sign_in):
    contract = edit(room, make(room), contents=tuple(set(Content.values) - {Content.TITLE}))
    typed = {
        "op_id": uuid.uuid4(),
        "version": contract.version,
        "signed_on": today(room),
        "receipt": "SJ-1",
        "amount": "1",
    }
    response = sign_in(room.specialist).post(at("contract_sign", contract.code), typed)
    assert response.status_code == 422
    assert "Missing: Registration of title" in text(response)
    assert "SJ-1" in text(response)


def test_the_second_of_two_people_reads_what_happened_and_loses_nothing(room, sign_in):
    contract = make(room)
    edit(room, contract, note="First")
    response = sign_in(room.supervisor).post(at("contract_edit", contract.code), filled(contract, note="Second"))
    assert response.status_code == 409
    assert "Somebody else saved contract" in text(response)
    assert "Second" in text(response)


def test_void_and_discard_on_pages(room, sign_in):
    contract = signed(room)
    client = sign_in(room.supervisor)
    client.post(at("contract_void", contract.code), {"op_id": uuid.uuid4(), "reason": "Wrong room"})
    again = contracts.make_contract(op_id=uuid.uuid4(), subscription=contract.subscription.code, by=room.specialist)
    client.post(at("contract_discard", again.code), {"op_id": uuid.uuid4(), "reason": "Torn"})
    assert {row.close_reason for row in Contract.every.all()} == {"VOID", "DISCARDED"}
    page = text(client.get(at("number_list")))
    for said in (contract.number, "Wrong room", again.number, "Torn", room.supervisor.name):
        assert said in page
    assert "nothing explains it" not in page


def test_a_gap_that_nothing_explains_is_a_warning(room, sign_in):
    contract = signed(room)
    IssuedNumber.objects.filter(number=contract.number).update(sequence=3)
    page = text(sign_in(room.finance).get(at("number_list")))
    assert "2 numbers are missing and nothing explains it" in page
    assert sign_in(room.salesperson).get(at("number_list")).status_code == 403


def test_numbers_are_filtered(room, sign_in):
    signed(room)
    client = sign_in(room.specialist)
    year = today(room).year
    for asked, count in (("kind=HT", 1), ("kind=RG", 1), (f"year={year}", 2), ("state=VOID", 0)):
        assert len(client.get(f"{at('number_list')}?{asked}").context["rows"]) == count, asked


def test_contracts_are_filtered(room, sign_in):
    first, second = signed(room), contracted(room.other, room.theirs, room.colleague, room.specialist)
    day = today(room)
    Contract.every.filter(pk=second.pk).update(signed_on=day - timedelta(days=40), method="MORTGAGE")
    client = sign_in(room.specialist)
    for asked, found in (
        ("state=SIGNED", {first, second}), ("state=DRAFT", set()), ("method=MORTGAGE", {second}),
        (f"signed_from={day}", {first}), (f"signed_to={day - timedelta(days=1)}", {second}),
        (f"salesperson={room.colleague.pk}", {second}), ("late=MISSING", {second}), ("late=LATE", set()),
    ):  # fmt: skip
        page = client.get(f"{at('contract_list')}?{asked}")
        assert {item["row"] for item in page.context["rows"]} == found, asked
    age(first, 3, room.specialist)
    page = client.get(f"{at('contract_list')}?late=LATE")
    assert {item["row"] for item in page.context["rows"]} == {first}


def test_lists_need_as_many_queries_for_two_rows_as_for_one(room, sign_in):
    signed(room)
    client = sign_in(room.specialist)

    def asked(name) -> int:
        client.get(at(name))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(at(name))
        return len(queries)

    names = ("contract_list", "contract_overdue", "number_list")
    before = [asked(name) for name in names]
    contracted(room.other, room.theirs, room.colleague, room.specialist)
    assert [asked(name) for name in names] == before


def test_what_is_overdue_stands_on_its_page_on_the_workbench_and_beside_the_rail(room, sign_in):
    contract = signed(room)
    assert "Nothing is overdue" in text(sign_in(room.specialist).get(at("contract_overdue")))
    age(contract, 22, room.specialist)
    client = sign_in(room.salesperson)
    page = text(client.get(at("contract_overdue")))
    assert "22 days overdue" in page
    assert "8 days left" in page
    assert at("contract", contract.code) in page
    workbench = text(client.get(reverse("home"), follow=True))
    assert "22 days overdue" in workbench
    colleague = sign_in(room.colleague)
    assert "Nothing is overdue" in text(colleague.get(at("contract_overdue")))
    assert contract.number not in text(colleague.get(reverse("home"), follow=True))


@pytest.mark.parametrize("person", ["colleague", "other_salesperson", "marketing", "head"])
def test_b16_5_somebody_elses_contract_is_not_there(room, sign_in, person):
    contract = signed(room)
    client = sign_in(getattr(room, person))
    assert client.get(at("contract", contract.code)).status_code == 404
    assert client.get(at("trade", contract.trade.number)).status_code == 404
    assert client.get(at("milestone", contract.code, "PAID")).status_code == 404


def test_the_story_tells_everything_from_the_first_step_on(room, sign_in):
    contract = edit(room, make(room), note="Corner")
    contracts.discard_draft(op_id=uuid.uuid4(), code=contract.code, reason="Torn", by=room.specialist)
    again = contracts.make_contract(op_id=uuid.uuid4(), subscription=contract.subscription.code, by=room.specialist)
    signed_one = sign(room, edit(room, again))
    milestones.hand_over(
        op_id=uuid.uuid4(), code=signed_one.code, delivered_on=today(room), reason="Agreed", by=room.supervisor
    )
    page = text(sign_in(room.specialist).get(at("trade", contract.trade.number)))
    told = [
        "Sale opened", "Buyers named", contract.subscription.number, f"Number {contract.number} given",
        f"Contract drafted: {contract.number}",
        f"Number {contract.number} void: Torn", f"Number {again.number} given", "Contract signed", "Handed over",
        room.specialist.name, room.supervisor.name, room.unit.number, room.customer.name,
    ]  # fmt: skip
    assert [said for said in told if said not in page] == []
    story = page.partition('class="steps"')[2]
    order = [
        story.index(said)
        for said in ("Sale opened", f"Number {contract.number} void", "Contract signed", "Handed over")
    ]
    assert order == sorted(order)
    assert AuditEvent.objects.filter(action="customer.see", target_id=room.customer.pk).exists()


def test_the_story_of_a_salesperson_names_no_other_people(room, sign_in):
    contract = signed(room)
    page = text(sign_in(room.salesperson).get(at("trade", contract.trade.number)))
    assert "Contract signed" in page
    assert room.specialist.name not in page


def test_the_story_offers_the_contract_that_can_be_made(room, sign_in):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    address = at("contract_new", row.code)
    assert address in text(sign_in(room.specialist).get(at("trade", row.trade.number)))
    assert address not in text(sign_in(room.salesperson).get(at("trade", row.trade.number)))
    contracts.make_contract(op_id=uuid.uuid4(), subscription=row.code, by=room.specialist)
    assert address not in text(sign_in(room.specialist).get(at("trade", row.trade.number)))


def test_the_story_needs_no_more_queries_for_a_longer_sale(room, sign_in):
    contract = make(room)
    client = sign_in(room.specialist)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(at("trade", contract.trade.number))
        return len(queries)

    asked()
    before = asked()
    for _time in range(3):
        contract = edit(room, contract, note=f"Note {_time}")
    assert asked() == before


def test_the_units_panel_leads_to_contract_and_story(room, sign_in):
    contract = signed(room)
    address = reverse("inventory:board_panel", args=["AAA", room.unit.pk])
    page = text(sign_in(room.salesperson).get(address, headers={"HX-Request": "true"}))
    assert at("contract", contract.code) in page
    assert at("trade", contract.trade.number) in page


def test_done_when_6_a_forged_form_changes_no_money_and_no_buyer_after_signing(room, sign_in):
    contract = signed(room)
    client, buyers = sign_in(room.supervisor), set(contract.trade.buyers.values_list("customer", "share"))
    forged = {"main_amount": "1", "total": "1", "loan_amount": "5", "state": "DRAFT", "signed_on": "2020-01-01", "method": "OTHER",
              "buyers": room.theirs.pk, "customer": room.theirs.pk, "number": "X"}  # fmt: skip
    for name in ("contract_details", "contract_edit", "contract_sign", "contract_file"):
        typed = (
            filled(Contract.every.get(pk=contract.pk), receipt="R", amount="1", filing_no="B", filed_on=today(room))
            | forged
        )
        client.post(at(name, contract.code), typed)
    now = Contract.every.get(pk=contract.pk)
    for field in ("total", "main_amount", "loan_amount", "signed_on", "method", "number", "state"):
        assert getattr(now, field) == getattr(contract, field), field
    assert set(now.trade.buyers.values_list("customer", "share")) == buyers


def test_the_empty_pages_say_what_leads_on(people, sign_in):
    client = sign_in(people.specialist)
    assert "No contract yet" in text(client.get(at("contract_list")))
    assert "No number was given yet" in text(client.get(at("number_list")))


@pytest.mark.parametrize(
    ("amount", "said"),
    [("2706624", "贰佰柒拾万陆仟陆佰贰拾肆元整"), ("0", "零元整"), ("1680.32", "壹仟陆佰捌拾元叁角贰分"), ("325.04", "叁佰贰拾伍元零肆分"),
     ("100010000", "壹亿零壹万元整"), ("10.5", "壹拾元伍角整")],
)  # fmt: skip
def test_b14_amounts_in_capitals(amount, said):
    assert money.capitals(Decimal(amount)).endswith(said)


def test_states_have_their_buttons():
    assert {action for action, *_rest in BUTTONS} | {"contract.milestone"} == set(CONTRACT_ACTIONS)
    assert {state for states in CONTRACT_ACTIONS.values() for state in states} == set(ContractState) - {
        ContractState.CLOSED
    }
