"""Customers opened, and rows listed, quickly one after the other: slowed down, and told (quality P6; abuse 40 by hand).

What was shown before within the window does not count again. Counted are the pages of customers and the lists and searches that
name them; who is calling is looked up as often as the phone rings. Refused is only what would be one too many, until the first of
the window is long enough ago: nothing is locked.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext_lazy

from inventory.models import Project
from salescontrol.core import audit, clock, notices, options
from salescontrol.core.access import deciding_users
from salescontrol.core.errors import TooFast
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Role

OPENED, LISTED = ("customer.see",), ("customer.list", "customer.search", "call.list", "visit.list")
MINUTES = "customer.pace_minutes"


@dataclass(frozen=True)
class Pace:
    """The acts that count together, the setting that limits them, what the refusal is called, and what it says."""

    actions: tuple[str, ...]
    limit: str
    refused: str
    message: Any


_OPENING = Pace(
    OPENED, "customer.opens", "customer.see_refused",
    gettext_lazy(
        "You have opened %(limit)s different customers within %(minutes)s minutes, which is the limit. Go on at %(time)s. The "
        "supervisor has been told, and can set another limit in the settings of the project."
    ),
)  # fmt: skip
_LISTING = Pace(
    LISTED, "customer.rows", "customer.list_refused",
    gettext_lazy(
        "You have listed %(limit)s different rows about customers within %(minutes)s minutes, which is the limit. Go on at "
        "%(time)s, or filter the list. The supervisor has been told, and can set another limit in the settings of the project."
    ),
)  # fmt: skip


def note(action: str, shown: Collection[str], *, project: Project, by, target=None, detail: dict | None = None) -> None:
    """Put on record that these numbers are about to be shown. Raises TooFast, of which the supervisor is told once an hour."""
    pace = _OPENING if action in OPENED else _LISTING
    now = clock.now()
    until = _noted(pace, action, list(shown), now, project, by, target, detail or {})
    if until is not None:
        settings = options.values(project.pk)
        words = {
            "limit": settings[pace.limit],
            "minutes": settings[MINUTES],
            "time": f"{clock.local(until):%H:%M:%S}",
        }
        raise TooFast(pace.message % words, seconds=math.ceil((until - now).total_seconds()))


@transaction.atomic
def _noted(
    pace: Pace, action: str, shown: list[str], now: datetime, project: Project, by, target, detail: dict
) -> datetime | None:
    """Record the act, or its refusal; then from when on it may be tried again. The user's row is locked meanwhile, so that many
    at once are counted one by one."""
    get_user_model().objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=by.pk)
    settings = options.values(project.pk)
    window = timedelta(minutes=settings[MINUTES])
    known = _seen(pace, by, now - window)
    more = len(known.keys() | set(shown)) - settings[pace.limit]
    if more <= 0 or not known.keys() - set(shown):
        audit.record(action, by=by, project_id=project.pk, target=target, detail={**detail, "shown": shown})
        return None
    audit.record(pace.refused, by=by, project_id=project.pk, target=target)
    tell_who_decides(pace.refused, project, by, f"{now:%Y%m%d%H}")
    leaving = sorted(moment for number, moment in known.items() if number not in shown)
    return leaving[min(more, len(leaving)) - 1] + window


def _seen(pace: Pace, by, since: datetime) -> dict[str, datetime]:
    """What the user was shown since then, each with the last time."""
    acts = AuditEvent.objects.filter(actor=by, action__in=pace.actions, at__gt=since)
    lists = acts.values("detail").annotate(last=Max("at")).order_by("last").values_list("detail", "last")
    return {number: last for detail, last in lists for number in detail.get("shown", ())}


def tell_who_decides(code: str, project: Project, by, hour: str) -> None:
    """Tell the supervisors once an hour; management when the supervisor is the one."""
    supervisors = [person for person in deciding_users([Role.SUPERVISOR], project.pk) if person != by]
    notices.tell(
        supervisors or deciding_users([Role.MANAGEMENT], project.pk),
        code,
        key=f"{code}-{by.pk}-{project.pk}-{hour}",
        url=reverse("enquiries:customer_list", args=[project.code]),
        project_id=project.pk,
        who=by.employee_no,
    )


notices.register(
    "customer.see_refused",
    gettext_lazy("%(who)s opened many customers quickly one after the other and was slowed down."),
)
notices.register(
    "customer.list_refused",
    gettext_lazy("%(who)s listed very many rows about customers in a short time and was slowed down."),
)
