"""Pages of changes: each in its good case, what was typed is kept, who reads what, and the buttons of whoever may press them."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Buyer, Change, Subscription
from contracts.services import changes, quotations
from contracts.states import ChangeKind, ChangeState, Consent, QuotationState, Release
from inventory.models import Unit
from inventory.states import Status
from salescontrol.core import approvals
from salescontrol.core.models import AuditEvent
from tests import build
from tests.contracts.changing import (
    approve,
    carried_out,
    draft,
    entry,
    execute,
    refund,
    sold,
    staffed,
    submitted,
)
from tests.contracts.selling import quotation
from tests.contracts.stock import customer, subscribed

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    """With a second specialist, who executes what the first asked for."""
    return staffed(room)


def at(name: str, *args) -> str:
    return reverse(f"sales:{name}", args=["AAA", *args])


def text(response) -> str:
    return response.content.decode()


def new(subject, kind: ChangeKind) -> str:
    return f"{at('change_new', subject.trade.number)}?kind={kind}"


def typed(**values) -> dict:
    first = {"op_id": uuid.uuid4(), "cause": "MONEY", "reason": "Lost the job", "form_signed": "on", "documents": "ID"}
    return {**first, **values}


def once() -> dict:
    return {"op_id": uuid.uuid4()}


def test_the_way_of_a_refund_through_the_pages(room, sign_in):
    subject = sold(room)
    client = sign_in(room.specialist)
    choice = text(client.get(at("change_new", subject.trade.number)))
    assert f"?kind={ChangeKind.REFUND}" in choice
    assert f"?kind={ChangeKind.FORFEIT}" not in choice
    assert "has not passed" in choice
    assert 'value="50000.00"' in text(client.get(new(subject, ChangeKind.REFUND)))
    money = {"paid": "50000", "refundable": "50000", "fee": "500", "refund": "49500", "release": "WITHHELD"}
    kept = client.post(new(subject, ChangeKind.REFUND), typed(**money), follow=True)
    change = Change.every.get()
    assert "Submit it for approval" in text(kept)
    assert text(client.get(at("change_submit", change.code))).count(room.unit.number)
    page = text(client.post(at("change_submit", change.code), once(), follow=True))
    assert "Waiting for approval" in page
    panel = reverse("inventory:board_panel", args=["AAA", room.unit.pk])
    assert change.number in text(client.get(panel, headers={"HX-Request": "true"}))

    client = sign_in(room.finance)
    assert "49,500" in text(client.get(approvals.page_url(change_of(change).approval)))
    approvals.decide(approval_id=change_of(change).approval_id, by=room.finance, agree=True)
    client = sign_in(room.management)
    assert at("change_release", change.code) in text(client.get(at("change", change.code)))
    assert client.get(at("change_release", change.code)).status_code == 200
    client.post(at("change_release", change.code), {**once(), "release": "AVAILABLE"})
    approvals.decide(approval_id=change_of(change).approval_id, by=room.management, agree=True)

    assert at("change_execute", change.code) not in text(sign_in(room.specialist).get(at("change", change.code)))
    client = sign_in(room.second)
    assert at("change_execute", change.code) in text(client.get(at("change", change.code)))
    assert client.get(at("change_execute", change.code)).status_code == 200
    done = text(client.post(at("change_execute", change.code), once(), follow=True))
    assert "Executed." in done
    assert Unit.every.get(pk=room.unit.pk).status == Status.AVAILABLE
    assert change.number in text(client.get(at("change_list")))
    history = text(client.get(reverse("inventory:unit", args=["AAA", room.unit.pk])))
    assert "Refunded and on sale again, by Shi Lan" in history


def change_of(change: Change) -> Change:
    return Change.every.select_related("approval").get(pk=change.pk)


def test_the_price_is_confirmed_on_the_page_of_the_change(room, sign_in):
    change = carried_out(room, sold(room, signed=True), refund())
    assert at("change_confirm", change.code) not in text(sign_in(room.specialist).get(at("change", change.code)))
    client = sign_in(room.supervisor)
    assert at("change_confirm", change.code) in text(client.get(at("change", change.code)))
    assert client.get(at("change_confirm", change.code)).status_code == 200
    assert client.post(at("change_confirm", change.code), once()).status_code == 302
    assert Unit.every.get(pk=room.unit.pk).locks == ""


def test_an_exchange_is_entered_with_a_free_unit(room, sign_in):
    subject = sold(room)
    client = sign_in(room.specialist)
    page = text(client.get(new(subject, ChangeKind.EXCHANGE)))
    assert room.other.number in page
    values = typed(target=room.other.pk, release="WITHHELD")
    assert client.post(new(subject, ChangeKind.EXCHANGE), values).status_code == 302
    found = text(client.get(at("change", Change.every.get().code)))
    assert f"<ins>{room.other.number}</ins>" in found
    assert client.post(new(subject, ChangeKind.EXCHANGE), typed(target=room.unit.pk)).status_code == 422


def test_buyers_are_entered_with_their_shares_and_shown_by_name_on_record(room, sign_in):
    subject, other = sold(room), customer(room.a, room.salesperson, name="Xu Yan")
    client = sign_in(room.specialist)
    page = text(client.get(new(subject, ChangeKind.BUYERS)))
    assert 'value="100.00"' in page
    values = typed(buyer_1=room.customer.pk, share_1="60", buyer_2=other.pk)
    missing = client.post(new(subject, ChangeKind.BUYERS), values)
    assert (missing.status_code, "Enter the share of this buyer." in text(missing)) == (422, True)
    short = client.post(new(subject, ChangeKind.BUYERS), values | {"share_2": "30", "op_id": uuid.uuid4()})
    assert (short.status_code, "make 90 percent" in text(short)) == (422, True)
    assert "Lost the job" in text(short)
    client.post(new(subject, ChangeKind.BUYERS), values | {"share_2": "40", "op_id": uuid.uuid4()})
    change = Change.every.get()
    seen = AuditEvent.objects.filter(action="customer.see").count()
    assert "Xu Yan" in text(client.get(at("change", change.code)))
    assert AuditEvent.objects.filter(action="customer.see").count() >= seen
    finance = text(sign_in(room.finance).get(at("change", change.code)))
    assert "Xu Yan" not in finance
    assert other.number in finance
    assert Buyer.every.filter(trade=subject.trade, until__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("kind", "signed", "values"),
    [
        (ChangeKind.METHOD, False, {"method": "MORTGAGE"}),
        (ChangeKind.PRICE, False, {"total": "2690000"}),
        (ChangeKind.AMOUNT, True, {"main": "2500000", "decoration": "206624", "supplement": "0"}),
        (ChangeKind.AREA, True, {"surveyed": "119.40"}),
    ],
)
def test_each_further_kind_has_its_form(room, sign_in, kind, signed, values):
    subject = sold(room, signed)
    client = sign_in(room.specialist)
    assert client.get(new(subject, kind)).status_code == 200
    assert client.post(new(subject, kind), typed(**values)).status_code == 302
    change = Change.every.get()
    assert (change.kind, change.state) == (kind, ChangeState.DRAFT)
    assert client.get(at("change", change.code)).status_code == 200


def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost(room, sign_in):
    subject = sold(room)
    values = typed(paid="10", refundable="20", release="WITHHELD")
    response = sign_in(room.specialist).post(new(subject, ChangeKind.REFUND), values)
    assert response.status_code == 422
    assert "No more is refundable than was paid." in text(response)
    assert "Lost the job" in text(response)
    for bad in ("NaN", "-1", "1e400", "x"):
        again = sign_in(room.specialist).post(new(subject, ChangeKind.REFUND), typed(paid=bad, release="WITHHELD"))
        assert again.status_code == 422
    assert not Change.every.exists()


def test_a_second_change_leads_to_the_one_under_way(room, sign_in):
    subject = sold(room)
    first = draft(room, subject, refund())
    response = sign_in(room.specialist).post(new(subject, ChangeKind.METHOD), typed(method="MORTGAGE"))
    assert response.status_code == 409
    assert at("change", first.code) in text(response)


def test_a_change_is_withdrawn_or_made_void_on_its_page(room, sign_in):
    subject = sold(room)
    first = submitted(room, subject, refund())
    client = sign_in(room.specialist)
    assert at("change_withdraw", first.code) in text(client.get(at("change", first.code)))
    assert client.get(at("change_withdraw", first.code)).status_code == 200
    assert client.post(at("change_withdraw", first.code), once()).status_code == 302
    second = draft(room, subject, refund())
    assert client.get(at("change_void", second.code)).status_code == 200
    assert client.post(at("change_void", second.code), once()).status_code == 422
    page = client.post(at("change_void", second.code), {**once(), "reason": "Twice"}, follow=True)
    assert "Twice" in text(page)
    assert changes.fresh(second.code).state == ChangeState.VOID


def test_a_stale_change_says_that_nothing_was_done(room, sign_in):
    subject = sold(room)
    change = approve(room, submitted(room, subject, refund()))
    subject.extensions = 1
    subject.save()
    page = sign_in(room.second).post(at("change_execute", change.code), once(), follow=True)
    assert "nothing was done and the change is void" in text(page)
    assert Subscription.every.get().state == "ACTIVE"


def test_a_salesperson_reads_their_own_and_presses_nothing(room, sign_in):
    change = submitted(room, sold(room), refund())
    client = sign_in(room.salesperson)
    page = text(client.get(at("change", change.code)))
    assert "Moves abroad" in page
    assert room.specialist.name not in page
    assert at("change_submit", change.code) not in page
    assert change.number in text(client.get(at("change_list")))
    client = sign_in(room.colleague)
    assert client.get(at("change", change.code)).status_code == 404
    assert change.number not in text(client.get(at("change_list")))
    assert sign_in(room.other_supervisor).get(at("change", change.code)).status_code == 404


def test_an_empty_list_says_so_and_the_rail_leads_there(room, sign_in):
    client = sign_in(room.specialist)
    page = text(client.get(at("change_list")))
    assert "No sale was changed yet." in page
    assert f'href="{at("change_list")}"' in page
    assert sign_in(room.marketing).get(at("change_list")).status_code == 403


def test_the_list_is_filtered_and_goes_into_a_workbook(room, sign_in):
    change = submitted(room, sold(room), refund())
    client = sign_in(room.specialist)
    assert change.number in text(client.get(at("change_list"), {"kind": "REFUND", "state": "SUBMITTED"}))
    assert change.number not in text(client.get(at("change_list"), {"state": "DRAFT"}))
    assert client.get(at("change_list"), {"format": "xlsx"}).status_code == 200


def test_as_many_queries_for_many_rows_as_for_one(room, sign_in):
    client = sign_in(room.specialist)

    def one(floor: int) -> None:
        unit = build.unit(room.unit.building, floor, by=room.specialist)
        row = subscribed(unit, customer(room.a, room.salesperson), room.salesperson, room.specialist)
        draft(room, row, entry(ChangeKind.PRICE, total=Decimal(2700000)))

    def count() -> int:
        client.get(at("change_list"))
        with CaptureQueriesContext(connection) as done:
            assert client.get(at("change_list")).status_code == 200
        return len(done)

    one(30)
    few = count()
    for floor in range(31, 41):
        one(floor)
    assert count() == few


def test_the_inbox_asks_as_many_questions_for_many_changes_and_quotations_as_for_one_of_each(room, sign_in):
    client = sign_in(room.supervisor)

    def one(floor: int) -> None:
        unit = build.unit(room.unit.building, floor, by=room.specialist)
        row = subscribed(unit, customer(room.a, room.salesperson), room.salesperson, room.specialist)
        change = submitted(room, row, entry(ChangeKind.METHOD, method="MORTGAGE"))
        approvals.decide(approval_id=change.approval_id, by=room.finance, agree=True)
        free = build.unit(room.unit.building, floor + 30, by=room.specialist)
        total = Decimal(2700000)
        asked = quotation(room, free, total=total, state=QuotationState.DRAFT, consent=Consent.SUPERVISOR)
        quotations.ask_consent(op_id=uuid.uuid4(), number=asked.number, reason="Agree, please", by=room.specialist)

    def count() -> int:
        client.get(reverse("approval_list"))
        with CaptureQueriesContext(connection) as done:
            shown = text(client.get(reverse("approval_list")))
        assert shown.count("Commercial mortgage") == shown.count("2,700,000") > 0
        return len(done)

    one(30)
    few = count()
    for floor in range(31, 36):
        one(floor)
    assert count() == few


def test_a_forged_release_of_a_contract_changes_nothing(room, sign_in):
    change = submitted(room, sold(room, signed=True), refund())
    approvals.decide(approval_id=change.approval_id, by=room.finance, agree=True)
    response = sign_in(room.management).post(at("change_release", change.code), {**once(), "release": "AVAILABLE"})
    assert response.status_code == 422
    assert changes.fresh(change.code).release == Release.WITHHELD
    approvals.decide(approval_id=change.approval_id, by=room.management, agree=True)
    execute(room, change)
    assert Unit.every.get(pk=room.unit.pk).status == Status.WITHHELD
