"""The worker is killed and Redis is away while notices are told: each is in its inbox once, and word of each arrives (C1, C2)."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.core.receivers import Robot
from tests.core.test_outside import KEY
from tests.house.starting import ROOT, free_port

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
