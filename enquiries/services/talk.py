"""Talking points are written, changed and ended by the supervisor (R2.2); what was said before stays in the history."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from enquiries import names
from enquiries.models import TalkingPoint
from enquiries.queries.scope import points_visible_to
from enquiries.states import Talk
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission


@transaction.atomic
def write_point(
    *, project: Project, kind: str, title: str, text: str, valid_from: date, valid_until: date | None, by
) -> TalkingPoint:
    """A new talking point. Raises Forbidden, Refusal (`empty`, `range`, `kind`)."""
    access_of(by).require(Permission.TALK_KEEP, project.pk)
    row = TalkingPoint(project=project, kept_by=by)
    _fill(row, kind, title, text, valid_from, valid_until)
    return save_tracked(row, action="talk.write", by=by)


@transaction.atomic
def change_point(
    *,
    point: TalkingPoint,
    version: int,
    kind: str,
    title: str,
    text: str,
    valid_from: date,
    valid_until: date | None,
    by,
) -> TalkingPoint:
    """Say it differently from now on. Raises NotVisible, Forbidden, Refusal, Conflict `changed` (somebody was faster) or `ended`."""
    row = _locked(point, by)
    if row.version != version:
        raise Conflict(
            _("Somebody changed this talking point meanwhile. Open it again, read it, and change it then."), code="changed"
        )  # fmt: skip
    _fill(row, kind, title, text, valid_from, valid_until)
    row.version, row.kept_by = row.version + 1, by
    return save_tracked(row, action="talk.change", by=by)


@transaction.atomic
def end_point(*, point: TalkingPoint, by) -> TalkingPoint:
    """Nobody says it any more, from this moment. Raises NotVisible, Forbidden, Conflict `ended`."""
    row = _locked(point, by)
    row.ended_at = clock.now()
    return save_tracked(row, action="talk.end", by=by, fields=["ended_at"])


def _locked(point: TalkingPoint, by) -> TalkingPoint:
    access = access_of(by)
    visible = points_visible_to(access).filter(pk=point.pk).values("pk")
    row = TalkingPoint.every.select_for_update(of=("self",)).filter(pk__in=visible).first()
    if row is None:
        raise NotVisible("")
    access.require(Permission.TALK_KEEP, row.project_id)
    if row.ended_at is not None:
        raise Conflict(_("This talking point was ended. Write a new one."), code="ended")
    return row


def _fill(
    row: TalkingPoint, kind: str, title: str, text: str, valid_from: date, valid_until: date | None
) -> None:  # fmt: skip
    title, text = " ".join(title.split())[:80], text.strip()[:2000]
    for name, value in (("title", title), ("text", text)):
        if not value:
            raise Refusal(_("Write something here."), code="empty", fields={name: [_("Write something here.")]})
    if kind not in Talk.values:
        raise Refusal(_("Choose what it is about."), code="kind", fields={"kind": [_("Choose what it is about.")]})
    if valid_until is not None and valid_until < valid_from:
        message = _("The last day lies before the first one.")
        raise Refusal(message, code="range", fields={"valid_until": [message]})
    row.kind, row.title, row.text, row.valid_from, row.valid_until = kind, title, text, valid_from, valid_until
    row.title_keys = names.title_keys(title)
