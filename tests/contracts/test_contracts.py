"""Contracts from draft to handover and back on their day (R3.1, R3.3, domain B2.4 T13 T19 T20, B7, B16.9)."""

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from contracts.models import Claim, Contract, Document, IssuedNumber, Milestone, Subscription
from contracts.queries import milestones as milestone_queries
from contracts.queries import numbers as number_queries
from contracts.services import contracts, milestones, numbers
from contracts.states import (
    CONTRACT_ACTIONS,
    CloseReason,
    Content,
    ContractState,
    MilestoneKind,
    Moment,
    NumberKind,
    NumberState,
    PaymentMethod,
    Stage,
    SubscriptionState,
)
from inventory.models import Unit, UnitEvent
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.models import Notice
from security.queries import consistency
from tests.contracts.stock import contracted, subscribed

pytestmark = pytest.mark.django_db


def today(room):
    return clock.today(room.a.zone)


def later(monkeypatch, **time) -> None:
    real, ahead = clock.now, timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: real() + ahead)


def make(room, **changes) -> Contract:
    """A draft made from an active subscription on the unit."""
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist, **changes)
    return contracts.make_contract(op_id=uuid.uuid4(), subscription=row.code, by=room.specialist)


def terms(contract, **changes) -> contracts.Draft:
    """A complete draft."""
    whole = contracts.Draft(
        main_amount=contract.total, decoration_amount=Decimal(0), supplement_amount=Decimal(0), vat_rate=Decimal(9),
        pages=32, contents=tuple(Content.values),
    )  # fmt: skip
    return replace(whole, **changes)


def edit(room, contract, by=None, version=None, **changes) -> Contract:
    return contracts.edit_draft(
        op_id=uuid.uuid4(), code=contract.code, version=contract.version if version is None else version,
        draft=terms(contract, **changes), by=by or room.specialist,
    )  # fmt: skip


def sign(room, contract, by=None, **changes) -> Contract:
    what = {"signed_on": today(room), "receipt": "SJ-0007", "amount": Decimal(812000), **changes}
    return contracts.sign(
        op_id=uuid.uuid4(), code=contract.code, version=Contract.every.get(pk=contract.pk).version,
        signing=contracts.Signing(**what), by=by or room.specialist,
    )  # fmt: skip


def signed(room, **changes) -> Contract:
    contract = make(room)
    return sign(room, edit(room, contract, **changes))


def reach_all(room, contract) -> None:
    """Everything that comes before the handover."""
    contracts.file_contract(
        op_id=uuid.uuid4(), code=contract.code, filing_no=f"BA-{contract.pk}", filed_on=today(room), by=room.specialist
    )
    for kind in (MilestoneKind.ONLINE, MilestoneKind.PAID):
        milestones.record_milestone(
            op_id=uuid.uuid4(), code=contract.code, kind=kind, actual_on=today(room), expected_on=None, note="",
            by=room.specialist,
        )  # fmt: skip


def hand_over(room, contract, by=None, reason="") -> Contract:
    return milestones.hand_over(
        op_id=uuid.uuid4(), code=contract.code, delivered_on=today(room), reason=reason, by=by or room.specialist
    )


def void(room, contract, by=None) -> Contract:
    return milestones.void_signing(
        op_id=uuid.uuid4(), code=contract.code, reason="Wrong room", by=by or room.supervisor
    )  # fmt: skip


def test_a_contract_takes_everything_from_its_subscription(room):
    contract = make(room, total=Decimal("2650000.00"))

    subscription = contract.subscription
    assert (contract.state, contract.number) == ("DRAFT", f"AAA-{today(room).year}-HT-00001")
    for name in ("method", "area", "total", "unit_price", "unit", "trade", "claim"):
        assert getattr(contract, name) == getattr(subscription, name), name
    assert contract.main_amount == contract.total
    assert Unit.every.get(pk=room.unit.pk).status == Status.SUBSCRIBED
    assert consistency.problems() == []


