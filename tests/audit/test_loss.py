"""The database is killed under load and its files are gone: the last dump and the journal bring the claims back (quality B7)."""

import logging
import os
import random
import subprocess
import threading
import time
import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from contracts.models import Claim
from contracts.services import holds
from inventory.models import Unit, UnitEvent
from salescontrol.core import journal, proof
from salescontrol.core.errors import Refusal
from security.queries import consistency
from security.services.replay import replay
from tests import build
from tests.audit.clusters import Cluster
from tests.contracts.stock import customer, terms

CLIENTS, BEFORE, AFTER = 4, 4.0, 5.0


@pytest.fixture
def office(transactional_db, people, tmp_path):
    """Units on sale and customers, copied as they are into a server of the test's own."""
    where = build.building(people.a)
    people.units = [
        build.unit(where, floor, room, by=people.specialist).pk for floor in range(2, 22) for room in ("01", "02")
    ]
    people.customers = [customer(people.a, people.salesperson) for _number in range(40)]
    kept = dict(connection.settings_dict)
    dump = tmp_path / "base.dump"
    _dump_test_database(dump)
    cluster = Cluster()
    try:
        cluster.start_anew()
        cluster.restore(dump)
        cluster.use()
        people.cluster = cluster
        yield people
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(kept)
        cluster.end()


def _dump_test_database(path) -> None:
    here, owner = connection.settings_dict, os.environ.get("DATABASE_OWNER_URL", "")
    where = f"{owner.rpartition('/')[0]}/{here['NAME']}" if owner else f"postgresql:///{here['NAME']}"
    subprocess.run(["pg_dump", "-Fc", "-f", str(path), where], check=True, capture_output=True)


class Load:
    """Clients that hold and release, and remember what they were told; and the dispatcher that seals and writes the journal."""

    def __init__(self, office: SimpleNamespace) -> None:
        self.office, self.over = office, threading.Event()
        self.told: list[tuple[str, str, datetime]] = []
        self.threads = [threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)]
        self.threads.append(threading.Thread(target=self.dispatcher))

    def client(self, number: int) -> None:
        chance, mine = random.Random(number), []
        while not self.over.is_set():
            try:
                if mine and chance.random() < 0.4:
                    self._release(mine.pop())
                else:
                    mine.append(self._hold(chance))
            except Refusal:
                continue
            except DatabaseError:
                break
        connection.close()

    def _hold(self, chance: random.Random) -> str:
        op, unit = uuid.uuid4(), chance.choice(self.office.units)
        asked = terms(chance.choice(self.office.customers), self.office.salesperson, override="Opening day")
        claim = holds.place_hold(op_id=op, unit_id=unit, terms=asked, by=self.office.supervisor)
        self.told.append((str(op), claim.number, timezone.now()))
        return claim.number

    def _release(self, number: str) -> None:
        op = uuid.uuid4()
        holds.release_hold(op_id=op, number=number, reason="Changed their mind", by=self.office.supervisor)
        self.told.append((str(op), number, timezone.now()))

    def dispatcher(self) -> None:
        while not self.over.is_set():
            try:
                journal.keep()
            except DatabaseError:
                break
            time.sleep(0.5)
        connection.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_a_killed_and_deleted_database_comes_back_but_for_the_last_moments(office, tmp_path, record_property):
    load, dump = Load(office), tmp_path / "last.dump"
    for thread in load.threads:
        thread.start()
    time.sleep(BEFORE)
    office.cluster.take(dump)
    in_dump = len(load.told)
    time.sleep(AFTER)
    killed = timezone.now()
    office.cluster.kill()
    load.over.set()
    for thread in load.threads:
        thread.join(timeout=20)
    office.cluster.lose()

    office.cluster.start_anew()
    office.cluster.restore(dump)
    office.cluster.use()
    gap = replay()
    journal.write_due()

    there = set(map(str, UnitEvent.objects.values_list("op_id", flat=True)))
    lost = [(op, number, at) for op, number, at in load.told if op not in there]
    assert len(gap.events) > 10 and gap.refused == []
    assert len(load.told) > in_dump + 10
    assert all(killed - at <= timedelta(seconds=60) for _op, _number, at in lost)
    # The report names the moment up to which everything is there: what was lost came after it.
    assert all(at >= datetime.fromisoformat(gap.last_at) - timedelta(seconds=2) for _op, _number, at in lost)
    empty = Claim.objects.filter(customer=None, released_at__isnull=True)
    assert {name.split()[0] for name in gap.to_complete} == set(empty.values_list("number", flat=True))
    found = proof.verify()
    assert found.findings == [] and len(found.restores) == 1
    assert consistency.problems() == []
    assert Unit.objects.filter(status="HELD").count() == Claim.objects.filter(released_at__isnull=True).count()
    oldest = max((killed - at for _op, _number, at in lost), default=timedelta())
    figures = {
        "acknowledged": len(load.told), "in the dump": in_dump, "brought back": len(gap.events), "lost": len(lost),
        "oldest lost, seconds before the end": round(oldest.total_seconds(), 2), "to complete": len(gap.to_complete),
    }  # fmt: skip
    logging.getLogger(__name__).info("%s", figures)
    record_property("figures", figures)
