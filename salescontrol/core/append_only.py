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
DROP TRIGGER IF EXISTS {name} ON {table};
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
"""
_LAID = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


def append_only_models() -> list[type[models.Model]]:
    """Every model that declares `append_only = True`."""
    return [model for model in apps.get_models() if getattr(model, "append_only", False)]


def history_models() -> list[type[models.Model]]:
    """The history of every model that declares `history = tracked()`."""
    return [model.history.model for model in apps.get_models() if hasattr(model, "history")]


def evidence_models() -> list[type[models.Model]]:
    """Everything that is written once and stays: declared append-only, and every history."""
    return [*append_only_models(), *history_models()]


def install(sender, using: str, **kwargs) -> None:
    """Lay the triggers of `sender`'s evidence in the database `using` (called after migrate, both engines)."""
    connection = connections[using]
    tables = [model._meta.db_table for model in evidence_models() if model._meta.app_config is sender]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        laid = laid_triggers(cursor, connection.vendor)
        for table in sorted(existing.intersection(tables)):
            if not laid.issuperset(_names(connection.vendor, table)):
                for statement in _statements(connection.vendor, table):
                    cursor.execute(statement)


def laid_triggers(cursor, vendor: str) -> set[str]:
    """The names of the triggers that are in force."""
    cursor.execute(_LAID[vendor])
    return {name for (name,) in cursor.fetchall()}


def missing(connection) -> list[str]:
    """The evidence tables whose guard is gone or switched off."""
    with connection.cursor() as cursor:
        laid = laid_triggers(cursor, connection.vendor)
    tables = [model._meta.db_table for model in evidence_models()]
    return [table for table in tables if not laid.issuperset(_names(connection.vendor, table))]


def _names(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [f"{table[:49]}_append_only"]
    return [f"{table}_no_UPDATE", f"{table}_no_DELETE"]


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [_POSTGRES.format(table=table, name=_names(vendor, table)[0])]
    return [_SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
