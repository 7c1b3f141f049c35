"""How a customer is called on a page about claims: by name to whoever may see the customer, else by number (R7.1)."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from enquiries.models import Customer
from inventory.models import Project
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def named(access: Access, customer: Customer | None) -> str:
    """`Zhou Min (K7M2QX9A)`, or the number alone for a reader without sight of the customer."""
    if customer is None:
        return ""
    own = access.can(Permission.CUSTOMER_SEE_OWN, customer.project_id) and customer.owner_id == access.user.pk
    if own or access.can(Permission.CUSTOMER_SEE_ALL, customer.project_id):
        return _("%(name)s (%(number)s)") % {"name": customer.name, "number": customer.number}
    return customer.number


def customer_choices(access: Access, project: Project) -> QuerySet[Customer]:
    """The customers of the project whom the reader may name."""
    own = access.projects(Permission.CUSTOMER_SEE_OWN) & Q(owner=access.user)
    return Customer.every.filter(access.projects(Permission.CUSTOMER_SEE_ALL) | own, project=project).order_by(
        "name", "pk"
    )
