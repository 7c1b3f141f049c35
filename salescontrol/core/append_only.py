"""Tables whose rows are evidence: the database itself refuses to change or delete them (decisions 17)."""

from django.apps import apps
from django.db import connections, models

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
_POSTGRES = """
CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
DROP TRIGGER IF EXISTS {table}_append_only ON {table};
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
"""


def append_only_models() -> list[type[models.Model]]:
    """Every model that declares `append_only = True`."""
    return [model for model in apps.get_models() if getattr(model, "append_only", False)]


def install(sender, using: str, **kwargs) -> None:
    """Lay the triggers of `sender`'s append-only models in the database `using` (called after migrate, both engines)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for model in append_only_models():
            table = model._meta.db_table
            if (
                model._meta.app_config is sender
                and table in existing
                and not _is_guarded(cursor, connection.vendor, table)
            ):
                for statement in _statements(connection.vendor, table):
                    cursor.execute(statement)


def _is_guarded(cursor, vendor: str, table: str) -> bool:
    if vendor != "postgresql":
        return False
    cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'", [f"{table}_append_only"])
    return cursor.fetchone() is not None


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [_POSTGRES.format(table=table)]
    return [_SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
