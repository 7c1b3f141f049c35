"""What contracts contributes to the kernel's and to inventory's registries."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts import tasks as tasks  # the handlers of background work make themselves known when they are imported
from contracts.queries.calls import claimed_after
from contracts.queries.concerned import asked_for
from contracts.services import (
    area_batches,
    changes,
    claims,
    deadlines,
    documents,
    erasing,
    merging,
    numbers,
    quotations,
)
from contracts.views import calls, change_panel, panel, sections, subscription_sections, trade
from enquiries.queries.conversion import held_by
from enquiries.services import erasing as customers_erasing
from enquiries.services import identity as customers_identity
from enquiries.services import merging as customers_merging
from enquiries.services import ownership
from inventory.queries.concerned import named_by
from inventory.services import expiry
from salescontrol.core import navigation, notices, options, panels
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
    "contract.filing_due": _("Contract %(contract)s of %(unit)s has to be filed soon"),
    "waiting.offered": _("%(unit)s is free and offered to the next in the waiting list"),
    "change.to_execute": _("Change %(number)s is approved and waits to be executed"),
    "change.executed": _("Change %(number)s of %(unit)s was executed"),
}
OPTIONS = (
    options.Option(
        numbers.PATTERN, "deals", _("Numbers of subscriptions, contracts and changes"), numbers.DEFAULT,
        help=_("A pattern with {YYYY} or {YY}, {KIND}, a number of digits such as {5}, and {PROJECT} if wished."),
        check=numbers.check_pattern,
    ),
    options.Option("quotation.valid_days", "deals", _("A quotation is valid for at most"), 7, _("days"), 1, 90),
    options.Option("quotation.supervisor_percent", "deals", _("Special discount that the supervisor alone agrees to"), 1, "%", 0, 100),
    options.Option("quotation.management_percent", "deals", _("Special discount up to which finance is not asked"), 3, "%", 0, 100),
    options.Option("quotation.first_percent", "deals", _("Least first payment, of the price"), 20, "%", 0, 100),
    options.Option("quotation.filed_blocks", "deals", _("Refuse a price above the filed price (else only warn)"), True),
)  # fmt: skip
# Label, address, order, icon, permission, what counts what is due: the desk's entries and a salesperson's own.
RAIL = (
    (_("Holds"), "contracts:hold_list", 9, "hourglass", Permission.CLAIM_SEE_ALL, sections.holds_due),
    (_("My holds"), "contracts:hold_list", 9, "hourglass", Permission.CLAIM_SEE_OWN, sections.holds_due),
    (_("Hold requests"), "contracts:request_list", 10, "hand", Permission.HOLD_PLACE, sections.requests_due),
    (_("My requests"), "contracts:request_list", 10, "hand", Permission.HOLD_REQUEST, None),
    (_("Quotations"), "sales:quotation_list", 11, "calculator", Permission.CLAIM_SEE_ALL, None),
    (_("My quotations"), "sales:quotation_list", 11, "calculator", Permission.CLAIM_SEE_OWN, None),
    (_("Subscriptions"), "sales:subscription_list", 12, "file-pen-line", Permission.CLAIM_SEE_ALL, subscription_sections.due_count),
    (_("My subscriptions"), "sales:subscription_list", 12, "file-pen-line", Permission.CLAIM_SEE_OWN, subscription_sections.due_count),
    (_("Contracts"), "sales:contract_list", 13, "signature", Permission.CLAIM_SEE_ALL, sections.contracts_due),
    (_("My contracts"), "sales:contract_list", 13, "signature", Permission.CLAIM_SEE_OWN, sections.contracts_due),
    (pgettext_lazy("sale", "Changes"), "sales:change_list", 14, "git-compare", Permission.CLAIM_SEE_ALL, change_panel.due),
    (pgettext_lazy("sale", "Changes"), "sales:change_list", 14, "git-compare", Permission.CLAIM_SEE_OWN, None),
    (_("Blank forms"), "sales:form_list", 16, "files", Permission.CLAIM_SEE_ALL, None),
    (_("Templates of papers"), "sales:template_list", 17, "file-text", Permission.PAPER_KEEP, None),
    (_("Past sales"), "sales:past_import_list", 19, "archive", Permission.SALES_IMPORT, None),
)  # fmt: skip


def register() -> None:
    """Called once when the apps are ready."""
    expiry.register(claims.write_expiry)
    customers_merging.register(merging.move)
    customers_erasing.register(erasing.PART)
    customers_identity.register(merging.BUYING)
    ownership.keep(merging.bound)
    named_by(asked_for)
    held_by(claimed_after)
    options.define(*OPTIONS)
    for code, text in NOTICES.items():
        notices.register(code, text)
    for label, name, order, icon, permission, count in RAIL:
        navigation.register(
            label,
            name,
            group="sales",
            order=order,
            icon=icon,
            permission=permission,
            project=True,
            count=count,
            due=True,
        )
    documents.register()
    deadlines.register()
    quotations.register()
    changes.register()
    area_batches.register()
    panels.contribute("unit", order=18, template="contracts/panel_change.html", prepare=change_panel.section)
    panels.contribute("unit", order=15, template="contracts/panel_claim.html", prepare=panel.section)
    panels.contribute("unit", order=17, template="contracts/panel_contract.html", prepare=trade.panel_section)
    panels.contribute("workbench", order=17, template="contracts/tile_holds.html", prepare=sections.contract_tile)
    panels.contribute("workbench", order=15, template="contracts/tile_holds.html", prepare=sections.hold_tile)
    panels.contribute("workbench", order=16, template="contracts/tile_requests.html", prepare=sections.request_tile)
    panels.contribute("search", order=15, template="contracts/search_claims.html", prepare=sections.found_claims)
    panels.contribute("day", order=20, template="contracts/tile_holds.html", prepare=sections.hold_tile)
    panels.contribute("caller", order=10, template="contracts/caller_claims.html", prepare=calls.caller_section)
    panels.contribute(
        "call_measures", order=10, template="contracts/call_conversion.html", prepare=calls.conversion_section
    )
    panels.contribute(
        "unit", order=16, template="contracts/panel_subscription.html", prepare=subscription_sections.unit_section
    )
    panels.contribute(
        "workbench", order=17, template="contracts/tile_holds.html", prepare=subscription_sections.deadline_tile
    )
    panels.contribute(
        "search", order=16, template="contracts/search_subscriptions.html", prepare=subscription_sections.found_subscriptions
    )  # fmt: skip
