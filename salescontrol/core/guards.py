"""Writes that leave no record are refused at commit (decisions 17, quality A1): triggers guard, they do not record.

PostgreSQL only; on SQLite the services alone write. A record belongs to the transaction that wrote it: the tables of records
carry a column that no model knows, `tx`, which the database fills. Unlike `xmin` it is the same inside savepoints.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models

from salescontrol.core.append_only import encrypted_fields, laid_triggers

_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE it {table}%ROWTYPE;
BEGIN
  IF TG_OP = 'DELETE' THEN
    it := OLD;
  ELSE
    SELECT * INTO it FROM {table} WHERE {pk} = NEW.{pk};
    IF NOT FOUND THEN RETURN NULL; END IF;
  END IF;
  IF {free} THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT 1 FROM {record} r WHERE r.tx = pg_current_xact_id() AND {condition}) THEN
    RAISE EXCEPTION '{table}: row % was changed without its record in {record}', it.{pk};
  END IF;
  RETURN NULL;
END $guard$;
"""
_TRIGGERS = """
CREATE CONSTRAINT TRIGGER {name}_i AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION {name}();
CREATE CONSTRAINT TRIGGER {name}_u AFTER UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {name}();
CREATE CONSTRAINT TRIGGER {name}_d AFTER DELETE ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION {name}();
CREATE TRIGGER {name}_t BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
"""
_EMPTYING = """
CREATE OR REPLACE FUNCTION refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN RAISE EXCEPTION '% is guarded and cannot be emptied', TG_TABLE_NAME; END $guard$;
"""


# The condition of a guard on a table of roles with a column `user_id`: the act that gave or took them is on record.
ABOUT_THEIR_ROLES = "r.target_kind = 'security.user' AND r.target_id = it.user_id AND r.action LIKE 'role.%'"


# The act under which rows are encrypted again (`core.keys`): the same values, so that they need no history of it.
ROTATED = "keys.rotate_rows"
_ONLY_ENCRYPTED_AGAIN = """TG_OP = 'UPDATE' AND {same} AND EXISTS (
    SELECT 1 FROM core_auditevent a
    WHERE a.target_kind = '' AND a.target_id IS NULL AND a.at >= transaction_timestamp() AND a.tx = pg_current_xact_id()
      AND a.action = '{act}' AND a.detail ->> 'table' = '{label}' AND a.detail -> 'rows' @> to_jsonb(it.{key}))"""


@dataclass(frozen=True)
class Guard:
    """One entry of a model's `guards`: a change of `columns` (all when empty) needs a row of `record` (a model's label) in the
    same transaction that fulfils `condition`, which speaks of the record as `r` and of the row as `it`.

    `free` says when a change (`TG_OP`) needs none; `field` names a many-to-many field whose own table is meant; `name` tells
    two guards of one table apart.
    """

    record: str
    condition: str
    columns: tuple[str, ...] = ()
    free: str = "false"
    field: str = ""
    name: str = "record"


Watched = tuple[type[models.Model], Guard]


def guards() -> list[Watched]:
    """All guards with the models they watch: the declared ones, and one for every model with a history."""
    found = []
    for model in apps.get_models():
        for guard in getattr(model, "guards", ()):
            found.append((_through(model, guard.field) if guard.field else model, guard))
        if hasattr(model, "history"):
            found.append((model, _of_history(model)))
    return found


def _through(model: type[models.Model], field: str) -> type[models.Model]:
    through: Any = model._meta.get_field(field).remote_field
    return through.through


def _of_history(model: Any) -> Guard:
    history, key = model.history.model, model._meta.pk.column
    columns = tuple(field.column for field in history.tracked_fields if not field.primary_key)
    condition = f"r.{key} = it.{key} AND (TG_OP <> 'DELETE' OR r.history_type = '-')"
    return Guard(history._meta.label, condition, columns, free=_free(model, columns), name="history")


def _free(model: Any, columns: tuple[str, ...]) -> str:
    """Encrypting again needs no history, as long as nothing but cipher text differs and the act names the row."""
    ciphers = {field.column for field in encrypted_fields(model)}
    if not ciphers:
        return "false"
    same = [f"OLD.{column} IS NOT DISTINCT FROM NEW.{column}" for column in columns if column not in ciphers]
    return _ONLY_ENCRYPTED_AGAIN.format(
        same=" AND ".join(same), act=ROTATED, label=model._meta.label_lower, key=model._meta.pk.column
    )


def install(sender, using: str, **kwargs) -> None:
    """Lay the guards of `sender`'s tables in the database `using` (called after migrate, by the owner of the tables)."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        laid = laid_triggers(cursor, connection.vendor)
        for model, guard in guards():
            there = {model._meta.db_table, _table(guard.record)} <= existing
            if model._meta.app_config is sender and there and not laid.issuperset(_trigger_names(model, guard)):
                _lay(cursor, model, guard)


def missing(connection) -> list[str]:
    """The tables whose guard is gone or switched off (none on SQLite, where there are no such guards)."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        laid = laid_triggers(cursor, connection.vendor)
    return [model._meta.db_table for model, guard in guards() if not laid.issuperset(_trigger_names(model, guard))]


def _table(label: str) -> str:
    return apps.get_model(label)._meta.db_table


def _text(model: type[models.Model], guard: Guard, name: str) -> str:
    """The SQL of a guard; its name carries a digest of this text, so that a changed guard is laid anew."""
    columns = guard.columns or [field.column for field in model._meta.concrete_fields]
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return (_FUNCTION + _TRIGGERS).format(
        name=name, table=model._meta.db_table, pk=model._meta.pk.column, record=_table(guard.record),
        condition=guard.condition, free=guard.free, changed=changed,
    )  # fmt: skip


def _name(model: type[models.Model], guard: Guard) -> str:
    digest = hashlib.sha256(_text(model, guard, "").encode()).hexdigest()[:8]
    return f"guard_{guard.name}_{model._meta.db_table[:36]}_{digest}"


def _trigger_names(model: type[models.Model], guard: Guard) -> list[str]:
    name = _name(model, guard)
    return [f"{name}_{verb}" for verb in "iudt"]


def _lay(cursor, model: type[models.Model], guard: Guard) -> None:
    name, table, record = _name(model, guard), model._meta.db_table, _table(guard.record)
    cursor.execute(f"ALTER TABLE {record} ADD COLUMN IF NOT EXISTS tx xid8")
    cursor.execute(f"ALTER TABLE {record} ALTER COLUMN tx SET DEFAULT pg_current_xact_id()")
    _take_away(cursor, table, name[: -len("00000000")])
    cursor.execute(_EMPTYING)
    cursor.execute(_text(model, guard, name))


def _take_away(cursor, table: str, prefix: str) -> None:
    """Drop what an earlier version of this guard left behind."""
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND starts_with(tgname, %s)", [table, prefix]
    )
    for (old,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{old}" ON {table}')
