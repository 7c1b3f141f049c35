"""What the panel of a unit says about claims: who has it, who waits, who has asked, and whether it can be held now."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.models import Claim, HoldRequest, WaitingEntry
from contracts.queries.live import is_live
from contracts.queries.scope import claims_visible_to, requests_visible_to, waiting_visible_to
from contracts.states import RequestState, WaitingState
from inventory.models import Unit
from inventory.queries.blocks import blocking
from inventory.queries.standing import standing
from inventory.states import Status
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

WAITED_FOR = frozenset({Status.HELD, Status.SMALL_DEPOSIT, Status.SUBSCRIBED})


def live_claim(access: Access, unit: Unit, now: datetime) -> Claim | None:
    """The claim that binds the unit at `now`, if the reader may know of it."""
    found = claims_visible_to(access).filter(is_live(now), unit=unit)
    return found.select_related("customer", "salesperson", "placed_by", "project").first()


def obstacle(access: Access, unit: Unit, now: datetime) -> str:
    """Why the unit cannot be held at `now`, in a sentence for this reader; empty when it can (R1.7)."""
    if not access.can(Permission.CLAIM_SEE_ALL, unit.project_id):
        return "" if _free(unit, now) and not blocking(unit, desk=False) else _("Not available now. Ask the desk.")
    if standing(unit, now) != Status.AVAILABLE:
        return _("The unit is %(status)s, so it cannot be held.") % {"status": unit.get_status_display()}
    reasons = blocking(unit, desk=True)
    return _("It cannot be held now: %(reasons)s") % {"reasons": listed(reasons)} if reasons else ""


def may_wait(unit: Unit, now: datetime) -> bool:
    """Whether a customer can wait for the unit: somebody has it, and may yet let it go."""
    return standing(unit, now) in WAITED_FOR


def line(access: Access, unit: Unit) -> list[WaitingEntry]:
    """Who waits for the unit or is offered it, in order, as far as the reader may know: the desk everybody, others their own."""
    waiting = waiting_visible_to(access).filter(unit=unit, state__in=[WaitingState.WAITING, WaitingState.OFFERED])
    return list(waiting.select_related("customer", "salesperson", "offer").order_by("placed_at", "pk"))


def open_requests(access: Access, unit: Unit) -> list[HoldRequest]:
    """The unanswered requests for the unit that the reader may read, oldest first."""
    asked = requests_visible_to(access).filter(unit=unit, state=RequestState.REQUESTED)
    return list(asked.select_related("customer", "salesperson").order_by("requested_at", "pk"))


def _free(unit: Unit, now: datetime) -> bool:
    return standing(unit, now) == Status.AVAILABLE