def test_a_second_contract_is_not_made_from_the_same_subscription(room):
    contract = make(room)
    with pytest.raises(Conflict, match=f"{contract.number} was made from this subscription already"):
        contracts.make_contract(op_id=uuid.uuid4(), subscription=contract.subscription.code, by=room.specialist)
    assert IssuedNumber.objects.filter(kind=NumberKind.CONTRACT).count() == 1


def test_no_contract_is_made_from_a_small_deposit_or_a_closed_subscription(room):
    row = subscribed(room.unit, room.customer, room.salesperson, room.specialist, kind="SMALL")
    with pytest.raises(Conflict, match="active full subscription"):
        contracts.make_contract(op_id=uuid.uuid4(), subscription=row.code, by=room.specialist)


def test_how_the_papers_divide_the_price_has_to_add_up(room):
    contract = make(room)
    with pytest.raises(Refusal, match="make 2,706,625"):
        edit(room, contract, supplement_amount=Decimal(1))
    split = edit(room, contract, main_amount=contract.total - 300000, decoration_amount=Decimal(300000))
    assert (split.decoration_amount, split.total) == (Decimal(300000), contract.total)


def test_a_sale_without_a_loan_takes_none_and_no_loan_is_the_whole_price(room):
    contract = make(room)
    with pytest.raises(Refusal, match="paid without a loan"):
        edit(room, contract, loan_amount=Decimal(1000000))
    Contract.every.filter(pk=contract.pk).update(method=PaymentMethod.MORTGAGE)
    with pytest.raises(Refusal, match="make the whole price"):
        edit(room, contract, loan_amount=contract.total)


def test_two_people_edit_one_draft_and_the_second_is_told(room):
    contract = make(room)
    edit(room, contract, note="First", by=room.specialist)
    with pytest.raises(Conflict, match="Somebody else saved contract"):
        edit(room, contract, note="Second", by=room.supervisor)
    assert Contract.every.get(pk=contract.pk).note == "First"


def test_signing_closes_the_subscription_and_expects_what_follows(room):
    contract = signed(room, hand_over_on=today(room) + timedelta(days=400))

    subscription = Subscription.every.get(pk=contract.subscription_id)
    claim = Claim.every.get(pk=contract.claim_id)
    assert (contract.state, contract.signed_on, contract.credit_on) == ("SIGNED", today(room), today(room))
    assert (subscription.state, subscription.close_reason) == (SubscriptionState.CLOSED, CloseReason.SIGNED)
    assert (Unit.every.get(pk=room.unit.pk).status, claim.stage) == (Status.CONTRACTED, Stage.CONTRACT)
    expected = {row.kind: (row.expected_on, row.actual_on) for row in Milestone.every.filter(contract=contract)}
    assert expected == {
        "ONLINE": (today(room), None),
        "FIRST_PAYMENT": (today(room), today(room)),
        "FILED": (today(room) + timedelta(days=30), None),
        "PAID": (None, None),
        "HANDED_OVER": (today(room) + timedelta(days=400), None),
    }
    first = Milestone.every.get(contract=contract, kind=MilestoneKind.FIRST_PAYMENT)
    assert (first.receipt, first.amount) == ("SJ-0007", Decimal(812000))
    assert consistency.problems() == []


@pytest.mark.parametrize(
    ("method", "papers", "released"), [("MORTGAGE", 30, 30), ("PROVIDENT", 60, 60), ("COMBINED", 30, 60)]
)
def test_a_loan_is_expected_by_the_offices_days(room, method, papers, released):
    contract = edit(room, make(room))
    Contract.every.filter(pk=contract.pk).update(method=method)
    sign(room, contract)
    days = {
        row.kind: (row.expected_on - today(room)).days
        for row in Milestone.every.filter(kind__in=["LOAN_PAPERS", "LOAN_RELEASED", "PAID"])
    }
    assert days == {"LOAN_PAPERS": papers, "LOAN_RELEASED": released, "PAID": released}


