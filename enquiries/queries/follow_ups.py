"""The follow-ups of a customer, and whom somebody promised to speak with by a day."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from enquiries.models import Customer, FollowUp
from enquiries.queries.present import CustomerCard, card, sees_people
from enquiries.queries.scope import follow_ups_visible_to
from inventory.models import Project
from salescontrol.core.access import Access

SHOWN = 50


@dataclass(frozen=True)
class Note:
    """One follow-up as its reader may read it."""

    at: datetime
    way: str
    content: str
    next_on: date | None
    by: str


@dataclass(frozen=True)
class Due:
    """A customer whom somebody should speak with: since which day, and what was said last."""

    card: CustomerCard
    number: str
    name: str
    owner: str
    next_on: date
    way: str
    content: str


def notes(access: Access, customer: Customer) -> list[Note]:
    """The latest follow-ups of a visible customer, newest first."""
    people = sees_people(access, customer.project_id)
    rows = follow_ups_visible_to(access).filter(customer=customer).select_related("by")[:SHOWN]
    return [
        Note(
            row.at,
            row.get_way_display(),
            row.content,
            row.next_on,
            row.by.name if people or row.by == access.user else "",
        )
        for row in rows
    ]


def due(access: Access, project: Project, day: date) -> QuerySet[FollowUp]:
    """The last follow-up of each visible customer of the project that promised the next for this day or before; oldest first."""
    visible = follow_ups_visible_to(access).filter(customer__project=project, next_on__lte=day)
    later = follow_ups_visible_to(access).filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")), customer=OuterRef("customer")
    )
    return (
        visible.exclude(Exists(later)).select_related("customer__owner", "customer__project").order_by("next_on", "pk")
    )


@dataclass(frozen=True)
class DueLines:
    """The due follow-ups of a query as this reader may read them, cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[FollowUp]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Due]:
        return [self._line(row) for row in self.rows[part]]

    def __iter__(self):
        return (self._line(row) for row in self.rows.iterator(chunk_size=500))

    def _line(self, row: FollowUp) -> Due:
        shown = card(self.access, row.customer)
        assert row.next_on is not None
        return Due(shown, shown.number, shown.name, shown.owner, row.next_on, row.get_way_display(), row.content)
