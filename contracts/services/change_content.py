"""What is entered with a request for a change, and what each kind must hold (domain B9; abuse 22)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Buyer, Contract, Subscription
from contracts.queries.settling import beyond_tolerance, settle_area
from contracts.services import trades
from contracts.services.change_effects import price_of, require_later
from contracts.services.change_ground import customer_of
from contracts.services.change_identity import Correction
from contracts.services.change_identity import content_of as identity_of
from contracts.services.change_kinds import KINDS, Subject
from contracts.states import ChangeCause, ChangeKind, PaymentMethod, Release
from inventory.models import Unit
from salescontrol.core import options
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Money:
    """The money of a change: what was paid, what goes back, what is kept."""

    paid: Decimal = NOTHING
    refundable: Decimal = NOTHING
    fee: Decimal = NOTHING
    penalty_due: Decimal = NOTHING
    penalty_received: Decimal = NOTHING
    refund: Decimal = NOTHING


@dataclass(frozen=True)
class Entry:
    """A request as entered. `buyers`: number of the customer and share; the rest is read by the kinds that need it."""

    kind: ChangeKind
    cause: ChangeCause
    reason: str
    money: Money = field(default_factory=Money)
    waiver: str = ""
    form_signed: bool = False
    documents: str = ""
    release: Release = Release.WITHHELD
    target_id: int | None = None
    quotation: str = ""
    buyers: tuple[tuple[str, Decimal], ...] = ()
    method: str = ""
    total: Decimal | None = None
    main: Decimal | None = None
    decoration: Decimal | None = None
    supplement: Decimal | None = None
    surveyed: Decimal | None = None
    keeps: bool = False
    identity: Correction = field(default_factory=Correction)
    until: date | None = None

    def words(self) -> dict[str, Any]:
        """What makes this request the one it is, for its operation."""
        return asdict(self)


def require_money(entry: Entry) -> None:
    """Raise Refusal, at its field, unless the amounts fit together: none below zero, nothing goes back that was not paid."""
    money, rule = entry.money, KINDS[entry.kind]
    for name, value in asdict(money).items():
        if not value.is_finite() or value < 0:
            raise _at(name, _("Enter an amount of zero or more."))
        if value and not rule.money:
            raise _at(name, _("No money goes back with this kind of change."))
    if money.refundable > money.paid:
        raise _at("refundable", _("No more is refundable than was paid."))
    if money.refund > max(money.refundable - money.fee, NOTHING):
        raise _at("refund", _("The refund is what is refundable without the handling fee, at most."))
    if entry.kind == ChangeKind.FORFEIT and money.refund:
        raise _at("refund", _("A forfeited deposit is kept. For money back ask for a refund instead."))
    if money.penalty_received > money.penalty_due:
        raise _at("penalty_received", _("No more penalty is received than is due."))
    if money.penalty_received < money.penalty_due and not entry.waiver.strip():
        raise _at("waiver", _("Less penalty was received than is due. Say why it is waived."))


def content_of(entry: Entry, subject: Subject, target: Unit | None, access: Access) -> dict[str, Any]:
    """What the kind needs, checked, with what was before it. Raises Refusal at the field, Conflict, NotVisible."""
    if entry.kind == ChangeKind.IDENTITY:
        return identity_of(entry.identity, subject, access)
    check = _CHECKS.get(entry.kind)
    return check(entry, subject, target) if check else {}


def _exchange(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    if target is None or target.pk == subject.unit_id:
        raise _at("target", _("Choose the unit that the buyer takes instead."))
    total = entry.total if entry.quotation else target.list_total
    if total is None:
        raise _at("target", _("%(unit)s has no price. The supervisor prices it first.") % {"unit": target})
    content = {"total": str(total), "quotation": entry.quotation, "before": {"total": str(subject.total)}}
    price_of(target, content)
    return content


def _buyers(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    named = [trades.Purchaser(customer_of(number, subject.project_id), share) for number, share in entry.buyers]
    if not named:
        raise _at("buyer_1", _("Name who buys from now on."))
    trades.require_shares(subject.trade, named)
    before = _present(subject)
    old, new = {number for number, _share in before}, {purchaser.customer.number for purchaser in named}
    if entry.kind == ChangeKind.BUYERS and not old & new:
        raise _at("buyer_1", _("Nobody of the buyers stays. That is a transfer to another buyer: request that."))
    if entry.kind == ChangeKind.TRANSFER and old & new:
        raise _at("buyer_1", _("A buyer stays. That adds or removes a co-buyer: request that."))
    after = [(purchaser.customer.number, purchaser.share) for purchaser in named]
    if after == before:
        raise _at("buyer_1", _("These are the buyers already."))
    return {"buyers": _listed(after), "before": {"buyers": _listed(before)}}


def _present(subject: Subject) -> list[tuple[str, Decimal]]:
    rows = Buyer.every.filter(trade=subject.trade_id, until__isnull=True).select_related("customer")
    return [(row.customer.number, row.share) for row in rows.order_by("position", "pk")]


def _listed(buyers: list[tuple[str, Decimal]]) -> list[dict[str, str]]:
    return [{"customer": number, "share": str(share)} for number, share in buyers]


def _method(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    if entry.method not in PaymentMethod.values or entry.method == subject.method:
        raise _at("method", _("Choose another payment method than the present one."))
    return {"method": entry.method, "before": {"method": subject.method}}


def _price(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    if entry.total is None or not entry.total.is_finite() or entry.total <= 0 or entry.total == subject.total:
        raise _at("total", _("Enter another price than the present one, above zero."))
    return {"total": str(entry.total), "before": {"total": str(subject.total)}}


def _amount(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    assert isinstance(subject, Contract)
    given = {"main": entry.main, "decoration": entry.decoration, "supplement": entry.supplement}
    for name, value in given.items():
        if value is None or not value.is_finite() or value < 0 or (name == "main" and not value):
            raise _at(name, _("Enter an amount of zero or more; the main contract has one above zero."))
    before = {
        "main": subject.main_amount, "decoration": subject.decoration_amount, "supplement": subject.supplement_amount,
    }  # fmt: skip
    if given == before:
        raise _at("main", _("These are the amounts of the contract already."))
    return {**_texts(given), "before": {**_texts(before), "total": str(subject.total)}}


def _area(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    surveyed = entry.surveyed
    if surveyed is None or not surveyed.is_finite() or surveyed <= 0:
        raise _at("surveyed", _("Enter the surveyed area in ㎡."))
    tolerance = Decimal(options.value("area.tolerance_percent", subject.project_id))
    beyond = beyond_tolerance(agreed=subject.area, surveyed=surveyed, tolerance=tolerance)
    if beyond and not entry.keeps:
        message = _(
            "The area differs by more than %(percent)s %%, so the buyer may rescind. Tick that the buyer keeps the unit, or "
            "request a refund."
        )
        raise _at("keeps", message % {"percent": tolerance})
    settlement = settle_area(
        agreed=subject.area, surveyed=surveyed, unit_price=subject.unit_price, tolerance=tolerance
    )  # fmt: skip
    return {
        "surveyed": str(surveyed), "settlement": str(settlement), "tolerance": str(tolerance),
        "before": {"area": str(subject.area)},
    }  # fmt: skip


def _revive(entry: Entry, subject: Subject, target: Unit | None) -> dict[str, Any]:
    if entry.until is None:
        raise _at("until", _("Enter the new deadline to sign."))
    until = require_later(entry.until, subject)
    due = subject.due_on.isoformat() if isinstance(subject, Subscription) and subject.due_on else ""
    return {"until": until.isoformat(), "before": {"until": due}}


def _texts(amounts: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in amounts.items()}


def _at(name: str, message: str) -> Refusal:
    """A refusal that stands at its field."""
    return Refusal(message, code=name, fields={name: [message]})


_CHECKS: dict[ChangeKind, Callable[[Entry, Subject, Unit | None], dict[str, Any]]] = {
    ChangeKind.EXCHANGE: _exchange,
    ChangeKind.TRANSFER: _buyers,
    ChangeKind.BUYERS: _buyers,
    ChangeKind.METHOD: _method,
    ChangeKind.PRICE: _price,
    ChangeKind.AMOUNT: _amount,
    ChangeKind.AREA: _area,
    ChangeKind.REVIVE: _revive,
}
