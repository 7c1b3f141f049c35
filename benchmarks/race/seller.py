"""A client of the whole trade: what its people do next with a unit follows from where the unit stands when they look.

Between the look and the act others act too: that is the race. A part of what is asked goes as a form to the real web process, the
rest to the services in this process, which may itself be killed at any statement.
"""

import random
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from benchmarks.race.client import Client
from benchmarks.race.office import Desk
from contracts.models import Change, Claim, Contract, Document, Quotation, Subscription
from contracts.services import changes, contracts, documents, milestones, quotations, subscription_ends, subscriptions
from contracts.services.change_content import Entry, Money
from contracts.services.quoting import Terms as QuotationTerms
from contracts.services.trades import Purchaser
from contracts.states import (
    CHANGE_OPEN,
    ChangeCause,
    ChangeKind,
    ChangeState,
    CloseReason,
    Content,
    ContractState,
    Moment,
    PaymentMethod,
    QuotationState,
    Release,
    SubscriptionKind,
    SubscriptionState,
)
from inventory.models import Unit
from inventory.states import Lock, Status
from salescontrol.core import approvals, clock
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Role

# How often each is done, out of 100; `step` is the next step of whatever sale stands on a unit.
MIX = {"step": 80, "hold": 3, "withhold": 1, "offer": 1, "again": 10, "sweep": 1, "read": 4}
HOT = 6  # So many units are looked at by everybody, and exchanged for.
DEPOSIT, FIRST, PAID = "50000", "100000", Decimal(50000)
TRIES = 20

# Where the form of an act stands below the project's sales; acts that are not named here are done in this process only.
PATHS = {
    "subscription.activate": "subscriptions/{on}/activate/",
    "subscription.top_up": "subscriptions/{on}/top-up/",
    "subscription.lapse": "subscriptions/{on}/lapse/",
    "subscription.void": "subscriptions/{on}/void/",
    "subscription.discard": "subscriptions/{on}/discard/",
    "document.receive": "subscriptions/{on}/papers/{document}/",
    "contract.make": "subscriptions/{on}/contract/",
    "contract.sign": "contracts/{on}/sign/",
    "contract.discard": "contracts/{on}/discard/",
    "contract.void": "contracts/{on}/void/",
    "change.submit": "changes/{on}/submit/",
    "change.withdraw": "changes/{on}/withdraw/",
    "change.void": "changes/{on}/void/",
    "change.execute": "changes/{on}/execute/",
    "change.confirm_price": "changes/{on}/confirm/",
}
# Acts that move the unit: each leaves exactly one event on every unit that it names.
MOVING = {
    "subscription.activate", "subscription.top_up", "subscription.lapse", "subscription.void", "contract.sign",
    "contract.void", "change.execute",
}  # fmt: skip


