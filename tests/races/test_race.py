"""The race of many clients at a few units (I1–I3, I5, I8, I9): nothing unexplained, and every seeded fault is found.

Each race is a process of its own with a database of its own, so that what it kills and spoils is nobody else's.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.race.office import Office

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
# What is said about faults of the whole trade: two races, each with several that do not hide each other.
TRADE_FAULTS = {
    "half exchanges,locks left,wrong sums,skipped numbers": (
        r"exchange .*its part “come” moved \[\], not", r"exchange .*: led to 0 papers", r"lock EXCHANGE of .* lies 1 times",
        r"the shares of its buyers make 99\.00 percent", r"numbers HT .*: counted up to \d+, without",
        r"number RACE-.* is a gap that the page does not explain",
    ),
    "open papers,repeated numbers,forgotten operations,skipped events": (
        r"claim .*: subscriptions \['FULL'\] and 1 contracts in force", r"number RG \d+ \d+ was given \d+ times",
        r"number RACE-.* is on \d+ papers", r"subscription\.activate of .*: done by 0 operations, and 1 times on record",
        r"subscription\.activate was answered \['ok'\], and is not done", r"check_consistency: .*events",
    ),
}  # fmt: skip
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


# A race of the whole trade in a small office: about half a minute, in which everything is killed several times.
OFFICE = [
    "--no-own-cluster",
    "--clients=8",
    "--units=16",
    "--seconds=30",
    "--kill-client-every=3",
    "--kill-process-every=4",
]
DESK = [
    "--no-own-cluster",
    "--clients=6",
    "--operations=130",
    "--units=16",
    "--seconds=240",
    "--kill-client-every=0",
    "--web-share=0",
]


@pytest.mark.postgres
def test_b16_sales_changes_and_numbers_stay_whole_while_web_and_worker_are_killed(copy):
    """B16.1–3 and 7–9 of the whole trade: hold, quotation, subscription, contract, void, exchange; and the product's own check."""
    urls, template = copy
    done = race("trade", template, *OFFICE, urls=urls)

    assert done.returncode == 0, done.stdout
    assert "0 violations, 0 double claims" in done.stdout
    figures = json.JSONDecoder().raw_decode(done.stdout)[0]
    killed = [figures[f"killed {what}"] for what in ("web servers", "web workers", "background workers")]
    assert sum(killed) > 3 and figures["killed clients"] > 3
    assert figures["by the web"] > 0 and figures["events"]["trade.subscribe"] > 0


@pytest.mark.postgres
@pytest.mark.parametrize("faults", TRADE_FAULTS)
def test_the_race_of_the_trade_finds_each_seeded_fault(copy, faults):
    urls, template = copy
    done = race("trade", template, f"--fault={faults}", *DESK, urls=urls)

    assert done.returncode == 1
    assert [said for said in TRADE_FAULTS[faults] if not re.search(said, done.stdout)] == [], done.stdout


def test_an_error_of_the_product_during_the_race_is_seen_in_its_logs(tmp_path):
    office = Office(tmp_path)
    (tmp_path / "web.log").write_text("")
    lines = (
        '{"level": "warning", "event": "away"}', '{"level": "error", "trace": "Traceback …"}',
        '{"level": "error", "trace": "Traceback … psycopg.errors.LockNotAvailable: canceling statement"}',
    )  # fmt: skip
    (tmp_path / "worker.log").write_text("\n".join(lines))
    assert office.faults() == ['{"level": "error", "trace": "Traceback …"}']