@pytest.mark.parametrize(
    ("draft", "signing", "said"),
    [
        ({"pages": None}, {}, "number of pages"),
        *[({"contents": tuple(set(Content.values) - {kind})}, {}, str(kind.label)) for kind in Content],
        ({}, {"receipt": " "}, "receipt for the first payment"),
        ({}, {"amount": Decimal(0)}, "Enter the first payment"),
        ({}, {"amount": Decimal(99999999)}, "not more than the price"),
        ({}, {"signed_on": 1}, "still to come"),
        ({}, {"signed_on": -1}, "cannot be before"),
    ],
)
def test_nothing_is_signed_while_something_is_missing_and_it_is_named(room, draft, signing, said):
    contract = edit(room, make(room), **draft)
    if "signed_on" in signing:
        signing = {"signed_on": today(room) + timedelta(days=signing["signed_on"])}
    with pytest.raises(Refusal, match=said):
        sign(room, contract, **signing)
    assert Contract.every.get(pk=contract.pk).state == ContractState.DRAFT
    assert Unit.every.get(pk=room.unit.pk).status == Status.SUBSCRIBED


@pytest.mark.parametrize(
    ("paper", "complete"),
    [
        ({"copies": 0}, False), ({"copies": 1, "copies_needed": 2}, False), ({"copies": 1, "original_needed": True}, False),
        ({"copies": 1, "original_needed": True, "original_seen": True}, True), ({"copies": 1}, True),
        ({"copies": 0, "moment": Moment.SUBSCRIBE}, True), ({"copies": 0, "waived": True}, True),
    ],
)  # fmt: skip
def test_papers_are_there_or_waived_before_the_signature(room, paper, complete):
    contract = edit(room, make(room))
    values = {"moment": Moment.SIGN, "kind": "household_book", **paper}
    if values.pop("waived", False):
        values |= {"waived_at": clock.now(), "waived_by": room.supervisor}
    Document.every.create(trade=contract.trade, **values)
    if complete:
        assert sign(room, contract).state == ContractState.SIGNED
        return
    with pytest.raises(Refusal, match="household_book"):
        sign(room, contract)


def test_a_crash_in_the_middle_of_signing_leaves_nothing_half_done(room, monkeypatch):
    contract = edit(room, make(room))
    before = UnitEvent.every.count(), Contract.history.count(), Subscription.history.count()

    def crash(*_args, **_named):
        raise RuntimeError("power cut")

    for name in ("expect_milestones", "_close_subscription"):
        with monkeypatch.context() as patch:
            patch.setattr(contracts, name, crash)
            with pytest.raises(RuntimeError):
                sign(room, contract)
        assert Contract.every.get(pk=contract.pk).state == ContractState.DRAFT
        assert Subscription.every.get(pk=contract.subscription_id).state == SubscriptionState.ACTIVE
        assert Unit.every.get(pk=room.unit.pk).status == Status.SUBSCRIBED
        assert (UnitEvent.every.count(), Contract.history.count(), Subscription.history.count()) == before
        assert not Milestone.every.exists()
    assert consistency.problems() == []
    assert sign(room, contract).state == ContractState.SIGNED


def test_the_same_form_twice_signs_once(room):
    contract = edit(room, make(room))
    form = {"op_id": uuid.uuid4(), "code": contract.code, "version": contract.version, "by": room.specialist,
            "signing": contracts.Signing(today(room), "SJ-1", Decimal(1000))}  # fmt: skip
    assert contracts.sign(**form).pk == contracts.sign(**form).pk
    assert UnitEvent.every.filter(action="trade.sign").count() == 1