class Seller(Client):
    mix = MIX

    def __init__(self, *args, port: int = 0, cookies: dict[int, str] | None = None) -> None:
        super().__init__(*args)
        self.desks = {user: Desk(port, cookie) for user, cookie in (cookies or {}).items()}
        self.at = 0

    def run(self, deadline: float) -> None:
        """To the end, and then whatever was left without an answer once more: a client waits for it."""
        super().run(deadline)
        for _try in range(TRIES):
            if not self.lost:
                return
            self._call(self.lost.pop())

    # ---------------------------------------------------------------- what is asked next
    def _unit(self) -> int:
        """Mostly the unit of the last time, so that sales come far; else often one of those that everybody wants."""
        if not self.at or random.random() < 0.15:
            self.at = random.choice(self.world.units[:HOT] if random.random() < 0.3 else self.world.units)
        return self.at

    def _step(self) -> dict:
        for _try in range(TRIES):
            unit = Unit.every.get(pk=self._unit())
            change = Change.every.filter(unit=unit, state__in=CHANGE_OPEN).order_by("pk").first()
            next_step = self._on_change(change) if change else getattr(self, f"_on_{unit.status.lower()}")(unit)
            if next_step is not None:
                return next_step
            self.at = 0
        return self._read()

    def _on_available(self, unit: Unit) -> dict | None:
        draft = self._draft_on(unit)
        if draft and random.random() < 0.9:
            return self._on_draft(draft)
        if random.random() < 0.3:
            return self._hold_of(unit)
        if random.random() < 0.2:
            return self._quote(unit)
        return self._draw_up(unit)

    def _on_held(self, unit: Unit) -> dict | None:
        claim = Claim.every.filter(unit=unit, released_at__isnull=True).first()
        if claim is None or random.random() < 0.1:
            return self._hold_of(unit)
        if random.random() < 0.1:
            self.known[unit.pk] = claim.number
            return self._claiming("release", unit.pk, random.choice(self.world.specialists), claim=claim.number)
        draft = self._draft_on(unit)
        return self._on_draft(draft) if draft and random.random() < 0.8 else self._draw_up(unit, claim.customer_id)

    def _on_small_deposit(self, unit: Unit) -> dict | None:
        row = self._active_on(unit)
        if row is None:
            return None
        chance = random.random()
        if chance < 0.55:
            rest = {"receipt": "R-2", "received": str(row.deposit - row.paid), "letter_back": "on"}
            return self._on("subscription.top_up", row.code, unit=unit, form=rest)
        if chance < 0.85:
            outcome = random.choice((CloseReason.REFUND, CloseReason.REFUND, CloseReason.FORFEIT))
            target = random.choice(("available", "withheld"))
            form = {"outcome": outcome.value, "target": target, "reason": "Changed their mind"}
            return self._on("subscription.lapse", row.code, unit=unit, form=form, by=self._supervisor())
        return self._void_subscription(row, unit)

    def _on_subscribed(self, unit: Unit) -> dict | None:
        row = self._active_on(unit)
        if row is None:
            return None
        contract = Contract.every.filter(claim=row.claim_id, state=ContractState.DRAFT).first()
        if contract and random.random() < 0.95:
            return self._on_contract_draft(contract)
        chance = random.random()
        if chance < 0.45:
            return self._on("contract.make", row.code)
        return self._request(unit, row) if chance < 0.88 else self._void_subscription(row, unit)

    def _on_contracted(self, unit: Unit) -> dict | None:
        row = Contract.every.filter(unit=unit, state=ContractState.SIGNED).select_related("trade").first()
        chance = random.random()
        if row is None or chance < 0.3:
            return None
        if chance < 0.85:
            return self._request(unit, row)
        return self._on("contract.void", row.code, unit=unit, form={"reason": "Typed wrongly"}, by=self._supervisor())

    def _on_withheld(self, unit: Unit) -> dict | None:
        if Lock.REFUND in unit.lock_codes:
            given_back = Change.every.filter(unit=unit, state=ChangeState.EXECUTED).order_by("-executed_at").first()
            return given_back and self._on("change.confirm_price", given_back.code, by=self._supervisor())
        return {"kind": "offer", "units": [unit.pk], "by": self._supervisor(), "token": uuid.uuid4().hex}

    def _on_draft(self, row: Subscription) -> dict:
        if random.random() < 0.04:
            return self._on("subscription.discard", row.code, form={"reason": "Does not want it"})
        line = self._missing(row, Moment.SUBSCRIBE)
        if line is not None:
            return self._receive(row, line)
        received = "20000" if row.kind == SubscriptionKind.SMALL else str(row.deposit)
        form = {"receipt": f"R-{random.randint(1, 10**6)}", "received": received}
        return self._on("subscription.activate", row.code, unit=row.unit, form=form)

    def _on_contract_draft(self, row: Contract) -> dict:
        if random.random() < 0.05:
            return self._on("contract.discard", row.code, form={"reason": "Drawn up wrongly"})
        if not row.pages:
            return self._on("contract.edit", row.code, version=row.version, total=str(row.total))
        assert row.subscription is not None
        line = self._missing(row.subscription, Moment.SIGN)
        if line is not None:
            return self._receive(row.subscription, line)
        today = clock.today(self.project.zone).isoformat()
        form = {"version": str(row.version), "signed_on": today, "receipt": "R-3", "amount": FIRST}
        return self._on("contract.sign", row.code, unit=row.unit, form=form)

    def _on_change(self, change: Change) -> dict:
        chance, units = random.random(), [pk for pk in (change.unit_id, change.target_id) if pk]
        void = {"form": {"reason": "Not wanted any more"}, "by": self._supervisor()}
        if change.state == ChangeState.DRAFT:
            return (
                self._on("change.submit", change.code) if chance < 0.9 else self._on("change.void", change.code, **void)
            )
        if change.state == ChangeState.APPROVED:
            if chance < 0.1:
                return self._on("change.void", change.code, **void)
            others = [user for user in self.world.specialists if user != change.requested_by_id]
            return self._on("change.execute", change.code, units=units, by=random.choice(others))
        if chance < 0.06:
            return self._on("change.withdraw", change.code, by=change.requested_by_id)
        return self._decide(change, choose=chance < 0.15 and change.subscription_id is not None)

    def _decide(self, change: Change, *, choose: bool) -> dict:
        approval = Approval.objects.get(pk=change.approval_id)
        stage = approval.stages.filter(number=approval.stage_no, decision__isnull=True).first()
        people = {
            Role.FINANCE: self.world.finance, Role.MANAGEMENT: self.world.managers, Role.SUPERVISOR: self.world.supervisors,
        }  # fmt: skip
        by = random.choice(people[Role(stage.role)] if stage else self.world.supervisors)
        if choose:
            return self._on("change.release", change.code, by=by, form={"release": random.choice(Release.values)})
        return {
            "kind": "decide", "units": [], "approval": approval.pk, "on": change.code, "by": by,
            "agree": random.random() < 0.9, "token": uuid.uuid4().hex,
        }  # fmt: skip

    def _hold_of(self, unit: Unit) -> dict:
        customer, seller = random.choice(self.world.customers), random.choice(self.world.salespeople)
        by = random.choice(self.world.specialists + self.world.supervisors)
        return self._claiming("hold", unit.pk, by, customer=customer, seller=seller)

    def _quote(self, unit: Unit) -> dict:
        customer, seller = random.choice(self.world.customers), random.choice(self.world.salespeople)
        return self._on("quotation.make", unit.pk, by=self._supervisor(), customer=customer, seller=seller)

    def _draw_up(self, unit: Unit, customer: int | None = None) -> dict:
        """Small or full, for one buyer or two in any order, by a quotation if there is one."""
        ready = Quotation.every.filter(unit=unit, state=QuotationState.READY).order_by("?").first()
        buyers = random.sample(self.world.customers, random.choice((1, 1, 2)))
        if customer is not None:
            buyers = [customer, *(other for other in buyers[1:] if other != customer)]
            random.shuffle(buyers)
        shares = ["100"] if len(buyers) == 1 else ["60", "40"]
        kind = random.choice((SubscriptionKind.SMALL, SubscriptionKind.FULL)).value
        quotation = ready.pk if ready and random.random() < 0.7 else None
        return self._on(
            "subscription.draw_up", unit.pk, buyers=list(zip(buyers, shares, strict=True)), of=kind, quotation=quotation,
            seller=random.choice(self.world.salespeople),
        )  # fmt: skip

    def _request(self, unit: Unit, row: Subscription | Contract) -> dict:
        """A refund, a way of paying, a forfeit; most of all an exchange, often for a unit that others want too, or that is sold."""
        kind = random.choice(
            [ChangeKind.EXCHANGE] * 5 + [ChangeKind.REFUND] * 2 + [ChangeKind.METHOD, ChangeKind.FORFEIT]
        )
        target = self._target(unit.pk) if kind == ChangeKind.EXCHANGE else None
        return self._on(
            "change.draft", row.trade.number, of=kind.value, target=target, method=row.method,
            release=Release.WITHHELD.value,
        )  # fmt: skip

    def _target(self, unit: int) -> int:
        free = Unit.every.filter(status=Status.AVAILABLE, locks="").exclude(pk=unit).values_list("pk", flat=True)
        wanted = list(free.filter(pk__in=self.world.units[:HOT])) or list(free[:HOT])
        if wanted and random.random() < 0.85:
            return random.choice(wanted)
        return random.choice([pk for pk in self.world.units[: 2 * HOT] if pk != unit])

    def _void_subscription(self, row: Subscription, unit: Unit) -> dict:
        form = {"reason": "Typed wrongly"}
        return self._on("subscription.void", row.code, unit=unit, form=form, by=self._supervisor())

    def _receive(self, row: Subscription, line: Document) -> dict:
        form = {"copies": str(line.copies_needed), "original_seen": "on"}
        return self._on("document.receive", row.code, document=line.pk, form=form)

    def _supervisor(self) -> int:
        return random.choice(self.world.supervisors)

    def _on(
        self, kind: str, on: Any, *, by: int = 0, unit: Unit | None = None, units: list[int] | None = None, **what: Any
    ) -> dict:
        """An act on the row of that code under an operation id, by a form or in this process: sent again, it goes the same way."""
        assert (kind in MOVING) == bool(unit or units)
        web = kind in PATHS and bool(self.desks) and random.random() < self.plan.web_share
        return {
            "kind": kind, "units": units or ([unit.pk] if unit else []), "on": on, "op_id": str(uuid.uuid4()),
            "by": by or random.choice(self.world.specialists), "web": web, **what,
        }  # fmt: skip

    def _draft_on(self, unit: Unit) -> Subscription | None:
        rows = Subscription.every.filter(unit=unit, state=SubscriptionState.DRAFT).select_related("unit", "trade")
        return rows.order_by("-pk").first()

    def _active_on(self, unit: Unit) -> Subscription | None:
        return Subscription.every.filter(unit=unit, state=SubscriptionState.ACTIVE).select_related("trade").first()

    def _missing(self, row: Subscription, moment: Moment) -> Document | None:
        lines = Document.every.filter(trade=row.trade_id, moment=moment)
        missing = Q(copies__lt=F("copies_needed")) | Q(original_needed=True, original_seen=False)
        return lines.filter(missing).order_by("?").first()

    # ---------------------------------------------------------------- how it is done
    def _do(self, what: dict) -> dict:
        if what.get("web"):
            return self._send(what)
        if "on" not in what:
            return super()._do(what)
        code, result = getattr(self, f"_do_{what['kind'].replace('.', '_')}")(what), {}
        if isinstance(code, tuple):
            code, result = code
        return {"ref": code, **result}

    def _send(self, what: dict) -> dict:
        path = f"/p/{self.project.code}/sales/{PATHS[what['kind']]}".format(**what)
        return self.desks[what["by"]].send(path, {**what.get("form", {}), "op_id": what["op_id"]})

    def _given(self, what: dict) -> dict:
        return {"op_id": uuid.UUID(what["op_id"]), "by": self.users[what["by"]]}

    def _do_quotation_make(self, what: dict) -> str:
        terms = QuotationTerms(
            customer=self.customers[what["customer"]], salesperson=self.users[what["seller"]], method=PaymentMethod.FULL,
            valid_until=clock.today(self.project.zone) + timedelta(days=3),
        )  # fmt: skip
        return quotations.make_quotation(unit_id=what["on"], terms=terms, **self._given(what)).number

    def _do_subscription_draw_up(self, what: dict) -> str:
        terms = subscriptions.Terms(
            buyers=[Purchaser(self.customers[pk], Decimal(share)) for pk, share in what["buyers"]],
            salesperson=self.users[what["seller"]], kind=SubscriptionKind(what["of"]), method=PaymentMethod.FULL,
            deposit=Decimal(DEPOSIT),
            quotation=Quotation.every.get(pk=what["quotation"]) if what["quotation"] else None,
        )  # fmt: skip
        return subscriptions.draw_up(unit_id=what["on"], terms=terms, **self._given(what)).code

    def _do_subscription_activate(self, what: dict) -> str:
        form = what["form"]
        entered = {"receipt": form["receipt"], "received": Decimal(form["received"])}
        return subscriptions.activate(code=what["on"], **entered, **self._given(what)).code

    def _do_subscription_top_up(self, what: dict) -> str:
        form = what["form"]
        entered = {"receipt": form["receipt"], "received": Decimal(form["received"]), "letter_back": True}
        return subscription_ends.top_up(code=what["on"], **entered, **self._given(what)).code

    def _do_subscription_lapse(self, what: dict) -> str:
        form = what["form"]
        entered = {"outcome": CloseReason(form["outcome"]), "release": form["target"] == "available"}
        return subscription_ends.lapse(code=what["on"], reason=form["reason"], **entered, **self._given(what)).code

    def _do_subscription_void(self, what: dict) -> str:
        return subscription_ends.void(code=what["on"], **what["form"], **self._given(what)).code

    def _do_subscription_discard(self, what: dict) -> str:
        return subscriptions.discard(code=what["on"], **what["form"], **self._given(what)).code

    def _do_document_receive(self, what: dict) -> str:
        copies = int(what["form"]["copies"])
        line = documents.receive(
            code=what["on"], document_id=what["document"], copies=copies, original_seen=True, **self._given(what)
        )
        return str(line.pk)

    def _do_contract_make(self, what: dict) -> str:
        return contracts.make_contract(subscription=what["on"], **self._given(what)).code

    def _do_contract_edit(self, what: dict) -> str:
        draft = contracts.Draft(
            main_amount=Decimal(what["total"]), decoration_amount=Decimal(0), supplement_amount=Decimal(0),
            vat_rate=Decimal(9), pages=24, contents=tuple(Content.values),
        )  # fmt: skip
        return contracts.edit_draft(code=what["on"], version=what["version"], draft=draft, **self._given(what)).code

    def _do_contract_sign(self, what: dict) -> str:
        form = what["form"]
        signing = contracts.Signing(date.fromisoformat(form["signed_on"]), form["receipt"], Decimal(form["amount"]))
        given = {"version": int(form["version"]), "signing": signing, **self._given(what)}
        return contracts.sign(code=what["on"], **given).code

    def _do_contract_discard(self, what: dict) -> str:
        return contracts.discard_draft(code=what["on"], **what["form"], **self._given(what)).code

    def _do_contract_void(self, what: dict) -> str:
        return milestones.void_signing(code=what["on"], **what["form"], **self._given(what)).code

    def _do_change_draft(self, what: dict) -> str:
        kind, method = ChangeKind(what["of"]), ""
        if kind == ChangeKind.METHOD:
            other = {PaymentMethod.FULL: PaymentMethod.INSTALMENT}
            method = other.get(PaymentMethod(what["method"]), PaymentMethod.FULL).value
        entry = Entry(
            kind=kind, cause=ChangeCause.PERSONAL, reason="Moves abroad", form_signed=True, target_id=what["target"],
            method=method, release=Release(what["release"]),
        )  # fmt: skip
        if kind == ChangeKind.REFUND:
            entry = replace(entry, money=Money(paid=PAID, refundable=PAID, fee=Decimal(2000), refund=Decimal(48000)))
        return changes.request_change(trade=what["on"], entry=entry, **self._given(what)).code

    def _do_change_submit(self, what: dict) -> str:
        return changes.submit(code=what["on"], **self._given(what)).code

    def _do_change_withdraw(self, what: dict) -> str:
        return changes.withdraw(code=what["on"], **self._given(what)).code

    def _do_change_void(self, what: dict) -> str:
        return changes.void(code=what["on"], **what["form"], **self._given(what)).code

    def _do_change_release(self, what: dict) -> str:
        return changes.choose_release(
            code=what["on"], release=Release(what["form"]["release"]), **self._given(what)
        ).code

    def _do_change_execute(self, what: dict) -> str:
        return changes.execute(code=what["on"], **self._given(what)).code

    def _do_change_confirm_price(self, what: dict) -> str:
        return changes.confirm_price(code=what["on"], **self._given(what)).code

    def _do_decide(self, what: dict) -> tuple[str, dict]:
        comment = "" if what["agree"] else "Not now"
        done = approvals.decide(
            approval_id=what["approval"], by=self.users[what["by"]], agree=what["agree"], comment=comment
        )
        return what["on"], {"state": done.state}
