"""The tables that all migrations lead to are those that the models say, on which every other test stands (tests/conftest.py)."""

import os
import re
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

_POSTGRES = (
    "SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable,"
    " is_identity, collation_name FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
)


def on_sqlite(cursor) -> Iterator[tuple]:
    """Columns, constraints by name, indexes and triggers; the order of columns is how they came about, and says nothing."""
    cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    for kind, name, table, sql in cursor.fetchall():
        if kind == "table":
            yield (name, *sorted(re.findall(r'CONSTRAINT "(\w+)" (\w+)', sql)))
            cursor.execute(f"PRAGMA table_xinfo({name})")
            yield from ((name, *column[1:]) for column in cursor.fetchall())
            cursor.execute(f"PRAGMA foreign_key_list({name})")
            yield from ((name, *key[2:]) for key in cursor.fetchall())
        else:
            yield kind, name, table, sql


def on_postgresql(cursor) -> Iterator[tuple]:
    for query in _POSTGRES:
        cursor.execute(query)
        yield from cursor.fetchall()


@pytest.fixture
def migrated(tmp_path) -> Iterator[dict[str, str]]:
    """The environment of a new and empty database of the same engine."""
    env = {**os.environ, "VAR_DIR": str(tmp_path), "MEDIA_ROOT": "", "DEMO": "0"}
    if connection.vendor == "sqlite":
        yield env
        return
    owner, name = os.environ["DATABASE_OWNER_URL"].rsplit("/", 1)[0], f"migrated_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{owner}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            app = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
            yield {**env, "DATABASE_URL": f"{app}/{name}", "DATABASE_OWNER_URL": f"{owner}/{name}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_migrations_lead_to_what_the_models_say(db, migrated):
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=migrated, check=True)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            said = set(on_sqlite(cursor))
            place = sqlite3.connect(Path(migrated["VAR_DIR"]) / "salescontrol.sqlite3")
            found = set(on_sqlite(place.cursor()))
            place.close()
        else:
            said = set(on_postgresql(cursor))
            with psycopg.connect(migrated["DATABASE_OWNER_URL"]) as place:
                found = set(on_postgresql(place.cursor()))

    assert len(said) > 1000
    # Django's own: the record of which migrations ran, and a table whose key its migrations make narrower than its models say.
    own = ("django_migrations", "auth_group_permissions")
    assert {row for row in found ^ said if not any(name in str(row) for name in own)} == set()
