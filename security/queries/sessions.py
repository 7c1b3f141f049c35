"""Where people are signed in."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from security.devices import device_name
from security.models import EndReason, Session, User


def live_sessions(user: User | None = None) -> QuerySet[Session]:
    """The sessions (of `user`, or of everybody) that could still be used: not ended, within the idle and absolute limits."""
    now = clock.now()
    live = Session.objects.filter(
        user__isnull=False,
        ended_at__isnull=True,
        seen_at__gt=now - timedelta(minutes=settings.SESSION_IDLE_MINUTES),
        started_at__gt=now - timedelta(hours=settings.SESSION_HOURS),
    ).order_by("-seen_at")
    return live if user is None else live.filter(user=user)


def known_source(account: str, ip: str) -> bool:
    """Whether somebody signed in to the account from this address in the last 30 days."""
    since = clock.now() - timedelta(days=30)
    return Session.objects.filter(user__employee_no__iexact=account, ip=ip, started_at__gt=since).exists()


def sessions_of(user: User, *, current: str | None = None) -> dict:
    """What a page shows of the sessions of `user`: the live ones, and the last 20 that ended."""
    live = list(live_sessions(user))
    past = Session.objects.filter(user=user).exclude(pk__in=[row.pk for row in live]).select_related("ended_by")
    return {
        "live": [_session_line(row, current) for row in live],
        "past": [_session_line(row, current) for row in past.order_by("-seen_at")[:20]],
    }


def _session_line(row: Session, current: str | None) -> dict:
    return {
        "number": row.number,
        "device": device_name(row.last_device or row.device),
        "first_device": device_name(row.device) if row.moved_at else "",
        "ip": row.last_ip or row.ip,
        "started_at": row.started_at,
        "seen_at": row.seen_at,
        "moved_at": row.moved_at,
        "current": row.session_key == current,
        "why": EndReason(row.end_reason).label if row.end_reason else EndReason.IDLE.label,
        "ended_by": row.ended_by,
        "ended_at": row.ended_at,
    }


def session_of(access: Access, number: UUID) -> Session | None:
    """The live session with this number, if it is the reader's own or the reader may end anybody's."""
    rows = live_sessions().select_related("user").filter(number=number)
    return (rows if access.can(Permission.SESSION_END) else rows.filter(user=access.user)).first()
