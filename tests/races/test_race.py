"""The race of many clients at a few units (I1–I3, I5, I8, I9): nothing unexplained, and every seeded fault is found.

Each race is a process of its own with a database of its own, so that what it kills and spoils is nobody else's.
"""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

# What the checker says first of all about each seeded fault (decisions 29).
FAULTS = {
    "unguarded": "two live claims",
    "lost commits": "has 0 events of it",
    "skipped events": "belongs",
    "swallowed errors": "has 0 events of it|without its record in|one_live_claim_per_unit",
    "op_id not unique": "MultipleObjectsReturned",
}
SMALL = ["--clients=8", "--operations=125", "--units=6", "--kill-connection-every=0"]


@pytest.fixture
def copy(transactional_db):
    """A copy of the empty test database under a name of its own: the environment and the arguments of a race on it."""
    name = f"race_{uuid.uuid4().hex[:12]}"
    template = connection.settings_dict["NAME"]
    with (
        connection.cursor() as cursor
    ):  # A database is copied only while nobody uses it: what threads of other tests left open ends.
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
        )
    connection.close()
    urls = {key: os.environ[key].rsplit("/", 1)[0] + f"/{name}" for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    return urls, f"--template={template}"


def race(*arguments: str, urls: dict[str, str]) -> subprocess.CompletedProcess:
    """Run it; a race that broke off has printed no verdict."""
    command = [sys.executable, "-m", "benchmarks.race", *arguments]
    environment = {**os.environ, "DATABASE_URL": "", "DATABASE_OWNER_URL": "", **urls}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert "violations," in done.stdout, done.stdout + done.stderr
    return done


@pytest.mark.postgres
def test_nothing_is_claimed_twice_and_every_answer_is_explained_while_connections_die(copy):
    urls, template = copy
    done = race("quick", template, urls=urls)

    assert done.returncode == 0, done.stdout
    assert "0 violations, 0 double claims" in done.stdout


@pytest.mark.postgres
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "lost commits"])
def test_the_race_finds_the_seeded_fault(copy, fault):
    urls, template = copy
    done = race("quick", template, f"--fault={fault}", *SMALL, urls=urls)

    assert done.returncode == 1
    assert re.search(FAULTS[fault], done.stdout)


@pytest.mark.postgres
def test_the_race_finds_acknowledged_claims_that_a_crash_lost():
    done = race("quick", "--own-cluster", "--fault=lost commits", *SMALL, urls={})

    assert done.returncode == 1
    assert FAULTS["lost commits"] in done.stdout


@pytest.mark.postgres
def test_the_race_shows_when_locks_are_disabled(copy):
    """The control: without row locks the other guards still keep every unit single, but they have to speak."""
    urls, template = copy
    done = race("quick", template, "--fault=no locks", *SMALL, urls=urls)

    assert "refused as raced" in done.stdout
    assert "0 double claims" in done.stdout


def test_the_embedded_database_serves_sixteen_clients_without_double_claims_or_locks():
    if connection.vendor != "sqlite":
        pytest.skip("the embedded database's own race")
    done = race("sqlite", urls={})

    assert "0 violations, 0 double claims" in done.stdout
    assert '"answered aborted": 0' in done.stdout
