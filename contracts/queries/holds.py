"""Lists of claims, what needs somebody soon, and one claim with its events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, DateTimeField, F, Q, QuerySet, When
from django.utils.translation import gettext as _

from contracts.models import Claim
from contracts.queries.live import is_live, state_at
from contracts.queries.scope import claims_visible_to
from contracts.states import HoldKind, Stage
from inventory.models import Building, Project, UnitEvent
from inventory.queries.history import SENTENCES
from inventory.queries.scope import projects_visible_to
from inventory.states import Status
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission

SOON = timedelta(hours=2)
FOUND = 20
_NAMED = ("unit__building", "unit__project", "project", "customer", "salesperson", "placed_by", "released_by")


def listed(access: Access, project: Project) -> QuerySet[Claim]:
    """Every claim of the project that the user may know of; `state_now` by the database's clock, `soon` orders live ones first."""
    now = clock.now()
    soon = Case(When(is_live(now), then=F("expires_at")), output_field=DateTimeField())
    return (
        claims_visible_to(access)
        .filter(project=project)
        .select_related(*_NAMED)
        .annotate(state_now=state_at(now), soon=soon)
    )


@dataclass(frozen=True)
class Choices:
    """What the list can be filtered by: only what visible claims name (abuse 28)."""

    buildings: QuerySet[Building]
    salespeople: QuerySet


def choices(access: Access, project: Project) -> Choices:
    visible = claims_visible_to(access).filter(project=project).order_by()
    return Choices(
        Building.objects.filter(pk__in=visible.values("unit__building")).order_by("position", "pk"),
        get_user_model().objects.filter(pk__in=visible.values("salesperson")).order_by("name", "pk"),
    )


def needs_somebody(access: Access, project: Project) -> QuerySet[Claim]:
    """Live holds that end within two hours, wait for an answer (offers), or lack their customer."""
    now = clock.now()
    asks = Q(expires_at__lte=now + SOON) | Q(kind=HoldKind.OFFER) | Q(customer=None) & ~Q(kind=HoldKind.DEAL)
    return claims_visible_to(access).filter(is_live(now), asks, project=project)


def ending(access: Access, project: Project) -> QuerySet[Claim]:
    """Those of `needs_somebody` with what a tile shows, first to end first."""
    return (
        needs_somebody(access, project).select_related("unit", "customer", "salesperson").order_by("expires_at", "pk")
    )


def own_live(access: Access, project: Project) -> QuerySet[Claim]:
    """A salesperson's own live holds, first to end first; what has been subscribed on stands elsewhere."""
    live = claims_visible_to(access).filter(
        is_live(clock.now()), project=project, salesperson=access.user, stage=Stage.HOLD
    )  # fmt: skip
    return live.select_related("unit", "customer", "salesperson").order_by(F("expires_at").asc(nulls_last=True), "pk")


def find(access: Access, project: Project, number: str) -> Claim:
    """The claim with all that its page names; NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    claim = listed(access, project).filter(number=number).first()
    if claim is None:
        raise NotVisible("")
    return claim


def found(access: Access, words: str) -> QuerySet[Claim]:
    """Claims whose number is `words`, and those of the customer with that number, across the user's projects."""
    number = words.strip().upper()
    seen = claims_visible_to(access).filter(project__in=projects_visible_to(access))
    return (
        seen.filter(Q(number=number) | Q(customer__number=number))
        .select_related("unit", "project", "customer")
        .annotate(state_now=state_at(clock.now()))
        .order_by("-placed_at", "-pk")[:FOUND]
    )


@dataclass(frozen=True)
class Step:
    """One event of a claim as a sentence, with until when the unit was held from then on."""

    at: datetime
    text: str
    until: datetime | None


def steps(access: Access, claim: Claim) -> list[Step]:
    """The events that bear the claim's number, newest first. The clock's are nobody's; others are named to the desk only."""
    named = access.can(Permission.UNIT_SEE_PEOPLE, claim.project_id)
    events = UnitEvent.every.filter(unit_id=claim.unit_id, claim=claim.number).select_related("actor")
    return [Step(event.at, _sentence(event, named), event.ends_at) for event in events.order_by("-seq")]


def _sentence(event: UnitEvent, named: bool) -> str:
    moved = (_("%(old)s → %(new)s, by %(who)s"), _("%(old)s → %(new)s"))
    pair: Any = SENTENCES.get(event.action, moved)
    words = {"old": Status(event.from_status).label, "new": Status(event.to_status).label}
    who = event.actor.name if named and event.actor is not None else ""
    text = str(pair[0 if who else 1]) % {**words, "who": who}
    return _("%(sentence)s: %(reason)s") % {"sentence": text, "reason": event.reason} if event.reason else text


def release_asked(claim: Claim) -> list[AuditEvent]:
    """Who asked the desk to release this hold, when and why; newest first."""
    asked = AuditEvent.objects.filter(
        action="claim.ask_release", target_kind=Claim._meta.label_lower, target_id=claim.pk
    )
    return list(asked.select_related("actor").order_by("-pk"))
