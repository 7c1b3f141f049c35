"""The processes of an office together, without containers: two database roles, Redis, worker and beat, nginx in front."""

import json
import os
import time
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.house.starting import started
from tests.house.test_proxy import NGINX, running

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]


def at(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@pytest.fixture(scope="module")
def owner_url():
    """A new database, made by the owner as an office's administrator would, and removed afterwards."""
    url = os.environ.get("DATABASE_OWNER_URL", "")
    if not url and "REQUIRE_ALL" not in os.environ:
        pytest.skip("DATABASE_OWNER_URL is not set")
    name = f"salescontrol_office_{os.getpid()}"
    with psycopg.connect(at(url, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield at(url, name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def app_url(owner_url):
    return at(os.environ["DATABASE_URL"], urlsplit(owner_url).path.strip("/"))


@pytest.fixture(scope="module")
def office(owner_url, app_url, tmp_path_factory):
    var_dir = tmp_path_factory.mktemp("office") / "var"
    settings = {
        "DATABASE_URL": app_url,
        "DATABASE_OWNER_URL": owner_url,
        "REDIS_URL": os.environ["REDIS_URL"],
        "DEMO": "0",
        "ALLOWED_HOSTS": "sales.example.com,127.0.0.1",
        "TRUSTED_PROXIES": "1",
    }
    with started(var_dir, **settings) as product:
        yield product


def test_worker_and_beat_take_the_place_of_the_local_process(office):
    for name in ("web", "worker", "beat"):
        assert f"{name} started" in office.said.replace("  ", " ")
    assert "work started" not in office.said.replace("  ", " ")
    status, body = office.get("/readyz")
    assert status == 200, body
    assert json.loads(body)


def test_due_work_reaches_a_worker(office, owner_url):
    """Ready includes that beat asked; the heartbeat that a worker writes moves on."""
    with psycopg.connect(owner_url, autocommit=True) as database:
        seen = "SELECT max(seen_at) FROM core_heartbeat"
        before = database.execute(seen).fetchone()
        for _ in range(100):
            time.sleep(0.2)
            if database.execute(seen).fetchone() != before:
                return
    raise AssertionError("nothing was done for twenty seconds")


def test_first_administrator_is_offered_and_nobody_is_built_in(office, owner_url):
    assert "manage.py first_admin" in office.said
    with psycopg.connect(owner_url) as database:
        assert database.execute("SELECT count(*) FROM security_user").fetchone() == (0,)


def test_application_reads_and_writes_rows_and_nothing_else(office, owner_url, app_url):
    with psycopg.connect(owner_url) as database:
        tables = [name for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        owners = {name for (name,) in database.execute("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'")}
    application = urlsplit(app_url).username
    assert len(tables) > 20
    assert owners == {urlsplit(owner_url).username}
    assert application not in owners
    with psycopg.connect(app_url, autocommit=True) as database:
        database.execute("SELECT count(*) FROM security_user")
        for statement in (
            "TRUNCATE core_auditevent",
            "ALTER TABLE core_auditevent DISABLE TRIGGER ALL",
            "DROP TABLE core_auditevent",
            "CREATE TABLE mine (id int)",
            f"SET ROLE {urlsplit(owner_url).username}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(statement)


def test_office_answers_through_the_proxy(office, tmp_path):
    if NGINX is None and "REQUIRE_ALL" not in os.environ:
        pytest.skip("nginx is not installed")
    with running(tmp_path, office.port) as proxy:
        status, headers, body = proxy.get("/", Accept="text/html")
        while status in (301, 302):
            status, headers, body = proxy.get(headers["Location"])
    assert status == 200
    assert b"<form" in body
    assert "content-security-policy" in headers
