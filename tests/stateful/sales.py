"""The way of a sale against a model (I6): T9–T20 of domain B2.4 by every role, between the holds and sales of `machine`.

The model knows of each deal where it stands, whose it is, what was issued and which rules stand against each step. A step against
which nothing stands must be done; any other must be refused by the name of one of those rules, and change nothing.
"""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from contracts.models import Change, Contract, Document, IssuedNumber, Subscription
from contracts.services import changes, contracts, deadlines, milestones, subscription_ends, subscriptions
from contracts.services.change_content import Entry
from contracts.services.trades import Purchaser
from contracts.states import (
    ChangeCause,
    ChangeKind,
    ChangeState,
    CloseReason,
    Content,
    ContractState,
    MilestoneKind,
    Moment,
    NumberKind,
    NumberState,
    PaymentMethod,
    Release,
    Stage,
    SubscriptionKind,
    SubscriptionState,
)
from inventory.states import Lock, Status
from salescontrol.core import approvals
from salescontrol.core.permissions import Role
from security.queries import consistency
from tests import build
from tests.stateful.machine import DESK, Modelled, Office, UnitMachine

DEPOSIT, SMALL = Decimal(50000), Decimal(20000)
TO_TOP_UP, TO_SIGN = timedelta(days=3), timedelta(days=7)
HIDDEN = {"forbidden", "not_visible"}
BOSS = {Role.SUPERVISOR}
ROLES = [*Role, *[Role.SUPERVISOR, Role.SPECIALIST] * 3]
LEVELS = {
    ChangeKind.REFUND: [Role.FINANCE, Role.MANAGEMENT], ChangeKind.FORFEIT: [Role.MANAGEMENT],
    ChangeKind.EXCHANGE: [Role.FINANCE, Role.SUPERVISOR], ChangeKind.METHOD: [Role.FINANCE, Role.SUPERVISOR],
}  # fmt: skip
LOCKS = {
    ChangeKind.REFUND: Lock.REFUND, ChangeKind.FORFEIT: Lock.REFUND, ChangeKind.EXCHANGE: Lock.EXCHANGE,
    ChangeKind.METHOD: Lock.CHANGE,
}  # fmt: skip
# Which move a change is when it is executed, of a subscription and of a contract.
AS_MOVE = {
    ChangeKind.REFUND: ("T14", "T17"), ChangeKind.FORFEIT: ("T14", ""), ChangeKind.EXCHANGE: ("T15", "T18"),
    ChangeKind.METHOD: ("T16", "T16"),
}  # fmt: skip
MOVES = [
    *[
        "draw",
        "tick",
        "activate",
        "top_up",
        "lapse",
        "remind",
        "make",
        "sign",
        "discard",
        "follow",
        "hand_over",
        "void",
    ],
    *[
        "request",
        "decide",
        "execute",
        "drop",
        "confirm",
        "wait",
        "wait",
        "sweep",
        "keep",
        "give_back",
        "stop",
        "reopen",
    ],
    *["put_on_sale", "withhold", "hold", "extend", "let_go"],
]
# What usually comes next for a deal that stands so: half of the steps, so that deals get far.
NEXT = {
    "draft": ["activate", "activate", "tick"],
    "small": ["top_up", "top_up", "top_up", "lapse", "void", "wait"],
    "subscribed": ["make", "make", "make", "make", "request", "request", "void", "remind", "wait"],
    "drafted": ["sign", "sign", "tick", "discard"],
    "submitted": ["decide", "decide", "decide", "decide", "decide", "drop"],
    "approved": ["execute", "execute", "execute", "drop"],
    "signed": ["follow", "hand_over", "request", "request", "void"],
    "delivered": ["void"],
    "over": ["confirm", "put_on_sale", "draw", "hold"],
}


@dataclass
class Asked:
    """The last change that was asked for."""

    code: str
    kind: ChangeKind
    by: Role
    levels: list[Role]
    open_: bool
    target: int | None
    touched: int
    state: str = ChangeState.SUBMITTED
    decided: set[Role] = field(default_factory=set)


