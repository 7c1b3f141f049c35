"""Changes 变更 of a sale (R3.1, domain B9, B16.6, B16.8, T14–T18): what may be asked for when, four eyes, and what is done."""

import itertools
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from contracts.models import Buyer, Change, Claim, Contract, IssuedNumber, Quotation, Subscription
from contracts.queries import story
from contracts.queries.settling import settle_area
from contracts.services import change_effects, changes, claims, contracts, milestones, subscription_ends
from contracts.services.change_content import Money
from contracts.services.change_kinds import KINDS
from contracts.states import (
    ChangeKind,
    ChangeState,
    CloseReason,
    NumberState,
    QuotationState,
    Release,
    Stage,
    SubscriptionKind,
    SubscriptionState,
)
from inventory.models import Unit, UnitEvent
from inventory.states import TRADE_TABLE, Lock, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Approval, Notice
from security.queries import consistency
from tests.contracts.changing import (
    A,
    approve,
    carried_out,
    draft,
    entry,
    execute,
    levels_of,
    refund,
    sold,
    staffed,
    status,
    submitted,
    swap,
)
from tests.contracts.stock import customer, hold, shares_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    """With a second specialist, who executes what the first asked for."""
    return staffed(room)


# What may be asked for, by how far the sale has come: every kind × every state, by equality.


def _state(room, name: str):
    """A trade in this state."""
    if name == "small":
        row = sold(room)
        Claim.every.filter(pk=row.claim_id).update(stage=Stage.SMALL_DEPOSIT)
        Subscription.every.filter(pk=row.pk).update(kind=SubscriptionKind.SMALL)
    elif name == "over":
        row = sold(room)
        carried_out(room, row, refund())
    elif name in ("subscribed", "late", "terminated", "forfeited"):
        row = sold(room)
        if name != "subscribed":
            row.due_on = clock.today(room.a.zone) - timedelta(days=3)
            row.ended_on = clock.today(room.a.zone) if name != "late" else None
            row.save(update_fields=["due_on", "ended_on"])
        if name == "forfeited":
            carried_out(room, row, entry(ChangeKind.FORFEIT, money=Money(paid=A(50000))))
    else:
        row = sold(room, signed=True)
        if name == "filed":
            row.filed_on = clock.today(room.a.zone)
            row.save(update_fields=["filed_on"])
        elif name == "delivered":
            row.state = "DELIVERED"
            row.save(update_fields=["state"])
    return row.trade


_ANY = {ChangeKind.REFUND, ChangeKind.EXCHANGE, ChangeKind.METHOD, ChangeKind.IDENTITY}
_BEFORE = _ANY | {ChangeKind.TRANSFER, ChangeKind.BUYERS, ChangeKind.PRICE}
_AFTER = _ANY | {ChangeKind.AMOUNT, ChangeKind.AREA}


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("small", {ChangeKind.IDENTITY}),
        ("over", set()),
        ("forfeited", {ChangeKind.REVIVE}),
        ("subscribed", _BEFORE),
        ("late", _BEFORE),
        ("terminated", _BEFORE | {ChangeKind.FORFEIT}),
        ("contracted", _AFTER | {ChangeKind.TRANSFER}),
        ("filed", _AFTER),
        ("delivered", {ChangeKind.IDENTITY}),
    ],
)
def test_which_changes_are_possible_in_which_state_of_the_sale(room, state, allowed):
    trade = _state(room, state)
    assert {kind for kind, refusal in changes.possible(trade) if not refusal} == allowed
    for kind in set(ChangeKind) - allowed:
        with pytest.raises((Refusal, Conflict)):
            changes.request_change(
                op_id=uuid.uuid4(), trade=trade.number, entry=entry(kind), by=room.specialist
            )  # fmt: skip
    assert not Change.every.filter(trade=trade, state=ChangeState.DRAFT).exists()


