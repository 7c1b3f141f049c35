"""The audit trail as people read it: who did what, when, on which object; and who saw whom (quality A4, R7.5)."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext as _

from contracts.models import Claim
from enquiries.models import Customer, Intake, PreReport
from inventory.models import Project, Unit
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission
from security import acts

LOOK_BACK = timedelta(days=180)
# What an object is called: its kind, its model, the column that names it.
NAMED = (
    ("inventory.unit", Unit, "number"),
    ("enquiries.customer", Customer, "number"),
    ("enquiries.prereport", PreReport, "number"),
    ("enquiries.intake", Intake, "number"),
    ("contracts.claim", Claim, "number"),
    ("security.user", get_user_model(), "name"),
)
# Acts by which somebody came to see personal data or took it away.
SEEING = ("see", "reveal", "search", "list", "export", "print", "download")


def trail_visible_to(access: Access) -> QuerySet[AuditEvent]:
    """The acts that the reader may read: a supervisor those in their own projects, management all."""
    return AuditEvent.objects.filter(access.projects(Permission.AUDIT_SEE)).select_related("actor")


def named(rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """The acts with `object`, what the thing that they are about is called, and `project_name`."""
    names = [
        When(target_kind=kind, then=Subquery(model._base_manager.filter(pk=OuterRef("target_id")).values(column)[:1]))
        for kind, model, column in NAMED
    ]
    project = Project._base_manager.filter(pk=OuterRef("project_id")).values("name")[:1]
    text = CharField()
    return rows.annotate(object=Case(*names, default=Value(""), output_field=text), project_name=Subquery(project))


def sentence(event: Any) -> str:
    """The act in one sentence, in the reader's language; `event` comes from `named`."""
    about = " · ".join(filter(None, [event.object, *_details(event.detail)]))
    words = {
        "who": event.actor.name if event.actor else _("The system"),
        "act": acts.label(event.action),
        "about": about,
    }
    return _("%(who)s: %(act)s (%(about)s)") % words if about else _("%(who)s: %(act)s") % words


def _details(detail: object) -> list[str]:
    """What a reader may want to know of an act: what it was about, why, on which ground."""
    if not isinstance(detail, dict):
        return []
    return [
        str(detail[name])
        for name in ("what", "unit", "role", "purpose", "reason", "filter", "count")
        if detail.get(name)
    ]


def about(rows: QuerySet[AuditEvent], words: str) -> QuerySet[AuditEvent]:
    """The acts on the object of this number or name, exactly as it is written."""
    found = Q(pk__in=[])
    for kind, model, column in NAMED:
        ids = list(model._base_manager.filter(**{f"{column}__iexact": words.strip()}).values_list("pk", flat=True)[:20])
        if ids:
            found |= Q(target_kind=kind, target_id__in=ids)
    return rows.filter(found)


def seen_by(access: Access, words: str) -> QuerySet[AuditEvent]:
    """Who saw the customer or unit of this number in the last 180 days, newest first; nothing while no number is given."""
    rows = trail_visible_to(access).filter(at__gte=clock.now() - LOOK_BACK)
    if not words.strip():
        return rows.none()
    saw = Q(action__in=SEEING)
    for ending in SEEING:
        saw |= Q(action__endswith=f".{ending}")
    return about(rows, words).filter(saw)


def kinds_of_act() -> list[tuple[str, str]]:
    """Every act that has a name, for the choices of a filter (the table may hold millions: it is not asked)."""
    return sorted(((action, str(label)) for action, label in acts.ACTS.items()), key=lambda pair: pair[1])


def latest_check() -> AuditEvent | None:
    """The newest check of the whole record."""
    return AuditEvent.objects.filter(action="consistency.check").order_by("-pk").first()
