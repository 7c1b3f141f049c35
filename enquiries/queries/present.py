"""What of a customer a user may read (R7.1): pages get these values, never the row; the phone always masked (decisions 30)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from enquiries import phones
from enquiries.models import Customer
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


def sees_people(access: Access, project_id: int) -> bool:
    """Whether the reader may know whose customer it is, and who did what."""
    return access.can(Permission.UNIT_SEE_PEOPLE, project_id)


def card(access: Access, customer: Customer) -> CustomerCard:
    """The customer as this reader may read them; no query when `owner` was read with the row."""
    named = sees_people(access, customer.project_id) or customer.owner_id == access.user.pk
    return CustomerCard(
        number=customer.number,
        name=customer.name,
        phone=phones.masked(customer.phone),
        owner=customer.owner.name if named and customer.owner else "",
        note=customer.note,
        entered_at=customer.entered_at,
    )


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