def test_every_kind_has_its_rule_its_effect_and_a_move_that_leads_on():
    assert set(KINDS) == set(change_effects.EFFECTS) == set(ChangeKind)
    assert {move.permission for name, move in TRADE_TABLE.items() if name.startswith("trade.amend")} == {
        "change.execute"
    }


@pytest.mark.parametrize(
    ("kind", "signed", "what", "roles"),
    [
        (ChangeKind.REFUND, False, {}, ["finance", "management"]),
        (ChangeKind.TRANSFER, False, {}, ["management"]),
        (ChangeKind.METHOD, True, {"method": "MORTGAGE"}, ["finance", "supervisor"]),
        (ChangeKind.PRICE, False, {"total": A(2700000)}, ["finance", "supervisor"]),
        (ChangeKind.PRICE, False, {"total": A(2600000)}, ["finance", "supervisor", "management"]),
        (ChangeKind.AMOUNT, True, {"main": A(2600000)}, ["finance", "supervisor", "management"]),
        (ChangeKind.AREA, True, {"surveyed": A("119.00")}, ["finance", "supervisor"]),
    ],
)  # fmt: skip
def test_who_decides_follows_from_the_kind_and_from_the_price(room, kind, signed, what, roles):
    """B16.6: a price below the floor needs the management's consent too."""
    if kind == ChangeKind.TRANSFER:
        what = {"buyers": ((customer(room.a, room.salesperson).number, A(100)),)}
    if kind == ChangeKind.AMOUNT:
        what |= {"decoration": A(0), "supplement": A(0)}
    change = submitted(room, sold(room, signed), entry(kind, **what))
    assert levels_of(change) == roles


