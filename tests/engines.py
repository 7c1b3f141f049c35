"""The test database as in an office: the owner makes and empties it, everything else runs as a role that owns nothing."""

import os
from contextlib import contextmanager

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


def let_tests_empty_tables() -> None:
    """Between tests that commit, tables are emptied: by the owner, with the guards of append-only tables off meanwhile; and
    what lays triggers after a migration is asked again, as the owner too.

    Said to the class: under Playwright's event loop Django gives the test a second connection.
    """
    operations = type(connection.ops)
    plain, teardown = operations.execute_sql_flush, TransactionTestCase._fixture_teardown

    def flush(self, sql_list) -> None:
        with guards_off():
            plain(self, sql_list)

    def empty(self) -> None:
        become_owner()
        teardown(self)
        become_application()

    operations.execute_sql_flush = flush
    TransactionTestCase._fixture_teardown = empty


# All tables with triggers of ours at once: one answer of the server instead of two hundred.
_SWITCH = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s {verb} TRIGGER USER', name);
  END LOOP;
END $$
"""


@contextmanager
def guards_off():
    """What only the owner of the tables can do: the triggers of evidence and the guards are off inside."""
    put_guards_off()
    yield
    put_guards_on()


def put_guards_on() -> None:
    """And on again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_SWITCH.format(verb="ENABLE"))
    else:
        for config in apps.get_app_configs():
            append_only.install(config, using=connection.alias)


def put_guards_off() -> None:
    """Switch the triggers off, until `guards_off` is left or the transaction is undone."""
    with connection.cursor() as cursor:
        for statement in _without_guards():
            cursor.execute(statement)


def _without_guards() -> list[str]:
    if connection.vendor == "postgresql":
        return [_SWITCH.format(verb="DISABLE")]
    tables = [model._meta.db_table for model in append_only.evidence_models()]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for table in tables for verb in ("UPDATE", "DELETE")]
