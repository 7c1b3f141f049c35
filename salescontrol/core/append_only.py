"""Tables whose rows are evidence: the database itself refuses to change or delete them (decisions 17).

One door is left, for newer keys and for erasures: `rewriting` may change columns that are encrypted or that a model declares
`personal`, and only together with a record of it. On PostgreSQL the door is a function of the tables' owner, so that the role of
the application cannot pass beside it; on SQLite, where whoever writes owns the file, it is a module.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections, models

from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.models import RewritingReason

# The sealer's lock (`core.seals`): nothing is sealed while evidence is rewritten.
LOCK = 0x5EA1
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
_POSTGRES = """
DROP TRIGGER IF EXISTS {name} ON {table};
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
"""
_LAID = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}
_REFUSING = """
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('salescontrol.rewriting', true) = TG_TABLE_NAME
    AND current_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = TG_RELID) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END """
# `rows`: {"pk", "before", "after", "said": {column: value}} each. What a table does not allow here nobody rewrites.
_REWRITING = """
DECLARE
  spec jsonb := '{allowed}'::jsonb -> label;
  sheet text := spec ->> 'table';
  names text[];
  done bigint;
BEGIN
  SELECT array_agg(name ORDER BY name) INTO names FROM jsonb_array_elements_text(spec -> reason) name;
  IF names IS NULL THEN
    RAISE EXCEPTION '% holds nothing that may be rewritten for the reason %', label, reason;
  END IF;
  IF NOT has_table_privilege(session_user, sheet, 'INSERT') THEN
    RAISE EXCEPTION '% may not write to %', session_user, sheet;
  END IF;
  IF EXISTS (SELECT FROM jsonb_to_recordset(rows) AS r(said jsonb), jsonb_object_keys(r.said) name
             WHERE name <> ALL (names)) THEN
    RAISE EXCEPTION 'only % of % may be rewritten for the reason %', names, sheet, reason;
  END IF;
  IF EXISTS (SELECT FROM jsonb_to_recordset(rows) AS r(before text, after text)
             WHERE (r.before ~ '^[0-9a-f]{{64}}$' AND r.after ~ '^[0-9a-f]{{64}}$') IS NOT TRUE) THEN
    RAISE EXCEPTION 'a rewriting needs the digest before and the digest after';
  END IF;
  PERFORM pg_advisory_xact_lock({lock});
  PERFORM set_config('salescontrol.rewriting', sheet, true);
  EXECUTE format(
    'UPDATE %I e SET (%s) = (SELECT %s FROM jsonb_populate_record(e, r.said) n)
     FROM jsonb_to_recordset($1) AS r(pk bigint, said jsonb) WHERE e.%I = r.pk',
    sheet, (SELECT string_agg(quote_ident(name), ', ') FROM unnest(names) name),
    (SELECT string_agg('n.' || quote_ident(name), ', ') FROM unnest(names) name), spec ->> 'key')
    USING rows;
  GET DIAGNOSTICS done = ROW_COUNT;
  PERFORM set_config('salescontrol.rewriting', '', true);
  IF done <> jsonb_array_length(rows) THEN
    RAISE EXCEPTION '% of % rows of % were found', done, jsonb_array_length(rows), sheet;
  END IF;
  INSERT INTO core_rewriting (model, row_id, before, after, reason, about, by_id)
  SELECT label, r.pk, r.before, r.after, reason, about, by_id
  FROM jsonb_to_recordset(rows) AS r(pk bigint, before text, after text) ORDER BY r.pk;
  RETURN done;
END """
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $body${refusing}$body$;
CREATE OR REPLACE FUNCTION rewrite_evidence(label text, rows jsonb, reason text, about text, by_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $body${rewriting}$body$;
"""


def append_only_models() -> list[type[models.Model]]:
    """Every model that declares `append_only = True`."""
    return [model for model in apps.get_models() if getattr(model, "append_only", False)]


