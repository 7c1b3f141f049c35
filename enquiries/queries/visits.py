"""Lists of visits and one visit; pages get cards with the phone masked (R2.5, R7.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet

from enquiries import phones
from enquiries.models import Customer, Visit
from enquiries.queries.present import sees_people, wishes
from enquiries.queries.scope import calls_visible_to, visits_visible_to
from enquiries.states import Origin
from inventory.models import Project
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import timeline
from salescontrol.core.permissions import Permission

# What is said of a visitor beyond the list's columns, in the order of the page.
SAID = (
    "party", "age_band", "home_area", "work_area", "employer", "occupation", "use", "unit_price", "total_price", "factors",
    "objections",
)  # fmt: skip


_READ = ("customer", "salesperson", "logged_by", "pre_report")


def listed(access: Access, project: Project) -> QuerySet[Visit]:
    """Every visit of the project of which the user may know, with what a list shows."""
    return visits_visible_to(access).filter(project=project).select_related(*_READ)


def find(access: Access, project: Project, number: str) -> Visit:
    """The visit with this number; NotVisible, with one text, when missing or not this user's (abuse 25)."""
    found = listed(access, project).filter(number=number).first()
    if found is None:
        raise NotVisible("")
    return found


def of_customer(access: Access, customer: Customer) -> QuerySet[Visit]:
    """The visible visits of a customer, latest first."""
    rows = visits_visible_to(access).filter(customer=customer).select_related(*_READ)
    return rows.order_by("-at", "-pk")


def salespeople(access: Access, project: Project) -> QuerySet:
    """Who received the visible visitors: what a list can be filtered by (abuse 28)."""
    theirs = visits_visible_to(access).filter(project=project, salesperson=OuterRef("pk")).order_by()
    return get_user_model().objects.filter(Exists(theirs)).order_by("name", "pk")


def call_of(access: Access, visit: Visit) -> str:
    """The number of the call before, when the reader may see that call."""
    if visit.call_id is None:
        return ""
    return calls_visible_to(access).filter(pk=visit.call_id).values_list("number", flat=True).first() or ""


@dataclass(frozen=True)
class VisitCard:
    """One visit as this reader may read it; who it was only for who sees that customer, names of people likewise."""

    number: str
    at: datetime
    kind: str
    customer: str
    name: str
    phone: str
    channel: str
    grade: str
    wishes: str
    note: str
    salesperson: str
    logged_by: str
    logged_at: datetime
    late_reason: str
    origin: str
    departs: bool
    origin_reason: str
    pre_report: str
    said: tuple[tuple[Any, Any], ...]


def card(access: Access, visit: Visit) -> VisitCard:
    """The visit as this reader may read it; no query when people and customer were read with the row."""
    guest = visit.customer
    known = access.can(Permission.CUSTOMER_SEE_ALL, visit.project_id) or guest.owner_id == access.user.pk
    return VisitCard(
        number=visit.number,
        at=visit.at,
        kind=visit.get_kind_display(),
        customer=guest.number if known else "",
        name=guest.called if known else "",
        phone=phones.masked(guest.phone) if known else "",
        channel=visit.get_channel_display(),
        grade=visit.grade,
        wishes=wishes(visit),
        note=visit.note,
        salesperson=_named(access, visit, visit.salesperson),
        logged_by=_named(access, visit, visit.logged_by),
        logged_at=visit.logged_at,
        late_reason=visit.late_reason,
        origin=visit.get_origin_display(),
        departs=visit.origin_departs,
        origin_reason=visit.origin_reason if known else "",
        pre_report=visit.pre_report.number if known and visit.pre_report else "",
        said=tuple(_said(visit)),
    )


def _named(access: Access, visit: Visit, person: Any) -> str:
    named = person is not None and (sees_people(access, visit.project_id) or person.pk == access.user.pk)
    return person.name if named else ""


def _said(visit: Visit) -> Iterator[tuple[Any, Any]]:
    """Label and value of what was written down, as far as it was."""
    for name in SAID:
        shown = getattr(visit, f"get_{name}_display", None)
        value = shown() if shown else getattr(visit, name)
        if value:
            yield visit._meta.get_field(name).verbose_name, value  # type: ignore[union-attr]


@dataclass(frozen=True)
class Cards:
    """The visits of a query as this reader may read them, for a list: cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[Visit]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[VisitCard]:
        return [card(self.access, row) for row in self.rows[part]]

    def __iter__(self) -> Iterator[VisitCard]:
        return (card(self.access, row) for row in self.rows.iterator(chunk_size=500))


@dataclass(frozen=True)
class Judged:
    """One judgement of how the visitor came: when, what, why, and by whom where the reader may know people."""

    at: datetime
    origin: str
    reason: str
    by: str


def judgements(access: Access, visit: Visit) -> list[Judged]:
    """How the visitor was judged to have come, latest first; empty when it was judged once and as proposed."""
    people = sees_people(access, visit.project_id)
    found = []
    for entry in timeline(visit):
        if entry.action == "visit.judge":
            by = entry.by.name if people and entry.by is not None else ""  # type: ignore[attr-defined]
            changes = {change.field: change for change in entry.changes}
            origin = changes.get("origin")
            found.append(Judged(entry.at, str(Origin(origin.new).label) if origin else "", entry.reason, by))
    return found
