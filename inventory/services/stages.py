"""Who decides a request about units, prices or discounts (domain B1, B4; decisions 11)."""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.approvals import Stage
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission, Role

SUPERVISOR = Stage((Role.SUPERVISOR,))
MANAGEMENT = Stage((Role.MANAGEMENT,))
EITHER = Stage((Role.SUPERVISOR, Role.MANAGEMENT), any_of=True)


def who_decides(project_id: int, authors: Iterable[int], *, management: bool = False) -> dict[str, bool]:
    """What `steps` needs to know, to be kept in the request's `effect`; `management`: whether it is beyond the supervisor.

    Where every supervisor had a hand in it (or stands in for one who had), management decides in their place: four eyes
    hold even when the only supervisor proposes.
    """
    concerned = set(authors)
    free = [
        user
        for user in deciding_users([Role.SUPERVISOR], project_id)
        if user.pk not in concerned and access_of(user).deputy_of.get(project_id) not in concerned
    ]
    return {"management": management, "no_supervisor": not free}


def steps(approval: Approval) -> Sequence[Stage]:
    """The supervisor; then management too for what is beyond the supervisor."""
    management = bool(approval.effect.get("management"))
    if approval.effect.get("no_supervisor"):
        return [MANAGEMENT] if management else [EITHER]
    return [SUPERVISOR, MANAGEMENT] if management else [SUPERVISOR]


def hides_floor_prices(access: Access) -> Q:
    """Requests about floor prices, which only those read who may see floor prices (decisions 4); `effect` marks them."""
    return Q(effect__floor=True) & ~Q(pk__in=Approval.objects.filter(access.projects(Permission.FLOOR_PRICE_SEE)))
