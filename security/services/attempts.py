"""Slows guessing down: counts attempts per source in the database, and lets few passwords be hashed at once (S1, abuse 50)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from salescontrol.core import audit, clock
from salescontrol.core.errors import Refusal
from security.models import AttemptCount

SOURCE_LIMIT, SOURCE_WINDOW = 60, timedelta(minutes=1)
ACCOUNT_LIMIT, ACCOUNT_WINDOW = 50, timedelta(minutes=15)
# Argon2 takes 100 MB and a core for each password: two at once per process, the others wait their turn.
_HASHING = threading.BoundedSemaphore(2)
HASHING_WAIT_SECONDS = 8


class TooMany(Refusal):
    """Too many attempts from here; wait and try again (429)."""

    status = 429


class Busy(Refusal):
    """Everybody signs in at once; try again in a moment (503)."""

    status = 503


def count_from(source: str) -> None:
    """Count one attempt from an address. Raises TooMany beyond 60 a minute; refused attempts write nothing."""
    if _count(source, SOURCE_WINDOW, SOURCE_LIMIT) > SOURCE_LIMIT:
        raise TooMany(_("Too many attempts from this network. Wait a minute and try again."), code="throttled")


def failures_of(account: str) -> int:
    """The failed attempts at one account in the present 15 minutes, from wherever."""
    row = AttemptCount.objects.filter(source=_account(account), slot=_slot(ACCOUNT_WINDOW)).first()
    return row.count if row else 0


def count_failure(account: str) -> None:
    """Count a failed attempt at an account, whether it exists or not."""
    _count(_account(account), ACCOUNT_WINDOW, ACCOUNT_LIMIT)


def _account(account: str) -> str:
    return f"account {account}"


def _slot(window: timedelta) -> int:
    """When the present slot began, in seconds since 1970."""
    seconds = int(window.total_seconds())
    return int(clock.now().timestamp()) // seconds * seconds


@transaction.atomic
def _count(source: str, window: timedelta, limit: int) -> int:
    """Add one and return the new count; beyond the limit nothing is written any more."""
    slot = _slot(window)
    known = AttemptCount.objects.filter(source=source, slot=slot).first()
    if known is None:
        known, _created = AttemptCount.objects.get_or_create(source=source, slot=slot)
    if known.count > limit:
        return known.count
    AttemptCount.objects.filter(pk=known.pk).update(count=F("count") + 1)
    if known.count == limit:
        audit.record("sign_in.throttled", detail={"limit": limit, "minutes": window.total_seconds() / 60})
    return known.count + 1


def forget_old() -> int:
    """Sweep counts of slots that are over since an hour. Returns how many."""
    old = clock.now() - timedelta(hours=1)
    return AttemptCount.objects.filter(slot__lt=int(old.timestamp())).delete()[0]


@contextmanager
def hashing() -> Iterator[None]:
    """A turn at hashing a password. Raises Busy when none comes within 8 seconds."""
    if not _HASHING.acquire(timeout=HASHING_WAIT_SECONDS):
        raise Busy(_("Many people are signing in at this moment. Try again in a few seconds."), code="busy")
    try:
        yield
    finally:
        _HASHING.release()
