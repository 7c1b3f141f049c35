"""Bad inputs on the way of a sale: skipped steps, impossible discounts and amounts, answers that got lost (abuse 7, 9, 22, 86)."""

import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contracts.models import Change, Claim, Contract, IssuedNumber, Milestone, Quotation, Subscription
from contracts.services import contracts
from contracts.states import (
    ChangeKind,
    ChangeState,
    CloseReason,
    Consent,
    ContractState,
    QuotationState,
    SubscriptionState,
)
from inventory.models import Unit, UnitEvent
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.models import AuditEvent, Operation
from tests import build
from tests.contracts import changing, selling
from tests.contracts.stock import subscribed
from tests.contracts.test_change_pages import new, typed
from tests.contracts.test_contracts import edit, make, sign
from tests.contracts.test_pages import text
from tests.contracts.test_quotation_pages import form as quoted
from tests.contracts.test_subscription_pages import at, form

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    """With a permit, so that units can be subscribed, and a second specialist."""
    build.permit(room.unit.building)
    return changing.staffed(room)


def once(**values) -> dict:
    return {"op_id": uuid.uuid4(), **values}


def status(room) -> str:
    return Unit.every.get(pk=room.unit.pk).status


def test_abuse_07_no_contract_without_a_subscription_and_no_refund_without_its_approval(room, sign_in):
    """Skipped steps are conflicts that say what comes first; the unit stays where it was."""
    client = sign_in(room.specialist)
    draft = selling.draft(room)
    told = client.post(at("contract_new", draft.code), once())
    assert (told.status_code, status(room)) == (409, Status.AVAILABLE)
    assert "A contract is made from an active full subscription" in text(told)

    selling.complete(draft, room.specialist)
    active = selling.activate(room, draft)
    change = changing.submitted(room, active, changing.refund())
    told = sign_in(room.second).post(at("change_execute", change.code), once())
    assert (told.status_code, status(room)) == (409, Status.SUBSCRIBED)
    assert "Waiting for approval by now" in text(told)

    told = client.post(at("contract_new", active.code), once())
    assert told.status_code == 409
    assert f"Change {change.number} of this sale is under way" in text(told)
    assert not Contract.every.exists()


def test_abuse_07_a_state_in_the_form_is_not_read(room, sign_in):
    """Mass assignment is impossible: a form takes its own fields only (abuse 6)."""
    row = selling.draft(room)
    more = {"state": "ACTIVE", "number": "AAA-2026-RG-99999", "total": "1", "unit_price": "1", "paid": "50000"}
    sign_in(room.specialist).post(at("subscription_edit", row.code), form(room, version=row.version, **more))
    row.refresh_from_db()
    assert (row.state, row.number, row.total, row.paid) == (SubscriptionState.DRAFT, "", room.unit.list_total, 0)
    assert status(room) == Status.AVAILABLE


@pytest.mark.parametrize(
    "off",
    [
        {"special_percent": "100"}, {"special_percent": "100.01"}, {"special_percent": "250"}, {"special_percent": "-5"},
        {"special_amount": "2706624"}, {"special_amount": "9999999"}, {"special_amount": "-1"}, {"special_percent": "NaN"},
        {"special_amount": "1e309"}, {"special_percent": "1.005"}, {"special_percent": "1", "special_amount": "1"},
    ],
)  # fmt: skip
def test_abuse_09_a_discount_that_leaves_nothing_or_is_none_is_told_at_its_field(room, sign_in, off):
    told = sign_in(room.salesperson).post(at("quotation_new", room.unit.pk), quoted(reason="Friends", **off))
    assert told.status_code == 422
    assert set(told.context["form"].errors) & set(off)
    assert not Quotation.every.exists()


