"""What enquiries contributes to the kernel's registries: the rail entry, the search."""

from django.utils.translation import gettext_lazy as _

from enquiries.views import customers
from salescontrol.core import navigation, panels
from salescontrol.core.permissions import Permission


def register() -> None:
    """Called once when the apps are ready."""
    navigation.register(
        _("Customers"),
        "enquiries:customer_list",
        group="sales",
        order=6,
        icon="users",
        permission=(Permission.CUSTOMER_SEE_ALL, Permission.CUSTOMER_SEE_OWN),
        project=True,
    )
    panels.contribute("search", order=20, template="enquiries/search_customers.html", prepare=customers.found_customers)
