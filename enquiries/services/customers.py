"""Customers are entered, changed and given to a salesperson (R2.5, R6.1): one customer for each phone number of a project.

What a salesperson learns about a number that is known already is neither whose it is nor what the customer is called; how
often they may learn that much is limited (decisions 30, abuse 21).
"""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.models import Customer
from enquiries.queries.scope import customers_visible_to
from enquiries.services import looks
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core import clock, notices
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Operation
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


def enter_customer(*, op_id: uuid.UUID, project: Project, name: str, phone: str, owner: Any, note: str, by) -> Customer:
    """Enter a customer: a salesperson for themselves, the desk for a salesperson of the project or for nobody yet (None).

    Returns the customer, the same one for the same form. Raises Forbidden, Refusal (`no_name`, `phone`, `no_salesperson`,
    `too_many`), Conflict `known` when the project has a customer of this number: with the way there for who may see them.
    """
    row = _new(project, name, phone, owner, note, by)
    content = {
        "project": project.pk,
        "name": row.name,
        "phone": row.phone_index,
        "owner": row.owner_id,
        "note": row.note,
    }
    if not Operation.objects.filter(op_id=op_id).exists():
        looks.require_probe(project=project, by=by)
    reference = once(op_id=op_id, by=by, action="customer.enter", content=content, run=lambda: _enter(row, by))
    return Customer.every.get(number=reference["customer"])


def find_or_enter(*, project: Project, name: str, phone: str, owner: Any, by) -> Customer:
    """The customer of this phone number whom the user may see, else a new one. Raises what `enter_customer` raises."""
    row = _new(project, name, phone, owner, "", by)
    looks.require_probe(project=project, by=by)
    known = _known(row)
    if known is None:
        known = _inserted(row, by)
    if known != row and not _sees(access_of(by), known):
        raise _clash(access_of(by), known)
    return known


def change_customer(*, customer: Customer, name: str, phone: str, note: str, by) -> Customer:
    """Change name, note and, unless left empty, the phone number. Raises NotVisible, Forbidden and what entering raises."""
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, customer.project_id)
    name, digits = _named(name), read_phone(phone) if phone.strip() else ""
    if digits:
        looks.require_probe(project=customer.project, by=by)
    with transaction.atomic():
        row = _locked(customer, access)
        row.name, row.note = name, note.strip()[:300]
        if digits:
            row.phone, row.phone_index = digits, phones.index(digits)
        return _changed(row, access, by)


@transaction.atomic
def assign_owner(*, customer: Customer, owner: Any, reason: str, by) -> Customer:
    """The desk gives the customer to a salesperson of the project, with a reason; both are told (abuse 20: never one's own doing).

    Raises NotVisible, Forbidden, Refusal (`no_reason`, `no_salesperson`, `same`).
    """
    access = access_of(by)
    row = _locked(customer, access)
    require_desk(access, row.project_id)
    if not reason.strip():
        message = _("Give the reason: it is kept with the customer.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    require_salesperson(row.project, owner)
    if row.owner_id == owner.pk:
        message = _("%(name)s looks after this customer already.") % {"name": owner.name}
        raise Refusal(message, code="same", fields={"owner": [message]})
    former, row.owner = row.owner, owner
    save_tracked(row, action="customer.assign", by=by, fields=["owner"], reason=reason)
    _tell(row, owner, "customer.yours", by)
    _tell(row, former, "customer.not_yours", by)
    return row


def require_desk(access: Access, project_id: int) -> None:
    """Raise Forbidden for who does not enter customers of the whole project."""
    access.require(Permission.CUSTOMER_SEE_ALL, project_id)
    access.require(Permission.CUSTOMER_ENTER, project_id)


def _new(project: Project, name: str, phone: str, owner: Any, note: str, by) -> Customer:
    """The checked values as a row that is not written yet."""
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, project.pk)
    if not access.can(Permission.CUSTOMER_SEE_ALL, project.pk):
        if owner is not None and owner != by:
            raise Forbidden(_("You enter customers for yourself. The desk can give them to others."), code="not_own")
        owner = by
    if owner is not None:
        require_salesperson(project, owner)
    name, digits = _named(name), read_phone(phone)
    return Customer(
        project=project, name=name, phone=digits, phone_index=phones.index(digits), owner=owner, entered_by=by,
        note=note.strip()[:300],
    )  # fmt: skip


