"""Lists of viewings, one viewing, and what of it a reader gets: pages receive these values, never the rows (R2.4, R7.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Customer, Viewing, ViewingItem
from enquiries.queries.present import sees_people
from enquiries.queries.roster import at
from enquiries.queries.scope import viewings_visible_to
from enquiries.states import OPEN_VIEWING, ViewingState
from inventory.models import Project, Unit
from inventory.queries.scope import projects_visible_to
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import Change, timeline
from salescontrol.core.permissions import Permission

TONES: Mapping[str, str] = {
    ViewingState.PENDING: "pending",
    ViewingState.CONFIRMED: "reserved",
    ViewingState.VISITED: "good",
    ViewingState.CANCELLED: "muted",
    ViewingState.NO_SHOW: "bad",
}
FOUND = 20
SENTENCES: Mapping[str, tuple[Any, Any]] = {
    "viewing.book": (gettext_lazy("Booked by %(who)s"), gettext_lazy("Booked")),
    "viewing.confirm": (gettext_lazy("Confirmed by %(who)s"), gettext_lazy("Confirmed")),
    "viewing.move": (gettext_lazy("Moved by %(who)s"), gettext_lazy("Moved")),
    "viewing.cancel": (gettext_lazy("Cancelled by %(who)s"), gettext_lazy("Cancelled")),
    "viewing.miss": (gettext_lazy("Nobody came; noted by %(who)s"), gettext_lazy("Nobody came")),
    "viewing.outcome": (gettext_lazy("Outcome recorded by %(who)s"), gettext_lazy("Outcome recorded")),
    "viewing.remind": (gettext_lazy("Salesperson and reception reminded"), gettext_lazy("Reminded")),
}


@dataclass(frozen=True)
class Item:
    """A unit or layout to be seen, and what the customer thought of it."""

    pk: int
    name: str
    is_unit: bool
    unit_id: int | None
    liking: str
    feedback: str


@dataclass(frozen=True)
class ViewingCard:
    """One viewing as this reader may read it. `customer` is the number alone for who may not see the customer."""

    number: str
    project: str
    code: str
    customer: str
    starts_at: datetime
    ends_at: datetime
    salesperson: str
    party_size: int
    source: str
    note: str
    state: str
    label: str
    tone: str
    moves: int
    outcome: str
    notified_at: datetime | None
    items: tuple[Item, ...]

    @property
    def open(self) -> bool:
        return self.state in OPEN_VIEWING

    @property
    def what(self) -> str:
        """Rooms and layouts in a row."""
        return ", ".join(item.name for item in self.items)


def listed(access: Access, project: Project) -> QuerySet[Viewing]:
    """Every viewing of the project of which the user may know, with what a list shows."""
    return _named(viewings_visible_to(access).filter(project=project))


def _named(rows: QuerySet[Viewing]) -> QuerySet[Viewing]:
    return rows.select_related("project", "customer", "salesperson").prefetch_related("items__unit", "items__layout")


def between(access: Access, project: Project, first: date, last: date) -> QuerySet[Viewing]:
    """The viewings that begin on one of these days by the project's clock, in order."""
    start, end = _span(project, first, last)
    return listed(access, project).filter(starts_at__gte=start, starts_at__lt=end).order_by("starts_at", "pk")


def _span(project: Project, first: date, last: date) -> tuple[datetime, datetime]:
    midnight = datetime.min.time()
    return at(project, first, midnight), at(project, last + timedelta(days=1), midnight)


def find(access: Access, project: Project, number: str) -> Viewing:
    """The viewing with this number; NotVisible, with one text, when missing or not this user's (abuse 25)."""
    found = listed(access, project).filter(number=number).first()
    if found is None:
        raise NotVisible("")
    return found


def salespeople_of(access: Access, project: Project) -> QuerySet:
    """Whose viewings the visible ones are: what a list can be filtered by (abuse 28)."""
    visible = viewings_visible_to(access).filter(project=project).order_by()
    return get_user_model().objects.filter(pk__in=visible.values("salesperson")).order_by("name", "pk")


def own_day(access: Access, day: date) -> QuerySet[Viewing]:
    """A salesperson's own viewings of a day in every project of theirs, in order."""
    projects = projects_visible_to(access)
    chosen = Q(pk__in=[])
    for project in projects:
        start, end = _span(project, day, day)
        chosen |= Q(project=project, starts_at__gte=start, starts_at__lt=end)
    mine = viewings_visible_to(access).filter(chosen, salesperson=access.user)
    return _named(mine).exclude(state=ViewingState.CANCELLED).order_by("starts_at", "pk")


