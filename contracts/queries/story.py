"""A sale as one story, from its first hold to its last change: who did what and when (R3.5, domain B6 trade chain).

Every line comes from the one place that records it: events of the unit for its claims, histories of the papers, the list of
numbers, requests and their decisions. Nothing is stored here, and the number of queries does not depend on the sale's length.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.checklist import LABELS
from contracts.models import Buyer, Contract, Document, IssuedNumber, Milestone, Paper, Quotation, Subscription, Trade
from contracts.models import Change as SaleChange
from contracts.queries.scope import (
    buyers_visible_to,
    changes_visible_to,
    claims_visible_to,
    contracts_visible_to,
    documents_visible_to,
    milestones_visible_to,
    papers_visible_to,
    subscriptions_visible_to,
    trades_visible_to,
)
from contracts.states import NumberState
from inventory.models import Project, Unit, UnitEvent
from inventory.queries.history import SENTENCES
from inventory.states import Status
from salescontrol.core import approvals
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.history import Change, Entry, lives
from salescontrol.core.models import Approval, ApprovalDecision
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales

# What a history entry of the sale's papers is called. An action without a name here is told as a change.
ACTIONS: Mapping[str, Any] = {
    "trade.open": gettext_lazy("Sale opened"),
    "trade.name_buyers": gettext_lazy("Buyers named"),
    "change.identity": gettext_lazy("Identity of a buyer corrected"),
    "change.undo": gettext_lazy("Change made void"),
    "change.revive": gettext_lazy("Subscription revived"),
    "subscription.activate": gettext_lazy("Subscription active"),
    "subscription.close": gettext_lazy("Subscription closed"),
    "subscription.reopen": gettext_lazy("Subscription active again"),
    "contract.make": gettext_lazy("Contract drafted"),
    "contract.edit": gettext_lazy("Draft of the contract changed"),
    "contract.discard": gettext_lazy("Draft of the contract discarded"),
    "contract.sign": gettext_lazy("Contract signed"),
    "contract.details": gettext_lazy("Details of the contract entered"),
    "contract.file": gettext_lazy("Contract filed"),
    "contract.milestone": gettext_lazy("Milestone recorded"),
    "contract.hand_over": gettext_lazy("Unit handed over"),
    "contract.void": gettext_lazy("Signature made void"),
    "contract.void_hand_over": gettext_lazy("Handover made void"),
    "quotation.ask": gettext_lazy("Consent asked for"),
    "quotation.consent": gettext_lazy("Consent given"),
    "quotation.use": gettext_lazy("Subscribed on"),
    "subscription.draw_up": gettext_lazy("Subscription drawn up"),
    "subscription.top_up": gettext_lazy("The deposit is complete"),
    "subscription.warn": gettext_lazy("Notice to sign"),
    "subscription.end": gettext_lazy("Notice of termination"),
    "subscription.extend": gettext_lazy("Signing deadline extended"),
    "document.need": gettext_lazy("To be brought"),
    "document.receive": gettext_lazy("Paper received"),
    "document.undo": gettext_lazy("Paper not received after all"),
    "document.waive": gettext_lazy("Paper waived"),
    "document.drop": gettext_lazy("Not to be brought any more"),
    "change.draft": gettext_lazy("Change requested"),
    "change.submit": gettext_lazy("Change submitted"),
    "change.approve": gettext_lazy("Change approved"),
    "change.execute": gettext_lazy("Change executed"),
    "change.rejected": gettext_lazy("Change returned"),
    "change.void": gettext_lazy("Change void"),
    "paper.make": gettext_lazy("Paper made"),
    "paper.sign": gettext_lazy("Signed paper entered"),
}
# What is bookkeeping, stands elsewhere in the story, or is not for everybody who reads it.
_HIDDEN = (
    "code", "number", "project", "trade", "unit", "claim", "made_by", "made_at", "closed_at", "opened_by", "opened_at", "recorded_by",
    "recorded_at", "floor_total", "discounts", "contents", "agent_name", "agent_number", "agent_phone", "received_at",
    "waived_at", "evidence", "content", "executed_at", "voided_at", "complete_at",
)  # fmt: skip
# Requests about a sale's papers, by what their kind's code begins with.
_ABOUT = ("quotation", "subscription", "document", "contract", "trade", "change", "area")
_TOGETHER = timedelta(seconds=2)
_MOVED = (gettext_lazy("%(old)s → %(new)s, by %(who)s"), gettext_lazy("%(old)s → %(new)s"))


@dataclass
class Step:
    """One step of the story: when, by whom (empty for who may not know), the sentence, and what changed with it.

    `main`: a move of the unit; `minor`: what only comes along with something else. `url` leads to what it is about.
    """

    at: datetime
    who: str
    text: str
    lines: list[str] = field(default_factory=list)
    main: bool = False
    url: str = ""
    minor: bool = False


@dataclass(frozen=True)
class _Papers:
    """The rows of the sale, by what they are."""

    quotations: list[Quotation]
    subscriptions: list[Subscription]
    documents: list[Document]
    contracts: list[Contract]
    milestones: list[Milestone]
    buyers: list[Buyer]
    changes: list[SaleChange]
    printed: list[Paper]


def find(access: Access, project: Project, number: str) -> Trade:
    """The trade; NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    trade = (
        trades_visible_to(access)
        .filter(project=project, number=number)
        .select_related("project", "salesperson")
        .first()
    )
    if trade is None:
        raise NotVisible("")
    return trade


