"""The whole life of one unit in sentences: status events, changes of facts and prices, assignments, locks, materials, requests.

Every fact comes from the one place that records it (decisions 15); nothing here is stored. The number of queries does not
depend on how long the life was. What the reader may not know leaves no trace, not even an empty step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Building, Layout, Material, Unit, UnitEvent, UnitLock
from inventory.models.material import MaterialKind
from inventory.queries.present import Sight, sight
from inventory.queries.scope import units_visible_to
from inventory.queries.stops import stops_ever_on
from inventory.states import CLAIMED, Lock, Review, Status
from salescontrol.core import approvals
from salescontrol.core.access import Access
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.history import Change, Entry, timeline
from salescontrol.core.models import ApprovalDecision
from salescontrol.core.templatetags import sales

# Action → the sentence with a name, and without for readers who may not know who it was.
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    "unit.enter": (gettext_lazy("Entered by %(who)s"), gettext_lazy("Entered")),
    "unit.change_draft": (gettext_lazy("Draft changed by %(who)s"), gettext_lazy("Draft changed")),
    "unit.stack_fill": (
        gettext_lazy("Filled in for the whole column by %(who)s"),
        gettext_lazy("Filled in for the whole column"),
    ),
    "unit.submit": (gettext_lazy("Submitted for review by %(who)s"), gettext_lazy("Submitted for review")),
    "unit.return": (gettext_lazy("Returned by %(who)s"), gettext_lazy("Returned")),
    "unit.withdraw": (
        gettext_lazy("Taken back from the review by %(who)s"),
        gettext_lazy("Taken back from the review"),
    ),
    "unit.approve": (gettext_lazy("Approved by %(who)s"), gettext_lazy("Approved")),
    "unit.release": (gettext_lazy("Put on sale by %(who)s"), gettext_lazy("Put on sale")),
    "unit.withhold": (gettext_lazy("Withheld by %(who)s"), gettext_lazy("Withheld")),
    "trade.refund": (gettext_lazy("Refunded and withheld, by %(who)s"), gettext_lazy("Refunded and withheld")),
    "trade.refund_open": (
        gettext_lazy("Refunded and on sale again, by %(who)s"),
        gettext_lazy("Refunded and on sale again"),
    ),
    "trade.forfeit": (
        gettext_lazy("Deposit forfeited, withheld, by %(who)s"),
        gettext_lazy("Deposit forfeited, withheld"),
    ),
    "trade.forfeit_open": (
        gettext_lazy("Deposit forfeited, on sale again, by %(who)s"),
        gettext_lazy("Deposit forfeited, on sale again"),
    ),
    "trade.exchange": (
        gettext_lazy("Exchanged for another unit, withheld, by %(who)s"),
        gettext_lazy("Exchanged for another unit, withheld"),
    ),
    "trade.exchange_open": (
        gettext_lazy("Exchanged for another unit, on sale again, by %(who)s"),
        gettext_lazy("Exchanged for another unit, on sale again"),
    ),
    "trade.come": (gettext_lazy("Subscribed by an exchange, by %(who)s"), gettext_lazy("Subscribed by an exchange")),
    "trade.come_signed": (
        gettext_lazy("Contracted by an exchange, by %(who)s"),
        gettext_lazy("Contracted by an exchange"),
    ),
    "trade.void_change": (
        gettext_lazy("Change of the subscription made void by %(who)s"),
        gettext_lazy("Change of the subscription made void"),
    ),
    "trade.void_change_signed": (
        gettext_lazy("Change of the contract made void by %(who)s"),
        gettext_lazy("Change of the contract made void"),
    ),
    "trade.revive": (
        gettext_lazy("A forfeited sale revived, by %(who)s"),
        gettext_lazy("A forfeited sale revived"),
    ),
    "trade.amend": (gettext_lazy("Subscription changed, by %(who)s"), gettext_lazy("Subscription changed")),
    "trade.amend_signed": (gettext_lazy("Contract changed, by %(who)s"), gettext_lazy("Contract changed")),
    "claim.hold": (gettext_lazy("Held by %(who)s"), gettext_lazy("Held")),
    "claim.offer": (
        gettext_lazy("Offered to the next in the waiting list by %(who)s"),
        gettext_lazy("Offered to the next in the waiting list"),
    ),
    "claim.take": (gettext_lazy("Offer taken, held by %(who)s"), gettext_lazy("Offer taken")),
    "claim.complete": (
        gettext_lazy("Customer of the hold named by %(who)s"),
        gettext_lazy("Customer of the hold named"),
    ),
    "claim.extend": (gettext_lazy("Hold extended by %(who)s"), gettext_lazy("Hold extended")),
    "claim.release": (gettext_lazy("Hold released by %(who)s"), gettext_lazy("Hold released")),
    "trade.sign": (gettext_lazy("Contract signed, entered by %(who)s"), gettext_lazy("Contract signed")),
    "trade.hand_over": (gettext_lazy("Handed over by %(who)s"), gettext_lazy("Handed over")),
    "trade.void_contract": (
        gettext_lazy("Signature made void by %(who)s"),
        gettext_lazy("Signature made void"),
    ),
    "trade.void_hand_over": (
        gettext_lazy("Handover made void by %(who)s"),
        gettext_lazy("Handover made void"),
    ),
    "claim.expire": (gettext_lazy("The hold ran out"), gettext_lazy("The hold ran out")),
    "trade.deposit": (gettext_lazy("Small deposit taken by %(who)s"), gettext_lazy("Small deposit taken")),
    "trade.subscribe": (gettext_lazy("Subscribed, recorded by %(who)s"), gettext_lazy("Subscribed")),
    "trade.top_up": (gettext_lazy("Deposit topped up, recorded by %(who)s"), gettext_lazy("Deposit topped up")),
    "trade.lapse": (gettext_lazy("Small deposit lapsed, decided by %(who)s"), gettext_lazy("Small deposit lapsed")),
    "trade.lapse_open": (
        gettext_lazy("Small deposit lapsed, on sale again, decided by %(who)s"),
        gettext_lazy("Small deposit lapsed, on sale again"),
    ),
    "trade.void_deposit": (
        gettext_lazy("Small deposit made void by %(who)s"),
        gettext_lazy("Small deposit made void"),
    ),
    "trade.void_top_up": (gettext_lazy("Top-up made void by %(who)s"), gettext_lazy("Top-up made void")),
    "trade.void_subscription": (
        gettext_lazy("Subscription made void by %(who)s"),
        gettext_lazy("Subscription made void"),
    ),
    "unit.bring_approved": (
        gettext_lazy("Approved before this system was used, brought along by %(who)s"),
        gettext_lazy("Approved before this system was used"),
    ),
    "unit.bring_released": (
        gettext_lazy("Put on sale before this system was used, brought along by %(who)s"),
        gettext_lazy("Put on sale before this system was used"),
    ),
    "trade.bring_subscribed": (
        gettext_lazy("Subscribed before this system was used, brought along by %(who)s"),
        gettext_lazy("Subscribed before this system was used"),
    ),
    "trade.bring_signed": (
        gettext_lazy("Contract signed before this system was used, brought along by %(who)s"),
        gettext_lazy("Contract signed before this system was used"),
    ),
    "trade.bring_handed_over": (
        gettext_lazy("Handed over before this system was used, brought along by %(who)s"),
        gettext_lazy("Handed over before this system was used"),
    ),
}
CHANGED = (gettext_lazy("Changed by %(who)s"), gettext_lazy("Changed"))
DECIDED = (gettext_lazy("Changed, approved by %(who)s"), gettext_lazy("Changed"))
ONE_CHANGE = (gettext_lazy("%(change)s, by %(who)s"), gettext_lazy("%(change)s"))
ONE_DECIDED = (gettext_lazy("%(change)s, approved by %(who)s"), gettext_lazy("%(change)s"))
# What these actions write was decided by whoever is named; other changes were made by them.
_DECIDED = ("unit.change", "price", "discount")
_BOOKKEEPING = ("key", "floor", "floor_to", "batch", "entered_by", "project")
_REVIEW = ("review", "review_comment", "submitted_by")
_FLOOR_PRICE = ("floor_unit_price", "floor_total")
_PARTNER = {"list_unit_price": "list_total", "floor_unit_price": "floor_total", "filed_unit_price": "filed_total"}


@dataclass(frozen=True)
class Step:
    """One step of a life: when, the sentence, what changed with it, and whether it is a step of the sale."""

    at: datetime
    text: str
    lines: tuple[str, ...] = ()
    sale: bool = False


@dataclass
class _Reader:
    """Who reads, and the names of what history keeps by id."""

    access: Access
    seen: Sight
    whole: bool
    names: dict[str, Mapping[int, str]] = field(default_factory=dict)

    def say(self, pair: tuple[Any, Any], who: Any, reason: str = "", **words: Any) -> str:
        """The sentence with the name where the reader may know it, and the reason behind a colon."""
        named = self.seen.people and who is not None
        text = str(pair[0 if named else 1]) % {"who": who, **words}
        return _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": reason} if reason else text


def steps(access: Access, unit: Unit) -> list[Step] | None:
    """The unit's life, newest first, as far as this reader may know it; None for who may only know that it is for sale.

    Without sight of people no other person is named; without sight of floor prices their changes are not there; the reasons of
    holds and deals are for whoever sees whose they are.
    """
    seen = sight(access, unit.project_id)
    whole = seen.reads_whole(unit.pk)
    if not (whole or unit.review != Review.APPROVED):
        return None
    reader = _Reader(access, seen, whole)
    found = [
        *_events(unit, reader),
        *_changes(unit, reader),
        *_locks(unit, reader),
        *_stops(unit, reader),
        *_materials(unit, reader),
        *_requests(unit, reader),
    ]
    return sorted(found, key=lambda step: step.at, reverse=True)


def _events(unit: Unit, reader: _Reader) -> Iterator[Step]:
    for event in UnitEvent.every.filter(unit=unit).select_related("actor", "on_behalf_of").order_by("seq"):
        moved = (gettext_lazy("%(old)s → %(new)s, by %(who)s"), gettext_lazy("%(old)s → %(new)s"))
        words = {"old": Status(event.from_status).label, "new": Status(event.to_status).label}
        claim = event.to_status in CLAIMED or event.from_status in CLAIMED
        reason = "" if claim and not reader.seen.people else event.reason
        yield Step(event.at, reader.say(SENTENCES.get(event.action, moved), _actor(event), reason, **words), sale=True)


def _actor(event: UnitEvent) -> str | None:
    """Who did it; None for what the clock brought about."""
    if event.actor is None:
        return None
    if event.on_behalf_of is None:
        return event.actor.name
    return _("%(deputy)s for %(supervisor)s") % {"deputy": event.actor.name, "supervisor": event.on_behalf_of.name}


def _changes(unit: Unit, reader: _Reader) -> Iterator[Step]:
    hidden = (*_BOOKKEEPING, *(() if reader.seen.floor_price else _FLOOR_PRICE))
    entries = timeline(unit, hidden=hidden if reader.seen.everything else (*hidden, "attached_to"))
    _look_up(entries, reader)
    for entry in entries:
        yield from _entry_steps(entry, reader)


def _entry_steps(entry: Entry, reader: _Reader) -> Iterator[Step]:
    """The steps of one history entry: an assignment speaks for itself, the rest is one sentence."""
    by_field = {change.field: change for change in entry.changes}
    who = entry.by.name if entry.by else None
    if "salesperson" in by_field:
        text = _assignment(by_field.pop("salesperson"), who, entry.reason, reader)
        if text:
            yield Step(entry.at, text)
    comment = by_field.get("review_comment")
    review = by_field.get("review")
    facts = [_line(change, reader) for name, change in by_field.items() if _worth_telling(name, by_field)]
    if review is not None and review.new == Review.APPROVED and not facts:
        return  # The event of the same moment says it.
    said = str(comment.new) if comment and comment.new else entry.reason
    if not entry.changes or facts or review is not None:
        yield _step(entry, who, said, facts, reader)


def _worth_telling(name: str, by_field: Mapping[str, Change]) -> bool:
    """Whether a field says something of its own: a unit price goes with its total, a number with the place it is made of."""
    if name == "number":
        return not by_field.keys() & {"building", "entrance", "room", "floor_label"}
    return name not in _REVIEW and _PARTNER.get(name) not in by_field


def _step(entry: Entry, who: str | None, reason: str, facts: list[str], reader: _Reader) -> Step:
    decided = entry.action.startswith(_DECIDED) and entry.action not in SENTENCES
    if len(facts) == 1 and entry.action not in SENTENCES:
        return Step(entry.at, reader.say(ONE_DECIDED if decided else ONE_CHANGE, who, reason, change=facts[0]))
    pair = SENTENCES.get(entry.action, DECIDED if decided else CHANGED)
    return Step(entry.at, reader.say(pair, who, reason), tuple(facts))


def _assignment(change: Change, who: str | None, reason: str, reader: _Reader) -> str:
    """Assignments by name for who may know names; a salesperson reads only of those that concern them."""
    old, new = (reader.names["salesperson"].get(pk, "") for pk in (change.old, change.new))
    if not reader.seen.people:
        return _("Assigned to you") if change.new == reader.access.user.pk else ""
    if not new:
        pair = (gettext_lazy("Assignment to %(old)s ended by %(who)s"), gettext_lazy("Assignment to %(old)s ended"))
    elif not old:
        pair = (gettext_lazy("Assigned to %(new)s by %(who)s"), gettext_lazy("Assigned to %(new)s"))
    else:
        pair = (
            gettext_lazy("Assigned to %(new)s instead of %(old)s by %(who)s"),
            gettext_lazy("Assigned to %(new)s instead of %(old)s"),
        )
    return reader.say(pair, who, reason, old=old, new=new)


def _line(change: Change, reader: _Reader) -> str:
    old, new = _value(change.field, change.old, reader), _value(change.field, change.new, reader)
    words = {"field": capfirst(change.label), "old": old, "new": new}
    if not old:
        return _("%(field)s: %(new)s") % words
    return (_("%(field)s %(old)s → %(new)s") if new else _("%(field)s %(old)s taken out")) % words


def _value(name: str, value: Any, reader: _Reader) -> str:
    """A stored value as people read it; empty text for none."""
    model_field: Any = Unit._meta.get_field(name)
    if value is None or value == "":
        return ""
    if name in reader.names:
        return reader.names[name].get(value, "?")
    if isinstance(model_field, MoneyField):
        return sales.amount(Decimal(value))
    if isinstance(model_field, AreaField):
        return _("%(area)s ㎡") % {"area": sales.area(value)}
    if isinstance(value, bool):
        return sales.yes_no(value)
    return str(dict(model_field.flatchoices).get(value, value))


def _look_up(entries: Sequence[Entry], reader: _Reader) -> None:
    """Names for the ids in all entries at once: one query for each kind of thing."""
    named = {
        "building": (Building, "name"),
        "layout": (Layout, "code"),
        "attached_to": (Unit, "number"),
        "salesperson": (get_user_model(), "name"),
    }
    for name, (model, label) in named.items():
        changes = [change for entry in entries for change in entry.changes if change.field == name]
        ids = {pk for change in changes for pk in (change.old, change.new) if pk is not None}
        rows = units_visible_to(reader.access) if model is Unit else model._default_manager.all()
        reader.names[name] = dict(rows.filter(pk__in=ids).order_by().values_list("pk", label))


def _locks(unit: Unit, reader: _Reader) -> Iterator[Step]:
    if not reader.whole:
        return
    on = (gettext_lazy("Locked (%(lock)s) by %(who)s"), gettext_lazy("Locked (%(lock)s)"))
    for lock in UnitLock.every.filter(unit=unit).select_related("set_by"):
        label = Lock(lock.kind).label
        who, reason = lock.set_by.name if lock.set_by else None, lock.reason if reader.seen.people else ""
        yield Step(lock.set_at, reader.say(on, who, reason, lock=label))
        if lock.lifted_at:
            yield Step(lock.lifted_at, _("Unlocked (%(lock)s)") % {"lock": label})


def _stops(unit: Unit, reader: _Reader) -> Iterator[Step]:
    stopped = (gettext_lazy("Sales of %(scope)s stopped by %(who)s"), gettext_lazy("Sales of %(scope)s stopped"))
    lifted = (
        gettext_lazy("Sales of %(scope)s opened again by %(who)s"),
        gettext_lazy("Sales of %(scope)s opened again"),
    )
    for stop in stops_ever_on(unit):
        yield Step(stop.stopped_at, reader.say(stopped, stop.stopped_by.name, stop.reason, scope=stop))
        if stop.lifted_at and stop.lifted_by:
            yield Step(stop.lifted_at, reader.say(lifted, stop.lifted_by.name, scope=stop))


def _materials(unit: Unit, reader: _Reader) -> Iterator[Step]:
    added = (gettext_lazy("%(kind)s “%(title)s” added by %(who)s"), gettext_lazy("%(kind)s “%(title)s” added"))
    removed = (gettext_lazy("%(kind)s “%(title)s” removed by %(who)s"), gettext_lazy("%(kind)s “%(title)s” removed"))
    for record in Material.history.filter(unit_id=unit.pk).select_related("history_user").order_by("history_id"):
        pair = added if record.history_type == "+" else removed if record.removed_at else None
        if pair is not None:
            who = record.history_user.name if record.history_user else None
            words = {"kind": MaterialKind(record.kind).label, "title": record.title}
            yield Step(record.history_date, reader.say(pair, who, **words))


def _requests(unit: Unit, reader: _Reader) -> Iterator[Step]:
    """What was asked for and not granted; what was granted shows as the change itself."""
    if not reader.seen.people:
        return
    asked = list(_approvals(unit, reader.access))
    for item in asked:
        words = {"who": item.requested_by.name, "what": approvals.KINDS[item.kind].label, "reason": item.reason}
        yield Step(item.requested_at, _("%(who)s asked for “%(what)s”: %(reason)s") % words)
    refused = ApprovalDecision.objects.filter(stage__approval__in=[item.pk for item in asked], agreed=False)
    for decision in refused.select_related("decided_by"):
        words = {"who": decision.decided_by.name, "comment": decision.comment}
        yield Step(decision.decided_at, _("Request returned by %(who)s: %(comment)s") % words)


def _approvals(unit: Unit, access: Access):
    return (
        approvals.visible_to(access).filter(kind__startswith="unit.", target_id=unit.pk).select_related("requested_by")
    )
