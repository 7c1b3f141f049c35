"""Erasures of a project as their readers may read them, what an erased customer's page says, and which files may name them still."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy

from enquiries.models import Customer, Erasure
from enquiries.queries.numbers import kept_for
from enquiries.queries.scope import erased_visible_to, erasures_visible_to
from enquiries.states import OPEN_ERASURE, ErasureReason, ErasureState
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import timeline
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission

READERS = (Permission.CUSTOMER_ERASE, Permission.CUSTOMER_ERASE_DECIDE)
TONES = {
    ErasureState.PROPOSED: "pending", ErasureState.REQUESTED: "pending", ErasureState.DONE: "withheld",
    ErasureState.REFUSED: "available", ErasureState.WITHDRAWN: "withheld",
}  # fmt: skip
ACTS = {
    "erasure.propose": gettext_lazy("Proposed, because nobody spoke with the customer for too long"),
    "customer.ask_erase": gettext_lazy("Asked for"),
    "erasure.done": gettext_lazy("Erased"),
    "erasure.refused": gettext_lazy("Refused"),
    "erasure.withdrawn": gettext_lazy("Taken back"),
    "erasure.again": gettext_lazy("To be erased again after a restore"),
}


def listed(access: Access, project: Project) -> QuerySet[Erasure]:
    """The erasures of the project, with what a list shows; `turn` puts the open ones first."""
    turn = Case(When(state__in=OPEN_ERASURE, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = erasures_visible_to(access).filter(project=project).annotate(turn=turn)
    return rows.select_related("customer__owner", "asked_by", "closed_by", "project")


def find(access: Access, project: Project, number: str) -> Erasure:
    """The erasure, or NotVisible with one text when it is missing or not this user's."""
    found = listed(access, project).filter(number=number).first()
    if found is None:
        raise NotVisible("")
    return found


def waiting(access: Access, project: Project) -> QuerySet[Erasure]:
    """The open ones, the next due first."""
    return listed(access, project).filter(state__in=OPEN_ERASURE).order_by("due_on", "pk")


def proposed(access: Access, project: Project) -> QuerySet[Erasure]:
    """Those that the clock proposed and nobody has decided."""
    return listed(access, project).filter(state=ErasureState.PROPOSED)


@dataclass(frozen=True)
class ErasureCard:
    """One erasure: by the customer's number, whoever reads it."""

    pk: int
    number: str
    customer: str
    why: str
    wished_on: date | None
    asked_at: datetime
    asked_by: str
    due_on: date
    overdue: bool
    state: str
    label: str
    tone: str
    closed_at: datetime | None
    closed_by: str
    answer: str
    approval_id: int | None
    entered_at: datetime
    last_contact_at: datetime | None

    def __str__(self) -> str:
        return self.customer


def card(erasure: Erasure) -> ErasureCard:
    """The erasure as its readers may read it; no query when it was read by `listed`."""
    state = ErasureState(erasure.state)
    today = clock.today(erasure.project.zone)
    return ErasureCard(
        pk=erasure.pk, number=erasure.number, customer=erasure.customer.number,
        why=str(ErasureReason(erasure.why).label), wished_on=erasure.wished_on, asked_at=erasure.asked_at,
        asked_by=erasure.asked_by.name if erasure.asked_by else "", due_on=erasure.due_on,
        overdue=state in OPEN_ERASURE and erasure.due_on < today, state=state.value, label=str(state.label),
        tone=TONES[state], closed_at=erasure.closed_at, closed_by=erasure.closed_by.name if erasure.closed_by else "",
        answer=erasure.answer, approval_id=erasure.approval_id, entered_at=erasure.customer.entered_at,
        last_contact_at=erasure.customer.last_contact_at,
    )  # fmt: skip


@dataclass(frozen=True)
class Cards:
    """The erasures of a query as cards, cut out and counted like the query itself."""

    rows: QuerySet[Erasure]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[ErasureCard]:
        return [card(row) for row in self.rows[part]]


@dataclass(frozen=True)
class Step:
    """One step of an erasure's life."""

    at: datetime
    text: str
    who: str


def steps(erasure: Erasure) -> list[Step]:
    """What became of the erasure, newest first."""
    return list(_steps(erasure))


def _steps(erasure: Erasure) -> Iterator[Step]:
    for entry in timeline(erasure):
        if entry.action in ACTS:
            yield Step(entry.at, str(ACTS[entry.action]), getattr(entry.by, "name", ""))


@dataclass(frozen=True)
class Export:
    """A workbook that somebody took out while the customer was known: paper and files elsewhere nobody erases."""

    number: str
    at: datetime
    days: int
    by: str
    what: str


def exports(erasure: Erasure) -> list[Export]:
    """The exports of lists of people that may name the customer, the oldest first (abuse 53)."""
    until = erasure.closed_at or clock.now()
    events = AuditEvent.objects.filter(
        action="export", project_id=erasure.project_id, at__gte=erasure.customer.entered_at - timedelta(minutes=1),
        at__lte=until, detail__people=True,
    )  # fmt: skip
    return [_export(event, until) for event in events.select_related("actor").order_by("pk")]


def _export(event: AuditEvent, until: datetime) -> Export:
    who = f"{event.actor.employee_no} {event.actor.name}" if event.actor else ""
    return Export(f"E{event.pk}", event.at, (until - event.at).days, who, str(event.detail.get("what", "")))


@dataclass(frozen=True)
class Erased:
    """What is left of an erased customer: the number, when, and why."""

    number: str
    erased_at: datetime
    why: str
    erasure: str


def erased(access: Access, project: Project, number: str) -> Erased | None:
    """The erased customer with this number, or the one into whom they were merged; None for any other number."""
    rows = erased_visible_to(access).filter(project=project)
    row = rows.filter(number=number).first() or rows.filter(pk=kept_for(project, number) or 0).first()
    return _erased(access, row) if row else None


def _erased(access: Access, row: Customer) -> Erased:
    done = Erasure.every.filter(customer=row, state=ErasureState.DONE).order_by("-closed_at").first()
    mine: Any = done is not None and erasures_visible_to(access).filter(pk=done.pk).exists()
    assert row.erased_at is not None
    return Erased(
        number=row.number, erased_at=row.erased_at, why=str(ErasureReason(done.why).label) if done else "",
        erasure=done.number if done and mine else "",
    )  # fmt: skip