def of_unit(access: Access, unit: Unit) -> Trade | None:
    """The latest sale of the unit of which the reader may know."""
    claims = claims_visible_to(access).filter(unit=unit, trade__isnull=False).order_by()
    return (
        trades_visible_to(access)
        .filter(pk__in=claims.values("trade"))
        .select_related("project")
        .order_by("-pk")
        .first()
    )


def papers(access: Access, trade: Trade) -> _Papers:
    """Everything that belongs to the sale, as far as the reader may know of it."""
    subscriptions = list(
        subscriptions_visible_to(access).filter(trade=trade).select_related("quotation", "unit").order_by("pk")
    )
    return _Papers(
        [row.quotation for row in subscriptions if row.quotation is not None],
        subscriptions,
        list(documents_visible_to(access).filter(trade=trade)),
        list(contracts_visible_to(access).filter(trade=trade).select_related("unit").order_by("pk")),
        list(milestones_visible_to(access).filter(contract__trade=trade)),
        list(buyers_visible_to(access).filter(trade=trade).select_related("customer").order_by("position", "pk")),
        list(changes_visible_to(access).filter(trade=trade).select_related("batch")),
        list(
            papers_visible_to(access).filter(
                Q(trade=trade) | Q(quotation__in=[row.quotation_id for row in subscriptions])
            )
        ),
    )


def steps(access: Access, trade: Trade, found: _Papers) -> list[Step]:
    """The story, the first step first; what one person did in one go is one step."""
    named = access.can(Permission.UNIT_SEE_PEOPLE, trade.project_id)

    def who(person: Any) -> str:
        return person.name if person is not None and (named or person == access.user) else ""

    told = [
        *_events(access, trade, who),
        *_lives(trade, found, who),
        *_numbers(trade, who),
        *_requests(access, trade, found, who),
    ]
    return _together(sorted(told, key=lambda step: (step.at, not step.main)))


def _together(told: Iterable[Step]) -> list[Step]:
    """Neighbours by one person within a moment are one step, headed by the move of the unit if there is one."""
    found: list[Step] = []
    for step in told:
        last = found[-1] if found else None
        if last is None or step.who != last.who or step.at - last.at > _TOGETHER:
            found.append(step)
            continue
        if (step.main and not last.main) or (last.minor and not step.minor):
            last.lines, last.text = [last.text, *last.lines, *step.lines], step.text
            last.main, last.minor = step.main, step.minor
        elif step.text != last.text:
            last.lines.append(step.text)
            last.lines.extend(step.lines)
        else:
            last.lines.extend(step.lines)
        last.url = last.url or step.url
    for step in found:
        step.lines = list(dict.fromkeys(step.lines))
    return found


def _events(access: Access, trade: Trade, who) -> Iterator[Step]:
    numbers = list(claims_visible_to(access).filter(trade=trade).values_list("number", flat=True))
    events = UnitEvent.every.filter(claim__in=numbers, unit__project=trade.project_id).select_related("actor", "unit")
    for event in events.order_by("at", "seq"):
        words = {"old": Status(event.from_status).label, "new": Status(event.to_status).label, "who": ""}
        text = f"{event.unit.number}: {str(SENTENCES.get(event.action, _MOVED)[1]) % words}"
        if event.reason:
            text = _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": event.reason}
        yield Step(event.at, who(event.actor), text, main=True)


def _lives(trade: Trade, found: _Papers, who) -> Iterator[Step]:
    code = trade.project.code
    contracts, changes, printed = (
        {row.pk: reverse(f"sales:{page}", args=[code, row.code]) for row in rows}
        for page, rows in (("contract", found.contracts), ("change", found.changes), ("paper", found.printed))
    )
    yield from _told(Trade, [trade], lambda record: "", who)
    buyers = {row.pk: row for row in found.buyers}
    yield from _told(Buyer, found.buyers, lambda record: buyers[record.id].customer.number, who)
    yield from _told(Quotation, found.quotations, lambda record: record.number, who)
    yield from _told(Subscription, found.subscriptions, lambda record: record.number or record.code, who)
    yield from _told(Document, found.documents, lambda record: str(LABELS.get(record.kind, record.kind)), who)
    yield from _told(Contract, found.contracts, lambda record: record.number, who, urls=contracts)
    yield from _told(Milestone, found.milestones, lambda record: record.get_kind_display(), who)
    yield from _told(
        SaleChange, found.changes, lambda record: f"{record.get_kind_display()} {record.number}", who, urls=changes
    )
    yield from _told(
        Paper, found.printed, lambda record: f"{record.get_kind_display()} {record.number}".strip(), who, urls=printed
    )


