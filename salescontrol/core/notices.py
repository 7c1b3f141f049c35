"""Tells people: registered sentences with parameters, one per reader and key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import clock
from salescontrol.core.models import Notice

_TEXTS: dict[str, object] = {}
_CARRIERS: list[Callable[..., None]] = []


@dataclass(frozen=True)
class Group:
    """Notices that a reader thinks of together: all that leaves the house about one of them is its `sentence`."""

    label: Any
    sentence: Any
    shared: bool = True


# `shared`: may go to a project's group chat; the others are one person's own business.
GROUPS: dict[str, Group] = {
    "decisions": Group(gettext_lazy("Requests and decisions"), gettext_lazy("A request or a decision waits for you.")),
    "units": Group(
        gettext_lazy("Status, prices and discounts of units"),
        gettext_lazy("Status, price or discount of a unit that concerns you changed."),
    ),
    "claims": Group(
        gettext_lazy("Holds and waiting lists"), gettext_lazy("There is news about a hold or a waiting list.")
    ),
    "customers": Group(gettext_lazy("Customers"), gettext_lazy("There is news about a customer.")),
    "files": Group(gettext_lazy("Files that were read"), gettext_lazy("A file of yours was read."), shared=False),
    "account": Group(
        gettext_lazy("Account and sign-in"), gettext_lazy("There is news about your account."), shared=False
    ),
    "running": Group(
        gettext_lazy("Running of the system"), gettext_lazy("The system needs somebody to look at it."), shared=False
    ),
    "other": Group(gettext_lazy("Everything else"), gettext_lazy("A message waits for you."), shared=False),
}
# The first word of a notice's code → its group; what is not named belongs to "other".
_GROUP_OF = {
    "approval": "decisions", "units": "decisions",
    "unit": "units", "price": "units", "price_list": "units", "discount": "units", "sales": "units",
    "claim": "claims", "request": "claims", "waiting": "claims",
    "customer": "customers",
    "batch": "files",
    "account": "account", "password": "account", "session": "account", "deputy": "account", "access": "account",
    "work": "running", "consistency": "running", "clock": "running", "chain": "running", "journal": "running",
}  # fmt: skip


def register(code: str, text) -> None:
    """Name a kind of notice: `text` is a lazily translated sentence with `%(name)s` places for the parameters."""
    _TEXTS[code] = text


def assign_group(word: str, group: str) -> None:
    """Notices whose code begins with this word belong to the group; called when an app registers its notices."""
    assert group in GROUPS, group
    _GROUP_OF[word] = group


def group_of(code: str) -> str:
    """The group of a kind of notice."""
    return _GROUP_OF.get(code.partition(".")[0], "other")


def carried_by(function: Callable[..., None]) -> Callable[..., None]:
    """Decorator: the function hears of every notice in the transaction that makes it, and leaves work behind, never waits."""
    _CARRIERS.append(function)
    return function


@transaction.atomic(savepoint=False)
def tell(users: Iterable, code: str, *, key: str, url: str = "", project_id: int | None = None, **params) -> int:
    """Put a notice into each user's inbox; a second call with the same key changes nothing. Returns how many were asked for."""
    assert code in _TEXTS, code
    people, key = set(users), key[:120]
    rows = [Notice(to=user, code=code, params=params, url=url, project_id=project_id, key=key) for user in people]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    for carry in _CARRIERS if rows else ():
        carry(rows)
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


def reword(keys: Sequence[str], **params: Any) -> None:
    """Let the notices whose keys begin so say these parameters instead, as far as they have them: what they told is erased."""
    for prefix in keys:
        for notice in Notice.objects.filter(key__startswith=prefix):
            notice.params |= {name: value for name, value in params.items() if name in notice.params}
            notice.save(update_fields=["params"])


def settle(key: str) -> int:
    """What this key told is dealt with: unread copies count as read, in every inbox. Returns how many."""
    return Notice.objects.filter(key=key, read_at__isnull=True).update(read_at=clock.now())