def test_abuse_09_the_price_is_counted_by_the_server_and_below_the_floor_only_finance_and_management_agree(
    room, sign_in
):
    """What the form says about totals, consent or state is not read; below the floor nothing is subscribed without its approval."""
    client = sign_in(room.specialist)
    more = {"total": "2706624", "list_total": "9", "consent": "NONE", "state": "READY", "unit_price": "1"}
    paper = SimpleUploadedFile("ground.pdf", b"%PDF-1.7\n%%EOF")
    typed = quoted(
        customer=room.customer.pk,
        salesperson=room.salesperson.pk,
        special_percent="10",
        reason="Friends",
        evidence=paper,
        **more,
    )
    assert client.post(at("quotation_new", room.unit.pk), typed).status_code == 302
    row = Quotation.every.get()
    assert (row.total, row.list_total) == (Decimal(2435962), room.unit.list_total)
    assert (row.consent, row.state) == (Consent.FINANCE, QuotationState.DRAFT)

    told = client.post(at("subscription_new", room.unit.pk), form(room, quotation=row.pk))
    assert told.status_code == 422
    assert not Subscription.every.exists()


def _amounts(room, name: str):
    """The address of a form that takes an amount, its fields, and the name of that amount."""
    if name == "deposit":
        return at("subscription_new", room.unit.pk), form(room), "deposit"
    if name == "received":
        row = selling.draft(room)
        selling.complete(row, room.specialist)
        return at("subscription_activate", row.code), once(receipt="R-1"), "received"
    if name == "rest":
        row = selling.active(room, selling.small(room))
        return at("subscription_top_up", row.code), once(receipt="R-2", letter_back="on"), "received"
    if name == "first payment":
        contract = edit(room, make(room))
        day = clock.today(room.a.zone).isoformat()
        return (
            at("contract_sign", contract.code),
            once(version=contract.version, signed_on=day, receipt="R-3"),
            "amount",
        )
    kind, field = {"refund": (ChangeKind.REFUND, "refund"), "price": (ChangeKind.PRICE, "total")}[name]
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist)
    return new(row, kind), typed(release="WITHHELD"), field


@pytest.mark.parametrize("name", ["deposit", "received", "rest", "first payment", "refund", "price"])
def test_abuse_22_no_amount_is_negative_endless_or_more_than_there_is(room, sign_in, name):
    url, fields, amount = _amounts(room, name)
    before = status(room), UnitEvent.every.count(), IssuedNumber.objects.count()
    for bad in ("-1", "-50000", "NaN", "Infinity", "1e309", "99999999999999999999", "0.001", "x"):
        told = sign_in(room.specialist).post(url, {**fields, amount: bad, "op_id": uuid.uuid4()})
        assert (told.status_code, list(told.context["form"].errors)) == (422, [amount]), bad
    assert (status(room), UnitEvent.every.count(), IssuedNumber.objects.count()) == before
    assert not Change.every.exists()


def test_abuse_22_a_payment_entered_twice_counts_once(room, sign_in):
    """The same form twice is one; a second form finds the sale further on; another sale under the same form is refused, on record."""
    client = sign_in(room.specialist)
    row = selling.active(room, selling.small(room))
    pay = once(receipt="R-2", received="30000", letter_back="on")
    first, again = (client.post(at("subscription_top_up", row.code), pay) for _time in range(2))
    assert (first.status_code, again.status_code, first["Location"]) == (302, 302, again["Location"])
    second = client.post(at("subscription_top_up", row.code), pay | once())
    assert second.status_code == 409
    row.refresh_from_db()
    assert (row.paid, row.receipt) == (Decimal(50000), "R-1, R-2")
    assert UnitEvent.every.filter(action="trade.top_up").count() == 1

    room.unit = room.other
    other = selling.active(room, selling.small(room))
    elsewhere = client.post(at("subscription_top_up", other.code), pay)
    assert elsewhere.status_code == 422
    assert "This form was sent before with something else in it" in text(elsewhere)
    other.refresh_from_db()
    assert other.paid == Decimal(20000)
    assert AuditEvent.objects.filter(action="operation.misused").exists()


