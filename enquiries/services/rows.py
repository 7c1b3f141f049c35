"""What the services of customers share: the locked row, the desk's right, the answer to a known number, telling by number."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Customer
from enquiries.queries.scope import customers_visible_to
from salescontrol.core import clock, notices
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.permissions import Permission


def locked(customer: Customer, access: Access) -> Customer:
    """The row, locked, among those that the user may see."""
    visible = customers_visible_to(access).select_for_update(of=("self",), no_key=True)
    row = visible.select_related("project", "owner").filter(pk=customer.pk).first()
    if row is None:
        raise NotVisible("")
    return row


def hold_still(customer: Customer) -> Customer:
    """The row, locked, whoever asks; NotVisible once it is erased, so that nothing new is written about nobody (R7.6)."""
    rows = Customer.every.select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=customer.pk, erased_at=None).first()
    if row is None:
        raise NotVisible(_("There is no such customer."))
    return row


def sees(access: Access, customer: Customer) -> bool:
    return customers_visible_to(access).filter(pk=customer.pk).exists()


def require_desk(access: Access, project_id: int) -> None:
    """Raise Forbidden for who does not enter customers of the whole project."""
    access.require(Permission.CUSTOMER_SEE_ALL, project_id)
    access.require(Permission.CUSTOMER_ENTER, project_id)


def require_reason(reason: str) -> str:
    """The reason, kept with the customer; Refusal without one."""
    if not reason.strip():
        message = _("Give the reason: it is kept with the customer.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})
    return reason.strip()[:250]


def clash(access: Access, known: Customer) -> Conflict:
    """Ownership clash 撞单: the way there for who may see the customer, to others neither who nor whose (decisions 30)."""
    if sees(access, known):
        url = reverse("enquiries:customer", args=[known.project.code, known.number])
        return Conflict(
            _("This number belongs to customer %(number)s.") % {"number": known.number},
            code="known",
            links=[(_("Go to the customer"), url)],
        )
    message = _("The project knows a customer with this number, whom a colleague looks after. Ask the supervisor.")
    return Conflict(
        message,
        code="known",
        fields={"phone": [message], "new_phone": [message], "number": [message]},
    )


def tell(customer: Customer, person: Any, code: str, by, *, key: str = "") -> None:
    """The salesperson learns that a customer came or went, by number only (abuse 31)."""
    if person is None or person == by:
        return
    project = customer.project
    url = reverse("enquiries:customer_list", args=[project.code])
    if code in WITH_PAGE:
        url = reverse("enquiries:customer", args=[project.code, customer.number])
    key = key or f"{code}-{customer.number}-{clock.now():%Y%m%d%H%M%S%f}"
    notices.tell([person], code, key=key, url=url, project_id=project.pk, number=customer.number)


# What is told while the customer is the reader's own leads to their page.
WITH_PAGE = ("customer.yours", "customer.lapsing")
notices.register("customer.yours", gettext_lazy("Customer %(number)s is yours to look after now."))
notices.register("customer.not_yours", gettext_lazy("Customer %(number)s is looked after by somebody else now."))
notices.register(
    "customer.lapsing",
    gettext_lazy("Customer %(number)s will be given away in a few days. A follow-up keeps them with you."),
)
notices.register(
    "customer.lapsed", gettext_lazy("Customer %(number)s had no follow-up for too long and is to be given to somebody.")
)
