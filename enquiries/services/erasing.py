"""A customer is erased (R7.6, quality P7, abuse 53): whatever says who it was is emptied, everywhere at once or not at all.

What stays is what is counted: the number, dates, kinds, channel, grade. Every model names its `personal` columns itself. What the
apps above keep about customers they forget by the `Part` that they `register`; they also say whom the law has them keep.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from enquiries import phones
from enquiries.models import Call, Customer, CustomerPhone, IdPaper, PreReport, Viewing, ViewingItem
from enquiries.queries.numbers import lives_of
from enquiries.services import intake
from enquiries.services.transfer import DISPUTE, TRANSFER
from enquiries.states import OPEN_VIEWING, CallState
from salescontrol.core import clock
from salescontrol.core.errors import Conflict
from salescontrol.core.forgetting import ACTION, forget, forget_approvals, forget_comments, forget_records
from salescontrol.core.history import update_tracked

ERASE = ACTION
# So many digits of a number that was not written to its end say whose it is.
TELLING_DIGITS = 7


@dataclass(frozen=True)
class Part:
    """What an app above keeps about customers: `require(customer, ids)` raises Refusal where the law or something open forbids
    erasing; `held()` → a query of the ids of these; `forget(ids, by, about)` empties what it has."""

    require: Callable[[Customer, Collection[int]], None]
    held: Callable[[], QuerySet]
    forget: Callable[[Collection[int], Any, str], None]


_PARTS: list[Part] = []


def register(part: Part) -> None:
    """Add the part of an app above. Called from `AppConfig.ready`."""
    _PARTS.append(part)


def held() -> Q:
    """A condition: customers whom nobody may erase now."""
    viewings = Viewing.every.filter(state__in=OPEN_VIEWING).order_by().values("customer")
    return reduce(or_, (Q(pk__in=part.held()) for part in _PARTS), Q(pk__in=viewings))


def require_erasable(customer: Customer, ids: Collection[int]) -> None:
    """Raise Refusal `legal_hold` or Conflict `bound` where something stands against erasing the customer, with who can do what."""
    for part in _PARTS:
        part.require(customer, ids)
    if Viewing.every.filter(customer__in=ids, state__in=OPEN_VIEWING).exists():
        raise Conflict(
            _("A viewing is booked for customer %(number)s. Cancel it first; whoever books viewings can.")
            % {"number": customer.number},
            code="bound",
        )


def erase(*, customer: Customer, by: Any, about: str, lawful: bool = False) -> Customer:
    """Erase the customer and whoever was merged into them; returns the row. Needs the caller's transaction.

    `about` is the number of the erasure, kept with every rewritten record. `lawful`: it was found lawful before and is done
    again after a restore. The apps above come first, because units are locked before customers (decisions 21);
    so are imports.
    """
    ids = lives_of(customer)
    if not lawful:
        require_erasable(customer, ids)
    for part in _PARTS:
        part.forget(ids, by, about)
    known_phones, known_papers = _numbers(CustomerPhone, ids), _numbers(IdPaper, ids)
    intake.forget_naming(project_id=customer.project_id, ids=ids, numbers=known_phones | known_papers, by=by)
    rows = list(Customer.every.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk"))
    # What was begun before the rows were locked is there now, and nothing new can come.
    if not lawful:
        require_erasable(customer, ids)
    indexes = _indexes(customer, ids)
    _forget_calls(customer, ids, indexes, known_phones, by, about)
    _forget_nobodys_reports(customer, ids, indexes, known_phones, by, about)
    for model in about_customers():
        forget(model, Q(customer__in=ids), records=Q(customer_id__in=ids), by=by, about=about)
    _forget_items(ids, by, about)
    _remove_numbers(ids, by)
    _forget_requests(customer, ids, by, about)
    return _mark(customer, rows, by, about)


def about_customers() -> list[type[Model]]:
    """Every model of this app that names a customer and has personal columns: a new one is erased without being named here."""
    return [
        model
        for model in apps.get_app_config("enquiries").get_models()
        if hasattr(model, "personal") and any(field.name == "customer" for field in model._meta.concrete_fields)
    ]


def _indexes(customer: Customer, ids: Collection[int]) -> set[str]:
    """What the customer's numbers are found by, former ones too; without those that somebody else has now."""
    found = set(CustomerPhone.history.filter(customer_id__in=ids).values_list("number_index", flat=True))
    found |= set(Customer.history.filter(id__in=ids).values_list("phone_index", flat=True))
    others = CustomerPhone.every.filter(project_id=customer.project_id, number_index__in=found).exclude(
        customer__in=ids
    )
    return found - {"", *others.values_list("number_index", flat=True)}


