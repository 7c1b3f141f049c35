"""Two customers who are one become one (R6.1): the desk keeps one of them, everything of the other moves there, both histories stay.

What the apps above keep about customers moves by the functions that they `register`; each is called before the customers are
locked, because units are locked before customers (decisions 21).
"""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enquiries.models import Call, Customer, CustomerPhone, Erasure, FollowUp, IdPaper, PreReport, Viewing, Visit
from enquiries.services import identity
from enquiries.services.facts import PLAIN
from enquiries.services.rows import locked, require_desk, require_reason, tell
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked, update_tracked

Move = Callable[[Customer, Customer, Any, str], None]
_MOVES: list[Move] = []
# Whose rows go over as they are; phones have a main one among them.
MOVED = (IdPaper, FollowUp, Call, PreReport, Visit, Viewing, Erasure)


def register(move: Move) -> None:
    """Add `move(other, kept, by, reason)`, which moves what an app above keeps about `other`. Called from `AppConfig.ready`."""
    _MOVES.append(move)


def merge(*, kept: Customer, number: str, reason: str, by) -> Customer:
    """Merge the customer with this number into `kept`; returns the kept one. Their number leads there from now on.

    Raises NotVisible, Forbidden, Refusal (`no_reason`, `same`, `number`), Conflict `both` when both stand in one waiting
    list, `buyer` when a buyer would get a further identity paper.
    """
    access = access_of(by)
    require_desk(access, kept.project_id)
    reason = require_reason(reason)
    other = Customer.every.filter(
        project=kept.project_id, number=number.strip().upper(), merged_into=None, erased_at=None
    ).first()
    if other is None or other.pk == kept.pk:
        message = _("Enter the number of another customer of this project, such as K7M2QX9A.")
        raise Refusal(message, code="number", fields={"number": [message]})
    try:
        with transaction.atomic():
            for move in _MOVES:
                move(other, kept, by, reason)
            return _merge(kept, other, reason, by)
    except IntegrityError as error:
        message = _("Both wait or ask for the same unit. End one of the two entries first, then merge.")
        raise Conflict(message, code="both") from error


def _merge(kept: Customer, other: Customer, reason: str, by) -> Customer:
    first, second = sorted((kept, other), key=lambda row: row.pk)
    rows = {row.pk: locked(row, access_of(by)) for row in (first, second)}
    kept, other = rows[kept.pk], rows[other.pk]
    if IdPaper.every.filter(customer=other).exists():
        identity.require_completing(kept, access_of(by))
    _move_rows(kept, other, by)
    _fill(kept, other)
    other.phone = other.phone_index = ""
    other.merged_into = kept
    for row in (other, kept):
        row.version += 1
        save_tracked(row, action="customer.merge", by=by, reason=reason)
    if other.owner_id != kept.owner_id:
        tell(other, other.owner, "customer.not_yours", by)
    return kept


def _move_rows(kept: Customer, other: Customer, by) -> None:
    """Phones, papers, follow-ups, calls, pre-reports, visits, viewings and whom the other referred; the kept one's main phone stays."""
    phones = list(CustomerPhone.every.filter(customer=other))
    for phone in phones:
        phone.customer, phone.is_main = kept, phone.is_main and not kept.phone
    update_tracked(phones, ["customer", "is_main"], action="customer.merge", by=by)
    for model in MOVED:
        rows = list(model.every.filter(customer=other))
        for row in rows:
            row.customer = kept
        update_tracked(rows, ["customer"], action="customer.merge", by=by)
    referred = list(Customer.every.filter(referrer=other).exclude(pk=kept.pk))
    for row in referred:
        row.referrer = kept
    update_tracked(referred, ["referrer"], action="customer.merge", by=by)


def _fill(kept: Customer, other: Customer) -> None:
    """What the kept one lacks comes from the other; the later contact counts."""
    for name in ("phone", "phone_index", "note", "referrer", *PLAIN):
        if getattr(kept, name) in ("", None):
            setattr(kept, name, getattr(other, name))
    if kept.referrer_id == kept.pk:
        kept.referrer = None
    kept.visited = kept.visited or other.visited
    kept.last_contact_at = max(filter(None, (kept.last_contact_at, other.last_contact_at)), default=None)