def _told(
    model: type[Model], rows: Iterable[Model], name, who, urls: Mapping[int, str] | None = None
) -> Iterator[Step]:
    ids = [row.pk for row in rows]
    if not ids:
        return
    records: Any = model.history.filter(id__in=ids)  # type: ignore[attr-defined]
    told: list[tuple[Any, Entry]] = list(lives(records, hidden=_HIDDEN))
    for record, entry in told:
        yield Step(
            entry.at, who(entry.by), _sentence(model, record, entry, name(record)),
            [_line(model, change) for change in entry.changes if _plain(model, change)], url=(urls or {}).get(record.id, ""),
        )  # fmt: skip


def _sentence(model: type[Model], record, entry: Entry, name: str) -> str:
    known = ACTIONS.get(entry.action)
    if model is Milestone:
        # Signing writes down what is to follow, too.
        known = ACTIONS["contract.milestone"] if record.actual_on else gettext_lazy("Milestone expected")
    made = gettext_lazy("%(what)s made") if record.history_type == "+" else gettext_lazy("%(what)s changed")
    text = str(known) if known else str(made) % {"what": capfirst(model._meta.verbose_name)}
    text = _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": name} if name else text
    return f"{text} ({entry.reason})" if entry.reason else text


def _plain(model: type[Model], change: Change) -> bool:
    """Whether the change says something by itself: not a key to another row."""
    return not model._meta.get_field(change.field).is_relation


def _line(model: type[Model], change: Change) -> str:
    column = model._meta.get_field(change.field)
    words = {"field": capfirst(change.label), "old": _value(column, change.old), "new": _value(column, change.new)}
    return _("%(field)s: %(old)s → %(new)s") % words


def _value(column, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return sales.yes_no(value)
    if isinstance(column, (MoneyField, AreaField)):
        return sales.amount(value)
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(value, datetime):
        return sales.moment(value)
    return value.isoformat() if isinstance(value, date) else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _numbers(trade: Trade, who) -> Iterator[Step]:
    for row in IssuedNumber.objects.filter(trade=trade).select_related("given_by", "void_by"):
        brought = row.state == NumberState.RESERVED
        text = gettext_lazy("Number %(number)s brought along") if brought else gettext_lazy("Number %(number)s given")
        yield Step(row.given_at, who(row.given_by), str(text) % {"number": row.number}, minor=True)
        if row.void_at is not None:
            words = {"number": row.number, "reason": row.reason}
            yield Step(row.void_at, who(row.void_by), _("Number %(number)s void: %(reason)s") % words)


def _requests(access: Access, trade: Trade, found: _Papers, who) -> Iterator[Step]:
    """Requests about the sale's papers and their decisions, as far as the reader may read them."""
    targets: dict[str, list[Any]] = {
        "quotation": found.quotations, "subscription": found.subscriptions, "document": found.documents,
        "contract": found.contracts, "trade": [trade], "change": found.changes,
        "area": [change.batch for change in found.changes if change.batch],
    }  # fmt: skip
    about = Q(pk__in=[])
    for word in _ABOUT:
        about |= Q(kind__startswith=word, target_id__in=[row.pk for row in targets[word]])
    rows = (
        approvals.visible_to(access)
        .filter(about, project_id=trade.project_id)
        .select_related("requested_by", "executed_by")
    )
    asked = {row.pk: row for row in rows}
    for row in asked.values():
        yield from _request(row, who)
    decided = ApprovalDecision.objects.filter(stage__approval__in=asked).select_related("decided_by", "stage")
    for decision in decided:
        text = gettext_lazy("Agreed to: %(what)s") if decision.agreed else gettext_lazy("Returned: %(what)s")
        row = asked[decision.stage.approval_id]
        lines = [decision.comment] if decision.comment else []
        yield Step(decision.decided_at, who(decision.decided_by), str(text) % {"what": row.subject}, lines,
                   url=approvals.page_url(row))  # fmt: skip


def _request(row: Approval, who) -> Iterator[Step]:
    url = approvals.page_url(row)
    yield Step(
        row.requested_at, who(row.requested_by), _("Asked for: %(what)s") % {"what": row.subject}, [row.reason], url=url
    )
    if row.executed_at is not None:
        yield Step(row.executed_at, who(row.executed_by), _("In effect: %(what)s") % {"what": row.subject}, url=url)
