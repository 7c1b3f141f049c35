"""The worker is killed and Redis is away while notices are told: each is in its inbox once, and word of each arrives (C1, C2)."""

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as finished

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from enquiries.models import Call
from enquiries.services import calls
from salescontrol.core import outside
from salescontrol.core.models import Notice, NoticeDelivery, OutboxMessage, WayKind
from tests.core.receivers import Robot
from tests.core.test_outside import KEY
from tests.enquiries import stock
from tests.house.starting import ROOT, free_port
from tests.outage.calamities import let_time_pass
from tests.outage.office import Office, at

TOLD, KILLED = 40, 3
TELL = f"""
import time
from salescontrol.core import notices, outside
from tests import build
notices.register("claim.try", "x")
reader = build.user(name="Zhao Ming")
way = outside.way_of("ROBOT", user=reader)
outside.set_up(way=way, address="json://127.0.0.1:%d/hook", groups=["claims"], test=False, by=reader)
for number in range({TOLD}):
    notices.tell([reader], "claim.try", key=f"event-{{number}}")
    notices.tell([reader], "claim.try", key=f"event-{{number}}")
"""
PASSED = "UPDATE core_outboxmessage SET taken_until = NULL, due_at = '2026-01-01' WHERE done_at IS NULL"


@pytest.fixture
def place(tmp_path):
    """An instance of its own, whose Redis is not there."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = kept | {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "VAR_DIR": str(tmp_path / "var"), "MEDIA_ROOT": "", "DEMO": "0",
                  "HTTPS": "0", "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "ROBOT_HOSTS": "127.0.0.1"}  # fmt: skip
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    return env


def wait(happened, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@pytest.mark.slow
def test_quality_c2_a_killed_worker_and_an_absent_redis_lose_no_notice_and_tell_it_once(place):
    robot = Robot()
    database = sqlite3.connect(f"{place['VAR_DIR']}/salescontrol.sqlite3", timeout=20, isolation_level=None)
    work = [sys.executable, "manage.py", "work"]
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", TELL % robot.port], cwd=ROOT, env=place, check=True
    )
    assert robot.got == []
    for _kill in range(KILLED):
        before = len(robot.got)
        worker = subprocess.Popen(work, cwd=ROOT, env=place, stderr=subprocess.DEVNULL, start_new_session=True)
        wait(lambda before=before: len(robot.got) > before + 2)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(30)
        database.execute(PASSED)
    assert len(robot.got) < TOLD, "the worker was killed in the middle"
    worker = subprocess.Popen(work, cwd=ROOT, env=place, stderr=subprocess.DEVNULL, start_new_session=True)
    open_work = "SELECT count(*) FROM core_outboxmessage WHERE done_at IS NULL"
    wait(lambda: database.execute(open_work).fetchone() == (0,))
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(30)
    keys = [KEY.search(chat["message"])[1] for chat in robot.got]
    assert len(set(keys)) == TOLD and len(keys) <= TOLD + KILLED, (
        "a repeat only where a worker was killed, with the same key"
    )
    assert database.execute("SELECT count(*), count(DISTINCT key) FROM core_notice").fetchone() == (TOLD, TOLD)
    robot.stop()
    database.close()


SAVES, WRITERS, HANDS = 1000, 2, 2


@pytest.fixture
def office(transactional_db, people, tmp_path):
    """A Redis, a worker and beat of their own on the database of the tests, with its keys."""
    name = connection.settings_dict["NAME"]
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    office = Office(tmp_path, at(owner, name), at(os.environ["DATABASE_URL"], name))
    office.env |= {"VAR_DIR": str(settings.VAR_DIR), "JOURNAL_DIR": str(tmp_path / "journal"), "DEMO": "0",
                   "MEDIA_ROOT": str(tmp_path / "media"), "ROBOT_HOSTS": "127.0.0.1"}  # fmt: skip
    for program in ("redis", "worker", "beat"):
        office.start(program)
    threading.Thread(target=office.watch, daemon=True).start()
    yield office
    office.stop()


def trouble(office, over: threading.Event) -> dict[str, int]:
    """Until it is over: kill the worker, kill Redis, freeze it, flush it, one after the other; returns how often each."""
    happened = dict.fromkeys(("worker killed", "Redis killed", "Redis frozen", "Redis flushed"), 0)
    for what in itertools.cycle(happened):
        if what == "worker killed":
            office.kill("worker")
            office.start("worker")
        elif what == "Redis killed":
            office.kill("redis")
            over.wait(0.7)
            office.start("redis")
        elif what == "Redis frozen":
            office.send("redis", signal.SIGSTOP)
            over.wait(0.7)
            office.send("redis", signal.SIGCONT)
        else:
            office.redis("FLUSHALL")
        happened[what] += 1
        if over.wait(1.5):
            return happened
    raise AssertionError("a circle has no end")


def save(project, caller: str, salesperson, by, count: int) -> int:
    """Log so many calls one after the other; raises what went wrong with any. Returns how many were saved."""
    for _number in range(count):
        content = calls.Content(phone=caller, caller="Chen Lan", rings="2", salesperson=salesperson)
        calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=project, content=content, by=by)
    connection.close()
    return count


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
def test_quality_c1_c2_a_thousand_saves_while_the_worker_and_redis_are_killed_tell_each_notice_once(office, people):
    robot = Robot()
    with transaction.atomic():
        way = outside.way_of(WayKind.ROBOT, user=people.salesperson)
        way.address, way.groups = f"json://127.0.0.1:{robot.port}/hook", ["other"]
        way.save()
    callers = [stock.customer(people.a, people.salesperson).phone for _writer in range(WRITERS)]
    over = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        troubled = pool.submit(trouble, office, over)
        writers = [
            pool.submit(save, people.a, caller, people.salesperson, people.specialist, SAVES // WRITERS)
            for caller in callers
        ]
        finished(writers)
        over.set()
        happened = troubled.result()
    assert sum(writer.result() for writer in writers) == SAVES, "no save fails"
    assert Call.every.count() == SAVES
    assert min(happened.values()) > 0, happened

    told = Notice.objects.filter(code="call.yours", to=people.salesperson)
    assert told.count() == SAVES
    assert not told.values("key").annotate(copies=Count("pk")).filter(copies__gt=1).exists()

    office.wait_for(lambda: office.redis("PING") == "PONG", 30, "Redis answers")
    let_time_pass(office)
    letters = OutboxMessage.objects.filter(topic=outside.TOPIC)
    office.wait_for(lambda: not letters.filter(done_at=None).exists(), 300, "every letter is sent")
    assert letters.count() == NoticeDelivery.objects.filter(sent_at__isnull=False).count() == SAVES
    keys = [KEY.search(chat["message"])[1] for chat in robot.got]
    assert set(keys) == {outside._key(notice, way) for notice in told}, "each arrives, with the key of its notice"
    assert len(keys) <= SAVES + HANDS * (happened["worker killed"] + 1), (
        "a repeat only of what a killed worker had in hand"
    )
    robot.stop()
