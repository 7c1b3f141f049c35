"""The test database as in an office: the owner makes and empties it, everything else runs as a role that owns nothing."""

import os
import sqlite3
from collections.abc import Callable

from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

from salescontrol.core import append_only
from salescontrol.core.env import database

_APPLICATION = {}


def become_owner() -> None:
    """From here on the connection is the owner's (nothing happens without DATABASE_OWNER_URL, or on SQLite)."""
    connection.settings_dict["OPTIONS"].pop("pool", None)
    url = os.environ.get("DATABASE_OWNER_URL", "")
    if url and connection.vendor == "postgresql":
        if not _APPLICATION:
            _APPLICATION.update({name: connection.settings_dict[name] for name in ("USER", "PASSWORD")})
        owner = database(url, None)
        _switch({name: owner[name] for name in ("USER", "PASSWORD")})


def become_application() -> None:
    """Back to the role of the application."""
    if _APPLICATION:
        _switch(_APPLICATION)


def end_other_sessions() -> None:
    """A connection that a test's thread or process left behind would keep the database from being taken down."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )


def _switch(who: dict) -> None:
    connection.close()
    connection.settings_dict.update(who)


def put_back_after_tests() -> None:
    """Between tests that commit, the database becomes again what it was when it was made; Django's own way (empty every table, lay
    content types, permissions and triggers anew) takes seconds. On SQLite its pages are copied back; on PostgreSQL the owner
    deletes what there is, with the guards of append-only tables off meanwhile.
    """
    restore = _sqlite_restore() if connection.vendor == "sqlite" else _postgres_restore()
    TransactionTestCase._fixture_teardown = lambda self: restore()


def _sqlite_restore() -> Callable[[], None]:
    connection.ensure_connection()
    fresh = sqlite3.connect(":memory:", check_same_thread=False)
    connection.connection.backup(fresh)
    return lambda: fresh.backup(connection.connection)


def _postgres_restore() -> Callable[[], None]:
    with connection.cursor() as cursor:
        cursor.execute(_WITH_ROWS)
        laid = [name for (name,) in cursor.fetchall()]

    def restore() -> None:
        become_owner()
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY, [laid])
        become_application()

    return restore


# A table that was never written to since it was made has no pages.
_WITH_ROWS = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
AND pg_relation_size(c.oid) > 0
"""
# Foreign keys are looked at when the transaction ends, so that the order does not matter.
_EMPTY = f"""
DO $$ DECLARE name text; names text[]; BEGIN
  SELECT array_agg(relname) INTO names FROM ({_WITH_ROWS}) t WHERE relname <> ALL (%s);
  FOREACH name IN ARRAY coalesce(names, '{{}}') LOOP
    EXECUTE format('ALTER TABLE %%I DISABLE TRIGGER USER', name);
    EXECUTE format('DELETE FROM %%I', name);
  END LOOP;
  SET CONSTRAINTS ALL IMMEDIATE;
  FOREACH name IN ARRAY coalesce(names, '{{}}') LOOP
    EXECUTE format('ALTER TABLE %%I ENABLE TRIGGER USER', name);
  END LOOP;
END $$
"""
# All tables with triggers of ours at once: one answer of the server instead of two hundred.
_SWITCH = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s {verb} TRIGGER USER', name);
  END LOOP;
END $$
"""


def put_guards_on() -> None:
    """What only the owner of the tables can do: the triggers of evidence and the guards are on again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_SWITCH.format(verb="ENABLE"))
    else:
        for config in apps.get_app_configs():
            append_only.install(config, using=connection.alias)


def put_guards_off() -> None:
    """Switch the triggers off, until they are put on again or the transaction is undone."""
    with connection.cursor() as cursor:
        for statement in _without_guards():
            cursor.execute(statement)


def _without_guards() -> list[str]:
    if connection.vendor == "postgresql":
        return [_SWITCH.format(verb="DISABLE")]
    tables = [model._meta.db_table for model in append_only.evidence_models()]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for table in tables for verb in ("UPDATE", "DELETE")]
