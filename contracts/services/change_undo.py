"""A wrong entry is made void on its day 作废 (T20, domain B9): an executed change that altered amounts, payment method or buyers and
nothing else is undone, and what stood before is in force again. Both stay on record."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Buyer, Change
from contracts.services import trades
from contracts.services.change_ground import customer_of, in_force, require_no_draft
from contracts.services.change_kinds import Subject
from contracts.states import AgentKind, ChangeKind, ChangeState
from salescontrol.core import clock
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked

# What is undone, by the columns of the paper that it altered, and the name of that entry in its history.
_AMOUNTS = ("total", "unit_price", "main_amount", "decoration_amount", "supplement_amount")
UNDONE: dict[ChangeKind, tuple[str, tuple[str, ...]]] = {
    ChangeKind.METHOD: ("change.method", ("method",)),
    ChangeKind.PRICE: ("change.price", _AMOUNTS[:2]),
    ChangeKind.AMOUNT: ("change.price", _AMOUNTS),
    ChangeKind.AREA: ("change.area", ("surveyed_area", "settlement")),
    ChangeKind.BUYERS: ("change.buyers", ()),
    ChangeKind.TRANSFER: ("change.buyers", ()),
}
# Of what is not undone: what to do instead.
INSTEAD: dict[ChangeKind, Any] = {
    ChangeKind.REFUND: gettext_lazy("The unit was given back. Subscribe it for the customer anew."),
    ChangeKind.FORFEIT: gettext_lazy("The unit was given back. Ask to revive the sale while the unit is free."),
    ChangeKind.EXCHANGE: gettext_lazy("The sale has the other unit by now. Ask for an exchange back."),
    ChangeKind.IDENTITY: gettext_lazy("Request another correction with what is right."),
    ChangeKind.REVIVE: gettext_lazy("The sale is under way again. Ask for a refund, or forfeit it by its deadline."),
}


def refusal(change: Change) -> str:
    """Why an executed change cannot be made void; empty when it can."""
    kind = ChangeKind(change.kind)
    if kind in INSTEAD:
        return _("“%(kind)s” is not undone once it is executed. %(instead)s") % {
            "kind": kind.label, "instead": INSTEAD[kind],
        }  # fmt: skip
    zone = change.project.zone
    if change.executed_at is None or clock.local(change.executed_at, zone).date() != clock.today(zone):
        return _("Only what was executed today can be void. For anything earlier request a change that sets it right.")
    return ""


def require_undoable(row: Change, step: trades.Step) -> Subject:
    """The paper as the (locked) change left it, its row locked. Raises Conflict when it may not be undone, or the sale went on."""
    why = refusal(row)
    if why:
        raise Conflict(why, code="final")
    require_no_draft(step.trade)
    subject = in_force(step.trade)[1]
    last = Change.every.filter(trade=step.trade, state=ChangeState.EXECUTED).order_by("-executed_at", "-pk").first()
    latest = row.subject.history.order_by("-history_id").first()
    action = UNDONE[ChangeKind(row.kind)][0]
    if subject != row.subject or last != row or latest is None or latest.history_change_reason != action:
        raise Conflict(
            _(
                "The sale went on after this change, so it cannot be made void any more. Request a change that sets it right."
            ),
            code="changed",
        )
    found: Subject = type(subject).every.select_for_update(of=("self",)).select_related("project").get(pk=subject.pk)
    return found


def undo(row: Change, step: trades.Step, subject: Subject, reason: str) -> None:
    """What stood before is in force again, with an event of the unit and an entry in the history of the paper."""
    fields = UNDONE[ChangeKind(row.kind)][1]
    before = subject.history.order_by("-history_id").first().prev_record
    for name in fields:
        setattr(subject, name, getattr(before, name))
    claim: dict[str, Any] = {}
    if not fields:
        claim["customer"] = _buyers_before(row, step)
    signed = subject._meta.model_name == "contract"
    step.move("trade.void_change_signed" if signed else "trade.void_change", why=f"{row.number}: {reason}", **claim)
    subject.version += 1
    save_tracked(subject, action="change.undo", by=step.by, fields=[*fields, "version"], reason=reason)


def _buyers_before(row: Change, step: trades.Step) -> Any:
    """Those who bought before buy again, with who acted for them; returns the first."""
    rows = Buyer.every.filter(trade=step.trade).select_related("customer").order_by("pk")
    known = {each.customer_id: each for each in rows}
    named = []
    for entry in row.content["before"]["buyers"]:
        customer = customer_of(entry["customer"], row.project_id)
        was = known[customer.pk]
        named.append(
            trades.Purchaser(
                customer, Decimal(entry["share"]), AgentKind(was.agent_kind), was.agent_name, was.agent_paper, was.agent_number,
                was.agent_phone,
            )
        )  # fmt: skip
    trades.name_buyers(trade=step.trade, buyers=named, by=step.by, action="change.undo")
    return named[0].customer
