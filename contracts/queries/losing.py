"""What somebody reads who came too late: who has the unit as far as they may know, until when, and what else is free (I1)."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Claim, WaitingEntry
from contracts.states import WaitingState
from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import stands_in
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import Conflict
from salescontrol.core.permissions import Permission

OTHERS = 3


def taken(access: Access, unit: Unit, now: datetime) -> Conflict:
    """The refusal for a unit that is not available: the desk reads who and until when, a salesperson only that it is not."""
    return Conflict(_sentence(access, unit), code="taken", links=_links(access, unit, now))


def _sentence(access: Access, unit: Unit) -> str:
    if not access.can(Permission.CLAIM_SEE_ALL, unit.project_id):
        return _("%(unit)s is not available now. Ask the desk.") % {"unit": unit}
    claim = Claim.every.filter(unit=unit, released_at__isnull=True).select_related("salesperson").first()
    words = {"unit": unit, "status": unit.get_status_display()}
    if claim is None:
        return _("%(unit)s is %(status)s, so it cannot be held. The supervisor puts units on sale.") % words
    words["who"] = f"{claim.salesperson.employee_no} {claim.salesperson.name}" if claim.salesperson else _("nobody yet")
    if claim.expires_at is None:
        return _("%(unit)s is %(status)s for a customer of %(who)s.") % words
    words["until"] = clock.local(claim.expires_at, unit.project.zone).strftime("%Y-%m-%d %H:%M")
    return (
        _(
            "%(unit)s is held for a customer of %(who)s until %(until)s. The supervisor can release it; a customer can wait for it."
        )
        % words
    )


def _links(access: Access, unit: Unit, now: datetime) -> list[tuple[str, str]]:
    found = alternatives(access, unit, now)[:OTHERS]
    return [
        (
            _("%(unit)s is free") % {"unit": other.number},
            f"{reverse('inventory:board', args=[unit.project.code])}?unit={other.pk}",
        )
        for other in found
    ]


def alternatives(access: Access, unit: Unit, now: datetime) -> QuerySet[Unit]:
    """Units like this one that can be held and that the reader may see: same layout, building by building from the top.

    Free, nothing lies on them, and nobody waits for them: what is named here must not be refused at the next click.
    """
    alike = units_visible_to(access).filter(
        stands_in([Status.AVAILABLE], now), project_id=unit.project_id, property_type=unit.property_type, locks="",
        mortgaged=False, sealed=False, contractor_owned=False,
    ).exclude(pk__in=WaitingEntry.every.filter(state=WaitingState.WAITING).values("unit"))  # fmt: skip
    if unit.layout_id:
        alike = alike.filter(layout_id=unit.layout_id)
    return alike.exclude(pk=unit.pk).order_by("building__position", "-floor", "stack")