def test_abuse_22_after_the_sale_is_over_no_payment_is_taken(room, sign_in):
    client = sign_in(room.specialist)
    small = selling.lapse(room, selling.active(room, selling.small(room)))
    told = client.post(at("subscription_top_up", small.code), once(receipt="R-9", received="30000", letter_back="on"))
    assert told.status_code == 409
    assert "This subscription is Closed" in text(told)

    room.unit = room.other
    contract = edit(room, make(room))
    contracts.discard_draft(op_id=uuid.uuid4(), code=contract.code, reason="Wrong", by=room.specialist)
    day = clock.today(room.a.zone).isoformat()
    paid = once(version=contract.version + 1, signed_on=day, receipt="R-9", amount="812000")
    told = client.post(at("contract_sign", contract.code), paid)
    assert told.status_code == 409
    assert f"Contract {contract.number} is closed" in text(told)
    assert not Milestone.every.exists()
    small.refresh_from_db()
    assert (small.paid, small.close_reason) == (Decimal(20000), CloseReason.LAPSED)


def test_abuse_22_only_the_desk_enters_deposits_and_nobody_edits_one(room, sign_in):
    """Amounts are corrected by a decided change, not by another form: what was received is in no form of an active subscription."""
    row = selling.active(room)
    for who in (room.salesperson, room.finance, room.management):
        assert (
            sign_in(who).post(at("subscription_activate", row.code), once(receipt="R", received="1")).status_code == 403
        )
    told = sign_in(room.specialist).post(
        at("subscription_edit", row.code), form(room, version=row.version, deposit="1")
    )
    assert told.status_code == 409
    row.refresh_from_db()
    assert (row.deposit, row.paid) == (Decimal(50000), Decimal(50000))


# The line is cut after the answer was made and before it arrives: nobody looks at what the first post returns.


def test_abuse_86_after_a_cut_line_the_outcome_is_found_by_the_forms_number(room, sign_in):
    """Activating, signing: whoever got no answer looks the form up, reads what it made, and sending it again does nothing more."""
    client = sign_in(room.specialist)
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    sent = once(receipt="R-1", received="50000")
    client.post(at("subscription_activate", row.code), sent)
    row.refresh_from_db()
    found = client.get(reverse("operation", args=[sent["op_id"]]))
    assert (found.status_code, row.state) == (200, SubscriptionState.ACTIVE)
    assert "It was done at" in text(found) and row.code in text(found)

    again = client.post(at("subscription_activate", row.code), sent)
    assert (again.status_code, again["Location"]) == (302, at("subscription", row.code))
    assert (Claim.every.count(), IssuedNumber.objects.count()) == (1, 1)
    assert sign_in(room.supervisor).get(reverse("operation", args=[sent["op_id"]])).status_code == 404


def test_abuse_86_a_refusal_that_nobody_read_is_found_too_and_a_form_that_never_arrived_had_no_effect(room, sign_in):
    contract = sign(room, edit(room, make(room)))
    client = sign_in(room.specialist)
    sent = once(
        version=contract.version, signed_on=clock.today(room.a.zone).isoformat(), receipt="R-3", amount="812000"
    )
    client.post(at("contract_sign", contract.code), sent)
    found = client.get(reverse("operation", args=[sent["op_id"]]))
    assert "It was refused at" in text(found)
    assert f"Contract {contract.number} is signed, so this cannot be done" in text(found)

    never = client.get(reverse("operation", args=[uuid.uuid4()]))
    assert never.status_code == 404
    assert "has had an effect" in text(never)
    assert Operation.objects.filter(refused=True).count() == 1
    contract.refresh_from_db()
    assert contract.state == ContractState.SIGNED


def test_abuse_86_a_change_executed_behind_a_cut_line_is_executed_once(room, sign_in):
    change = changing.approve(room, changing.submitted(room, changing.sold(room), changing.refund()))
    client, sent = sign_in(room.second), once()
    client.post(at("change_execute", change.code), sent)
    client.post(at("change_execute", change.code), sent)
    found = client.get(reverse("operation", args=[sent["op_id"]]))
    assert change.code in text(found)
    assert UnitEvent.every.filter(action="trade.refund").count() == 1
    change.refresh_from_db()
    assert (change.state, status(room)) == (ChangeState.EXECUTED, Status.WITHHELD)
