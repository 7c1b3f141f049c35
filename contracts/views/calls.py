"""What contracts adds to the pages of calls: what the caller has, and how many callers came to a hold."""

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.queries import calls as query
from enquiries.models import Customer
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission


def caller_section(access: Access, customer: Customer) -> dict | None:
    """The units that the caller holds or bought."""
    lines = [
        {
            "tag": claim.get_stage_display(),
            "text": claim.unit.number,
            "url": reverse("contracts:hold", args=[customer.project.code, claim.number]),
            "ends_at": claim.expires_at,
        }
        for claim in query.live_of(access, customer)
    ]
    return {"lines": lines} if lines else None


def conversion_section(access: Access, period: dict) -> dict | None:
    """How many callers of a period came to a hold."""
    if not access.can(Permission.CLAIM_SEE_ALL, period["project"].pk):
        return None
    callers, held = query.conversion(access, period)
    return {
        "title": _("Callers who came to a hold"),
        "share": held / callers * 100 if callers else None,
        "held": held,
        "callers": callers,
        "url": reverse("contracts:hold_list", args=[period["project"].code]),
    }