def acts(room) -> dict:
    """Each action with a form that is complete."""
    day = today(room)

    def details(contract) -> Contract:
        what = contracts.Details("WQ-1", day, "", "", 30, 4, "")
        return contracts.change_details(
            op_id=uuid.uuid4(), code=contract.code, version=contract.version, details=what, by=room.specialist
        )

    return {
        "contract.edit": lambda row: edit(room, row),
        "contract.discard": lambda row: contracts.discard_draft(
            op_id=uuid.uuid4(), code=row.code, reason="Mistyped", by=room.specialist
        ),
        "contract.sign": lambda row: sign(room, row),
        "contract.details": details,
        "contract.file": lambda row: contracts.file_contract(
            op_id=uuid.uuid4(), code=row.code, filing_no="BA-2", filed_on=day, by=room.specialist
        ),
        "contract.milestone": lambda row: milestones.record_milestone(
            op_id=uuid.uuid4(), code=row.code, kind=MilestoneKind.PAID, actual_on=day, expected_on=None, note="",
            by=room.specialist,
        ),
        "contract.hand_over": lambda row: hand_over(room, row, by=room.supervisor, reason="Agreed"),
        "contract.void": lambda row: void(room, row),
        "contract.void_hand_over": lambda row: milestones.void_hand_over(
            op_id=uuid.uuid4(), code=row.code, reason="Wrong day", by=room.supervisor
        ),
    }  # fmt: skip


def in_state(room, state) -> Contract:
    contract = edit(room, make(room))
    if state == "DISCARDED":
        return contracts.discard_draft(op_id=uuid.uuid4(), code=contract.code, reason="Torn", by=room.specialist)
    if state == ContractState.DRAFT:
        return contract
    contract = sign(room, contract)
    if state == ContractState.DELIVERED:
        return hand_over(room, contract, by=room.supervisor, reason="Agreed")
    return void(room, contract) if state == ContractState.CLOSED else contract


@pytest.mark.parametrize("state", [*ContractState, "DISCARDED"])
def test_b16_13_every_action_in_every_state(room, state):
    contract, allowed = in_state(room, state), set()
    for action, act in acts(room).items():
        # Each on the same ground: what is done is taken back.
        try:
            with transaction.atomic():
                act(contract)
                allowed.add(action)
                transaction.set_rollback(True)
        except Conflict as refusal:
            assert refusal.code in {"wrong_state"}, (action, refusal)
    named = ContractState.CLOSED if state == "DISCARDED" else state
    assert allowed == {action for action, states in CONTRACT_ACTIONS.items() if named in states}


@pytest.mark.parametrize("who", ["salesperson", "finance", "management"])
def test_only_the_desk_writes(room, who):
    draft = edit(room, make(room))
    person = getattr(room, who)
    with pytest.raises(Forbidden):
        edit(room, draft, by=person)
    with pytest.raises(Forbidden):
        sign(room, draft, by=person)
    contract = sign(room, draft)
    for act in (hand_over, void):
        with pytest.raises(Forbidden):
            act(room, contract, by=person)
    with pytest.raises(Forbidden):
        void(room, contract, by=room.specialist)


@pytest.mark.parametrize("who", ["colleague", "other_supervisor", "other_salesperson"])
def test_b16_5_nobody_else_knows_of_it(room, who):
    contract = signed(room)
    with pytest.raises(NotVisible):
        void(room, contract, by=getattr(room, who))


def test_a_signature_is_made_void_on_its_day_and_everything_stays_on_record(room):
    contract = void(room, signed(room))

    subscription = Subscription.every.get(pk=contract.subscription_id)
    number = IssuedNumber.objects.get(number=contract.number)
    assert (contract.state, contract.close_reason, contract.close_note) == ("CLOSED", "VOID", "Wrong room")
    assert (subscription.state, subscription.close_reason, subscription.closed_at) == ("ACTIVE", "", None)
    assert (Unit.every.get(pk=room.unit.pk).status, Claim.every.get(pk=contract.claim_id).stage) == (
        "SUBSCRIBED",
        "SUBSCRIPTION",
    )
    assert (number.state, number.reason, number.void_by) == (NumberState.VOID, "Wrong room", room.supervisor)
    assert Milestone.every.filter(contract=contract).exists()
    assert consistency.problems() == []
    again = contracts.make_contract(op_id=uuid.uuid4(), subscription=subscription.code, by=room.specialist)
    assert again.number.endswith("HT-00002")
    assert sign(room, edit(room, again)).state == ContractState.SIGNED


def test_t20_a_signature_of_another_business_day_is_not_made_void(room, monkeypatch):
    contract = signed(room)
    later(monkeypatch, days=1)
    with pytest.raises(Refusal, match="Only an entry of the same business day"):
        void(room, contract)


