"""Tells people: registered sentences with parameters, one per reader and key."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from salescontrol.core import clock
from salescontrol.core.models import Notice

_TEXTS: dict[str, object] = {}


def register(code: str, text) -> None:
    """Name a kind of notice: `text` is a lazily translated sentence with `%(name)s` places for the parameters."""
    _TEXTS[code] = text


def tell(users: Iterable, code: str, *, key: str, url: str = "", project_id: int | None = None, **params) -> int:
    """Put a notice into each user's inbox; a second call with the same key changes nothing. Returns how many were asked for."""
    assert code in _TEXTS, code
    rows = [
        Notice(to=user, code=code, params=params, url=url, project_id=project_id, key=key[:120]) for user in set(users)
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def sentence(notice: Notice) -> str:
    """The notice in the reader's language."""
    text = _TEXTS.get(notice.code)
    return str(text) % notice.params if text else _("A message of an earlier version")


def inbox(user):
    """The user's notices, newest first."""
    return Notice.objects.filter(to=user).order_by("-created_at", "-pk")


def mark_read(*, by, pk: int | None = None) -> int:
    """Mark one notice, or all, as read; only the reader's own. Returns how many."""
    mine = Notice.objects.filter(to=by, read_at__isnull=True)
    return (mine.filter(pk=pk) if pk else mine).update(read_at=clock.now())


def settle(key: str) -> int:
    """What this key told is dealt with: unread copies count as read, in every inbox. Returns how many."""
    return Notice.objects.filter(key=key, read_at__isnull=True).update(read_at=clock.now())