def history_models() -> list[type[models.Model]]:
    """The history of every model that declares `history = tracked()`."""
    return [model.history.model for model in apps.get_models() if hasattr(model, "history")]


def evidence_models() -> list[type[models.Model]]:
    """Everything that is written once and stays: declared append-only, and every history."""
    return [*append_only_models(), *history_models()]


def encrypted_fields(model: type[models.Model]) -> list[models.Field]:
    """The columns of a model that hold cipher text."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def personal_fields(model: type[models.Model]) -> list[models.Field]:
    """The columns of a model that say who somebody is: encrypted ones, and those named by the declaration `personal = (…)`.

    A history has those of its model, as far as it keeps them; `history_change_reason` may be named too.
    """
    names = set(getattr(getattr(model, "instance_type", model), "personal", ()))
    return [
        field for field in model._meta.concrete_fields if field.name in names or isinstance(field, EncryptedTextField)
    ]


def rewritable(model: type[models.Model], reason: str) -> dict[str, models.Field]:
    """What may be rewritten in a table of evidence, by attribute: cipher text under newer keys, personal data for an erasure."""
    fields = encrypted_fields(model) if reason == RewritingReason.KEYS else personal_fields(model)
    return {field.attname: field for field in fields}


def install(sender, using: str, **kwargs) -> None:
    """Lay the triggers of `sender`'s evidence in the database `using` (called after migrate, both engines)."""
    connection = connections[using]
    tables = [model._meta.db_table for model in evidence_models() if model._meta.app_config is sender]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        if existing.intersection(tables) and not _functions_laid(cursor, connection.vendor):
            _lay_functions(cursor)
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
        sound = _functions_laid(cursor, connection.vendor)
    tables = [model._meta.db_table for model in evidence_models()]
    return [table for table in tables if not sound or not laid.issuperset(_names(connection.vendor, table))]


@contextmanager
def lifted(connection, table: str) -> Iterator[None]:
    """SQLite only: inside, rows of the table may be updated. Needs a transaction: if it does not come to its end, the trigger
    was never away, and nobody else writes meanwhile."""
    assert connection.in_atomic_block, "without a transaction a crash would leave the table without its guard"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_no_UPDATE")
        yield
        cursor.execute(_SQLITE.format(table=table, verb="UPDATE"))


def _functions_laid(cursor, vendor: str) -> bool:
    """Whether PostgreSQL's functions say what they should, word for word."""
    if vendor != "postgresql":
        return True
    cursor.execute(
        "SELECT proname, prosrc, prosecdef FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        " AND proname IN ('refuse_rewriting', 'rewrite_evidence') ORDER BY proname"
    )
    refusing, rewriting = _bodies()
    return cursor.fetchall() == [("refuse_rewriting", refusing, False), ("rewrite_evidence", rewriting, True)]


def _lay_functions(cursor) -> None:
    cursor.execute("SELECT current_schema()")
    refusing, rewriting = _bodies()
    cursor.execute(_FUNCTIONS.format(schema=cursor.fetchone()[0], refusing=refusing, rewriting=rewriting))


def _bodies() -> tuple[str, str]:
    allowed = {str(model._meta.label_lower): _allowed(model) for model in evidence_models()}
    said = json.dumps({label: spec for label, spec in allowed.items() if spec[RewritingReason.ERASURE]}, sort_keys=True)
    return _REFUSING, _REWRITING.format(allowed=said, lock=LOCK)


def _allowed(model: type[models.Model]) -> Mapping[str, Any]:
    columns = {
        reason: sorted(str(field.column) for field in rewritable(model, reason).values())
        for reason in RewritingReason.values
    }
    return {"table": model._meta.db_table, "key": str(model._meta.pk.column), **columns}


def _names(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [f"{table[:49]}_append_only"]
    return [f"{table}_no_UPDATE", f"{table}_no_DELETE"]


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [_POSTGRES.format(table=table, name=_names(vendor, table)[0])]
    return [_SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
