"""What contracts puts on the kernel's pages: what needs somebody soon on the workbench, claims in the search, counts in the rail."""

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, HoldRequest, Milestone
from contracts.queries import holds, milestones, requests
from contracts.states import ClaimState, HoldKind, RequestState
from contracts.views.holds import TONES
from contracts.views.requests import TONES as REQUEST_TONES
from contracts.views.requests import wished
from contracts.views.signing import days_text, due_tone
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

SHOWN = 8


def hold_tile(access: Access, project: Project | None) -> dict | None:
    """For the desk the holds that end within two hours, run as offers or lack a customer; for a salesperson their own."""
    if project is None:
        return None
    if access.can(Permission.HOLD_PLACE, project.pk):
        rows, title = holds.ending(access, project), _("Holds that need you")
        empty = _("No hold ends within two hours, and no offer runs.")
    elif access.can(Permission.CLAIM_SEE_OWN, project.pk):
        rows, title = holds.own_live(access, project), _("My holds")
        empty = _("Nothing is held for your customers. Ask for a hold from a unit on the board.")
    else:
        return None
    return {
        "title": title,
        "count": rows.count(),
        "lines": [_hold_line(access, project, claim) for claim in rows[:SHOWN]],
        "empty": empty,
        "url": reverse("contracts:hold_list", args=[project.code]),
        "all": _("All holds"),
    }


def _hold_line(access: Access, project: Project, claim: Claim) -> dict:
    whom = claim.customer.number if claim.customer else _("customer to be named")
    return {
        "tag": _("Offer") if claim.kind == HoldKind.OFFER else claim.get_stage_display(),
        "tone": "held",
        "text": _("%(unit)s for %(customer)s") % {"unit": claim.unit.number, "customer": whom},
        "url": reverse("contracts:hold", args=[project.code, claim.number]),
        "seller": claim.salesperson.name if claim.salesperson and claim.salesperson != access.user else "",
        "ends_at": claim.expires_at,
    }


def request_tile(access: Access, project: Project | None) -> dict | None:
    """For the desk the requests that wait, oldest first; for a salesperson their own latest."""
    if project is None:
        return None
    if access.can(Permission.HOLD_PLACE, project.pk):
        rows, title = requests.waiting(access, project), _("Requests for holds")
        empty = _("Nobody asks for a hold.")
    elif access.can(Permission.HOLD_REQUEST, project.pk):
        rows, title = requests.listed(access, project).order_by("turn", "-requested_at"), _("My requests")
        empty = _("You have not asked for a hold yet.")
    else:
        return None
    return {
        "title": title,
        "count": rows.filter(state=RequestState.REQUESTED).count(),
        "lines": [_request_line(access, project, request) for request in rows[:SHOWN]],
        "empty": empty,
        "url": reverse("contracts:request_list", args=[project.code]),
        "all": _("All requests"),
    }


def _request_line(access: Access, project: Project, request: HoldRequest) -> dict:
    return {
        "tag": request.get_state_display(),
        "tone": REQUEST_TONES[RequestState(request.state)],
        "text": _("%(unit)s for %(customer)s") % {"unit": wished(request), "customer": request.customer.number},
        "url": reverse("contracts:request", args=[project.code, request.number]),
        "seller": request.salesperson.name if request.salesperson != access.user else "",
        "at": request.requested_at,
    }


def contract_tile(access: Access, project: Project | None) -> dict | None:
    """Contracts with something overdue, or to be filed soon: the desk's all, a salesperson's own."""
    if project is None or not reads_contracts(access, project):
        return None
    rows = milestones.due(access, project).order_by("expected_on", "pk")
    return {
        "title": _("Overdue contracts"),
        "count": rows.count(),
        "lines": [_contract_line(project, row) for row in rows[:SHOWN]],
        "empty": _("Nothing is overdue, and no contract has to be filed soon."),
        "url": reverse("sales:contract_overdue", args=[project.code]),
        "all": _("All of them"),
    }


def _contract_line(project: Project, row: Milestone) -> dict:
    return {
        "tag": days_text(row, clock.today(project.zone)),
        "tone": due_tone(row),
        "text": _("%(unit)s: %(what)s") % {"unit": row.contract.unit.number, "what": row.get_kind_display()},
        "url": reverse("sales:contract", args=[project.code, row.contract.code]),
        "seller": row.contract.trade.salesperson.name if row.contract.trade.salesperson else "",
        "ends_at": None,
    }


def reads_contracts(access: Access, project: Project) -> bool:
    return any(
        access.can(right, project.pk) for right in (Permission.CLAIM_SEE_ALL, Permission.CLAIM_SEE_OWN)
    )  # fmt: skip


def contracts_due(access: Access, project: Project) -> int:
    """The count beside the rail's entry: what is overdue or to be filed soon."""
    return milestones.due(access, project).count() if reads_contracts(access, project) else 0


def found_claims(access: Access, words: str) -> dict | None:
    """Claims by number, and those of the customer with that number."""
    lines = [_found_line(access, claim) for claim in holds.found(access, words)]
    return {"lines": lines} if lines else None


def _found_line(access: Access, claim: Claim) -> dict:
    state = ClaimState(claim.state_now)
    return {
        "tag": state.label,
        "tone": TONES[state],
        "text": _("%(number)s: %(unit)s") % {"number": claim.number, "unit": claim.unit.number},
        "muted": claim.customer.number if claim.customer else "",
        "url": reverse("contracts:hold", args=[claim.project.code, claim.number]),
    }


def holds_due(access: Access, project: Project) -> int:
    """The count beside the rail's entry."""
    return holds.needs_somebody(access, project).count()


def requests_due(access: Access, project: Project) -> int:
    """What waits for this reader's answer."""
    return requests.waiting(access, project).count() if access.can(Permission.HOLD_PLACE, project.pk) else 0
