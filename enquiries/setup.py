"""What enquiries contributes to the kernel's registries: the rail entry, the search."""

from django.utils.translation import gettext_lazy as _

from enquiries import tasks as tasks  # the handlers of background work make themselves known when they are imported
from enquiries.services import erasures as erasing
from enquiries.services import transfer
from enquiries.views import calls, customers, erasures, follow_ups, pre_reports, sections, visits
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
    _pace()
    _calls()
    _viewings()
    _visits()
    _erasures()


def _erasures() -> None:
    erasing.register()
    options.define(
        options.Option(
            erasing.DAYS, "customers", _("An erasure is decided within"), 30, _("days"), 1, 30,
            _("GB/T 35273 asks for thirty days at most."),
        ),
        options.Option(
            erasing.AFTER, "customers", _("Erasure is proposed after no contact for"), 24, _("months"), 1, 120
        ),
    )  # fmt: skip
    navigation.register(
        _("Erasures"), "enquiries:erasure_list", group="office", order=12, icon="eraser",
        permission=(Permission.CUSTOMER_ERASE, Permission.CUSTOMER_ERASE_DECIDE), project=True, count=erasures.count_due, due=True,
    )  # fmt: skip
    panels.contribute("workbench", order=20, template="enquiries/tile_erasures.html", prepare=erasures.tile)


def _pace() -> None:
    """How quickly customers may be opened and listed one after the other."""
    options.define(
        options.Option("customer.opens", "security", _("Different customers opened in a row"), 60, "", 5, 10_000),
        options.Option("customer.rows", "security", _("Different rows about customers listed in a row"), 600, "", 50, 100_000),
        options.Option(
            "customer.pace_minutes", "security", _("Both count within"), 10, _("minutes"), 1, 120,
            _("Whoever goes beyond is slowed down, and the supervisor is told."),
        ),
    )  # fmt: skip


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
    _reception()


def _reception() -> None:
    """Whose turn it is, and pre-reports."""
    navigation.register(
        _("Whose turn it is"), "enquiries:rotation", group="sales", order=8, icon="repeat",
        permission=(Permission.VISIT_SEE_ALL, Permission.VISIT_SEE_OWN), project=True,
    )  # fmt: skip
    navigation.register(
        _("Pre-reports"), "enquiries:pre_report_list", group="sales", order=8, icon="megaphone",
        permission=(Permission.CUSTOMER_SEE_ALL, Permission.CUSTOMER_SEE_OWN), project=True,
    )  # fmt: skip
    panels.contribute("customer", order=23, template="enquiries/tile_viewings.html", prepare=pre_reports.of_customer)
    options.define(
        options.Option(
            "rotation.separate", "customers", _("Calls and visitors are taken in two orders"), True,
            help=_("Otherwise a call costs the turn for a visitor too."),
        ),
        options.Option(
            "rotation.owner_first", "customers", _("Who has a salesperson goes to them without a turn"), True,
            help=_("Also a visitor who comes again: to who received them before."),
        ),
        options.Option("rotation.keep", "customers", _("Who is skipped keeps the turn"), True),
        options.Option(
            "pre_report.days", "customers", _("A pre-report counts for"), 7, _("days"), 1, 90,
            _("Set when it is entered; a change holds for later ones."),
        ),
    )  # fmt: skip
