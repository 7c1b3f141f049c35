"""A salesperson passes a customer on, or claims one whom a colleague has 撞单: each an approval of the supervisor (abuse 20).

Who claims learns neither whose the customer is nor what they are called, whatever the decision; both histories keep it.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.models import Customer
from enquiries.services import looks
from enquiries.services.customers import hand_over, require_salesperson
from enquiries.services.numbers import read_phone, whose_phone
from enquiries.services.rows import locked, require_reason
from inventory.models import Project
from inventory.services import stages
from salescontrol.core import approvals
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission

TRANSFER, DISPUTE = "customer.transfer", "customer.dispute"


def ask_transfer(*, customer: Customer, owner: Any, reason: str, by) -> Approval:
    """The salesperson of a customer asks that a colleague looks after them; the supervisor decides.

    Raises NotVisible, Forbidden, Refusal (`no_reason`, `no_salesperson`, `not_own`, `same`), Conflict when asked already.
    """
    access = access_of(by)
    access.require(Permission.CUSTOMER_ENTER, customer.project_id)
    reason = require_reason(reason)
    if customer.owner_id != by.pk:
        raise Refusal(
            _("You pass on customers of your own only. The desk can give this one to somebody."), code="not_own"
        )
    require_salesperson(customer.project, owner)
    if owner == by:
        message = _("You look after this customer already.")
        raise Refusal(message, code="same", fields={"owner": [message]})
    return _request(
        TRANSFER, customer, _("Pass on customer %(number)s") % {"number": customer.number}, owner, reason, by
    )


def raise_dispute(*, project: Project, phone: str, country: str = "", reason: str, by) -> Approval:
    """A salesperson claims the customer of a number whom a colleague, or nobody, has; the supervisor decides with a reason.

    Counts as a look whether the number is known (abuse 21). Raises Forbidden, Refusal (`phone`, `no_reason`, `too_many`,
    `unknown`), Conflict (`yours`, `pending`).
    """
    access_of(by).require(Permission.CUSTOMER_ENTER, project.pk)
    require_salesperson(project, by)
    digits, reason = read_phone(phone, country), require_reason(reason)
    looks.require_probe(project=project, by=by)
    known = whose_phone(project.pk, phones.index(digits))
    if known is None:
        message = _("The project knows no customer with this number. Enter them: then they are yours.")
        raise Refusal(message, code="unknown", fields={"phone": [message]})
    if known.owner_id == by.pk:
        raise Conflict(_("This is a customer of your own: %(number)s.") % {"number": known.number}, code="yours")
    return _request(
        DISPUTE, known, _("Whose customer is %(phone)s?") % {"phone": phones.masked(digits)}, by, reason, by
    )


def _request(kind: str, customer: Customer, subject: str, owner: Any, reason: str, by) -> Approval:
    concerned = {by.pk, owner.pk}
    return approvals.request(
        kind=kind, by=by, subject=subject, reason=reason, project_id=customer.project_id, target_id=customer.pk,
        before={"owner": customer.owner_id}, after={"owner": owner.pk, "project": customer.project.code},
        effect=stages.who_decides(customer.project_id, concerned),
    )  # fmt: skip


def _apply(approval: Approval, by) -> None:
    """Give the customer to whom it was asked for, unless they changed hands meanwhile."""
    customer = Customer.every.select_related("project").get(pk=approval.target_id)
    row = locked(customer, access_of(by))
    if row.owner_id != approval.before["owner"]:
        raise Conflict(
            _("The customer has changed hands meanwhile. Return the request and look again."), code="changed"
        )
    owner = get_user_model().objects.get(pk=approval.after["owner"])
    require_salesperson(row.project, owner)
    hand_over(row, owner, action=approval.kind, reason=approval.reason, by=by)


def _present(approval: Approval, access: Access) -> list:
    """From whom to whom for the desk; who asks reads no name but their own."""
    if not access.can(Permission.CUSTOMER_SEE_ALL, approval.project_id):
        return []
    ids = [approval.before["owner"], approval.after["owner"]]
    names = dict(get_user_model().objects.filter(pk__in=ids).values_list("pk", "name"))
    customer = Customer.every.filter(pk=approval.target_id).values_list("number", flat=True).first()
    return [
        (_("Customer"), customer, customer),
        (_("Salesperson"), names.get(ids[0]) or _("nobody yet"), names.get(ids[1], "")),
    ]


def _url(approval: Approval) -> str:
    return reverse("enquiries:customer_list", args=[approval.after["project"]])


def register() -> None:
    """Make both decidable."""
    for code, label in (
        (TRANSFER, gettext_lazy("Pass on a customer")),
        (DISPUTE, gettext_lazy("Whose customer it is")),
    ):
        approvals.register(
            code, approvals.Kind(label=label, stages=stages.steps, apply=_apply, present=_present, url=_url)
        )
