"""Evidence of every kind, sealed and anchored; and somebody who holds the database and has switched its guards off."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from salescontrol.core import clock, journal, seals
from tests import build, engines


@pytest.fixture(autouse=True)
def _new_chain():
    """What a process remembers of a chain is of another database here."""
    seals._MARKS.clear()
    journal._TAILS.clear()
    yield
    seals._MARKS.clear()
    journal._TAILS.clear()


@pytest.fixture
def later(monkeypatch):
    """`later(minutes=20)`: from here on it is that much later."""
    plain = clock.now
    passed = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: plain() + passed[0])

    def wait(**span) -> None:
        passed[0] += timedelta(**span)

    return wait


@pytest.fixture
def chain(transactional_db, people, later):
    """Four batches of evidence: units with their events, acts, histories; sealed, in the journal, and older than the mark."""
    where = build.building(people.a)
    for floor in range(2, 14):
        build.unit(where, floor, by=people.specialist)
        if floor % 3 == 0:
            journal.keep()
            later(seconds=30)
    journal.keep()
    later(minutes=20)
    return where


@contextmanager
def as_superuser():
    """What only somebody with the keys of the database can do: every guard is off, and what is done is undone at the end."""
    engines.become_owner()
    with transaction.atomic():
        engines.put_guards_off()
        yield
        transaction.set_rollback(True)
    engines.become_application()
