"""Ending sessions: one, all others, everybody's of an account. Every end is on record (quality S2, decisions 24)."""

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy

from salescontrol.core import audit, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.permissions import Permission
from security.devices import device_name
from security.models import EndReason, Session, User
from security.queries import live_sessions

notices.register(
    "session.moved",
    gettext_lazy(
        "Your session moved to another device (%(device)s). If that was not you, end it and change your password."
    ),
)
notices.register(
    "session.new_device",
    gettext_lazy(
        "Sign-in from a device not seen before: %(device)s. If that was not you, end it and change your password."
    ),
)


@transaction.atomic
def end_session(*, session: Session, by: User, reason: str = "") -> Session:
    """End one session at once. The owner ends any of their own; an administrator (`session.end`) anybody's. Raises Forbidden."""
    if session.user_id != by.pk:
        access_of(by).require(Permission.SESSION_END)
    reason = reason or (EndReason.BY_OWNER if session.user_id == by.pk else EndReason.BY_ADMINISTRATOR)
    _close([session.pk], by, reason)
    audit.record("session.end", by=by, target=session.user, detail={"reason": reason, "session": str(session.number)})
    return session


@transaction.atomic
def end_other_sessions(*, by: User, keep: str | None) -> int:
    """End all of one's own sessions but the one whose key is `keep`. Returns how many."""
    others = list(live_sessions(by).exclude(session_key=keep).values_list("pk", flat=True))
    _close(others, by, EndReason.BY_OWNER)
    audit.record("session.end_others", by=by, target=by, detail={"count": len(others)})
    return len(others)


@transaction.atomic
def end_all_sessions(*, user: User, by: User | None, reason: str, keep: str | None = None) -> User:
    """End every session of `user` at once (but `keep`): the rows are closed and `auth_epoch` is raised, so that none can go on.

    The epoch is bookkeeping that no history follows, hence the plain update.
    """
    rows = Session.objects.filter(user=user, ended_at__isnull=True).exclude(session_key=keep)
    _close(list(rows.values_list("pk", flat=True)), by, reason)
    User.objects.filter(pk=user.pk).update(auth_epoch=F("auth_epoch") + 1)
    user.refresh_from_db(fields=["auth_epoch"])
    return user


def close_session(*, session: Session, by: User | None, reason: str) -> None:
    """Mark one session as ended: at sign-out, or (by nobody) because it outlived a limit."""
    _close([session.pk], by, reason)


def close_forgotten() -> int:
    """Mark sessions as ended that nobody came back to; their data goes. Returns how many."""
    forgotten = Session.objects.filter(user__isnull=False, ended_at__isnull=True).exclude(
        pk__in=live_sessions().values("pk")
    )
    return _close(list(forgotten.values_list("pk", flat=True)), None, EndReason.IDLE)


def note_request(*, session: Session, device: str, ip: str) -> None:
    """Remember when, from where and with which device a session was last used; a changed device is told to its owner (abuse 51)."""
    moved = bool(session.last_device or session.device) and device != (session.last_device or session.device)
    changes = {"seen_at": clock.now(), "last_device": device, "last_ip": ip} | (
        {"moved_at": clock.now()} if moved else {}
    )
    Session.objects.filter(pk=session.pk, ended_at__isnull=True).update(**changes)
    if moved:
        audit.record(
            "session.moved",
            by=session.user,
            target=session.user,
            detail={"session": str(session.number), "device": device},
        )
        notices.tell(
            [session.user],
            "session.moved",
            key=f"moved-{session.number}-{device}",
            url=reverse("security:sessions"),
            device=device_name(device),
        )


def _close(keys: list[str], by: User | None, reason: str) -> int:
    rows = Session.objects.filter(pk__in=keys, ended_at__isnull=True)
    return rows.update(ended_at=clock.now(), ended_by=by, end_reason=reason, session_data="")
