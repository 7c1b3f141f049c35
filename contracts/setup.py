"""What contracts contributes to the kernel's and to inventory's registries."""

from django.utils.translation import gettext_lazy as _

from contracts import tasks as tasks  # the handlers of background work make themselves known when they are imported
from contracts.queries.concerned import asked_for
from contracts.services import claims, merging
from contracts.views import calls, panel, sections
from enquiries.services import merging as customers_merging
from enquiries.services import ownership
from inventory.queries.concerned import named_by
from inventory.services import expiry
from salescontrol.core import navigation, notices, panels
from salescontrol.core.permissions import Permission

NOTICES = {
    "claim.held": _("%(unit)s is held for your customer"),
    "claim.extended": _("The hold on %(unit)s for your customer was extended"),
    "claim.released": _("The hold on %(unit)s for your customer was released"),
    "claim.expired": _("The hold on %(unit)s for your customer has run out"),
    "claim.ask_release": _("A salesperson asks to release %(unit)s"),
    "unit.taken": _("%(unit)s is held now"),
    "unit.free": _("%(unit)s is available again"),
    "request.made": _("A salesperson asks for a hold (request %(request)s)"),
    "request.rejected": _("Your request %(request)s was answered: no hold"),
    "waiting.joined": _("Your customer was put on the waiting list of %(unit)s"),
    "waiting.offered": _("%(unit)s is free and offered to the next in the waiting list"),
}
# Label, address, order, icon, permission, count, whether the count is due: the desk's entries and a salesperson's own.
RAIL = (
    (_("Holds"), "hold_list", 6, "hourglass", Permission.CLAIM_SEE_ALL, sections.holds_due),
    (_("My holds"), "hold_list", 6, "hourglass", Permission.CLAIM_SEE_OWN, sections.holds_due),
    (_("Hold requests"), "request_list", 7, "hand", Permission.HOLD_PLACE, sections.requests_due),
    (_("My requests"), "request_list", 7, "hand", Permission.HOLD_REQUEST, None),
)


def register() -> None:
    """Called once when the apps are ready."""
    expiry.register(claims.write_expiry)
    customers_merging.register(merging.move)
    ownership.keep(merging.bound)
    named_by(asked_for)
    for code, text in NOTICES.items():
        notices.register(code, text)
    for label, name, order, icon, permission, count in RAIL:
        navigation.register(
            label, f"contracts:{name}", group="sales", order=order, icon=icon, permission=permission, project=True,
            count=count, due=True,
        )  # fmt: skip
    panels.contribute("unit", order=15, template="contracts/panel_claim.html", prepare=panel.section)
    panels.contribute("workbench", order=15, template="contracts/tile_holds.html", prepare=sections.hold_tile)
    panels.contribute("workbench", order=16, template="contracts/tile_requests.html", prepare=sections.request_tile)
    panels.contribute("search", order=15, template="contracts/search_claims.html", prepare=sections.found_claims)
    panels.contribute("day", order=20, template="contracts/tile_holds.html", prepare=sections.hold_tile)
    panels.contribute("caller", order=10, template="contracts/caller_claims.html", prepare=calls.caller_section)
    panels.contribute(
        "call_measures", order=10, template="contracts/call_conversion.html", prepare=calls.conversion_section
    )