def of_customer(access: Access, customer: Customer) -> QuerySet[Viewing]:
    """The customer's viewings of which the reader may know, newest first."""
    return _named(viewings_visible_to(access).filter(customer=customer)).order_by("-starts_at", "-pk")


def of_unit(access: Access, unit: Unit) -> QuerySet[Viewing]:
    """The viewings still to come that name the unit, as far as the reader may know."""
    rows = viewings_visible_to(access).filter(items__unit=unit, state__in=OPEN_VIEWING, ends_at__gt=clock.now())
    return _named(rows).order_by("starts_at", "pk")


def found(access: Access, words: str) -> QuerySet[Viewing]:
    """The viewing with this number, across the user's projects."""
    rows = viewings_visible_to(access).filter(number=words.strip().upper(), project__in=projects_visible_to(access))
    return _named(rows)[:FOUND]


def in_calendar(access: Access) -> QuerySet[Viewing]:
    """What a calendar shows: from a month ago on, without cancelled and missed ones."""
    since = clock.now() - timedelta(days=31)
    rows = viewings_visible_to(access).filter(project__in=projects_visible_to(access), starts_at__gte=since)
    shown = rows.exclude(state__in=[ViewingState.CANCELLED, ViewingState.NO_SHOW])
    return _named(shown).order_by("starts_at", "pk")


def sees_name(access: Access, viewing: Viewing) -> bool:
    """Whether the reader may know what the customer is called."""
    own = access.can(Permission.CUSTOMER_SEE_OWN, viewing.project_id) and viewing.customer.owner_id == access.user.pk
    return own or access.can(Permission.CUSTOMER_SEE_ALL, viewing.project_id)


def called(access: Access, viewing: Viewing) -> str:
    """`Zhou Min (K7M2QX9A)`, or the number alone."""
    customer = viewing.customer
    if not sees_name(access, viewing):
        return customer.number
    return _("%(name)s (%(number)s)") % {"name": customer.called, "number": customer.number}


def card(access: Access, viewing: Viewing) -> ViewingCard:
    """The viewing as this reader may read it; no query when it was read by `listed`."""
    state = ViewingState(viewing.state)
    return ViewingCard(
        number=viewing.number, project=viewing.project.name, code=viewing.project.code, customer=called(access, viewing),
        starts_at=viewing.starts_at, ends_at=viewing.ends_at, salesperson=viewing.salesperson.name,
        party_size=viewing.party_size, source=viewing.get_source_display() if viewing.source else "", note=viewing.note,
        state=state.value, label=str(state.label), tone=TONES[state], moves=viewing.moves, outcome=viewing.outcome,
        notified_at=viewing.notified_at, items=tuple(_item(item) for item in viewing.items.all()),
    )  # fmt: skip


def _item(item: ViewingItem) -> Item:
    liking = str(item.get_liking_display()) if item.liking else ""
    name = item.unit.number if item.unit else item.layout.code if item.layout else ""
    return Item(item.pk, name, item.unit_id is not None, item.unit_id, liking, item.feedback)


@dataclass(frozen=True)
class ViewingCards:
    """The viewings of a query as this reader may read them, for a list: cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[Viewing]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[ViewingCard]:
        return [card(self.access, row) for row in self.rows[part]]

    def __iter__(self) -> Iterator[ViewingCard]:
        return (card(self.access, row) for row in self.rows.iterator(chunk_size=500))


@dataclass(frozen=True)
class Step:
    """One step of a viewing's life: when, the sentence, and the times and people that changed with it."""

    at: datetime
    text: str
    lines: tuple[str, ...]


def steps(access: Access, viewing: Viewing) -> list[Step]:
    """The viewing's life, newest first; who did what only for who may know people."""
    people = sees_people(access, viewing.project_id)
    entries = timeline(viewing)
    return [
        Step(entry.at, _sentence(entry, people), tuple(_moments(viewing, entry.changes)))
        for entry in entries
        if entry.action in SENTENCES
    ]


def _sentence(entry: Any, people: bool) -> str:
    pair = SENTENCES[entry.action]
    text = str(pair[0]) % {"who": entry.by.name} if people and entry.by is not None else str(pair[1])
    return _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": entry.reason} if entry.reason else text


def _moments(viewing: Viewing, changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        if change.field == "starts_at":
            old, new = (
                f"{clock.local(value, viewing.project.zone):%Y-%m-%d %H:%M}" for value in (change.old, change.new)
            )
            yield _("%(what)s: %(old)s → %(new)s") % {"what": capfirst(change.label), "old": old, "new": new}
