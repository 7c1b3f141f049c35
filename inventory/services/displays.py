"""Wall displays: screens that show a project's board without anybody being signed in (decisions 12)."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import BoardChange, Project, WallDisplay
from inventory.queries.displays import digest_of
from inventory.queries.feed import KEPT
from salescontrol.core import audit, clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission

SEEN_EVERY = timedelta(minutes=1)


@transaction.atomic
def add_display(*, project: Project, name: str, prices: bool, by) -> tuple[WallDisplay, str]:
    """A new display and the secret of its address, which is shown once and kept nowhere."""
    access_of(by).require(Permission.DISPLAY_KEEP, project.pk)
    secret = secrets.token_urlsafe(24)
    display = WallDisplay(project=project, name=name, prices=prices, digest=digest_of(secret), made_by=by)
    save_tracked(display, action="display.add", by=by)
    audit.record("display.add", by=by, target=display, project_id=project.pk, detail={"name": name, "prices": prices})
    return display, secret


@transaction.atomic
def revoke_display(*, display: WallDisplay, by) -> WallDisplay:
    """From now on the display's address answers like one that never was; a screen that is on goes dark at its next poll."""
    access_of(by).require(Permission.DISPLAY_KEEP, display.project_id)
    row = WallDisplay.objects.select_for_update(of=("self",)).get(pk=display.pk)
    if row.revoked_at is not None:
        raise Conflict(_("This display was revoked already."), code="revoked")
    row.revoked_at, row.revoked_by = clock.now(), by
    save_tracked(row, action="display.revoke", by=by, fields=["revoked_at", "revoked_by"])
    audit.record("display.revoke", by=by, target=row, project_id=row.project_id, detail={"name": row.name})
    return row


def note_display(*, display: WallDisplay) -> None:
    """Note that the screen is on, once a minute; bookkeeping that no history follows, hence the plain update."""
    now = clock.now()
    if display.seen_at is None or now - display.seen_at >= SEEN_EVERY:
        WallDisplay.objects.filter(pk=display.pk).update(seen_at=now)


def forget_changes() -> int:
    """Take changes that no open board can still ask for out of the feed; returns how many."""
    return BoardChange.objects.filter(at__lt=clock.now() - KEPT).delete()[0]
