"""Subscriptions: every step allowed and refused, prices and deposits, what is checked again when the unit is claimed (T9–T12, T20)."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from contracts.models import Buyer, Claim, Document, IssuedNumber, Subscription, Trade, WaitingEntry
from contracts.services import (
    claims,
    deadlines,
    holds,
    numbers,
    subscription_ends,
    subscription_step,
    subscriptions,
    trades,
    waiting,
)
from contracts.states import (
    AgentKind,
    ClaimState,
    CloseReason,
    HoldKind,
    NumberState,
    PaymentMethod,
    QuotationState,
    Stage,
    SubscriptionKind,
    SubscriptionState,
    WaitingState,
)
from inventory.models import Unit, UnitEvent, UnitInterest
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import AuditEvent, Notice, Operation
from security.queries import consistency
from tests import build
from tests.contracts import selling
from tests.contracts.stock import customer, hold
from tests.contracts.test_holds import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    build.permit(room.unit.building)
    return room


def status(room) -> Status:
    return Unit.every.get(pk=room.unit.pk).status


def code(act, *args, **fields) -> str:
    with pytest.raises(Refusal) as refused:
        act(*args, **fields)
    return refused.value.code


def test_a_draft_binds_nobody_and_takes_the_list_price(room):
    row = selling.draft(room)

    assert (row.state, row.number, row.claim) == (SubscriptionState.DRAFT, "", None)
    assert (row.total, row.list_total, row.area) == (room.unit.list_total, room.unit.list_total, room.unit.built_area)
    assert row.unit_price == Decimal("22860.00")
    assert status(room) == Status.AVAILABLE
    assert Buyer.every.get(trade=row.trade).share == 100


def test_a_full_subscription_claims_a_free_unit(room):
    row = selling.active(room)

    claim = Claim.every.get(unit=room.unit)
    assert (row.state, row.claim, row.paid, row.receipt) == (SubscriptionState.ACTIVE, claim, row.deposit, "R-1")
    assert (claim.stage, claim.trade, claim.customer, claim.expires_at) == (
        Stage.SUBSCRIPTION,
        row.trade,
        room.customer,
        None,
    )
    assert (status(room), row.number) == (Status.SUBSCRIBED, f"AAA-{clock.today().year}-RG-00001")
    assert row.due_on == clock.today(room.a.zone) + timedelta(days=7)
    assert Notice.objects.filter(to=room.salesperson, code="subscription.active").count() == 1
    assert consistency.problems() == []


def test_a_hold_of_the_same_customer_goes_on_as_the_same_claim(room):
    held = hold(room.unit, room.customer, room.salesperson, room.specialist)
    row = selling.draft(room, kind=SubscriptionKind.SMALL)
    assert row.claim == held
    row = selling.active(room, row)

    held.refresh_from_db()
    assert (row.claim, held.stage, held.expires_at, held.trade) == (held, Stage.SMALL_DEPOSIT, None, row.trade)
    assert (status(room), row.top_up_on, row.due_on) == (
        Status.SMALL_DEPOSIT, clock.today(room.a.zone) + timedelta(days=3), None,
    )  # fmt: skip
    assert consistency.problems() == []


def test_a_deals_lock_that_names_nobody_gets_its_customer(room):
    held = hold(room.unit, None, room.salesperson, room.specialist, kind=HoldKind.DEAL)
    row = selling.active(room)

    held.refresh_from_db()
    assert (row.claim, held.customer) == (held, room.customer)


def test_a_hold_goes_to_the_salesperson_of_the_trade(room):
    held = hold(room.unit, room.customer, room.salesperson, room.specialist)
    selling.active(room, selling.draft(room, salesperson=room.colleague))
    held.refresh_from_db()
    assert held.salesperson == room.colleague
    assert [row.user for row in UnitInterest.objects.filter(unit=room.unit, kind="hold")] == [room.colleague]


def test_a_hold_of_somebody_else_refuses_a_draft_and_says_who(room):
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Conflict, match="held for a customer of"):
        selling.draft(room)
    assert not Trade.every.exists()


def test_b16_1_a_unit_lost_since_the_draft_is_told_at_the_activation_and_nothing_is_written(room):
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    hold(room.unit, room.theirs, room.colleague, room.specialist)

    assert code(selling.activate, room, row) == "taken"
    row.refresh_from_db()
    assert row.state == SubscriptionState.DRAFT
    assert not IssuedNumber.objects.exists()


def test_a_lock_stops_the_draft_and_the_activation_of_a_held_unit_too(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    Unit.every.filter(pk=room.unit.pk).update(mortgaged=True)

    assert code(selling.activate, room, row) == code(selling.draft, room) == "locked"


def test_whoever_waits_for_the_unit_comes_first(room):
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    held = hold(room.unit, room.theirs, room.colleague, room.specialist)
    waiting.join(
        op_id=uuid.uuid4(), unit_id=room.unit.pk, customer=customer(room.a, room.colleague), salesperson=room.colleague,
        note="", by=room.specialist,
    )  # fmt: skip
    holds.release_hold(op_id=uuid.uuid4(), number=held.number, reason="x", by=room.specialist)
    assert code(selling.activate, room, row) in ("waiting", "taken")

    WaitingEntry.every.filter(state=WaitingState.WAITING).update(customer=room.customer)
    if status(room) == Status.AVAILABLE:
        selling.activate(room, row)
        assert WaitingEntry.every.get().state == WaitingState.TAKEN


def test_one_form_is_one_draft_and_one_activation(room):
    op_id, entered = uuid.uuid4(), selling.terms(room)
    first, again = (
        subscriptions.draw_up(op_id=op_id, unit_id=room.unit.pk, terms=entered, by=room.specialist) for _one in "12"
    )
    assert first == again and Subscription.every.count() == 1
    selling.complete(first, room.specialist)
    op_id = uuid.uuid4()
    for _one in "12":
        subscriptions.activate(
            op_id=op_id, code=first.code, receipt="R", received=first.deposit, by=room.specialist
        )  # fmt: skip
    assert UnitEvent.every.filter(action="trade.subscribe").count() == IssuedNumber.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"deposit": Decimal("541324.81")}, "deposit"),
        ({"deposit": Decimal("541324.80")}, ""),
        ({"deposit": Decimal("49999.99")}, "deposit"),
        ({"deposit": Decimal(0)}, "deposit"),
    ],
)
def test_the_agreed_deposit_stays_between_least_and_ceiling(room, changes, told):
    if told:
        assert code(selling.draft, room, **changes) == told
        assert not Trade.every.exists()
    else:
        selling.draft(room, **changes)


def test_a_cheap_unit_has_its_ceiling_as_the_least(room):
    cheap = build.unit(
        room.unit.building, floor=20, by=room.specialist, list_total=Decimal(100000), list_unit_price=Decimal("844.59"),
        floor_total=Decimal(90000),
    )  # fmt: skip
    assert selling.draft(room, unit=cheap, deposit=Decimal(20000)).deposit == 20000
    assert code(selling.draft, room, unit=cheap, deposit=Decimal(19999)) == "deposit"


@pytest.mark.parametrize(
    ("kind", "received", "told"),
    [
        ("FULL", 49999, "received"), ("FULL", 50001, "received"), ("SMALL", 50000, "received"), ("SMALL", 0, "received"),
        ("SMALL", 9999, "received"), ("SMALL", 10000, ""),
    ],
)  # fmt: skip
def test_what_is_received_fits_the_kind(room, kind, received, told):
    row = selling.draft(room, kind=SubscriptionKind(kind))
    selling.complete(row, room.specialist)
    if told:
        assert code(selling.activate, room, row, received=received) == told
        assert status(room) == Status.AVAILABLE
    else:
        assert selling.activate(room, row, received=received).paid == received


def test_only_the_supervisors_reason_takes_less_than_the_least(room):
    row = selling.small(room)
    selling.complete(row, room.specialist)
    assert code(selling.activate, room, row, received=500, override="A regular") == "received"
    selling.activate(room, row, by=room.supervisor, received=500, override="A regular")

    assert status(room) == Status.SMALL_DEPOSIT
    assert AuditEvent.objects.get(action="subscription.override").detail == {"reason": "A regular"}


def test_without_permit_receipt_or_papers_nothing_is_claimed(room):
    row = selling.draft(room)
    assert code(selling.activate, room, row) == "papers"
    assert not Document.every.filter(trade=row.trade, kind="deposit_receipt", copies__gt=0).exists()
    selling.complete(row, room.specialist)
    assert code(selling.activate, room, row, receipt=" ") == "receipt"
    room.unit.building.permits.clear()
    assert code(selling.activate, room, row) == "permit"
    assert (status(room), Claim.every.count(), IssuedNumber.objects.count()) == (Status.AVAILABLE, 0, 0)


def test_b16_6_without_a_quotation_the_price_is_the_list_price_of_now(room):
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    Unit.every.filter(pk=room.unit.pk).update(list_total=Decimal("2800000.00"))
    assert code(selling.activate, room, row) == "price"
    row = subscriptions.edit(
        op_id=uuid.uuid4(), code=row.code, version=row.version, terms=selling.terms(room), by=room.specialist
    )
    assert selling.activate(room, row).total == Decimal("2800000.00")


def test_decisions_11_a_hold_keeps_the_price_of_the_day_it_began(room):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    Unit.every.filter(pk=room.unit.pk).update(list_total=Decimal("2800000.00"))
    assert selling.active(room).total == room.unit.list_total


def test_b16_6_nothing_below_the_floor_is_subscribed_without_a_quotation(room):
    row = selling.draft(room)
    selling.complete(row, room.specialist)
    Unit.every.filter(pk=room.unit.pk).update(floor_total=Decimal("2800000.00"))
    with pytest.raises(Refusal, match="needs consent") as refused:
        selling.activate(room, row)
    assert "2,800,000" not in str(refused.value.message)


def test_a_quotation_gives_the_price_and_is_used_by_the_activation(room):
    quoted = selling.quotation(room)
    row = selling.draft(room, quotation=quoted)
    quoted.refresh_from_db()
    assert (row.total, row.unit_price, quoted.state) == (quoted.total, quoted.unit_price, QuotationState.READY)
    row = selling.active(room, row)
    quoted.refresh_from_db()
    assert (row.total, quoted.state) == (quoted.total, QuotationState.USED)

    selling.void(room, row)
    quoted.refresh_from_db()
    assert quoted.state == QuotationState.READY


@pytest.mark.parametrize("state", [state for state in QuotationState if state != QuotationState.READY])
def test_a_quotation_that_is_not_ready_gives_no_price(room, state):
    assert code(selling.draft, room, quotation=selling.quotation(room, state=state)) == "not_ready"


def test_a_quotation_of_another_day_unit_or_method_gives_no_price(room):
    past = selling.quotation(room, valid_until=clock.today() - timedelta(days=2))
    assert code(selling.draft, room, quotation=past) == "expired"
    assert code(selling.draft, room, quotation=selling.quotation(room), method=PaymentMethod.MORTGAGE) == "method"
    with pytest.raises(NotVisible):
        selling.draft(room, quotation=selling.quotation(room, unit=room.other))


def test_several_buyers_have_shares_and_agents(room):
    buyers = [
        trades.Purchaser(room.customer, Decimal(60)),
        trades.Purchaser(room.theirs, Decimal(40), AgentKind.AGENT, "Li An", "PASSPORT", "E1234567", "13800000001"),
    ]
    row = selling.draft(room, *buyers)
    assert [buyer.share for buyer in Buyer.every.filter(trade=row.trade)] == [60, 40]
    assert code(selling.draft, room, *buyers[:1]) == "shares"
    assert code(selling.draft, room, trades.Purchaser(room.customer, agent_name="Li An")) == "agent"
    foreign = customer(room.b, room.other_salesperson)
    with pytest.raises(NotVisible):
        selling.draft(room, trades.Purchaser(foreign))
    assert code(selling.draft, room, salesperson=room.specialist) == "no_salesperson"


def test_a_draft_is_corrected_by_who_saw_its_last_state(room):
    row = selling.draft(room)
    changed = selling.terms(room, trades.Purchaser(room.theirs), salesperson=room.colleague, deposit=Decimal(60000))
    fields = {"code": row.code, "terms": changed, "by": room.specialist}
    edited = subscriptions.edit(op_id=uuid.uuid4(), version=row.version, **fields)

    assert (edited.deposit, edited.trade.salesperson) == (60000, room.colleague)
    assert [buyer.customer for buyer in Buyer.every.filter(trade=row.trade, until=None)] == [room.theirs]
    assert code(subscriptions.edit, op_id=uuid.uuid4(), version=row.version, **fields) == "raced"


def test_a_top_up_needs_the_whole_rest_a_receipt_and_the_letter(room):
    row = selling.active(room, selling.small(room))
    assert code(selling.top_up, room, row, received=Decimal(1)) == "received"
    assert code(selling.top_up, room, row, letter_back=False) == "letter"
    assert code(selling.top_up, room, row, receipt="") == "receipt"
    row = selling.top_up(room, row)

    assert (row.kind, row.paid, row.receipt) == (SubscriptionKind.FULL, row.deposit, "R-1, R-2")
    assert (status(room), row.due_on) == (Status.SUBSCRIBED, clock.today(room.a.zone) + timedelta(days=7))
    assert row.claim.stage == Stage.SUBSCRIPTION
    assert consistency.problems() == []


@pytest.mark.parametrize(
    ("outcome", "release", "after"),
    [(CloseReason.REFUND, False, Status.WITHHELD), (CloseReason.FORFEIT, True, Status.AVAILABLE)],
)
def test_a_small_deposit_lapses_as_the_supervisor_says(room, monkeypatch, outcome, release, after):
    row = selling.active(room, selling.small(room))
    with pytest.raises(Forbidden):
        selling.lapse(room, row, by=room.specialist)
    if outcome == CloseReason.FORFEIT:
        assert code(selling.lapse, room, row, outcome=outcome) == "early"
        later(monkeypatch, days=5)
    assert code(selling.lapse, room, row, outcome=CloseReason.SIGNED) == "outcome"
    assert code(selling.lapse, room, row, reason=" ") == "no_reason"
    row = selling.lapse(room, row, outcome=outcome, release=release)

    assert (row.state, row.close_reason, row.close_note) == (SubscriptionState.CLOSED, "LAPSED", "Changed their mind")
    assert (status(room), row.claim.state) == (after, ClaimState.RELEASED)
    assert IssuedNumber.objects.get().state == NumberState.GIVEN
    assert consistency.problems() == []


@pytest.mark.parametrize("kind", SubscriptionKind)
def test_a_wrong_entry_of_today_is_void_and_its_number_with_it(room, kind):
    row = selling.active(room, selling.draft(room, kind=kind))
    with pytest.raises(Forbidden):
        selling.void(room, row, by=room.specialist)
    row = selling.void(room, row)

    assert (row.state, row.close_reason, status(room)) == (SubscriptionState.CLOSED, "VOID", Status.AVAILABLE)
    number = IssuedNumber.objects.get()
    assert (number.state, number.reason, number.number) == (NumberState.VOID, "Typed wrongly", row.number)
    again = selling.active(room)
    assert again.number.endswith("00002") and Subscription.every.count() == 2
    assert consistency.problems() == []


def test_a_wrong_top_up_goes_back_to_the_small_deposit(room):
    before = selling.active(room, selling.small(room))
    row = selling.void(room, selling.top_up(room, before))

    for name in ("kind", "paid", "receipt", "signed_on", "top_up_on", "due_on", "number", "state"):
        assert getattr(row, name) == getattr(before, name), name
    assert (status(room), row.claim.stage) == (Status.SMALL_DEPOSIT, Stage.SMALL_DEPOSIT)
    assert IssuedNumber.objects.get().state == NumberState.GIVEN
    assert selling.void(room, row).close_reason == CloseReason.VOID
    assert consistency.problems() == []


def test_what_was_entered_yesterday_is_no_wrong_entry_any_more(room, monkeypatch):
    row = selling.active(room)
    later(monkeypatch, days=1)
    assert code(selling.void, room, row) == "late"
    assert status(room) == Status.SUBSCRIBED


ACTS = {
    "subscription.edit": lambda room, row: subscriptions.edit(
        op_id=uuid.uuid4(), code=row.code, version=row.version, terms=selling.terms(room), by=room.specialist
    ),
    "subscription.discard": lambda room, row: subscriptions.discard(
        op_id=uuid.uuid4(), code=row.code, reason="x", by=room.specialist
    ),
    "subscription.activate": lambda room, row: selling.activate(room, row),
    "subscription.top_up": lambda room, row: selling.top_up(room, row),
    "subscription.lapse": lambda room, row: selling.lapse(room, row),
    "subscription.void": lambda room, row: selling.void(room, row),
    "subscription.warn": lambda room, row: deadlines.warn(
        op_id=uuid.uuid4(), code=row.code, on=clock.today(), by=room.specialist
    ),
    "subscription.end": lambda room, row: deadlines.end(
        op_id=uuid.uuid4(), code=row.code, on=clock.today(), by=room.specialist
    ),
    "subscription.ask_extension": lambda room, row: deadlines.ask_extension(
        op_id=uuid.uuid4(), code=row.code, until=clock.today() + timedelta(days=9), reason="x", by=room.specialist
    ),
}


def test_b16_13_every_act_is_tried_in_every_state_and_the_table_alone_allows_it(room):
    """Refused by the table is `wrong_state`; whatever else came of it, the table let it through."""
    let_through = set()
    for kind in SubscriptionKind:
        for state in SubscriptionState:
            for action, act in ACTS.items():
                unit = build.unit(room.unit.building, floor=20 + len(Trade.every.all()), by=room.specialist)
                row = selling.draft(room, unit=unit, kind=kind)
                selling.complete(row, room.specialist)
                if state == SubscriptionState.ACTIVE:
                    row = selling.activate(room, row)
                elif state == SubscriptionState.CLOSED:
                    row = ACTS["subscription.discard"](room, row)
                try:
                    act(room, row)
                    refused = ""
                except Refusal as refusal:
                    refused = refusal.code
                if refused != "wrong_state":
                    let_through.add((action, state, kind))
    assert let_through == {(action, *pair) for action, pairs in subscription_step.ALLOWED.items() for pair in pairs}
    assert set(ACTS) == set(subscription_step.ALLOWED)


@pytest.mark.parametrize("broken", ["numbers.give", "claims.begin", "save_tracked", "tell"])
def test_a_crash_between_any_two_statements_of_the_activation_leaves_nothing_half_done(room, monkeypatch, broken):
    row = selling.draft(room)
    for line in Document.every.filter(trade=row.trade, moment="SUBSCRIBE").exclude(kind="deposit_receipt"):
        selling.documents.receive(
            op_id=uuid.uuid4(), code=row.code, document_id=line.pk, copies=1, original_seen=True, by=room.specialist
        )

    def crash(*args, **fields):
        raise RuntimeError("the power went")

    where, _dot, name = broken.rpartition(".")
    monkeypatch.setattr({"numbers": numbers, "claims": claims, "": subscriptions}[where], name, crash)
    op_id = uuid.uuid4()
    with pytest.raises(RuntimeError):
        subscriptions.activate(op_id=op_id, code=row.code, receipt="R", received=row.deposit, by=room.specialist)

    row.refresh_from_db()
    assert (row.state, row.number, status(room)) == (SubscriptionState.DRAFT, "", Status.AVAILABLE)
    assert not (Claim.every.exists() or IssuedNumber.objects.exists() or Operation.objects.filter(op_id=op_id).exists())
    assert not Document.every.filter(trade=row.trade, kind="deposit_receipt", copies__gt=0).exists()
    assert not UnitEvent.every.filter(action__startswith="trade.").exists()


@pytest.mark.parametrize("broken", ["numbers.make_void", "close", "give_back_quotation"])
def test_a_crash_while_an_entry_is_made_void_leaves_it_standing(room, monkeypatch, broken):
    row = selling.active(room)

    def crash(*args, **fields):
        raise RuntimeError("the power went")

    where, _dot, name = broken.rpartition(".")
    monkeypatch.setattr(numbers if where else subscription_ends, name, crash)
    with pytest.raises(RuntimeError):
        selling.void(room, row)
    row.refresh_from_db()
    assert (row.state, status(room)) == (SubscriptionState.ACTIVE, Status.SUBSCRIBED)
    assert IssuedNumber.objects.get().state == NumberState.GIVEN


def test_the_end_of_holds_does_not_touch_what_was_deposited(room, monkeypatch):
    hold(room.unit, room.customer, room.salesperson, room.specialist)
    row = selling.active(room, selling.small(room))
    later(monkeypatch, days=30)
    assert holds.expire_due() == 0
    row.claim.refresh_from_db()
    assert (row.claim.released_at, status(room)) == (None, Status.SMALL_DEPOSIT)


def test_b16_5_only_the_desk_writes_and_others_do_not_know_of_it(room):
    with pytest.raises(Forbidden):
        selling.draft(room, by=room.salesperson)
    row = selling.draft(room)
    with pytest.raises(Forbidden):
        selling.activate(room, row, by=room.finance)
    for stranger in (room.colleague, room.other_supervisor, room.marketing):
        with pytest.raises(NotVisible):
            selling.activate(room, row, by=stranger)


def test_a_subscription_with_a_contract_drafted_on_it_is_not_void(room):
    from contracts.models import Contract

    row = selling.active(room)
    contract = Contract(
        project=room.a, trade=row.trade, unit=row.unit, claim=row.claim, subscription=row, method=row.method,
        area=row.area, total=row.total, unit_price=row.unit_price, main_amount=row.total, made_by=room.specialist,
    )  # fmt: skip
    save_tracked(contract, action="contract.build", by=room.specialist)
    assert code(selling.void, room, row) == "contract"