def test_the_only_supervisor_who_asks_is_replaced_by_the_management(room):
    subject = sold(room)
    asked = draft(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"), by=room.supervisor)
    change = changes.submit(op_id=uuid.uuid4(), code=asked.code, by=room.supervisor)
    assert levels_of(change) == ["finance", "management"]


# The way of a request.


def test_t14_a_refund_gives_the_unit_back_as_the_approver_chose(room):
    subject = sold(room)
    change = submitted(room, subject, refund())
    assert status(room.unit) == (Status.SUBSCRIBED, [Lock.REFUND])
    approvals.decide(approval_id=change.approval_id, by=room.finance, agree=True)
    changes.choose_release(op_id=uuid.uuid4(), code=change.code, release=Release.AVAILABLE, by=room.management)
    approvals.decide(approval_id=change.approval_id, by=room.management, agree=True)
    assert Notice.objects.filter(code="change.to_execute").values_list("to", flat=True).distinct().count() == 2
    done = execute(room, change)

    assert status(room.unit) == (Status.AVAILABLE, [])
    subject.refresh_from_db()
    assert (subject.state, subject.close_reason, subject.close_note) == (
        SubscriptionState.CLOSED, CloseReason.REFUND, done.number,
    )  # fmt: skip
    event = UnitEvent.every.filter(unit=room.unit).latest("seq")
    assert (event.action, event.actor, event.approval_id) == ("trade.refund_open", room.second, change.approval_id)
    assert done.number == f"AAA-{clock.today(room.a.zone).year}-BG-00001"
    assert consistency.problems() == []


def test_t17_after_a_contract_the_unit_is_never_at_once_for_sale_and_its_price_is_confirmed_first(room):
    contract = sold(room, signed=True)
    with pytest.raises(Refusal, match="until its price is confirmed"):
        draft(room, contract, replace(refund(), release=Release.AVAILABLE))
    change = submitted(room, contract, refund())
    approvals.decide(approval_id=change.approval_id, by=room.finance, agree=True)
    with pytest.raises(Refusal, match="until its price is confirmed"):
        changes.choose_release(op_id=uuid.uuid4(), code=change.code, release=Release.AVAILABLE, by=room.management)
    approvals.decide(approval_id=change.approval_id, by=room.management, agree=True)
    execute(room, change)

    assert status(room.unit) == (Status.WITHHELD, [Lock.REFUND])
    assert Contract.every.get(pk=contract.pk).close_reason == CloseReason.REFUND
    assert consistency.problems() == []
    with pytest.raises(Forbidden):
        changes.confirm_price(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    changes.confirm_price(op_id=uuid.uuid4(), code=change.code, by=room.supervisor)
    assert status(room.unit) == (Status.WITHHELD, [])
    with pytest.raises(Conflict, match="No price waits"):
        changes.confirm_price(op_id=uuid.uuid4(), code=change.code, by=room.supervisor)
    assert "trade.refund_open" not in UnitEvent.every.values_list("action", flat=True)


def test_t14_a_deposit_is_forfeited_after_the_deadline_and_the_notice(room):
    subject = sold(room)
    lost = entry(ChangeKind.FORFEIT, money=Money(paid=A(50000)))
    with pytest.raises(Refusal, match="has not passed"):
        draft(room, subject, lost)
    subject.due_on = clock.today(room.a.zone) - timedelta(days=1)
    subject.save(update_fields=["due_on"])
    with pytest.raises(Refusal, match="notice of termination is not on record"):
        draft(room, subject, lost)
    subject.ended_on = clock.today(room.a.zone)
    subject.save(update_fields=["ended_on"])
    with pytest.raises(Refusal, match="A forfeited deposit is kept"):
        draft(room, subject, replace(lost, money=Money(paid=A(50000), refundable=A(50000), refund=A(1))))
    carried_out(room, subject, lost)

    assert status(room.unit) == (Status.WITHHELD, [])
    assert Subscription.every.get(pk=subject.pk).close_reason == CloseReason.FORFEIT


def test_t15_an_exchange_moves_the_sale_to_the_other_unit_in_one_trade(room):
    old = sold(room)
    change = submitted(room, old, swap(room, release=Release.AVAILABLE))
    assert status(room.unit) == (Status.SUBSCRIBED, [Lock.EXCHANGE])
    execute(room, approve(room, change))

    assert (status(room.unit), status(room.other)) == ((Status.AVAILABLE, []), (Status.SUBSCRIBED, []))
    new = Subscription.every.get(unit=room.other)
    old.refresh_from_db()
    assert (new.previous, new.trade, new.total, new.deposit, new.paid, new.due_on) == (
        old, old.trade, room.other.list_total, old.deposit, old.paid, old.due_on,
    )  # fmt: skip
    assert (old.state, old.close_reason) == (SubscriptionState.CLOSED, CloseReason.EXCHANGE)
    assert new.number != old.number
    live = Claim.every.get(trade=old.trade, released_at__isnull=True)
    assert (live.unit, live.stage, live.customer) == (room.other, Stage.SUBSCRIPTION, room.customer)
    assert consistency.problems() == []


def test_t18_an_exchange_after_the_contract_withholds_the_old_unit(room):
    old = sold(room, signed=True)
    carried_out(room, old, swap(room))

    assert (status(room.unit)[0], status(room.other)[0]) == (Status.WITHHELD, Status.CONTRACTED)
    new = Contract.every.get(unit=room.other)
    assert (new.previous, new.trade, new.total, new.main_amount) == (
        old, old.trade, room.other.list_total, room.other.list_total,
    )  # fmt: skip
    assert Contract.every.get(pk=old.pk).close_reason == CloseReason.EXCHANGE
    assert consistency.problems() == []


def _quotation(room, **changes) -> Quotation:
    unit = room.other
    fields = {"total": A(2680000), "state": QuotationState.READY, "valid_until": clock.today(room.a.zone), **changes}
    return Quotation.every.create(
        project=room.a, unit=unit, salesperson=room.salesperson, method="FULL", area=unit.built_area, made_by=room.salesperson,
        list_unit_price=unit.list_unit_price, list_total=unit.list_total, unit_price=A("22635.14"),
        first_payment=fields["total"], **fields,
    )  # fmt: skip


def test_an_exchange_by_a_ready_quotation_uses_it_up(room):
    quotation = _quotation(room)
    what = swap(room, quotation=quotation.number, total=quotation.total)
    carried_out(room, sold(room), what)
    quotation.refresh_from_db()
    new = Subscription.every.get(unit=room.other)
    assert (new.total, new.unit_price, new.quotation) == (A(2680000), A("22635.14"), quotation)
    assert quotation.state == QuotationState.USED


@pytest.mark.parametrize("changes_", [{"state": QuotationState.DRAFT}, {"valid_until": "2026-01-01"}])
def test_an_exchange_by_a_quotation_that_is_not_ready_is_refused(room, changes_):
    quotation = _quotation(room, **changes_)
    with pytest.raises(Conflict, match="is not ready"):
        draft(room, sold(room), swap(room, quotation=quotation.number, total=quotation.total))


def test_an_exchange_to_a_unit_that_was_taken_meanwhile_does_nothing(room):
    old = sold(room)
    change = approve(room, submitted(room, old, swap(room)))
    hold(room.other, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Conflict) as refused:
        execute(room, change)
    assert refused.value.code == "taken"
    assert status(room.unit) == (Status.SUBSCRIBED, [Lock.EXCHANGE])
    assert changes.fresh(change.code).state == ChangeState.APPROVED


def test_an_exchange_at_a_list_price_that_changed_is_refused(room):
    change = approve(room, submitted(room, sold(room), swap(room)))
    Unit.every.filter(pk=room.other.pk).update(list_total=A(2800000))
    with pytest.raises(Conflict, match="is not the one of this request"):
        execute(room, change)


@pytest.mark.parametrize("where", ["begin", "numbers", "notices"])
def test_b16_8_an_exchange_that_fails_half_way_leaves_nothing(room, monkeypatch, where):
    old = sold(room)
    change = approve(room, submitted(room, old, swap(room)))
    before = (UnitEvent.every.count(), Claim.every.count(), Subscription.every.count(), IssuedNumber.objects.count())

    def fail(*args, **kwargs):
        raise RuntimeError("the plug was pulled")

    broken = {
        "begin": (claims, "begin"),
        "numbers": (change_effects.numbers, "give"),
        "notices": (changes.notices, "settle"),
    }
    monkeypatch.setattr(*broken[where], fail)
    with pytest.raises(RuntimeError):
        execute(room, change)

    assert (status(room.unit), status(room.other)) == (
        (Status.SUBSCRIBED, [Lock.EXCHANGE]), (Status.AVAILABLE, []),
    )  # fmt: skip
    assert before == (
        UnitEvent.every.count(), Claim.every.count(), Subscription.every.count(), IssuedNumber.objects.count(),
    )  # fmt: skip
    assert Subscription.every.get(pk=old.pk).state == SubscriptionState.ACTIVE
    assert consistency.problems() == []


def test_a_transfer_names_another_buyer_and_the_claim_is_theirs(room):
    subject, other = sold(room), customer(room.a, room.salesperson, name="Xu Yan")
    carried_out(room, subject, entry(ChangeKind.TRANSFER, buyers=((other.number, A(100)),)))
    assert Buyer.every.get(trade=subject.trade, until__isnull=True).customer == other
    assert Claim.every.get(pk=subject.claim_id).customer == other
    assert status(room.unit) == (Status.SUBSCRIBED, [])
    assert UnitEvent.every.filter(unit=room.unit).latest("seq").action == "trade.amend"


def test_a_co_buyer_comes_with_a_share_and_whoever_stays_keeps_the_agent(room):
    subject, other = sold(room), customer(room.a, room.salesperson, name="Xu Yan")
    Buyer.every.filter(trade=subject.trade).update(agent_kind="AGENT", agent_name="Proxy")
    both = ((room.customer.number, A(60)), (other.number, A(40)))
    carried_out(room, subject, entry(ChangeKind.BUYERS, buyers=both))
    rows = Buyer.every.filter(trade=subject.trade, until__isnull=True).order_by("position")
    assert [(row.customer, row.share, row.agent_name) for row in rows] == [
        (room.customer, A(60), "Proxy"), (other, A(40), ""),
    ]  # fmt: skip


def test_a_transfer_and_a_co_buyer_are_told_apart(room):
    subject, other = sold(room), customer(room.a, room.salesperson)
    with pytest.raises(Refusal, match="That is a transfer"):
        draft(room, subject, entry(ChangeKind.BUYERS, buyers=((other.number, A(100)),)))
    with pytest.raises(Refusal, match="adds or removes a co-buyer"):
        draft(room, subject, entry(ChangeKind.TRANSFER, buyers=((room.customer.number, A(50)), (other.number, A(50)))))
    with pytest.raises(Refusal, match="make 90 percent"):
        draft(room, subject, entry(ChangeKind.TRANSFER, buyers=((other.number, A(90)),)))


@pytest.mark.parametrize("signed", [False, True])
def test_the_payment_method_changes_with_an_event(room, signed):
    subject = sold(room, signed)
    carried_out(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"))
    subject.refresh_from_db()
    assert (subject.method, subject.version) == ("MORTGAGE", 1)
    last = UnitEvent.every.filter(unit=room.unit).latest("seq")
    assert last.action == ("trade.amend_signed" if signed else "trade.amend")


def test_a_price_changes_only_when_it_is_executed(room):
    subject = sold(room)
    change = approve(room, submitted(room, subject, entry(ChangeKind.PRICE, total=A(2690000))))
    subject.refresh_from_db()
    assert subject.total == A(2706624)
    execute(room, change)
    subject.refresh_from_db()
    assert (subject.total, subject.unit_price) == (A(2690000), A("22719.59"))


def test_a_contract_amount_is_corrected_through_approval(room):
    contract = sold(room, signed=True)
    what = entry(ChangeKind.AMOUNT, main=A(2500000), decoration=A(206624), supplement=A(0))
    carried_out(room, contract, what)
    contract.refresh_from_db()
    assert (contract.total, contract.main_amount, contract.decoration_amount) == (A(2706624), A(2500000), A(206624))


@pytest.mark.parametrize(
    ("surveyed", "settlement"), [(102, 20000), (103, 30000), (105, 30000), (98, -20000), (97, -30000), (95, -70000)]
)
def test_the_area_is_settled_within_three_percent_at_the_price_and_beyond_it_not_or_double(surveyed, settlement):
    """Domain B9: 100 m² at 10,000."""
    found = settle_area(agreed=A(100), surveyed=A(surveyed), unit_price=A(10000), tolerance=A(3))
    assert found == settlement


def test_the_settlement_stands_on_the_contract_and_its_price_stays(room):
    contract = sold(room, signed=True)
    with pytest.raises(Refusal, match="the buyer may rescind"):
        draft(room, contract, entry(ChangeKind.AREA, surveyed=A(130)))
    carried_out(room, contract, entry(ChangeKind.AREA, surveyed=A("119.40")))
    contract.refresh_from_db()
    assert (contract.surveyed_area, contract.settlement, contract.total) == (A("119.40"), A(22860), A(2706624))


# Four eyes, and what ends a request.


def test_whoever_asked_approved_and_executes_are_three_people(room):
    change = submitted(room, sold(room), entry(ChangeKind.METHOD, method="MORTGAGE"))
    with pytest.raises(Conflict):
        execute(room, change)
    for nobody in (room.specialist, room.second, room.salesperson, room.other_supervisor):
        with pytest.raises((Forbidden, NotVisible)):
            approvals.decide(approval_id=change.approval_id, by=nobody, agree=True)
    change = approve(room, change)
    for person, told in (
        (room.specialist, Forbidden), (room.supervisor, Forbidden), (room.finance, Forbidden),
        (room.management, Forbidden), (room.salesperson, Forbidden), (room.other_supervisor, NotVisible),
    ):  # fmt: skip
        with pytest.raises(told):
            execute(room, change, by=person)
        with pytest.raises((Forbidden, NotVisible)):
            approvals.execute(approval_id=change.approval_id, by=person)
    assert execute(room, change).executed_by == room.second
    with pytest.raises(Conflict):
        execute(room, change)


@pytest.mark.parametrize("kind", sorted(ChangeKind))
def test_nobody_asks_for_a_change_without_the_right(room, kind):
    subject = sold(room)
    for person in (room.salesperson, room.finance, room.management):
        with pytest.raises(Forbidden):
            draft(room, subject, entry(kind), by=person)
    for stranger in (room.colleague, room.other_supervisor):
        with pytest.raises(NotVisible):
            draft(room, subject, entry(kind), by=stranger)


def test_without_the_signed_form_it_is_not_submitted(room):
    change = draft(room, sold(room), replace(refund(), form_signed=False))
    with pytest.raises(Refusal, match="signed application form is missing"):
        changes.submit(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    assert status(room.unit) == (Status.SUBSCRIBED, [])


def test_a_sale_has_one_change_under_way(room):
    subject = sold(room)
    draft(room, subject, refund())
    with pytest.raises(Conflict, match="is under way"):
        draft(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"))


def test_the_story_tells_who_asked_and_agreed_and_nothing_of_another_sale(room):
    """R3.5. The request bears the key that the other sale has: keys of one table say nothing about those of another."""
    mine, other = sold(room), sold(room, unit=room.other)
    change = draft(room, mine, entry(ChangeKind.METHOD, method="MORTGAGE"))
    Change.every.filter(pk=change.pk).update(id=other.trade_id)
    change = changes.submit(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    change = execute(room, approve(room, change))
    assert (change.pk, change.approval.target_id) == (other.trade_id, other.trade_id)
    access = access_of(room.supervisor)
    told = {
        trade: " ".join(f"{step.text} {step.lines}" for step in story.steps(access, trade, story.papers(access, trade)))
        for trade in (mine.trade, other.trade)
    }
    for words in ("Asked for: ", "Moves abroad", "Agreed to: ", "In effect: "):
        assert words in told[mine.trade]
        assert words not in told[other.trade]
    assert change.number in told[mine.trade]


def test_a_returned_change_lifts_the_lock_and_keeps_its_number(room):
    change = submitted(room, sold(room), refund())
    approvals.decide(approval_id=change.approval_id, by=room.finance, agree=False, comment="Too much")
    assert changes.fresh(change.code).state == ChangeState.REJECTED
    assert status(room.unit) == (Status.SUBSCRIBED, [])
    assert IssuedNumber.objects.get(number=change.number).state == NumberState.GIVEN


def test_a_withdrawn_or_voided_change_leaves_its_number_explained(room):
    subject = sold(room)
    first = submitted(room, subject, refund())
    with pytest.raises(Forbidden):
        changes.withdraw(op_id=uuid.uuid4(), code=first.code, by=room.second)
    changes.withdraw(op_id=uuid.uuid4(), code=first.code, by=room.specialist)
    second = draft(room, subject, refund())
    with pytest.raises(Forbidden):
        changes.void(op_id=uuid.uuid4(), code=second.code, reason="No", by=room.second)
    changes.void(op_id=uuid.uuid4(), code=second.code, reason="Typed wrongly", by=room.specialist)
    third = approve(room, submitted(room, subject, refund()))
    with pytest.raises(Forbidden):
        changes.void(op_id=uuid.uuid4(), code=third.code, reason="No", by=room.specialist)
    changes.void(op_id=uuid.uuid4(), code=third.code, reason="The buyer stays", by=room.supervisor)

    assert status(room.unit) == (Status.SUBSCRIBED, [])
    found = [
        (row.state, row.reason) for row in IssuedNumber.objects.filter(kind="BG").order_by("sequence")
    ]  # fmt: skip
    assert found == [
        (NumberState.VOID, "Withdrawn"), (NumberState.VOID, "Typed wrongly"), (NumberState.VOID, "The buyer stays"),
    ]  # fmt: skip
    assert Approval.objects.get(pk=third.approval_id).state == Approval.State.WITHDRAWN
    with pytest.raises(Conflict):
        execute(room, third)


def test_a_change_of_a_sale_that_went_on_is_void_and_does_nothing(room):
    subject = sold(room)
    change = approve(room, submitted(room, subject, refund()))
    subject.extensions, subject._change_reason = 1, "subscription.extend"
    subject.save()
    done = execute(room, change)
    assert (done.state, status(room.unit)) == (ChangeState.VOID, (Status.SUBSCRIBED, []))


def test_the_lock_of_a_change_keeps_new_claims_away(room):
    """While the refund is under way nobody holds the unit, even if its claim were gone."""
    submitted(room, sold(room), refund())
    unit = Unit.every.select_related("project").get(pk=room.unit.pk)
    unit.status = Status.AVAILABLE
    with pytest.raises(Conflict) as refused:
        claims.require_free(unit, access_of(room.specialist), clock.now())
    assert refused.value.code == "locked"


def _steps(room, row) -> dict:
    """What else could be done with the sale of this subscription or contract."""
    if isinstance(row, Subscription):
        return {
            "contract": lambda: contracts.make_contract(
                op_id=uuid.uuid4(), subscription=row.code, by=room.specialist
            ),
            "void": lambda: subscription_ends.void(
                op_id=uuid.uuid4(), code=row.code, reason="Wrong", by=room.supervisor
            ),
        }  # fmt: skip
    today = clock.today(room.a.zone)
    return {
        "hand over": lambda: milestones.hand_over(
            op_id=uuid.uuid4(), code=row.code, delivered_on=today, reason="Before all is paid", by=room.supervisor
        ),
        "void": lambda: milestones.void_signing(
            op_id=uuid.uuid4(), code=row.code, reason="Wrong", by=room.supervisor
        ),
    }  # fmt: skip


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("approved", [False, True])
def test_while_a_change_is_under_way_its_sale_stays_as_it_is(room, signed, approved):
    """The lock lies on the unit from the submission on (domain B2.3, B9): no contract, no handover, no void; the change is named, and
    what leads on. A draft of a change binds nobody."""
    subject = sold(room, signed=signed)
    change = draft(room, subject, entry(ChangeKind.METHOD, method="OTHER"))
    change = changes.submit(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    if approved:
        change = approve(room, change)
    before = status(room.unit)
    for step in _steps(room, subject).values():
        with pytest.raises(Conflict, match=f"Change {change.number} of this sale is under way") as refused:
            step()
        assert refused.value.code == "change"
        assert refused.value.links == [(change.number, f"/p/AAA/sales/changes/{change.code}/")]
    assert status(room.unit) == before
    done = (
        execute(room, change)
        if approved
        else changes.withdraw(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    )
    assert done.state == (ChangeState.EXECUTED if approved else ChangeState.VOID)
    assert _steps(room, subject)["hand over" if signed else "contract"]()


def test_a_price_is_confirmed_by_the_refund_that_it_waits_for_only(room):
    """An older change of the sale lifts no lock of a later refund (T17)."""
    subject = sold(room)
    older = carried_out(room, subject, entry(ChangeKind.METHOD, method="OTHER"))
    submitted(room, subject, refund())
    with pytest.raises(Conflict, match="No price waits"):
        changes.confirm_price(op_id=uuid.uuid4(), code=older.code, by=room.supervisor)
    assert status(room.unit) == (Status.SUBSCRIBED, [Lock.REFUND])


def test_abuse_22_amounts_that_cannot_be_are_refused_at_their_field(room):
    subject = sold(room)
    cases = (
        ({"refund": A(-1)}, "refund"), ({"fee": A("NaN")}, "fee"), ({"refundable": A(60000)}, "refundable"),
        ({"refund": A(49000)}, "refund"), ({"penalty_due": A(100)}, "waiver"),
        ({"penalty_received": A(100)}, "penalty_received"), ({"paid": A("Infinity")}, "paid"),
    )  # fmt: skip
    for money, name in cases:
        with pytest.raises(Refusal) as refused:
            draft(room, subject, refund(**money))
        assert list(refused.value.fields) == [name]
    for total in (A(0), A(-1), A("NaN"), subject.total, None):
        with pytest.raises(Refusal):
            draft(room, subject, entry(ChangeKind.PRICE, total=total))
    with pytest.raises(Refusal, match="No money goes back"):
        draft(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE", money=Money(paid=A(1))))


def test_the_same_form_twice_is_one_change(room):
    subject, op_id = sold(room), uuid.uuid4()
    one, two = (
        changes.request_change(op_id=op_id, trade=subject.trade.number, entry=refund(), by=room.specialist)
        for _time in range(2)
    )
    assert one == two
    with pytest.raises(Refusal, match="something else in it"):
        changes.request_change(
            op_id=op_id, trade=subject.trade.number, entry=refund(fee=A(1)), by=room.specialist
        )  # fmt: skip


def test_while_a_contract_is_drawn_up_nothing_is_changed(room):
    subject = sold(room)
    Contract.every.create(
        project=room.a, trade=subject.trade, unit=room.unit, claim=subject.claim, subscription=subject, method="FULL",
        area=subject.area, total=subject.total, unit_price=subject.unit_price, main_amount=subject.total,
        made_by=room.specialist, number="X-1",
    )  # fmt: skip
    with pytest.raises(Conflict, match="is being drawn up"):
        draft(room, subject, refund())


@pytest.mark.parametrize(("act", "state"), itertools.product(("submit", "withdraw", "execute", "void"), ChangeState))
def test_every_act_in_every_state_of_a_change(room, act, state):
    """B16.13: the allowed set by equality."""
    allowed = {
        ("submit", ChangeState.DRAFT), ("withdraw", ChangeState.SUBMITTED), ("execute", ChangeState.APPROVED),
        ("void", ChangeState.DRAFT), ("void", ChangeState.APPROVED),
    }  # fmt: skip
    change = _in_state(room, state)
    who = {"submit": room.specialist, "withdraw": room.specialist, "execute": room.second, "void": room.supervisor}
    more = {"reason": "Wrong"} if act == "void" else {}

    def do():
        return getattr(changes, act)(op_id=uuid.uuid4(), code=change.code, by=who[act], **more)

    if (act, state) in allowed:
        assert do().state != state
    else:
        with pytest.raises(Conflict):
            do()
        assert changes.fresh(change.code).state == state


def _in_state(room, state: ChangeState) -> Change:
    change = draft(room, sold(room), refund())
    if state == ChangeState.DRAFT:
        return change
    if state == ChangeState.VOID:
        return changes.void(op_id=uuid.uuid4(), code=change.code, reason="Wrong", by=room.specialist)
    change = changes.submit(op_id=uuid.uuid4(), code=change.code, by=room.specialist)
    if state == ChangeState.REJECTED:
        approvals.decide(approval_id=change.approval_id, by=room.finance, agree=False, comment="No")
    elif state != ChangeState.SUBMITTED:
        change = approve(room, change)
        if state == ChangeState.EXECUTED:
            execute(room, change)
    return changes.fresh(change.code)


def test_buyers_of_another_project_are_not_there(room):
    foreign = customer(room.b, room.other_salesperson, by=room.other_supervisor)
    with pytest.raises(NotVisible):
        draft(room, sold(room), entry(ChangeKind.TRANSFER, buyers=((foreign.number, A(100)),)))
    with transaction.atomic():
        assert shares_of(Subscription.every.get().trade) == 100
