"""Customers are entered, changed and given to a salesperson (R2.5, R6.1): one customer for each phone number of a project.

What a salesperson learns about a number that is known already is neither whose it is nor what the customer is called; how
often they may learn that much is limited (decisions 30, abuse 21).
"""

import uuid
from typing import Any, Unpack

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enquiries import names, phones
from enquiries.models import Customer
from enquiries.services import identity, looks
from enquiries.services.facts import COLUMNS, Facts, put
from enquiries.services.numbers import read_phone, whose_phone, write_main
from enquiries.services.rows import clash, locked, require_desk, require_reason, sees, tell
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core import clock
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, Forbidden, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Operation
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


def enter_customer(
    *, op_id: uuid.UUID, project: Project, name: str, phone: str, owner: Any, note: str, by, country: str = "",
    **facts: Unpack[Facts],
) -> Customer:  # fmt: skip
    """Enter a customer: a salesperson for themselves, the desk for a salesperson of the project or for nobody yet (None).

    Returns the customer, the same one for the same form. Raises Forbidden, Refusal (`no_name`, `phone`, `no_salesperson`,
    `too_many`, `facts`), Conflict `known` when the project has a customer of this number: with the way there for who may see them.
    """
    row = _new(project, name, phone, country, owner, note, facts, by)
    content = {
        "project": project.pk,
        "name": row.name,
        "phone": row.phone_index,
        "owner": row.owner_id,
        "note": row.note,
        **{key: str(value) for key, value in facts.items() if value not in (None, "")},
    }
    if not Operation.objects.filter(op_id=op_id).exists():
        looks.require_probe(project=project, by=by)
    reference = once(op_id=op_id, by=by, action="customer.enter", content=content, run=lambda: _enter(row, by))
    return Customer.every.get(number=reference["customer"])


def find_or_enter(
    *, project: Project, name: str, phone: str, owner: Any, by, country: str = "", **facts: Unpack[Facts]
) -> Customer:
    """The customer of this phone number whom the user may see, else a new one. Raises what `enter_customer` raises."""
    row = _new(project, name, phone, country, owner, "", facts, by)
    looks.require_probe(project=project, by=by)
    known = _known(row)
    if known is None:
        known = _inserted(row, by)
    if known != row and not sees(access_of(by), known):
        raise clash(access_of(by), known)
    return known


def change_customer(
    *, customer: Customer, name: str, phone: str, note: str, by, country: str = "", version: int | None = None,
    **facts: Unpack[Facts],
) -> Customer:  # fmt: skip
    """Change name, note, the facts that are given and, unless left empty, the main phone number.

    Raises NotVisible, Forbidden, Conflict `changed` when `version` is not the row's any more, `buyer` when who somebody is would
    change while a sale to them is under way (domain B12), and what entering raises.
    """
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, customer.project_id)
    name, digits = _named(name), read_phone(phone, country) if phone.strip() else ""
    if digits:
        looks.require_probe(project=customer.project, by=by)
    with transaction.atomic():
        row = locked(customer, access)
        _require_version(row, version)
        if (name, facts.get("kind", row.kind)) != (row.name, row.kind):
            identity.require_open(row, access)
        row.name, row.name_keys, row.note = name, names.keys(name), note.strip()[:300]
        put(row, facts, access)
        if digits:
            row.phone, row.phone_index = digits, phones.index(digits)
        return _changed(row, access, by)


@transaction.atomic
def assign_owner(*, customer: Customer, owner: Any, reason: str, by) -> Customer:
    """The desk gives the customer to a salesperson of the project, with a reason; both are told (abuse 20: never one's own doing).

    Raises NotVisible, Forbidden, Refusal (`no_reason`, `no_salesperson`, `same`).
    """
    access = access_of(by)
    row = locked(customer, access)
    require_desk(access, row.project_id)
    reason = require_reason(reason)
    require_salesperson(row.project, owner)
    if row.owner_id == owner.pk:
        message = _("%(name)s looks after this customer already.") % {"name": owner.name}
        raise Refusal(message, code="same", fields={"owner": [message]})
    return hand_over(row, owner, action="customer.assign", reason=reason, by=by)


def hand_over(row: Customer, owner: Any, *, action: str, reason: str, by) -> Customer:
    """The locked customer belongs to `owner` from now on; both salespeople are told. Needs the caller's transaction."""
    former, row.owner, row.owner_since = row.owner, owner, clock.now()
    save_tracked(row, action=action, by=by, fields=["owner", "owner_since"], reason=reason)
    tell(row, owner, "customer.yours", by)
    tell(row, former, "customer.not_yours", by)
    return row


def _new(project: Project, name: str, phone: str, country: str, owner: Any, note: str, facts: Facts, by) -> Customer:
    """The checked values as a row that is not written yet."""
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, project.pk)
    if not access.can(Permission.CUSTOMER_SEE_ALL, project.pk):
        if owner is not None and owner != by:
            raise Forbidden(_("You enter customers for yourself. The desk can give them to others."), code="not_own")
        owner = by
    if owner is not None:
        require_salesperson(project, owner)
    name, digits = _named(name), read_phone(phone, country)
    row = Customer(
        project=project, name=name, name_keys=names.keys(name), phone=digits, phone_index=phones.index(digits), owner=owner,
        owner_since=clock.now() if owner else None, entered_by=by, note=note.strip()[:300],
    )  # fmt: skip
    put(row, facts, access)
    return row


def _named(name: str) -> str:
    name = " ".join(name.split())[:60]
    if not name:
        message = _("Enter the name.")
        raise Refusal(message, code="no_name", fields={"name": [message]})
    return name


def require_salesperson(project: Project, owner: Any, *, field: str = "owner") -> None:
    """Raise Refusal `no_salesperson`, shown at `field`, for somebody who is none of this project."""
    if owner not in salespeople(project):
        message = _("%(name)s is no salesperson of this project.") % {"name": owner}
        raise Refusal(message, code="no_salesperson", fields={field: [message]})


def _require_version(row: Customer, version: int | None) -> None:
    if version is not None and version != row.version:
        raise Conflict(
            _("Somebody else changed customer %(number)s while you were working. What you typed is still here; the history of the "
              "customer, in a second window, says what changed. Enter your corrections there.")
            % {"number": row.number},
            code="changed",
        )  # fmt: skip


def _enter(row: Customer, by) -> dict:
    known = _known(row) or _inserted(row, by)
    if known != row:
        raise clash(access_of(by), known)
    return {"customer": row.number}


def _known(row: Customer) -> Customer | None:
    """Another customer of the project with the main phone of this row, as any of theirs."""
    known = whose_phone(row.project_id, row.phone_index)
    return None if known is None or known.pk == row.pk else known


def _inserted(row: Customer, by) -> Customer:
    """The new customer, or the one whom somebody else entered with this number at the same moment."""
    try:
        with transaction.atomic():
            save_tracked(row, action="customer.enter", by=by)
            write_main(row, row.phone, action="customer.enter", by=by)
            return row
    except IntegrityError:
        row.pk = None
        known = _known(row)
        if known is None:
            raise
        return known


def _changed(row: Customer, access: Access, by) -> Customer:
    known = _known(row)
    if known is not None:
        raise clash(access, known)
    row.version += 1
    fields = ["name", "name_keys", "phone", "phone_index", "note", "version", *COLUMNS]
    try:
        with transaction.atomic():
            write_main(row, row.phone, action="customer.change", by=by)
            return save_tracked(row, action="customer.change", by=by, fields=fields)
    except IntegrityError:
        known = _known(row)
        if known is None:
            raise
        raise clash(access, known) from None
