"""What enquiries contributes to the kernel's registries: the rail entry, the search."""

from django.utils.translation import gettext_lazy as _

from enquiries import tasks as tasks  # the handlers of background work make themselves known when they are imported
from enquiries.services import transfer
from enquiries.views import calls, customers, follow_ups, sections, visits
from salescontrol.core import navigation, options, panels
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
    _calls()
    _viewings()
    _visits()


def _viewings() -> None:
    options.define(
        options.Option("viewing.minutes", "customers", _("A viewing takes"), 60, _("minutes"), 15, 240),
        options.Option(
            "viewing.remind_minutes", "customers", _("Reminder before a viewing"), 60, _("minutes"), 5, 1440
        ),
    )
    seen = (Permission.VIEWING_SEE_ALL, Permission.VIEWING_SEE_OWN)
    navigation.register(_("My day"), "my_day", group="", order=2, icon="sun", permission=Permission.VIEWING_SEE_OWN)
    navigation.register(
        _("Viewings"),
        "enquiries:viewing_day",
        group="sales",
        order=8,
        icon="calendar-check",
        permission=seen,
        project=True,
    )
    navigation.register(
        _("Duty roster"), "enquiries:roster", group="office", order=10, icon="calendar-range",
        permission=Permission.ROSTER_KEEP, project=True,
    )  # fmt: skip
    panels.contribute("workbench", order=12, template="enquiries/tile_viewings.html", prepare=sections.tile)
    panels.contribute("customer", order=20, template="enquiries/tile_viewings.html", prepare=sections.of_customer)
    panels.contribute("unit", order=18, template="enquiries/panel_viewings.html", prepare=sections.of_unit)
    panels.contribute("me", order=10, template="enquiries/me_calendar.html", prepare=sections.calendar)
    panels.contribute("search", order=21, template="enquiries/search_viewings.html", prepare=sections.found)


def _calls() -> None:
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


def _visits() -> None:
    navigation.register(
        _("Visits"), "enquiries:visit_list", group="sales", order=7, icon="users",
        permission=(Permission.VISIT_SEE_ALL, Permission.VISIT_SEE_OWN), project=True,
    )  # fmt: skip
    panels.contribute("customer", order=22, template="enquiries/tile_viewings.html", prepare=visits.of_customer)