def test_t20_a_day_ends_at_midnight_of_the_project_however_long_ago_it_was_signed(room, monkeypatch):
    """What counts is when it was entered, not the day written on the paper."""
    contract = signed(room)
    Contract.every.filter(pk=contract.pk).update(signed_on=today(room) - timedelta(days=3))
    local = clock.local(clock.now(), room.a.zone)
    left = timedelta(days=1) - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second + 1)
    later(monkeypatch, seconds=left.total_seconds() + 5)
    with pytest.raises(Refusal, match="same business day"):
        void(room, contract)


def test_a_handover_needs_everything_before_it_or_the_supervisors_reason(room):
    contract = signed(room)
    for by, reason in ((room.specialist, ""), (room.specialist, "In a hurry"), (room.supervisor, "")):
        with pytest.raises(Refusal, match=r"Signed online, Filed.* Paid in full"):
            hand_over(room, contract, by=by, reason=reason)
    done = hand_over(room, contract, by=room.supervisor, reason="Agreed with finance")
    assert (done.state, done.delivered_on) == (ContractState.DELIVERED, today(room))
    assert Unit.every.get(pk=room.unit.pk).status == Status.DELIVERED


def test_a_handover_and_back_on_its_day(room):
    contract = signed(room)
    reach_all(room, contract)
    hand_over(room, contract)
    back = milestones.void_hand_over(op_id=uuid.uuid4(), code=contract.code, reason="Wrong unit", by=room.supervisor)

    assert (back.state, back.delivered_on) == (ContractState.SIGNED, None)
    assert Unit.every.get(pk=room.unit.pk).status == Status.CONTRACTED
    assert Milestone.every.get(contract=contract, kind="HANDED_OVER").actual_on is None
    assert consistency.problems() == []


def test_a_filing_number_is_one_contracts_only(room):
    first = signed(room)
    second = contracted(room.other, room.theirs, room.colleague, room.specialist)
    form = {"filing_no": "BA-9", "filed_on": today(room), "by": room.specialist}
    contracts.file_contract(op_id=uuid.uuid4(), code=first.code, **form)
    with pytest.raises(Conflict, match="Another contract of this project has this filing number"):
        contracts.file_contract(op_id=uuid.uuid4(), code=second.code, **form)
    assert Milestone.every.get(contract=first, kind="FILED").actual_on == today(room)


def test_no_milestone_lies_in_the_future_or_before_the_signature(room):
    contract = signed(room)
    for days, said in ((1, "still to come"), (-1, "cannot be before")):
        with pytest.raises(Refusal, match=said):
            milestones.record_milestone(
                op_id=uuid.uuid4(), code=contract.code, kind=MilestoneKind.PAID, note="", expected_on=None,
                actual_on=today(room) + timedelta(days=days), by=room.specialist,
            )  # fmt: skip
        with pytest.raises(Refusal, match=said):
            contracts.file_contract(
                op_id=uuid.uuid4(), code=contract.code, filing_no="X", by=room.specialist,
                filed_on=today(room) + timedelta(days=days),
            )  # fmt: skip


def test_what_has_an_action_of_its_own_is_not_recorded_by_hand(room):
    contract = signed(room)
    for kind in (MilestoneKind.FILED, MilestoneKind.HANDED_OVER, MilestoneKind.FIRST_PAYMENT):
        with pytest.raises(Refusal, match="its own action"):
            milestones.record_milestone(
                op_id=uuid.uuid4(), code=contract.code, kind=kind, actual_on=today(room), expected_on=None, note="",
                by=room.specialist,
            )  # fmt: skip


def test_done_when_6_after_signing_neither_money_nor_buyers_are_edited(room):
    """Correcting an amount or an identity goes through a decided request (R6.2): no service here takes either."""
    contract = signed(room)
    with pytest.raises(Conflict, match="is signed, so this cannot be done"):
        edit(room, contract, main_amount=Decimal(1), decoration_amount=contract.total - 1)
    money = {field.name for field in Contract._meta.fields if field.get_internal_type() == "DecimalField"}
    entered = set(contracts.Details.__dataclass_fields__)
    assert entered.isdisjoint(money | {"method", "trade", "unit", "subscription", "number", "signed_on", "fund_years"})
    before = Contract.every.values(*money).get(pk=contract.pk)
    acts(room)["contract.details"](contract)
    assert Contract.every.values(*money).get(pk=contract.pk) == before


