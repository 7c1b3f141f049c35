"""What enquiries contributes to the kernel's registries: the rail entry, the search."""

from django.utils.translation import gettext_lazy as _

from enquiries import tasks as tasks  # the handlers of background work make themselves known when they are imported
from enquiries.services import transfer
from enquiries.views import customers, follow_ups
from salescontrol.core import navigation, panels
from salescontrol.core.permissions import Permission


def register() -> None:
    """Called once when the apps are ready."""
    transfer.register()
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
    panels.contribute("workbench", order=18, template="enquiries/tile_customers.html", prepare=follow_ups.tile)
    panels.contribute("day", order=40, template="enquiries/day_follow_ups.html", prepare=follow_ups.of_day)
