"""Lists of calls, one call, the drafts, and who is calling; pages get cards with the phone masked (R2.1, R7.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet

from enquiries import names, phones
from enquiries.models import Call, Customer
from enquiries.queries import customers
from enquiries.queries.present import sees_people
from enquiries.queries.scope import calls_visible_to, customers_visible_to
from enquiries.states import IN_TIME, LATE, CallState, Rings
from inventory.models import Project
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

LAST = 5
# How soon a call was answered → the rings that say so.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "in_time": IN_TIME,
    "late": LATE,
    "missed": (Rings.MISSED,),
    "unknown": (Rings.UNKNOWN,),
}
WISHES = ("layout", "area_from", "area_to", "budget_to", "floor_from", "floor_to", "motive", "needs")


def listed(access: Access, project: Project) -> QuerySet[Call]:
    """Every call of the project of which the user may know, without drafts, with what a list shows."""
    return logged(access, project).select_related("taken_by", "salesperson", "customer")


def logged(access: Access, project: Project) -> QuerySet[Call]:
    """The same, the calls alone."""
    return calls_visible_to(access).filter(project=project, state__in=(CallState.LOGGED, CallState.CONFIRMED))


def find(access: Access, project: Project, number: str) -> Call:
    """The call with this number, a draft too; NotVisible, with one text, when missing or not this user's (abuse 25)."""
    visible = calls_visible_to(access).filter(project=project, number=number).exclude(state=CallState.DISCARDED)
    found = visible.select_related("taken_by", "salesperson", "confirmed_by", "customer__owner").first()
    if found is None:
        raise NotVisible("")
    return found


def drafts(access: Access, project: Project) -> QuerySet[Call]:
    """Calls that somebody of the desk began to write down, latest first."""
    visible = calls_visible_to(access).filter(project=project, state=CallState.DRAFT)
    return visible.select_related("taken_by", "salesperson", "customer").order_by("-at", "-pk")


def unconfirmed(access: Access, project: Project) -> QuerySet[Call]:
    """Calls whose salesperson was told and has not confirmed, oldest first; for a salesperson those that wait for them."""
    told = listed(access, project).filter(state=CallState.LOGGED, salesperson__isnull=False)
    mine = told if sees_people(access, project.pk) else told.filter(salesperson=access.user)
    return mine.order_by("informed_at", "pk")


@dataclass(frozen=True)
class Caller:
    """Who is calling, as far as this reader may read it; the phone masked."""

    number: str
    name: str
    phone: str
    owner: str
    note: str


@dataclass(frozen=True)
class LastCall:
    """One of the last calls from a number: what was asked then."""

    number: str
    state_label: str
    at: datetime
    asked: str


def of_phone(access: Access, project: Project, digits: str) -> Customer | None:
    """The customer of this whole number whom the user may see; read while the phone rings, so only what `caller` needs."""
    if not digits:
        return None
    rows = customers.listed(access, project).filter(customers.reached_by(digits))
    return rows.only("number", "project", "name", "phone", "note", "erased_at", "owner__name").order_by("pk").first()


def caller(access: Access, customer: Customer) -> Caller:
    """What the page of a call says of its caller."""
    named = sees_people(access, customer.project_id) or customer.owner_id == access.user.pk
    owner = customer.owner.name if named and customer.owner else ""
    return Caller(customer.number, customer.called, phones.masked(customer.phone), owner, customer.note)


def last_calls(access: Access, project: Project, digits: str) -> list[LastCall]:
    """The last calls from this number, latest first."""
    if not digits:
        return []
    rows = logged(access, project).filter(phone_index=phones.index(digits)).order_by("-at", "-pk")
    shown = rows.values_list("number", "state", "at", "asked")[:LAST]
    return [LastCall(number, str(CallState(state).label), at, asked) for number, state, at, asked in shown]


def people(access: Access, project: Project, role: str) -> QuerySet:
    """Who appears in the visible calls as `role` (`taken_by` or `salesperson`): what a list can be filtered by (abuse 28)."""
    theirs = calls_visible_to(access).filter(project=project, **{role: OuterRef("pk")}).order_by()
    return get_user_model().objects.filter(Exists(theirs)).order_by("name", "pk")


def answered_as(answer: str) -> Q:
    """A condition: calls that were answered in time, late, not at all, or nobody knows when."""
    return Q(rings__in=ANSWERS.get(answer, ()))


def sees_customer(access: Access, call: Call) -> bool:
    """Whether the reader may open the caller's own page."""
    return call.customer_id is not None and customers_visible_to(access).filter(pk=call.customer_id).exists()


@dataclass(frozen=True)
class CallCard:
    """One call as this reader may read it; the phone masked, the salesperson's name empty where the reader knows no people."""

    number: str
    state: str
    state_label: str
    at: datetime
    caller: str
    phone: str
    rings: str
    channel: str
    taken_by: str
    salesperson: str
    customer: str
    asked: str
    answered: str
    invited: str
    next_on: date | None
    informed_at: datetime | None
    confirmed_at: datetime | None
    wishes: tuple[tuple[str, Any, Any], ...]


def card(access: Access, call: Call) -> CallCard:
    """The call as this reader may read it; no query when people and customer were read with the row."""
    named = sees_people(access, call.project_id) or call.salesperson_id == access.user.pk
    return CallCard(
        number=call.number,
        state=call.state,
        state_label=call.get_state_display(),
        at=call.at,
        caller=_caller(call),
        phone=_masked(call),
        rings=call.get_rings_display(),
        channel=call.get_channel_display(),
        taken_by=call.taken_by.name,
        salesperson=call.salesperson.name if named and call.salesperson else "",
        customer=call.customer.number if call.customer else "",
        asked=call.asked,
        answered=call.answered,
        invited=call.get_invited_display(),
        next_on=call.next_on,
        informed_at=call.informed_at,
        confirmed_at=call.confirmed_at,
        wishes=tuple(_wishes(call)),
    )


def _caller(call: Call) -> str:
    """The name that was given; a customer's call without one says so, with the end of the number."""
    if call.caller or not (call.customer_id and call.phone_index):
        return names.called(call.caller)
    return names.called(names.unnamed(call.phone))


def _masked(call: Call) -> str:
    """A draft's half of a number is shown as its first digits only."""
    return phones.masked(call.phone) if call.phone_index else f"{call.phone[:3]}…" if call.phone else ""


def _wishes(call: Call) -> Iterator[tuple[str, Any, Any]]:
    """Name, label and value of what the caller is looking for, as far as it was said."""
    for name in WISHES:
        value = call.get_motive_display() if name == "motive" else getattr(call, name)
        if value not in ("", None):
            yield name, call._meta.get_field(name).verbose_name, value  # type: ignore[union-attr]


@dataclass(frozen=True)
class Cards:
    """The calls of a query as this reader may read them, for a list: cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[Call]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[CallCard]:
        return [card(self.access, row) for row in self.rows[part]]

    def __iter__(self) -> Iterator[CallCard]:
        return (card(self.access, row) for row in self.rows.iterator(chunk_size=500))