def test_b16_9_the_number_of_a_discarded_draft_explains_its_gap(room):
    contract = make(room)
    contracts.discard_draft(op_id=uuid.uuid4(), code=contract.code, reason="Torn", by=room.specialist)
    again = contracts.make_contract(op_id=uuid.uuid4(), subscription=contract.subscription.code, by=room.specialist)

    listed = {row.number: (row.state, row.reason) for row in number_queries.listed(room.a).filter(kind="HT")}
    assert listed == {contract.number: ("VOID", "Torn"), again.number: ("GIVEN", "")}
    assert gaps(room) == []


def gaps(room):
    return number_queries.gaps(
        room.a, lambda kind, year, sequence: numbers.written(numbers.DEFAULT, room.a, kind, year, sequence)
    )


def test_a_number_without_a_row_is_shown_and_one_that_was_passed_by_is_explained(room):
    year = today(room).year
    with transaction.atomic():
        for brought in ("HT-00001", "HT-00003"):
            numbers.reserve(
                project=room.a, kind=NumberKind.CONTRACT, number=f"AAA-{year}-{brought}", trade=None, year=year,
                by=room.supervisor,
            )  # fmt: skip
        given = [
            numbers.give(project=room.a, kind=NumberKind.CONTRACT, trade=None, by=room.specialist) for _ in range(3)
        ]
    assert [row.number[-5:] for row in given] == ["00002", "00004", "00005"]
    IssuedNumber.objects.filter(pk=given[1].pk).update(sequence=None, number="elsewhere")
    assert [(gap.number[-5:], gap.explained) for gap in gaps(room)] == [
        ("00001", True), ("00003", True), ("00004", False),
    ]  # fmt: skip


def test_what_is_overdue_is_listed_and_sales_from_before_are_not(room, monkeypatch):
    contract, access = signed(room), access_of(room.specialist)
    assert list(milestone_queries.due(access, room.a)) == []
    later(monkeypatch, days=21)
    found = {row.kind: row.what for row in milestone_queries.due(access, room.a)}
    assert found == {"ONLINE": "OVERDUE", "FILED": "SOON"}
    later(monkeypatch, days=20)
    assert {row.kind: row.what for row in milestone_queries.due(access, room.a)} == {
        "ONLINE": "OVERDUE",
        "FILED": "OVERDUE",
    }
    assert list(milestone_queries.late_contracts(access, room.a)) == [contract]
    assert not milestone_queries.due(access_of(room.colleague), room.a).exists()
    contract.trade.__class__.every.filter(pk=contract.trade_id).update(migrated=True)
    assert not milestone_queries.due(access, room.a).exists()


def test_details_not_entered_in_time_are_listed(room, monkeypatch):
    contract = signed(room)

    def missing():
        return list(milestone_queries.not_entered(Contract.every.all(), room.a))

    assert missing() == []
    later(monkeypatch, hours=61)
    assert missing() == [contract]
    acts(room)["contract.details"](contract)
    assert missing() == []


def test_who_has_to_file_is_told_once_and_not_again_when_it_is_done(room, monkeypatch):
    contract = signed(room)
    assert milestones.warn_of_filing() == 0
    later(monkeypatch, days=20)
    assert (milestones.warn_of_filing(), milestones.warn_of_filing()) == (1, 0)
    told = Notice.objects.filter(code="contract.filing_due")
    assert {notice.to for notice in told} == {room.salesperson, room.specialist, room.supervisor}
    contracts.file_contract(
        op_id=uuid.uuid4(), code=contract.code, filing_no="BA-1", filed_on=contract.signed_on, by=room.specialist
    )
    assert milestones.warn_of_filing() == 0