def _named(name: str) -> str:
    name = " ".join(name.split())[:60]
    if not name:
        message = _("Enter the name.")
        raise Refusal(message, code="no_name", fields={"name": [message]})
    return name


def read_phone(phone: str) -> str:
    """The digits of what was typed. Raises Refusal `phone` when it is no number."""
    digits = phones.read(phone)
    if not digits:
        message = _(
            "Enter a mobile or landline number, such as 138 0013 8000 or 021-5888 1234, or an eight-digit number of Hong Kong."
        )
        raise Refusal(message, code="phone", fields={"phone": [message]})
    return digits


def require_salesperson(project: Project, owner: Any, *, field: str = "owner") -> None:
    """Raise Refusal `no_salesperson`, shown at `field`, for somebody who is none of this project."""
    if owner not in salespeople(project):
        message = _("%(name)s is no salesperson of this project.") % {"name": owner}
        raise Refusal(message, code="no_salesperson", fields={field: [message]})


def _enter(row: Customer, by) -> dict:
    known = _known(row) or _inserted(row, by)
    if known != row:
        raise _clash(access_of(by), known)
    return {"customer": row.number}


def _known(row: Customer) -> Customer | None:
    others = Customer.every.filter(project_id=row.project_id, phone_index=row.phone_index).exclude(pk=row.pk)
    return others.select_related("project").first()


def _inserted(row: Customer, by) -> Customer:
    """The new customer, or the one whom somebody else entered with this number at the same moment."""
    try:
        with transaction.atomic():
            return save_tracked(row, action="customer.enter", by=by)
    except IntegrityError:
        row.pk = None
        known = _known(row)
        if known is None:
            raise
        return known


def _changed(row: Customer, access: Access, by) -> Customer:
    known = _known(row)
    if known is not None:
        raise _clash(access, known)
    try:
        with transaction.atomic():
            return save_tracked(row, action="customer.change", by=by, fields=["name", "phone", "phone_index", "note"])
    except IntegrityError:
        known = _known(row)
        if known is None:
            raise
        raise _clash(access, known) from None


def _locked(customer: Customer, access: Access) -> Customer:
    visible = customers_visible_to(access).select_for_update(of=("self",), no_key=True)
    row = visible.select_related("project", "owner").filter(pk=customer.pk).first()
    if row is None:
        raise NotVisible("")
    return row


def _sees(access: Access, customer: Customer) -> bool:
    return customers_visible_to(access).filter(pk=customer.pk).exists()


def _clash(access: Access, known: Customer) -> Conflict:
    """Ownership clash 撞单: the way there for who may see the customer, to others neither who nor whose (decisions 30)."""
    if _sees(access, known):
        url = reverse("enquiries:customer", args=[known.project.code, known.number])
        return Conflict(
            _("This is the phone number of customer %(number)s.") % {"number": known.number},
            code="known",
            links=[(_("Go to the customer"), url)],
        )
    message = _("The project knows a customer with this number, whom a colleague looks after. Ask the supervisor.")
    return Conflict(message, code="known", fields={"phone": [message], "new_phone": [message]})


def _tell(customer: Customer, person: Any, code: str, by) -> None:
    """The salesperson learns that a customer came or went, by number only (abuse 31)."""
    if person is None or person == by:
        return
    project = customer.project
    url = reverse("enquiries:customer_list", args=[project.code])
    if code == "customer.yours":
        url = reverse("enquiries:customer", args=[project.code, customer.number])
    key = f"{code}-{customer.number}-{clock.now():%Y%m%d%H%M%S%f}"
    notices.tell([person], code, key=key, url=url, project_id=project.pk, number=customer.number)


notices.register("customer.yours", gettext_lazy("Customer %(number)s is yours to look after now."))
notices.register("customer.not_yours", gettext_lazy("Customer %(number)s is looked after by somebody else now."))
