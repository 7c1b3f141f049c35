"""What of a unit a user may read, field by field (R7.1, decisions 3 and 4): pages get these values, never the row itself."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from inventory.models import Unit
from inventory.queries.scope import units_visible_whole_to
from inventory.queries.standing import standing
from inventory.states import CLAIMED, LOCK_MARKS, MARKS, Lock, Status
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

TONES = {
    Status.DRAFT: "pending",
    Status.WITHHELD: "withheld",
    Status.AVAILABLE: "available",
    Status.HELD: "held",
    Status.SMALL_DEPOSIT: "deposit",
    Status.SUBSCRIBED: "reserved",
    Status.CONTRACTED: "sold",
    Status.DELIVERED: "delivered",
}


@dataclass(frozen=True)
class Sight:
    """How much of a project's units a user may read: ids of their own units, and of all that they read whole, when that matters."""

    reader: int
    everything: bool
    people: bool
    floor_price: bool
    drafts: bool
    own: frozenset[int]
    whole: frozenset[int]

    def reads_whole(self, unit_id: int) -> bool:
        """Whether the user may read more of this unit than facts, list price and status."""
        return self.everything or unit_id in self.whole


def sight(access: Access, project_id: int) -> Sight:
    """The user's sight in the project: one query for a salesperson, none for the desk."""
    everything = access.can(Permission.UNIT_SEE_ALL, project_id)
    seen: Any = units_visible_whole_to(access).filter(project_id=project_id).order_by()
    whole = {} if everything else dict(seen.values_list("pk", "mine"))
    return Sight(
        reader=access.user.pk,
        everything=everything,
        people=access.can(Permission.UNIT_SEE_PEOPLE, project_id),
        floor_price=access.can(Permission.FLOOR_PRICE_SEE, project_id),
        drafts=access.can(Permission.UNIT_SEE_DRAFTS, project_id),
        own=frozenset(pk for pk, mine in whole.items() if mine),
        whole=frozenset(whole),
    )


@dataclass(frozen=True)
class UnitCard:
    """One unit as this user may read it. What may not be read is None or empty; money in yuan, areas in ㎡."""

    pk: int
    number: str
    status: str
    status_label: str
    mark: str
    tone: str
    locks: tuple[tuple[str, str], ...]
    mine: bool
    whole: bool
    list_total: Decimal | None
    list_unit_price: Decimal | None
    floor_total: Decimal | None
    floor_unit_price: Decimal | None
    filed_total: Decimal | None
    filed_unit_price: Decimal | None
    salesperson: str
    reason: str


def card(unit: Unit, sight: Sight) -> UnitCard:
    """The unit as this sight allows; `unit.salesperson` should be loaded with it."""
    whole = sight.reads_whole(unit.pk)
    seen = sight.people or unit.salesperson_id == sight.reader
    status = standing(unit)
    return UnitCard(
        pk=unit.pk,
        number=unit.number,
        status=status.value,
        status_label=str(status.label),
        mark=str(MARKS[status]),
        tone=TONES[status],
        locks=tuple((str(LOCK_MARKS[Lock(code)]), str(Lock(code).label)) for code in unit.lock_codes),
        mine=unit.pk in sight.own,
        whole=whole,
        list_total=unit.list_total,
        list_unit_price=unit.list_unit_price,
        floor_total=unit.floor_total if sight.floor_price else None,
        floor_unit_price=unit.floor_unit_price if sight.floor_price else None,
        filed_total=unit.filed_total,
        filed_unit_price=unit.filed_unit_price,
        salesperson=unit.salesperson.name if seen and unit.salesperson else "",
        reason=_reason(unit, sight) if whole else "",
    )


def _reason(unit: Unit, sight: Sight) -> str:
    """Why the unit is withheld or on sale. What was written about a claim, or about its end, is for who may know whose it was."""
    return unit.status_reason if unit.status == Status.WITHHELD or (sight.people and unit.status not in CLAIMED) else ""
