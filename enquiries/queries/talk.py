"""Lists of talking points, one of them, and what was said before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from enquiries import names
from enquiries.models import TalkingPoint
from enquiries.queries.scope import points_visible_to
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.history import timeline


def listed(access: Access, project: Project) -> QuerySet[TalkingPoint]:
    """Every talking point that the user may read; `standing` says whether it is said today."""
    today = clock.today(project.zone)
    over = Q(ended_at__isnull=False) | Q(valid_until__lt=today)
    standing = Case(
        When(over, then=Value("over")),
        When(valid_from__gt=today, then=Value("later")),
        default=Value("valid"),
        output_field=CharField(),
    )
    return points_visible_to(access).filter(project=project).annotate(standing=standing)


def holding(word: str) -> Q:
    """A condition: the word stands in title or text, or the title is found by this pinyin or these initials."""
    found = Q(title__icontains=word) | Q(text__icontains=word)
    return found | Q(title_keys__contains=names.sought(word)) if names.squeezed(word).strip("|") else found


def find(access: Access, project: Project, pk: int) -> TalkingPoint:
    """One of them; NotVisible, with one text, when missing or not this user's (abuse 25)."""
    found = listed(access, project).filter(pk=pk).select_related("kept_by").first()
    if found is None:
        raise NotVisible("")
    return found


@dataclass(frozen=True)
class Step:
    """One version: when, by whom, and what was changed in it."""

    at: datetime
    who: str
    lines: tuple[str, ...]


def steps(point: TalkingPoint) -> list[Step]:
    """The life of a talking point, newest first: who changed what, word for word."""
    entries = timeline(point, hidden=("kept_by",))
    return [Step(entry.at, getattr(entry.by, "name", ""), tuple(_lines(entry))) for entry in entries]


def _lines(entry: Any) -> Iterator[str]:
    for change in entry.changes:
        old, new = (_shown(value) for value in (change.old, change.new))
        yield _("%(what)s: %(old)s → %(new)s") % {"what": capfirst(change.label), "old": old, "new": new}


def _shown(value: Any) -> str:
    return f"{clock.local(value):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "–")