@dataclass
class Paper:
    """The last contract."""

    code: str
    state: str = ContractState.DRAFT
    day: date | None = None
    delivered: date | None = None
    reached: bool = False
    exchanged: bool = False
    amended: bool = False


@dataclass
class Deal:
    """What the model knows of one trade: its subscription, its contract, the last change."""

    trade: str
    code: str
    unit: int
    buyer: int
    small: bool
    papers: bool
    state: str = SubscriptionState.DRAFT
    closed: str = ""
    stage: str = ""
    day: date | None = None
    due: date | None = None
    before: tuple = ()
    exchanged: bool = False
    amended: bool = False
    warned: bool = False
    ended: bool = False
    touched: int = 0
    method: str = PaymentMethod.FULL
    sign_papers: bool = False
    contract: Paper | None = None
    change: Asked | None = None

    @property
    def drafted(self) -> bool:
        return self.contract is not None and self.contract.state == ContractState.DRAFT

    @property
    def pending(self) -> bool:
        return self.change is not None and self.change.state in (ChangeState.SUBMITTED, ChangeState.APPROVED)

    @property
    def standing(self) -> str:
        if self.state == SubscriptionState.DRAFT or not self.stage:
            return "draft" if self.state == SubscriptionState.DRAFT else "over"
        if self.stage == Stage.SMALL_DEPOSIT:
            return "small"
        if self.drafted or self.pending:
            return "drafted" if self.drafted else self.change.state.lower()
        return self.contract.state.lower() if self.stage == Stage.CONTRACT else "subscribed"

    def close(self, why: str) -> None:
        """Its paper in force is over, and with it the claim."""
        if self.stage == Stage.CONTRACT:
            self.contract.state = ContractState.CLOSED
        else:
            self.state, self.closed = SubscriptionState.CLOSED, why
        self.stage = ""


