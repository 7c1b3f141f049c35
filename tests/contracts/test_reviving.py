"""挞定激活 and 作废 (domain B9, T20): a forfeited sale is revived by the management's consent while its unit is free, and an executed
change that was a wrong entry is undone on its day."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from contracts.models import Buyer, Change, Claim, Contract, IssuedNumber, Subscription, WaitingEntry
from contracts.queries import story
from contracts.services import changes, holds
from contracts.services.change_content import Money
from contracts.services.change_undo import INSTEAD, UNDONE
from contracts.states import ChangeKind, ChangeState, NumberState, Release, Stage, SubscriptionState
from inventory.models import Unit, UnitEvent
from inventory.services import units
from inventory.states import Lock, Status
from salescontrol.core import approvals, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
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
from tests.contracts.stock import customer, hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(room):
    """With a second specialist, who executes what the first asked for."""
    return staffed(room)


def today(room):
    return clock.today(room.a.zone)


def forfeited(room, release: Release = Release.WITHHELD) -> Subscription:
    """A subscription whose deposit was forfeited."""
    row = sold(room)
    row.due_on, row.warned_on, row.ended_on = today(room) - timedelta(days=3), today(room), today(room)
    row.save(update_fields=["due_on", "warned_on", "ended_on"])
    carried_out(room, row, entry(ChangeKind.FORFEIT, money=Money(paid=A(50000)), release=release))
    return Subscription.every.get(pk=row.pk)


def revival(room, days: int = 5, **more):
    return entry(ChangeKind.REVIVE, until=today(room) + timedelta(days=days), **more)


# Revived.


@pytest.mark.parametrize("release", Release)
def test_a_forfeited_sale_is_revived_with_a_new_deadline(room, release):
    row = forfeited(room, release)
    change = submitted(room, row, revival(room))
    assert (levels_of(change), status(room.unit)) == (["management"], (release.value, [Lock.CHANGE]))
    done = execute(room, approve(room, change))

    row.refresh_from_db()
    assert (row.state, row.close_reason, row.closed_at) == (SubscriptionState.ACTIVE, "", None)
    assert (row.due_on, row.warned_on, row.ended_on) == (today(room) + timedelta(days=5), None, None)
    assert (row.total, row.paid) == (A(2706624), A(50000))
    live = Claim.every.get(unit=room.unit, released_at__isnull=True)
    assert (live.pk, live.trade, live.customer, live.stage) == (
        row.claim_id, row.trade, room.customer, Stage.SUBSCRIPTION,
    )  # fmt: skip
    event = UnitEvent.every.filter(unit=room.unit).latest("seq")
    assert (event.action, event.reason, event.approval_id) == ("trade.revive", done.number, change.approval_id)
    assert status(room.unit) == (Status.SUBSCRIBED, [])
    assert consistency.problems() == []
    access = access_of(room.specialist)
    told = [step.text for step in story.steps(access, row.trade, story.papers(access, row.trade))]
    assert any("A forfeited sale revived" in text for text in told)


def test_a_revived_sale_goes_on_like_any_other(room):
    row = forfeited(room)
    carried_out(room, row, revival(room))
    carried_out(room, row, entry(ChangeKind.METHOD, method="MORTGAGE"))
    carried_out(room, row, refund())
    assert status(room.unit)[0] == Status.WITHHELD
    assert [kind for kind, why in changes.possible(row.trade) if not why] == []


def test_it_is_refused_when_the_unit_was_taken_and_says_what_to_do(room):
    row = forfeited(room, Release.AVAILABLE)
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    with pytest.raises(Refusal, match="Choose another unit and subscribe it anew"):
        draft(room, row, revival(room))


def test_from_submission_on_nobody_takes_the_unit(room):
    row = forfeited(room, Release.AVAILABLE)
    change = submitted(room, row, revival(room))
    with pytest.raises(Conflict, match="Change pending"):
        hold(room.unit, room.theirs, room.colleague, room.specialist)
    approvals.decide(approval_id=change.approval_id, by=room.management, agree=False, comment="No")
    hold(room.unit, room.theirs, room.colleague, room.specialist)
    assert Subscription.every.get(pk=row.pk).state == SubscriptionState.CLOSED


def test_a_unit_that_was_locked_or_is_waited_for_since_is_not_claimed(room):
    row = forfeited(room, Release.AVAILABLE)
    change = approve(room, submitted(room, row, revival(room)))
    unit = Unit.every.get(pk=room.unit.pk)
    units.lay_lock(unit=unit, kind=Lock.FROZEN, reason="A case", by=room.supervisor)
    with pytest.raises(Conflict, match="Under examination"):
        execute(room, change)
    units.lift_lock(unit=unit, kind=Lock.FROZEN, by=room.supervisor)
    WaitingEntry.every.create(
        project=room.a, unit=room.unit, customer=room.theirs, salesperson=room.colleague, placed_by=room.specialist
    )  # fmt: skip
    with pytest.raises(Conflict, match="Customers wait"):
        execute(room, change)
    assert (status(room.unit), changes.fresh(change.code).state) == (
        (Status.AVAILABLE, [Lock.CHANGE]), ChangeState.APPROVED,
    )  # fmt: skip


def test_the_deadline_is_one_that_has_not_passed(room, monkeypatch):
    row = forfeited(room)
    for days in (-1, -400):
        with pytest.raises(Refusal) as refused:
            draft(room, row, revival(room, days))
        assert list(refused.value.fields) == ["until"]
    with pytest.raises(Refusal):
        draft(room, row, entry(ChangeKind.REVIVE))
    change = approve(room, submitted(room, row, revival(room, 0)))
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Refusal, match="new deadline"):
        execute(room, change)


def test_only_the_management_agrees_and_three_people_are_needed(room):
    change = submitted(room, forfeited(room), revival(room))
    for nobody in (room.specialist, room.supervisor, room.finance, room.second):
        with pytest.raises(Forbidden):
            approvals.decide(approval_id=change.approval_id, by=nobody, agree=True)
    change = approve(room, change)
    for nobody in (room.specialist, room.management):
        with pytest.raises(Forbidden):
            execute(room, change, by=nobody)
    assert execute(room, change).state == ChangeState.EXECUTED


def test_it_is_asked_for_on_the_page_of_the_sale(room, sign_in):
    row = forfeited(room)
    client = sign_in(room.specialist)
    way = reverse("sales:change_new", args=["AAA", row.trade.number])
    assert way in client.get(reverse("sales:trade", args=["AAA", row.trade.number])).content.decode()
    assert f"{way}?kind=REVIVE" in client.get(way).content.decode()
    typed = {
        "op_id": uuid.uuid4(), "cause": "MONEY", "reason": "Paid after all", "form_signed": "on", "documents": "",
        "until": (today(room) + timedelta(days=3)).isoformat(),
    }  # fmt: skip
    assert client.post(f"{way}?kind=REVIVE", typed).status_code == 302
    page = client.get(reverse("sales:change", args=["AAA", Change.every.latest("pk").code])).content.decode()
    assert (today(room) + timedelta(days=3)).isoformat() in page


# Made void.


def _state_of(subject) -> tuple:
    subject = type(subject).every.get(pk=subject.pk)
    figures_ = [
        getattr(subject, name, None) for name in ("main_amount", "decoration_amount", "surveyed_area", "settlement")
    ]
    buyers = Buyer.every.filter(trade=subject.trade, until__isnull=True).order_by("position")
    whose = Claim.every.get(trade=subject.trade, released_at__isnull=True).customer
    who = [(row.customer_id, row.share, row.agent_kind, row.agent_name, row.agent_number) for row in buyers]
    return subject.total, subject.unit_price, subject.method, *figures_, who, whose


def _undone(room) -> dict:
    other = customer(room.a, room.salesperson, name="Xu Yan")
    return {
        ChangeKind.METHOD: (False, {"method": "MORTGAGE"}),
        ChangeKind.PRICE: (False, {"total": A(2700000)}),
        ChangeKind.AMOUNT: (True, {"main": A(2500000), "decoration": A(206000), "supplement": A(0)}),
        ChangeKind.AREA: (True, {"surveyed": A("119.00")}),
        ChangeKind.BUYERS: (False, {"buyers": ((room.customer.number, A(60)), (other.number, A(40)))}),
        ChangeKind.TRANSFER: (True, {"buyers": ((other.number, A(100)),)}),
    }


def test_every_kind_is_undone_or_says_what_to_do_instead():
    assert set(UNDONE) | set(INSTEAD) == set(ChangeKind)
    assert not set(UNDONE) & set(INSTEAD)


@pytest.mark.parametrize("kind", sorted(UNDONE))
def test_a_wrong_entry_is_undone_on_its_day(room, kind):
    signed, what = _undone(room)[kind]
    subject = sold(room, signed)
    Buyer.every.filter(trade=subject.trade).update(agent_kind="AGENT", agent_name="Proxy", agent_number="E12345678")
    before = _state_of(subject)
    change = carried_out(room, subject, entry(kind, **what))
    assert _state_of(subject) != before
    with pytest.raises(Forbidden):
        changes.void(op_id=uuid.uuid4(), code=change.code, reason="Typed wrongly", by=room.specialist)
    done = changes.void(op_id=uuid.uuid4(), code=change.code, reason="Typed wrongly", by=room.supervisor)

    assert _state_of(subject) == before
    assert (done.state, done.executed_by, done.voided_by, done.void_reason) == (
        ChangeState.VOID, room.second, room.supervisor, "Typed wrongly",
    )  # fmt: skip
    number = IssuedNumber.objects.get(number=change.number)
    assert (number.state, number.reason) == (NumberState.VOID, "Typed wrongly")
    event = UnitEvent.every.filter(unit=room.unit).latest("seq")
    assert event.action == ("trade.void_change_signed" if signed else "trade.void_change")
    assert event.actor == room.supervisor
    assert consistency.problems() == []
    carried_out(room, subject, entry(kind, **what))


@pytest.mark.parametrize("kind", [ChangeKind.REFUND, ChangeKind.EXCHANGE, ChangeKind.FORFEIT, ChangeKind.REVIVE])
def test_what_moved_a_unit_is_not_undone_and_says_what_to_do_instead(room, kind):
    if kind == ChangeKind.FORFEIT:
        forfeited(room)
    elif kind == ChangeKind.REVIVE:
        carried_out(room, forfeited(room), revival(room))
    else:
        carried_out(room, sold(room), refund() if kind == ChangeKind.REFUND else swap(room))
    change = Change.every.filter(kind=kind).latest("pk")
    with pytest.raises(Conflict) as refused:
        changes.void(op_id=uuid.uuid4(), code=change.code, reason="Wrong", by=room.supervisor)
    assert str(INSTEAD[kind]) in str(refused.value)
    assert changes.fresh(change.code).state == ChangeState.EXECUTED


def test_neither_on_another_day_nor_after_the_sale_went_on(room, monkeypatch):
    subject = sold(room)
    first = carried_out(room, subject, entry(ChangeKind.METHOD, method="MORTGAGE"))
    second = carried_out(room, subject, entry(ChangeKind.PRICE, total=A(2700000)))
    with pytest.raises(Conflict, match="went on after this change"):
        changes.void(op_id=uuid.uuid4(), code=first.code, reason="Wrong", by=room.supervisor)
    waiting = draft(room, subject, refund())
    with pytest.raises(Conflict, match="is under way"):
        changes.void(op_id=uuid.uuid4(), code=second.code, reason="Wrong", by=room.supervisor)
    changes.void(op_id=uuid.uuid4(), code=waiting.code, reason="Wrong", by=room.specialist)
    later = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Conflict, match="Only what was executed today"):
        changes.void(op_id=uuid.uuid4(), code=second.code, reason="Wrong", by=room.supervisor)


def test_while_a_contract_is_drawn_up_on_it_nothing_is_undone(room):
    subject = sold(room)
    change = carried_out(room, subject, entry(ChangeKind.PRICE, total=A(2700000)))
    Contract.every.create(
        project=room.a, trade=subject.trade, unit=room.unit, claim=subject.claim, subscription=subject, method="FULL",
        area=subject.area, total=A(2700000), unit_price=subject.unit_price, main_amount=A(2700000),
        made_by=room.specialist, number="X-1",
    )  # fmt: skip
    with pytest.raises(Conflict, match="is being drawn up"):
        changes.void(op_id=uuid.uuid4(), code=change.code, reason="Wrong", by=room.supervisor)


def test_the_button_is_the_supervisors_on_the_day(room, sign_in):
    change = carried_out(room, sold(room), entry(ChangeKind.METHOD, method="MORTGAGE"))
    page, way = (
        reverse("sales:change", args=["AAA", change.code]),
        reverse("sales:change_void", args=["AAA", change.code]),
    )
    assert way not in sign_in(room.specialist).get(page).content.decode()
    client = sign_in(room.supervisor)
    assert way in client.get(page).content.decode()
    assert "what stood before is in force again" in client.get(way).content.decode()
    assert client.post(way, {"op_id": uuid.uuid4(), "reason": "Typed wrongly"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "Typed wrongly" in shown
    assert way not in shown


# Bought again.


def test_再购_after_a_refund_is_a_sale_of_its_own_and_the_unit_tells_both(room):
    """The same customer buys the same unit again: a new hold, trade and number; the refunded trade stays as it ended."""
    first = sold(room)
    change = submitted(room, first, refund())
    approvals.decide(approval_id=change.approval_id, by=room.finance, agree=True)
    changes.choose_release(op_id=uuid.uuid4(), code=change.code, release=Release.AVAILABLE, by=room.management)
    approvals.decide(approval_id=change.approval_id, by=room.management, agree=True)
    execute(room, change)
    held = hold(room.unit, room.customer, room.salesperson, room.specialist)
    holds.release_hold(op_id=uuid.uuid4(), number=held.number, reason="Subscribes now", by=room.specialist)
    second = sold(room)

    assert (second.trade == first.trade, second.number == first.number) == (False, False)
    assert Subscription.every.get(pk=first.pk).state == SubscriptionState.CLOSED
    access = access_of(room.specialist)
    assert story.of_unit(access, room.unit) == second.trade
    told = [step.text for step in story.steps(access, first.trade, story.papers(access, first.trade))]
    assert any("Refunded" in text for text in told)
    claims = Claim.every.filter(unit=room.unit).order_by("pk").values_list("trade", flat=True)
    assert list(claims) == [first.trade_id, None, second.trade_id]
    assert consistency.problems() == []
