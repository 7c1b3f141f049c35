"""Requests for holds: the desk's inbox, a salesperson's own, and which free units would answer a wish."""

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from contracts.models import HoldRequest
from contracts.queries.scope import requests_visible_to
from contracts.states import RequestState
from inventory.models import Project, Unit
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import stands_in
from inventory.states import FOR_SALE
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible

SHOWN = 50
_NAMED = ("project", "unit", "layout", "customer", "salesperson", "claim__unit", "answered_by")


def listed(access: Access, project: Project) -> QuerySet[HoldRequest]:
    """The requests of the project that the user may read; `turn` puts the open ones first, oldest first."""
    turn = Case(When(state=RequestState.REQUESTED, then=Value(0)), default=Value(1), output_field=IntegerField())
    waits = Case(When(state=RequestState.REQUESTED, then=F("requested_at")))
    rows = requests_visible_to(access).filter(project=project).select_related(*_NAMED)
    return rows.annotate(turn=turn, waits_since=waits)


def waiting(access: Access, project: Project) -> QuerySet[HoldRequest]:
    """The unanswered ones, oldest first."""
    return listed(access, project).filter(state=RequestState.REQUESTED).order_by("requested_at", "pk")


def find(access: Access, project: Project, number: str) -> HoldRequest:
    """The request, or NotVisible with one text when it is missing or not this user's."""
    request = listed(access, project).filter(number=number).first()
    if request is None:
        raise NotVisible("")
    return request


def answers(access: Access, request: HoldRequest) -> list[Unit]:
    """Free units of the project that fit the wish and that the reader may see, cheapest first within the budget."""
    fitting = Q()
    if request.layout_id:
        fitting &= Q(layout_id=request.layout_id)
    if request.floor_from is not None:
        fitting &= Q(floor__gte=request.floor_from)
    if request.floor_to is not None:
        fitting &= Q(floor__lte=request.floor_to)
    if request.budget is not None:
        fitting &= Q(list_total__lte=request.budget)
    free = units_visible_to(access).filter(
        stands_in(FOR_SALE, clock.now()), fitting, project_id=request.project_id, locks="", mortgaged=False,
        sealed=False, contractor_owned=False,
    )  # fmt: skip
    return list(
        free.select_related("building", "layout").order_by("list_total", "building__position", "-floor", "stack")[
            :SHOWN
        ]
    )