def _numbers(model: type[CustomerPhone] | type[IdPaper], ids: Collection[int]) -> set[str]:
    """The customer's numbers of this kind in full, former ones too."""
    return {row.number for row in model.history.filter(customer_id__in=ids)} - {""}


def _forget_nobodys_reports(
    customer: Customer, ids: Collection[int], indexes: set[str], known_phones: set[str], by: Any, about: str
) -> None:
    """Pre-reports that are no customer's yet and announced them: by the number, or by their name where its middle was hidden."""
    names = set(Customer.history.filter(id__in=ids).values_list("name", flat=True)) - {""}
    ends = {phones.ends_index(number) for number in known_phones} - {""}
    nobodys = Q(project=customer.project_id, customer=None)
    theirs = Q(phone_index__in=indexes) | Q(phone_index="", ends_index__in=ends, name__in=names)
    forget(PreReport, nobodys & theirs, by=by, about=about)


def _forget_calls(
    customer: Customer, ids: Collection[int], indexes: set[str], known_phones: set[str], by: Any, about: str
) -> None:
    """Their calls; calls of nobody and drafts with their number; and what was written under it before it became another's call."""
    nobodys = Q(project=customer.project_id, customer=None)
    theirs = Q(customer__in=ids) | nobodys & (
        Q(phone_index__in=indexes) | Q(pk__in=_half_drafts(nobodys, known_phones))
    )
    forget(Call, theirs, records=Q(customer_id__in=ids), by=by, about=about)
    forget_records(Call, Q(project_id=customer.project_id, phone_index__in=indexes), by=by, about=about)


def _half_drafts(nobodys: Q, known_phones: Collection[str]) -> list[int]:
    """Drafts with a number that was not written to its end and begins like one of theirs; it has no index to be found by."""
    drafts = Call.every.filter(nobodys, state__in=(CallState.DRAFT, CallState.DISCARDED), phone_index="")
    return [
        row.pk
        for row in drafts.only("phone").iterator(chunk_size=500)
        if len(row.phone) >= TELLING_DIGITS and any(number.startswith(row.phone) for number in known_phones)
    ]


def _forget_items(ids: Collection[int], by: Any, about: str) -> None:
    viewings = list(Viewing.every.filter(customer__in=ids).values_list("pk", flat=True))
    forget(ViewingItem, Q(viewing__in=viewings), records=Q(viewing_id__in=viewings), by=by, about=about)


def _remove_numbers(ids: Collection[int], by: Any) -> None:
    """Emptied phones and papers go, so that a later customer may have the number."""
    for model in (CustomerPhone, IdPaper):
        for row in model.every.filter(customer__in=ids):
            row._change_reason, row._history_user = ERASE, by
            row.delete()


def _forget_requests(customer: Customer, ids: Collection[int], by: Any, about: str) -> None:
    """What was written when the customer was passed on or claimed, and when this was decided."""
    asked = Q(kind__in=(TRANSFER, DISPUTE), target_id__in=ids)
    forget_approvals(asked, subject=customer.number, by=by, about=about)
    forget_comments(Q(kind=ERASE, target_id__in=ids), by=by, about=about)


def _mark(customer: Customer, rows: list[Customer], by: Any, about: str) -> Customer:
    forget(Customer, Q(pk__in=[row.pk for row in rows]), by=by, about=about)
    erased = list(Customer.every.select_related("project", "owner").filter(pk__in=[row.pk for row in rows]))
    now = clock.now()
    for row in erased:
        row.erased_at, row.version = now, row.version + 1
    update_tracked(erased, ["erased_at", "version"], action=ERASE, by=by)
    return next(row for row in erased if row.pk == customer.pk)
