"""Lists of quotations, one quotation with its life, and what its page says of it."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from contracts.models import Quotation
from contracts.queries.scope import quotations_visible_to
from contracts.states import QuotationState
from inventory.models import Project, Unit
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.models import Approval

_NAMED = ("unit__building", "unit__project", "project", "customer", "salesperson", "made_by", "evidence")


def listed(access: Access, project: Project) -> QuerySet[Quotation]:
    """Every quotation of the project that the user may read."""
    return quotations_visible_to(access).filter(project=project).select_related(*_NAMED)


@dataclass(frozen=True)
class Choices:
    """Whom the list can be filtered by: only salespeople whom visible quotations name (abuse 28)."""

    salespeople: QuerySet


def choices(access: Access, project: Project) -> Choices:
    visible = quotations_visible_to(access).filter(project=project).order_by()
    return Choices(get_user_model().objects.filter(pk__in=visible.values("salesperson")).order_by("name", "pk"))


def find(access: Access, project: Project, number: str) -> Quotation:
    """The quotation, or NotVisible with one text when it is missing or not this user's (abuse 25)."""
    row = listed(access, project).filter(number=number).first()
    if row is None:
        raise NotVisible("")
    return row


def of_unit(access: Access, unit: Unit) -> QuerySet[Quotation]:
    """The quotations on a unit that may still be subscribed on, newest first."""
    states = (QuotationState.DRAFT, QuotationState.ASKED, QuotationState.READY)
    today = clock.today(unit.project.zone)
    return quotations_visible_to(access).filter(unit=unit, state__in=states, valid_until__gte=today).order_by("-pk")


def last_request(row: Quotation) -> Approval | None:
    """The last request for the consent of a quotation that was found among the visible ones."""
    return Approval.objects.filter(kind="quotation.consent", target_id=row.pk).order_by("-pk").first()
