"""Secret addresses of calendars: made and revoked by the person whose calendar it is; the secret is shown once (R7.3)."""

import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from enquiries.models import CalendarLink
from enquiries.queries.calendars import digest_of
from salescontrol.core import audit, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Forbidden
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission


def require_calendar(access) -> None:
    """Raise Forbidden for who has no viewings to see."""
    if not any(access.can(right) for right in (Permission.VIEWING_SEE_OWN, Permission.VIEWING_SEE_ALL)):
        raise Forbidden(_("Your role has no viewings, so there is no calendar of them."), code="forbidden")


@transaction.atomic
def make_calendar(*, by) -> str:
    """A new address for one's calendar; the one before opens nothing any more. Returns its secret."""
    require_calendar(access_of(by))
    _revoke(by)
    secret = secrets.token_urlsafe(24)
    link = CalendarLink(user=by, digest=digest_of(secret))
    save_tracked(link, action="calendar.make", by=by)
    audit.record("calendar.make", by=by, target=link)
    return secret


@transaction.atomic
def revoke_calendar(*, by) -> None:
    """From now on the address answers like one that never was."""
    require_calendar(access_of(by))
    if not _revoke(by):
        raise Conflict(_("There is no calendar address to revoke. You can make one."), code="revoked")


def _revoke(by) -> bool:
    link = CalendarLink.objects.select_for_update(of=("self",)).filter(user=by, revoked_at=None).first()
    if link is None:
        return False
    link.revoked_at = clock.now()
    save_tracked(link, action="calendar.revoke", by=by, fields=["revoked_at"])
    audit.record("calendar.revoke", by=by, target=link)
    return True
