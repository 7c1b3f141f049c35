"""The one table of changes (domain B9): which may be asked for when, who decides, what lies on the unit meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Change, Contract, Subscription
from contracts.queries.settling import needs_management
from contracts.states import DELIVERED, FORFEITED, ChangeKind, Stage
from inventory.models import Unit
from inventory.states import TRADE_TABLE, Lock
from salescontrol.core import clock
from salescontrol.core.permissions import Role

Subject = Subscription | Contract
Condition = Callable[[Subject], str]


@dataclass(frozen=True)
class Rule:
    """One kind of change: the stages of a sale in which it is possible, its further condition (the sentence with which it is
    refused, or none) and that in words, who decides in this order, the lock, whether money goes back and the unit too.

    `form`: the buyer signs an application form first. `drafted`: possible also while a contract is drawn up, which does not say it.
    """

    stages: frozenset[str]
    levels: tuple[Role, ...]
    lock: Lock
    when: Any
    condition: Condition = lambda subject: ""
    money: bool = False
    releases: bool = False
    price: bool = False
    form: bool = True
    drafted: bool = False


def _past_deadline(subject: Subject) -> str:
    """挞定: past the deadline and the notice of termination sent."""
    if not isinstance(subject, Subscription) or subject.due_on is None:
        return _("There is no deadline that could have passed.")
    if clock.today(subject.project.zone) <= subject.due_on:
        return _("The deadline to sign, %(day)s, has not passed. Ask for a refund instead.") % {"day": subject.due_on}
    if subject.ended_on is None:
        return _("The notice of termination is not on record. The desk records it on the subscription first.")
    return ""


def _not_filed(subject: Subject) -> str:
    """更名: after filing refused."""
    if isinstance(subject, Contract) and (subject.filed_on or subject.filing_no):
        return _("The contract is filed, so it cannot pass to another buyer. A refund and a new sale is the way.")
    return ""


def _still_free(subject: Subject) -> str:
    """挞定激活: only while nobody else has the unit."""
    unit = Unit.every.get(pk=subject.unit_id)
    if unit.status not in TRADE_TABLE["trade.revive"].sources:
        return _(
            "%(unit)s is %(status)s by now, so the sale cannot be revived. Choose another unit and subscribe it anew; the deposit "
            "stays forfeited unless the management agrees to count it there."
        ) % {"unit": unit.number, "status": unit.get_status_display()}
    return ""


_SOLD = frozenset({Stage.SUBSCRIPTION, Stage.CONTRACT})
_BEFORE = frozenset({Stage.SUBSCRIPTION})
_AFTER = frozenset({Stage.CONTRACT})
_LIVE = frozenset({Stage.SMALL_DEPOSIT, Stage.SUBSCRIPTION, Stage.CONTRACT, DELIVERED})

KINDS: dict[ChangeKind, Rule] = {
    ChangeKind.REFUND: Rule(
        _SOLD, (Role.FINANCE, Role.MANAGEMENT), Lock.REFUND, gettext_lazy("by clause or agreement"), money=True,
        releases=True,
    ),
    ChangeKind.FORFEIT: Rule(
        _BEFORE, (Role.MANAGEMENT,), Lock.REFUND,
        gettext_lazy("after the deadline to sign, when the notice of termination was sent"), _past_deadline, money=True,
        releases=True,
    ),
    ChangeKind.EXCHANGE: Rule(
        _SOLD, (Role.FINANCE, Role.SUPERVISOR), Lock.EXCHANGE, gettext_lazy("for a unit that is free at the execution"),
        money=True, releases=True,
    ),
    ChangeKind.TRANSFER: Rule(
        _SOLD, (Role.MANAGEMENT,), Lock.CHANGE, gettext_lazy("by way of exception, before the contract is filed"),
        _not_filed, money=True,
    ),
    ChangeKind.BUYERS: Rule(
        _BEFORE, (Role.SUPERVISOR,), Lock.CHANGE, gettext_lazy("before the contract, when one buyer at least stays")
    ),
    ChangeKind.METHOD: Rule(
        _SOLD, (Role.FINANCE, Role.SUPERVISOR), Lock.CHANGE, gettext_lazy("before the loan is released")
    ),
    ChangeKind.PRICE: Rule(
        _BEFORE, (Role.FINANCE, Role.SUPERVISOR), Lock.CHANGE,
        gettext_lazy("before the contract; the management decides too when it goes below what the others may decide"),
        price=True,
    ),
    ChangeKind.AMOUNT: Rule(
        _AFTER, (Role.FINANCE, Role.SUPERVISOR), Lock.CHANGE,
        gettext_lazy("after the contract; the management decides too when it goes below what the others may decide"),
        price=True,
    ),
    ChangeKind.AREA: Rule(
        _AFTER, (Role.FINANCE, Role.SUPERVISOR), Lock.CHANGE, gettext_lazy("when the area was surveyed"), form=False
    ),
    ChangeKind.IDENTITY: Rule(
        _LIVE, (Role.SUPERVISOR,), Lock.CHANGE,
        gettext_lazy("while the sale is under way: name, kind and papers of a buyer, and who acts for them"), drafted=True,
    ),
    ChangeKind.REVIVE: Rule(
        frozenset({FORFEITED}), (Role.MANAGEMENT,), Lock.CHANGE,
        gettext_lazy("after the deposit was forfeited, while the unit is free"), _still_free,
    ),
}  # fmt: skip


def refusal(kind: ChangeKind, stage: str, subject: Subject | None) -> str:
    """Why this kind of change is not possible now; empty when it is."""
    rule = KINDS[kind]
    if subject is None or stage not in rule.stages:
        return _("“%(kind)s” is possible %(when)s only.") % {"kind": kind.label, "when": rule.when}
    return rule.condition(subject)


def levels(change: Change, unit: Unit) -> list[str]:
    """The roles that decide this change, in their order; the management too for what is beyond supervisor and finance, and for the
    correction of an identity that could be a transfer."""
    rule = KINDS[ChangeKind(change.kind)]
    found = list(rule.levels)
    if rule.price:
        old, new = change.subject.total, new_total(change)
        if needs_management(old=old, new=new, floor=unit.floor_total) and Role.MANAGEMENT not in found:
            found.append(Role.MANAGEMENT)
    if change.kind == ChangeKind.IDENTITY and another_person(change.content["correction"]):
        found.append(Role.MANAGEMENT)
    return [role.value for role in found]


def another_person(correction: dict[str, Any]) -> bool:
    """Whether a correction leaves too little of who the buyer was: with another name and another number (or kind) it could pass the
    sale on 更名 under another word, so that whoever decides transfers decides it too."""
    return bool(correction["name"] and (correction["number"] or correction["kind"]))


def new_total(change: Change) -> Decimal:
    """The price after a change of price or of contract amounts."""
    names = ("main", "decoration", "supplement") if change.kind == ChangeKind.AMOUNT else ("total",)
    return sum((Decimal(change.content[name]) for name in names), Decimal(0))