class SalesOffice(Office):
    """Three units on sale, and a second specialist, who executes what the first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.second = build.user(Role.SPECIALIST, self.project)
        where = self.units[2].building
        self.units = [self.units[2], *(build.unit(where, floor=floor, by=self.clerk) for floor in (14, 15))]


def rules(**found: bool) -> set[str]:
    """The names of the rules that stand against a step."""
    return {name for name, stands in found.items() if stands}


class SaleMachine(UnitMachine):
    named: Counter = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.deals: list[Deal] = []
        self.moves = 0
        self.chosen: Deal | None = None
        self.numbers: Counter = Counter()
        self.to_confirm: dict[int, str] = {}
        self.filed = 0

    @rule(seed=st.integers(0, 2**32))
    def move(self, seed: int) -> None:
        """The step is drawn here: what Hypothesis draws repeats itself, and so would the deals."""
        self.moves += 1
        dice = Random(f"{seed}/{self.moves}")
        name, role, self.chosen = dice.choice(MOVES), dice.choice(ROLES), None
        if dice.random() < 0.6:
            self.chosen = dice.choice(self.deals[-4:]) if self.deals else None
            name = dice.choice(NEXT[self.chosen.standing] if self.chosen else ["draw"])
            role = dice.choice([Role.SPECIALIST, Role.SUPERVISOR])
        getattr(self, name)(dice.randrange(12), role, dice.randrange(2))

    def teardown(self) -> None:
        try:
            assert consistency.problems() == []
            given = IssuedNumber.objects.order_by("kind", "year", "sequence").values_list("kind", "year", "sequence")
            assert [number for *_series, number in given] == [
                place for count in Counter(row[:2] for row in given).values() for place in range(1, count + 1)
            ], "numbers have a gap or come twice (B16.9)"
        finally:
            super().teardown()

    @property
    def today(self) -> date:
        return (self.now + timedelta(hours=8)).date()

    def wait(self, index: int, role: Role, buyer: int) -> None:
        type(self).now += timedelta(hours=(1, 13, 24, 8 * 24)[index % 4])

    # ---------------------------------------------------------------- subscriptions
    def draw(self, index: int, role: Role, buyer: int) -> None:
        """A draft of a small deposit or a full subscription; one in six without its papers."""
        row, unit = self.at(index, lambda unit: not self.against_claim(unit, buyer))
        customer, seller = self.office.buyers[buyer]
        kind = SubscriptionKind.SMALL if index % 2 else SubscriptionKind.FULL
        terms = subscriptions.Terms(
            buyers=(Purchaser(customer),), salesperson=seller, kind=kind, method=PaymentMethod.FULL, deposit=DEPOSIT
        )
        found = self.step(
            "draft", DESK, role, self.against_claim(unit, buyer),
            lambda by: subscriptions.draw_up(op_id=uuid.uuid4(), unit_id=row.pk, terms=terms, by=by),
        )  # fmt: skip
        if found:
            unit.settle(self.now)
            deal = Deal(found.trade.number, found.code, row.pk, buyer, bool(index % 2), papers=index % 6 != 0)
            self.deals.append(deal)
            if deal.papers:
                self.complete(deal, Moment.SUBSCRIBE)

    def against_claim(self, unit: Modelled, buyer: int) -> set[str]:
        """The rules against a claim of this buyer's on the unit."""
        status = unit.counts_as(self.now)
        theirs = status == Status.HELD and unit.buyer == buyer
        return rules(taken=status != Status.AVAILABLE and not theirs, locked=self.blocked(unit))

    def complete(self, deal: Deal, moment: Moment) -> None:
        """Everything is there that is needed at this moment; how it is ticked off has tests of its own."""
        lines = Document.every.filter(trade__number=deal.trade, moment=moment)
        lines.update(copies=F("copies_needed"), original_seen=True, received_at=self.now)

    def tick(self, index: int, role: Role, buyer: int) -> None:
        """The papers that were missing came in."""
        deal = self.deal(index, lambda deal: not (deal.papers and deal.sign_papers))
        if deal is not None:
            self.complete(deal, Moment.SUBSCRIBE)
            self.complete(deal, Moment.SIGN)
            deal.papers = deal.sign_papers = True

    def activate(self, index: int, role: Role, buyer: int) -> None:
        """T9 and T10."""
        deal = self.deal(index, lambda deal: deal.state == SubscriptionState.DRAFT)
        if deal is None:
            return
        unit = self.model[deal.unit]
        if deal.state == SubscriptionState.DRAFT:
            against = self.against_claim(unit, deal.buyer) | rules(papers=not deal.papers)
        else:
            against = {"wrong_state"}
        received = SMALL if deal.small else DEPOSIT
        held = unit.counts_as(self.now) == Status.HELD
        done = self.step(
            "T9" if deal.small else "T10", DESK, role, against,
            lambda by: subscriptions.activate(op_id=uuid.uuid4(), code=deal.code, receipt="R-1", received=received, by=by),
        )  # fmt: skip
        if done:
            assert not held or done.claim.number == unit.number, "the claim of the hold goes on"
            unit.settle(self.now)
            unit.move(Status.SMALL_DEPOSIT if deal.small else Status.SUBSCRIBED)
            unit.number, unit.buyer = done.claim.number, deal.buyer
            deal.state, deal.stage = SubscriptionState.ACTIVE, Stage.SMALL_DEPOSIT if deal.small else Stage.SUBSCRIPTION
            deal.day, deal.due = self.today, self.today + (TO_TOP_UP if deal.small else TO_SIGN)
            self.numbers[NumberKind.SUBSCRIPTION, NumberState.GIVEN] += 1

    def top_up(self, index: int, role: Role, buyer: int) -> None:
        deal = self.deal(index, lambda deal: deal.stage == Stage.SMALL_DEPOSIT)
        if deal and self.step(
            "T11", DESK, role, rules(wrong_state=deal.stage != Stage.SMALL_DEPOSIT),
            lambda by: subscription_ends.top_up(
                op_id=uuid.uuid4(), code=deal.code, receipt="R-2", received=DEPOSIT - SMALL, letter_back=True, by=by
            ),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.SUBSCRIBED)
            deal.before, deal.small, deal.stage = (deal.day, deal.due), False, Stage.SUBSCRIPTION
            deal.day, deal.due = self.today, self.today + TO_SIGN
            deal.touched += 1

    def lapse(self, index: int, role: Role, buyer: int) -> None:
        """T12, with both outcomes and both targets."""
        deal = self.deal(index, lambda deal: deal.stage == Stage.SMALL_DEPOSIT)
        if deal is None:
            return
        outcome = CloseReason.REFUND if index % 3 else CloseReason.FORFEIT
        right = deal.stage == Stage.SMALL_DEPOSIT
        early = right and outcome == CloseReason.FORFEIT and self.today <= deal.due
        if self.step(
            "T12", BOSS, role, rules(wrong_state=not right, early=early),
            lambda by: subscription_ends.lapse(
                op_id=uuid.uuid4(), code=deal.code, outcome=outcome, release=bool(buyer), reason="Ill", by=by
            ),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.AVAILABLE if buyer else Status.WITHHELD)
            deal.close(CloseReason.LAPSED)

    def remind(self, index: int, role: Role, buyer: int) -> None:
        """The notice to sign, then that of termination, each when the deadline has passed."""
        deal = self.deal(index, lambda deal: deal.stage == Stage.SUBSCRIPTION and self.today > deal.due)
        if deal is None:
            return
        right = deal.state == SubscriptionState.ACTIVE and not deal.small
        early = right and not deal.warned and self.today <= deal.due
        act = deadlines.end if deal.warned else deadlines.warn
        if self.step(
            "notice", DESK, role, rules(wrong_state=not right, early=early, sent=deal.ended),
            lambda by: act(op_id=uuid.uuid4(), code=deal.code, on=self.today, by=by),
        ):  # fmt: skip
            deal.warned, deal.ended = True, deal.warned
            deal.touched += 1

    # ---------------------------------------------------------------- contracts
    def make(self, index: int, role: Role, buyer: int) -> None:
        """A whole draft of a contract; one in six without the papers for its signature."""
        deal = self.deal(index, lambda deal: deal.stage == Stage.SUBSCRIPTION and not deal.drafted and not deal.pending)
        if deal is None:
            return
        right = deal.stage == Stage.SUBSCRIPTION
        contract = self.step(
            "draft", DESK, role,
            rules(wrong_state=not right, drafted=deal.drafted, change=deal.pending),
            lambda by: contracts.make_contract(op_id=uuid.uuid4(), subscription=deal.code, by=by),
        )  # fmt: skip
        if contract:
            deal.contract = Paper(contract.code)
            self.numbers[NumberKind.CONTRACT, NumberState.GIVEN] += 1
            draft = contracts.Draft(
                main_amount=contract.total, decoration_amount=Decimal(0), supplement_amount=Decimal(0),
                vat_rate=Decimal(9), pages=32, contents=tuple(Content.values),
            )  # fmt: skip
            by = self.office.people[Role.SPECIALIST]
            contracts.edit_draft(op_id=uuid.uuid4(), code=contract.code, version=contract.version, draft=draft, by=by)
            if index % 6 and not deal.sign_papers:
                self.complete(deal, Moment.SIGN)
                deal.sign_papers = True

    def sign(self, index: int, role: Role, buyer: int) -> None:
        """T13."""
        deal = self.deal(index, lambda deal: deal.drafted)
        if deal is None or deal.contract is None:
            return
        signing = contracts.Signing(signed_on=self.today, receipt="R-3", amount=Decimal(800000))
        version = Contract.every.get(code=deal.contract.code).version
        if self.step(
            "T13", DESK, role,
            rules(over=not deal.stage, wrong_state=not deal.drafted, papers=deal.drafted and not deal.sign_papers),
            lambda by: contracts.sign(op_id=uuid.uuid4(), code=deal.contract.code, version=version, signing=signing, by=by),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.CONTRACTED)
            deal.state, deal.closed, deal.stage = SubscriptionState.CLOSED, CloseReason.SIGNED, Stage.CONTRACT
            deal.contract.state, deal.contract.day = ContractState.SIGNED, self.today
            deal.touched += 1

    def discard(self, index: int, role: Role, buyer: int) -> None:
        deal = self.deal(index, lambda deal: deal.drafted)
        if deal is None or deal.contract is None:
            return
        if self.step(
            "draft", DESK, role, rules(wrong_state=not deal.drafted),
            lambda by: contracts.discard_draft(op_id=uuid.uuid4(), code=deal.contract.code, reason="Later", by=by),
        ):  # fmt: skip
            deal.contract.state = ContractState.CLOSED
            self.make_void(NumberKind.CONTRACT)

    def follow(self, index: int, role: Role, buyer: int) -> None:
        """Everything is reached that comes before the handover."""
        deal = self.deal(index, lambda deal: self.signed(deal) and not deal.contract.reached)
        if deal is None or not self.signed(deal) or deal.contract.reached:
            return
        by, code = self.office.people[Role.SPECIALIST], deal.contract.code
        self.filed += 1
        contracts.file_contract(op_id=uuid.uuid4(), code=code, filing_no=f"BA-{self.filed}", filed_on=self.today, by=by)
        for kind in (MilestoneKind.ONLINE, MilestoneKind.PAID):
            milestones.record_milestone(
                op_id=uuid.uuid4(), code=code, kind=kind, actual_on=self.today, expected_on=None, note="", by=by
            )
        deal.contract.reached = True
        deal.touched += 1

    def signed(self, deal: Deal) -> bool:
        return deal.contract is not None and deal.contract.state == ContractState.SIGNED

    def hand_over(self, index: int, role: Role, buyer: int) -> None:
        """T19."""
        deal = self.deal(index, lambda deal: self.signed(deal) and not deal.pending)
        if deal is None or deal.contract is None:
            return
        right = self.signed(deal)
        lacking = right and not deal.contract.reached and role != Role.SUPERVISOR
        if self.step(
            "T19", DESK, role,
            rules(over=not deal.stage, wrong_state=not right, change=deal.pending, lacking=lacking),
            lambda by: milestones.hand_over(
                op_id=uuid.uuid4(), code=deal.contract.code, delivered_on=self.today, reason="As agreed", by=by
            ),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.DELIVERED)
            deal.contract.state, deal.contract.delivered = ContractState.DELIVERED, self.today

    # ---------------------------------------------------------------- made void on its day
    def void(self, index: int, role: Role, buyer: int) -> None:
        """T20, of whatever was entered last."""
        deal = self.deal(index, lambda deal: bool(deal.stage) and not deal.pending and not deal.drafted)
        if deal is None:
            return
        state = deal.contract.state if deal.contract else ""
        if state == ContractState.DELIVERED:
            self.void_hand_over(deal, role)
        elif state == ContractState.SIGNED and index % 6:
            self.void_contract(deal, role)
        else:
            self.void_subscription(deal, role)

    def void_hand_over(self, deal: Deal, role: Role) -> None:
        if self.step(
            "T20 hand_over", BOSS, role, rules(not_today=deal.contract.delivered != self.today),
            lambda by: milestones.void_hand_over(op_id=uuid.uuid4(), code=deal.contract.code, reason="Slip", by=by),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.CONTRACTED)
            deal.contract.state = ContractState.SIGNED

    def void_contract(self, deal: Deal, role: Role) -> None:
        late = deal.contract.exchanged or deal.contract.day != self.today
        if self.step(
            "T20 contract", BOSS, role, rules(not_today=late, change=deal.pending, changed=deal.contract.amended),
            lambda by: milestones.void_signing(op_id=uuid.uuid4(), code=deal.contract.code, reason="Slip", by=by),
        ):  # fmt: skip
            self.model[deal.unit].move(Status.SUBSCRIBED)
            deal.contract.state = ContractState.CLOSED
            deal.state, deal.closed, deal.stage = SubscriptionState.ACTIVE, "", Stage.SUBSCRIPTION
            deal.touched += 1
            self.make_void(NumberKind.CONTRACT)

    def void_subscription(self, deal: Deal, role: Role) -> None:
        right = deal.state == SubscriptionState.ACTIVE
        move = "T20 deposit" if deal.small else "T20 top_up" if deal.before else "T20 subscription"
        changed = deal.exchanged or deal.amended
        done = self.step(
            move, BOSS, role,
            rules(
                wrong_state=not right, late=right and deal.day != self.today, contract=right and deal.drafted,
                changed=right and changed, change=right and deal.pending,
            ),
            lambda by: subscription_ends.void(op_id=uuid.uuid4(), code=deal.code, reason="Slip", by=by),
        )  # fmt: skip
        if not done:
            return
        unit = self.model[deal.unit]
        if move == "T20 top_up":
            unit.move(Status.SMALL_DEPOSIT)
            deal.small, deal.stage, (deal.day, deal.due), deal.before = True, Stage.SMALL_DEPOSIT, deal.before, ()
        else:
            unit.move(Status.AVAILABLE)
            deal.close(CloseReason.VOID)
            self.make_void(NumberKind.SUBSCRIPTION)

    # ---------------------------------------------------------------- changes
    def request(self, index: int, role: Role, buyer: int) -> None:
        """A change is written and submitted at once; its unit bears a lock from then on."""
        kind = (ChangeKind.REFUND, ChangeKind.EXCHANGE, ChangeKind.METHOD, ChangeKind.FORFEIT)[index // 3]
        if kind == ChangeKind.FORFEIT:
            deal = self.deal(index, lambda deal: deal.stage == Stage.SUBSCRIPTION and deal.ended and not deal.pending)
        else:
            deal = self.deal(index, lambda deal: self.changeable(deal) and not deal.pending)
        if deal is None:
            return
        exchange, open_ = kind == ChangeKind.EXCHANGE, bool(buyer) and kind != ChangeKind.METHOD
        target, other = self.at(index, lambda unit: not self.against_target(unit))
        method = PaymentMethod.INSTALMENT if deal.method == PaymentMethod.FULL else PaymentMethod.FULL
        entry = Entry(
            kind=kind, cause=ChangeCause.PERSONAL, reason="Moves abroad", form_signed=True,
            release=Release.AVAILABLE if open_ else Release.WITHHELD, target_id=target.pk if exchange else None,
            method=method if kind == ChangeKind.METHOD else "",
        )  # fmt: skip
        possible = self.changeable(deal)
        if kind == ChangeKind.FORFEIT:
            possible = possible and deal.stage == Stage.SUBSCRIPTION and deal.ended
        against = rules(
            over=not deal.stage, not_allowed=bool(deal.stage) and not possible, draft=deal.drafted, open=deal.pending,
            release=open_ and deal.stage == Stage.CONTRACT, target=exchange and target.pk == deal.unit,
        ) | (self.against_target(other) if exchange else set())  # fmt: skip

        def act(by) -> Change:
            found = changes.request_change(op_id=uuid.uuid4(), trade=deal.trade, entry=entry, by=by)
            return changes.submit(op_id=uuid.uuid4(), code=found.code, by=by)

        change = self.step("change", DESK, role, against, act)
        if change:
            levels = [Role.MANAGEMENT if role == level == Role.SUPERVISOR else level for level in LEVELS[kind]]
            deal.change = Asked(change.code, kind, role, levels, open_, entry.target_id, deal.touched)
            self.model[deal.unit].lock = LOCKS[kind].value
            if exchange:
                other.settle(self.now)
            self.numbers[NumberKind.CHANGE, NumberState.GIVEN] += 1

    def changeable(self, deal: Deal) -> bool:
        return deal.stage == Stage.SUBSCRIPTION or (deal.stage == Stage.CONTRACT and self.signed(deal))

    def against_target(self, unit: Modelled) -> set[str]:
        return rules(taken=unit.counts_as(self.now) != Status.AVAILABLE, locked=self.blocked(unit))

    def decide(self, index: int, role: Role, buyer: int) -> None:
        """Two of three agree, level by level; half of the tries are by whose turn it is."""
        deal = self.deal(index, lambda deal: bool(deal.change) and deal.change.state == ChangeState.SUBMITTED)
        if deal is None or deal.change is None:
            return
        change = deal.change
        waits = change.state == ChangeState.SUBMITTED
        role = change.levels[0] if waits and index % 2 else role
        agree = index % 3 > 0
        approval = changes.fresh(change.code).approval_id
        # Whom the kernel names when nothing waits any more is not asked here: it says that before it looks at the role.
        may = {change.levels[0]} - change.decided if waits else set(Role)
        done = self.step(
            "decision", may, role, set() if waits else {"decided", "not_visible"},
            lambda by: approvals.decide(approval_id=approval, by=by, agree=agree, comment="So it is"),
            hidden={*HIDDEN, "wrong_role", "four_eyes"},
        )  # fmt: skip
        if not done:
            return
        if change.touched != deal.touched:
            self.end_change(deal, ChangeState.VOID)
        elif not agree:
            self.end_change(deal, ChangeState.REJECTED)
        else:
            change.decided.add(change.levels.pop(0))
            change.state = ChangeState.SUBMITTED if change.levels else ChangeState.APPROVED

    def end_change(self, deal: Deal, state: ChangeState) -> None:
        """It is not executed; the lock is off, and a void one's number is void too."""
        deal.change.state, self.model[deal.unit].lock = state, ""
        if state == ChangeState.VOID:
            self.make_void(NumberKind.CHANGE)

    def drop(self, index: int, role: Role, buyer: int) -> None:
        """Withdrawn by who asked while it waits; made void by the supervisor when it is approved."""
        deal = self.deal(index, lambda deal: deal.pending)
        if deal is None or deal.change is None or index % 3:
            return
        change = deal.change
        if change.state == ChangeState.SUBMITTED:
            done = self.step(
                "withdrawal", {change.by}, role, set(),
                lambda by: changes.withdraw(op_id=uuid.uuid4(), code=change.code, by=by), hidden={*HIDDEN, "not_author"},
            )  # fmt: skip
        else:
            done = self.step(
                "change void", BOSS, role, rules(wrong_state=change.state != ChangeState.APPROVED),
                lambda by: changes.void(op_id=uuid.uuid4(), code=change.code, reason="Stays", by=by),
            )  # fmt: skip
        if done:
            self.end_change(deal, ChangeState.VOID)

    def execute(self, index: int, role: Role, buyer: int) -> None:
        """T14–T18, by the second specialist, or the supervisor who had no hand in it; seldom tried by who asked."""
        deal = self.deal(index, lambda deal: bool(deal.change) and deal.change.state == ChangeState.APPROVED)
        if deal is None or deal.change is None:
            return
        change, signed = deal.change, deal.stage == Stage.CONTRACT
        person = self.office.second if role == Role.SPECIALIST and index % 6 else self.office.people[role]
        same = person == self.office.people[change.by] or role in change.decided
        approved = change.state == ChangeState.APPROVED
        fresh = change.touched == deal.touched
        against = rules(wrong_state=not approved, four_eyes=approved and same and role in DESK)
        if approved and fresh and change.target:
            against |= self.against_target(self.model[change.target])
        move = AS_MOVE[change.kind][signed]
        done = self.step(
            move, DESK, role, against, lambda by: changes.execute(op_id=uuid.uuid4(), code=change.code, by=person)
        )
        if not done:
            return
        assert done.state == (ChangeState.EXECUTED if fresh else ChangeState.VOID)
        if not fresh:
            self.end_change(deal, ChangeState.VOID)
            return
        change.state = ChangeState.EXECUTED
        unit = self.model[deal.unit]
        unit.lock = ""
        if change.kind == ChangeKind.METHOD:
            unit.move(unit.status)
            deal.method = PaymentMethod.INSTALMENT if deal.method == PaymentMethod.FULL else PaymentMethod.FULL
            (deal.contract if signed else deal).amended = True
            deal.touched += 1
            return
        unit.move(Status.AVAILABLE if change.open_ else Status.WITHHELD)
        if change.kind == ChangeKind.EXCHANGE:
            self.come(deal, signed)
        else:
            deal.close(change.kind)
            if signed:
                unit.lock = Lock.REFUND.value
                self.to_confirm[deal.unit] = change.code

    def come(self, deal: Deal, signed: bool) -> None:
        """The deal goes on with the other unit, in the same stage and with a number of its own."""
        deal.unit = deal.change.target
        unit = self.model[deal.unit]
        unit.settle(self.now)
        unit.move(Status.CONTRACTED if signed else Status.SUBSCRIBED)
        unit.buyer = deal.buyer
        if signed:
            row = Contract.every.select_related("claim").get(previous__code=deal.contract.code)
            deal.contract = Paper(row.code, ContractState.SIGNED, self.today, exchanged=True)
            self.numbers[NumberKind.CONTRACT, NumberState.GIVEN] += 1
        else:
            row = Subscription.every.select_related("claim").get(previous__code=deal.code)
            deal.code, deal.day, deal.exchanged, deal.before = row.code, self.today, True, ()
            deal.warned = deal.ended = deal.amended = False
            self.numbers[NumberKind.SUBSCRIPTION, NumberState.GIVEN] += 1
        unit.number = row.claim.number

    def confirm(self, index: int, role: Role, buyer: int) -> None:
        """After T17 the price is confirmed, and only then the unit may be put on sale."""
        deal = self.deal(index, self.unconfirmed)
        if deal is None or deal.change is None:
            return
        if self.step(
            "price", BOSS, role, rules(no_lock=not self.unconfirmed(deal)),
            lambda by: changes.confirm_price(op_id=uuid.uuid4(), code=deal.change.code, by=by),
        ):  # fmt: skip
            self.model[deal.unit].lock = ""
            del self.to_confirm[deal.unit]

    def unconfirmed(self, deal: Deal) -> bool:
        return deal.change is not None and self.to_confirm.get(deal.unit) == deal.change.code

    # ---------------------------------------------------------------- what always holds
    @invariant()
    def deals_say_the_same(self) -> None:
        papers = [deal.contract for deal in self.deals if deal.contract]
        asked = [deal.change for deal in self.deals if deal.change]
        found = Subscription.every.filter(code__in=[deal.code for deal in self.deals])
        assert set(found.values_list("code", "state", "kind", "signed_on")) == {
            (deal.code, deal.state, SubscriptionKind.SMALL if deal.small else SubscriptionKind.FULL, deal.day)
            for deal in self.deals
        }
        found = Contract.every.filter(code__in=[paper.code for paper in papers]).values_list("code", "state")
        assert set(found) == {(paper.code, paper.state) for paper in papers}
        found = Change.every.filter(code__in=[change.code for change in asked]).values_list("code", "state")
        assert set(found) == {(change.code, change.state) for change in asked}
        given = Counter(IssuedNumber.objects.order_by().values_list("kind", "state"))
        assert given == +self.numbers

    def claims(self) -> list[tuple]:
        bound = [(deal.unit, deal.stage, deal.buyer) for deal in self.deals if deal.stage]
        return super().claims() + [
            (pk, self.model[pk].number, stage, self.office.buyers[buyer][0].pk) for pk, stage, buyer in bound
        ]

    # ---------------------------------------------------------------- how a step is tried
    def deal(self, index: int, fit) -> Deal | None:
        """The deal that was chosen; else, five times in six, one for which the step is right, if there is one."""
        if self.chosen is not None:
            return self.chosen
        right = [deal for deal in self.deals if fit(deal)]
        rows = right if right and index % 6 else self.deals
        return rows[index % len(rows)] if rows else None

    def step(self, move: str, may: set[Role], role: Role, against: set[str], act, hidden: set[str] = HIDDEN):
        """Try it as somebody of this role: done if the role may and nothing stands against it, else refused by one of the rules."""
        denied = set() if role in may else hidden
        named: list[str] = []
        result = self.tried(not denied and not against, lambda: act(self.office.people[role]), named.append)
        if result is None:
            assert named[0] in denied | against, f"{move}: refused as {named[0]}, expected {denied | against}"
        self.seen[move, role, "done" if result else "refused by state" if against else "refused by role"] += 1
        self.named.update(named)
        return result

    def make_void(self, kind: NumberKind) -> None:
        self.numbers[kind, NumberState.GIVEN] -= 1
        self.numbers[kind, NumberState.VOID] += 1
