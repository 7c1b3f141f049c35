"""What of a customer a user may read (R7.1): pages get these values, never the row; the phone always masked (decisions 30)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enquiries import papers, phones
from enquiries.models import Customer
from enquiries.models.wishes import Wishes
from enquiries.queries.numbers import papers_of, phones_of
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


@dataclass(frozen=True)
class CustomerCard:
    """One customer as this reader may read them; `owner` is empty where the reader may not know people."""

    number: str
    name: str
    phone: str
    owner: str
    note: str
    entered_at: datetime
    kind: str
    grade: str
    channel: str
    wishes: str
    last_contact_at: datetime | None
    owner_since: datetime | None
    version: int


def sees_people(access: Access, project_id: int) -> bool:
    """Whether the reader may know whose customer it is, and who did what."""
    return access.can(Permission.UNIT_SEE_PEOPLE, project_id)


def card(access: Access, customer: Customer) -> CustomerCard:
    """The customer as this reader may read them; no query when `owner` was read with the row."""
    named = sees_people(access, customer.project_id) or customer.owner_id == access.user.pk
    return CustomerCard(
        number=customer.number,
        name=customer.called,
        phone=phones.masked(customer.phone),
        owner=customer.owner.name if named and customer.owner else "",
        note=customer.note,
        entered_at=customer.entered_at,
        kind=customer.get_kind_display(),
        grade=customer.grade,
        channel=customer.get_channel_display(),
        wishes=wishes(customer),
        last_contact_at=customer.last_contact_at,
        owner_since=customer.owner_since,
        version=customer.version,
    )


def wishes(row: Wishes) -> str:
    """What somebody looks for, in one line."""
    parts = [
        row.layout,
        _span(row.area_from, row.area_to, "㎡"),
        _("up to %(budget)s") % {"budget": f"{row.budget_to:,.0f}"} if row.budget_to is not None else "",
        _("floor %(span)s") % {"span": span} if (span := _span(row.floor_from, row.floor_to, "")) else "",
        row.get_motive_display(),
        row.needs,
    ]
    return " · ".join(part for part in parts if part)


def _span(low: Any, high: Any, unit: str) -> str:
    if low is None and high is None:
        return ""
    ends = [f"{value:g}" if value is not None else "" for value in (low, high)]
    return f"{' – '.join(ends)}{unit and f' {unit}'}".strip()


@dataclass(frozen=True)
class Masked:
    """One line that is shown masked: what it is asked for by, its label, the mask; `pk` and `main` tell phones apart."""

    key: str
    label: str
    text: str
    pk: int = 0
    main: bool = False
    is_phone: bool = False


def contacts(customer: Customer) -> list[Masked]:
    """Phones, papers and address of a visible customer, each masked."""
    found = [
        Masked(f"phone-{row.pk}", _("Main phone") if row.is_main else _("Phone"), phones.masked(row.number), row.pk,
               row.is_main, is_phone=True)
        for row in phones_of(customer)
    ]  # fmt: skip
    for paper in papers_of(customer):
        found.append(Masked(f"paper-{paper.pk}", paper.get_kind_display(), papers.masked(paper.number), paper.pk))
    if customer.address:
        found.append(Masked("address", _("Address"), f"{customer.address[:2]}****"))
    return found


@dataclass(frozen=True)
class Cards:
    """The customers of a query as this reader may read them, for a list: cut out and counted like the query itself."""

    access: Access
    rows: QuerySet[Customer]

    def count(self) -> int:
        return self.rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[CustomerCard]:
        return [card(self.access, row) for row in self.rows[part]]

    def __iter__(self) -> Iterator[CustomerCard]:
        return (card(self.access, row) for row in self.rows.iterator(chunk_size=500))
