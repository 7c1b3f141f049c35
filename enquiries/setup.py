"""What enquiries contributes to the kernel's registries: the rail entry, the search."""

from django.utils.translation import gettext_lazy as _

from enquiries import tasks as tasks  # the jobs make themselves known when they are imported
from enquiries.views import calls, customers
from salescontrol.core import navigation, options, panels
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
    _register_calls()


def _register_calls() -> None:
    """Calls and talking points: rail, workbench, and how soon a call is to be confirmed."""
    see = (Permission.CALL_SEE_ALL, Permission.CALL_SEE_OWN)
    navigation.register(
        _("Calls"), "enquiries:call_list", group="sales", order=6, icon="phone", permission=see, project=True,
        count=calls.calls_due, due=True,
    )  # fmt: skip
    navigation.register(
        _("Talking points"), "enquiries:talk_list", group="sales", order=8, icon="message-square-text",
        permission=Permission.BOARD_SEE, project=True,
    )  # fmt: skip
    panels.contribute("workbench", order=14, template="enquiries/tile_calls.html", prepare=calls.call_tile)
    options.define(
        options.Option(
            "call.confirm_minutes",
            "customers",
            _("A salesperson confirms a call within"),
            30,
            _("minutes"),
            1,
            1440,
            _("Later the supervisor is told."),
        )
    )
