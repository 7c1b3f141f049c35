"""Sales of the demonstration, one at every stage from a quotation to the handover, with their changes and a paper; all through the
services, on the day on which each was done."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from contracts.models import Change, Contract, Document, Quotation, Subscription
from contracts.services import (
    change_content,
    changes,
    contracts,
    deadlines,
    documents,
    milestones,
    papers,
    quotations,
    quoting,
    subscriptions,
    trades,
)
from contracts.states import (
    ChangeCause,
    ChangeKind,
    Content,
    MilestoneKind,
    Moment,
    PaperKind,
    PaymentMethod,
    SubscriptionKind,
)
from enquiries.models import Customer
from enquiries.services import customers, numbers
from enquiries.states import PaperKind as IdKind
from inventory.models import Project, Unit
from inventory.states import Status
from salescontrol.core import approvals, clock
from salescontrol.demo.customers import BLOCK
from salescontrol.demo.past import hours_ago
from security.models import User

# The name of a buyer and the number of their paper, of an area that no authority has: it belongs to nobody.
BUYERS = (
    ("Jiang Wen 蒋雯", "990000198804120012"), ("Shao Bo 邵波", "990000198503210022"), ("Tian Mi 田蜜", "990000199107150034"),
    ("Cui Hao 崔浩", "990000197911230044"), ("Pan Yue 潘月", "990000199302280053"), ("Yao Jun 姚军", "990000198206190061"),
    ("Fu Lan 傅兰", "990000199509090070"), ("Dai Ning 戴宁", "990000198710010082"), ("Xia Qi 夏琪", "990000199001170096"),
    ("Fang Xin 方欣", "990000198404050107"), ("Qiu Shan 邱珊", "990000199206260116"), ("Ren Jie 任杰", "990000197805120124"),
    ("Gu Xiao 顾晓", "990000198911110135"),
)  # fmt: skip
DEPOSIT, SMALL, LOAN = Decimal(50_000), Decimal(20_000), Decimal(1_500_000)


def make(projects: dict[str, Project], people: dict[str, User]) -> int:
    """Sell as the office would have in the last weeks, the oldest sale first; returns how many buyers there are."""
    office = Office(projects["RSC"], people)
    office.hand_over(days=44)
    office.file(office.sign(days=31, method=PaymentMethod.MORTGAGE), days=20)
    office.sign(days=24, method=PaymentMethod.MORTGAGE)
    office.sign(days=5)
    overdue = office.subscribe(days=12)
    office.remind(overdue, days=3)
    office.exchange(office.subscribe(days=6), days=4)
    office.refund(office.subscribe(days=5), days=1)
    office.draw_up_contract(office.subscribe(days=3), days=2)
    office.subscribe(days=2)
    office.draw_up(days=1, complete=False)
    office.subscribe(days=1, kind=SubscriptionKind.SMALL)
    office.quote(days=0.2, special=Decimal(2))
    return office.sold + 1


class Office:
    """Who sells what to whom in one project; every act is done so many days ago."""

    def __init__(self, project: Project, people: dict[str, User]) -> None:
        self.project, self.people = project, people
        self.desk, self.second, self.supervisor = people["C001"], people["C002"], people["S001"]
        self.units = {number: self._units(people[number]) for number in ("A001", "A002")}
        self.sold = 0

    def _units(self, seller: User) -> Iterator[Unit]:
        """Homes of the seller's in the tower that has been on sale for longest, on which nothing lies and for which nobody asks."""
        found = Unit.every.filter(salesperson=seller, building__project=self.project, building__name="3#")
        free = found.filter(status=Status.AVAILABLE, locks="", hold_requests__isnull=True)
        return iter(free.exclude(floor=16).order_by("-floor", "stack"))

    def _next(self) -> tuple[Unit, Customer, User]:
        """The salespeople in turn, each with a unit and a buyer who has just been entered."""
        number = ("A001", "A002")[self.sold % 2]
        (name, paper), seller = BUYERS[self.sold], self.people[number]
        buyer = customers.enter_customer(
            op_id=uuid.uuid4(), project=self.project, name=name, phone=str(BLOCK + 100 + self.sold), owner=seller,
            note="Buys for the family 自住", by=seller,
        )  # fmt: skip
        numbers.add_paper(customer=buyer, kind=IdKind.RESIDENT, number=paper, by=seller)
        self.sold += 1
        return next(self.units[number]), buyer, seller

    def quote(self, *, days: float, special: Decimal) -> Quotation:
        """A special discount, for which consent is asked."""
        with hours_ago(24 * days):
            unit, buyer, seller = self._next()
            terms = quoting.Terms(
                salesperson=seller, method=PaymentMethod.MORTGAGE, valid_until=self._day(5), customer=buyer,
                special_percent=special, loan=LOAN, loan_years=30, loan_rate=Decimal("3.5"),
                reason="Buys a second home here 再购优惠",
            )  # fmt: skip
            row = quotations.make_quotation(op_id=uuid.uuid4(), unit_id=unit.pk, terms=terms, by=seller)
            return quotations.ask_consent(op_id=uuid.uuid4(), number=row.number, reason=terms.reason, by=seller)

    def draw_up(
        self, *, days: float, complete: bool = True, kind: SubscriptionKind = SubscriptionKind.FULL,
        method: PaymentMethod = PaymentMethod.FULL,
    ) -> Subscription:  # fmt: skip
        """The draft of a subscription; unless `complete`, its papers are still missing."""
        with hours_ago(24 * days):
            unit, buyer, seller = self._next()
            terms = subscriptions.Terms(
                buyers=(trades.Purchaser(buyer),), salesperson=seller, kind=kind, method=method, deposit=DEPOSIT
            )
            row = subscriptions.draw_up(op_id=uuid.uuid4(), unit_id=unit.pk, terms=terms, by=self.desk)
            if complete:
                self._tick_off(row, Moment.SUBSCRIBE)
        return row

    def subscribe(self, *, days: float, kind: SubscriptionKind = SubscriptionKind.FULL, **terms) -> Subscription:
        row = self.draw_up(days=days, kind=kind, **terms)
        with hours_ago(24 * days - 0.5):
            return subscriptions.activate(
                op_id=uuid.uuid4(), code=row.code, receipt=f"SJ{self.sold:05d}", by=self.desk,
                received=SMALL if kind == SubscriptionKind.SMALL else DEPOSIT,
            )  # fmt: skip

    def _tick_off(self, row: Subscription, moment: Moment) -> None:
        for line in Document.every.filter(trade=row.trade, moment=moment):
            documents.receive(
                op_id=uuid.uuid4(), code=row.code, document_id=line.pk, copies=line.copies_needed, original_seen=True,
                by=self.desk,
            )  # fmt: skip

    def remind(self, row: Subscription, *, days: float) -> None:
        """The deadline to sign has passed: the notice is printed, sent and recorded."""
        with hours_ago(24 * days):
            papers.make(
                op_id=uuid.uuid4(), kind=PaperKind.NOTICE, trade=row.trade.number, by=self.desk,
                entered=papers.Entered(until=self._day(7)),
            )  # fmt: skip
            deadlines.warn(op_id=uuid.uuid4(), code=row.code, on=self._day(0), by=self.desk)

    def draw_up_contract(self, row: Subscription, *, days: float) -> Contract:
        with hours_ago(24 * days):
            made = contracts.make_contract(op_id=uuid.uuid4(), subscription=row.code, by=self.desk)
            lent = made.method == PaymentMethod.MORTGAGE
            draft = contracts.Draft(
                main_amount=made.total, decoration_amount=Decimal(0), supplement_amount=Decimal(0), vat_rate=made.vat_rate,
                draft_no=f"CG-{self.sold:04d}", hand_over_on=self._day(200), pages=46, contents=tuple(Content.values),
                loan_bank="Bank of the River 临江银行" if lent else "", loan_amount=LOAN if lent else None,
            )  # fmt: skip
            return contracts.edit_draft(
                op_id=uuid.uuid4(), code=made.code, version=made.version, draft=draft, by=self.desk
            )

    def sign(self, *, days: float, method: PaymentMethod = PaymentMethod.FULL) -> Contract:
        """Subscribed three days before, then signed with the first payment."""
        row = self.subscribe(days=days + 3, method=method)
        contract = self.draw_up_contract(row, days=days + 0.1)
        with hours_ago(24 * days):
            self._tick_off(row, Moment.SIGN)
            first = (contract.total * Decimal("0.3")).quantize(Decimal(1))
            signing = contracts.Signing(self._day(0), f"SK{self.sold:05d}", first)
            return contracts.sign(
                op_id=uuid.uuid4(), code=contract.code, version=contract.version, signing=signing, by=self.desk
            )

    def file(self, contract: Contract, *, days: float) -> Contract:
        with hours_ago(24 * days):
            return contracts.file_contract(
                op_id=uuid.uuid4(),
                code=contract.code,
                filing_no=f"BA-{self.sold:05d}",
                filed_on=self._day(0),
                by=self.desk,
            )

    def hand_over(self, *, days: float) -> Contract:
        """Signed, filed, paid, and handed over last week, before the day that was agreed."""
        contract = self.file(self.sign(days=days), days=days - 10)
        with hours_ago(24 * 9):
            for kind in (MilestoneKind.ONLINE, MilestoneKind.PAID):
                milestones.record_milestone(
                    op_id=uuid.uuid4(), code=contract.code, kind=kind, actual_on=self._day(0), expected_on=None, note="",
                    by=self.desk,
                )  # fmt: skip
        with hours_ago(24 * 8):
            return milestones.hand_over(
                op_id=uuid.uuid4(), code=contract.code, delivered_on=self._day(0), by=self.supervisor,
                reason="Show flat, sold with its furniture 样板房现状交付",
            )  # fmt: skip

    def exchange(self, row: Subscription, *, days: float) -> Change:
        """To another unit: asked for, approved by finance and supervisor, carried out by a second specialist."""
        with hours_ago(24 * days):
            target = next(self.units["A001"])
            change = self._ask(row, ChangeKind.EXCHANGE, target_id=target.pk)
            for decider in (self.people["F001"], self.supervisor):
                approvals.decide(approval_id=change.approval_id, by=decider, agree=True)
        with hours_ago(24 * days - 2):
            return changes.execute(op_id=uuid.uuid4(), code=change.code, by=self.second)

    def refund(self, row: Subscription, *, days: float) -> Change:
        """Asked for; finance decides first."""
        money = change_content.Money(paid=DEPOSIT, refundable=DEPOSIT, fee=Decimal(2000), refund=DEPOSIT - 2000)
        with hours_ago(24 * days):
            return self._ask(row, ChangeKind.REFUND, money=money)

    def _ask(self, row: Subscription, kind: ChangeKind, **more) -> Change:
        entry = change_content.Entry(
            kind=kind, cause=ChangeCause.FAMILY, reason="Needs another size 家庭原因", form_signed=True, **more
        )
        draft = changes.request_change(op_id=uuid.uuid4(), trade=row.trade.number, entry=entry, by=self.desk)
        return changes.submit(op_id=uuid.uuid4(), code=draft.code, by=self.desk)

    def _day(self, after: int) -> date:
        return clock.today(self.project.zone) + timedelta(days=after)
