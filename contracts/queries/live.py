"""Which claims are live at an instant. A hold past its end is over, written down or not (decisions 14)."""

from datetime import datetime

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from contracts.models import Claim
from contracts.states import ClaimState, HoldKind, Stage


def is_live(now: datetime) -> Q:
    """The claims that bind their unit at `now`."""
    return Q(released_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now) | ~Q(stage=Stage.HOLD))


def state_at(now: datetime) -> Case:
    """An expression: the state of a claim that counts at `now`; a hold past its end has expired, written down or not."""
    unwritten = Q(state=ClaimState.ACTIVE, stage=Stage.HOLD, expires_at__lte=now)
    return Case(When(unwritten, then=Value(ClaimState.EXPIRED.value)), default=F("state"), output_field=CharField())


def holds_of(now: datetime, **whose) -> QuerySet[Claim]:
    """The live holds that count towards the caps: for a customer or while a deal is written; offers do not count."""
    counted = [HoldKind.CUSTOMER, HoldKind.DEAL]
    return Claim.every.filter(is_live(now), stage=Stage.HOLD, kind__in=counted, **whose)


def ran_out_lately(now: datetime, since: datetime, **whose) -> QuerySet[Claim]:
    """The holds that ran out between `since` and `now`, written down or not."""
    written = Q(state=ClaimState.EXPIRED)
    unwritten = Q(state=ClaimState.ACTIVE, stage=Stage.HOLD)
    return Claim.every.filter(written | unwritten, expires_at__gt=since, expires_at__lte=now, **whose)
