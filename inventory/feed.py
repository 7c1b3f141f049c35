"""The bell of the live board: triggers, on both engines, that note which unit changed (decisions 12, ADR 0007).

The database rings, not the services, so that no path past them (an import, a correction, another process) leaves a board as it
was. On PostgreSQL a change carries the id of its transaction, because row numbers are given out before the commit and a reader
that goes by them would step over a transaction which commits late; the model does not know that column.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections

# How a unit stands and who may see it; what it is and where (then the skeleton of boards that show it is another).
STANDING = (
    "status", "locks", "claim_ends_at", "list_total", "list_unit_price", "salesperson_id", "review", "batch_id", "project_id",
)  # fmt: skip
PLACE = (
    "building_id", "entrance", "floor", "floor_to", "floor_label", "stack", "room", "number", "layout_id", "orientation",
    "property_type", "built_area", "surveyed_built_area",
)  # fmt: skip
# Rows that give somebody sight of a unit, and rows that name something on every board of their project.
SIGHT = ("inventory_unitinterest", "inventory_accessgrant")
NAMED = {
    "inventory_building": ("id", "name", "position"),
    "inventory_layout": ("id", "code", "bedrooms"),
    "inventory_project": ("currency", "share_for_sale", "archived_at"),
}
_RING = "INSERT INTO inventory_boardchange (project_id, unit_id, place) "
_TX = """
ALTER TABLE inventory_boardchange ADD COLUMN IF NOT EXISTS tx xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX IF NOT EXISTS boardchange_by_tx ON inventory_boardchange (project_id, tx);
"""
_POSTGRES = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER {name} AFTER {verb} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}();
"""
# What a poll asks (`queries.feed`), as a function because the database keeps the plan of one: to plan it costs more than to do it.
_ASK = """
CREATE OR REPLACE FUNCTION board_rung(
    of_project bigint, since xid8, since_at timestamptz, until_at timestamptz, reader bigint,
    OUT mark bigint, OUT units text
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           (SELECT string_agg(DISTINCT rung.unit_id::text || CASE WHEN rung.place THEN 'p' ELSE '' END, ',') FROM (
             SELECT unit_id, place FROM inventory_boardchange WHERE project_id = of_project AND tx >= since
             UNION ALL SELECT id, false FROM inventory_unit
              WHERE project_id = of_project AND status = 'HELD' AND claim_ends_at > since_at AND claim_ends_at <= until_at
             UNION ALL SELECT u.id, false FROM inventory_unitinterest i JOIN inventory_unit u ON u.id = i.unit_id
              WHERE i.user_id = reader AND i.until > since_at AND i.until <= until_at AND u.project_id = of_project
             UNION ALL SELECT u.id, false FROM inventory_accessgrant g JOIN inventory_unit u ON u.id = g.unit_id
              WHERE g.user_id = reader AND g.until > since_at AND g.until <= until_at AND u.project_id = of_project
           ) rung)
      INTO mark, units;
END $$;
"""
_SQLITE = ("DROP TRIGGER IF EXISTS {name}", "CREATE TRIGGER {name} AFTER {verb} ON {table} {when} BEGIN {body}; END")


def install(sender: Any, using: str, **kwargs: Any) -> None:
    """Lay the triggers in the database `using`, each time as they are written here (called after migrate, by the owner)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if "inventory_accessgrant" not in connection.introspection.table_names(cursor):
            return  # Migrated back to before there was a live board.
        if connection.vendor == "postgresql":
            cursor.execute(_TX)
            cursor.execute(_ASK)
        for trigger in _triggers(connection.vendor):
            for statement in (_POSTGRES,) if connection.vendor == "postgresql" else _SQLITE:
                cursor.execute(statement.format(**trigger))


def _triggers(vendor: str) -> Iterator[dict[str, str]]:
    """Name, table, verb, condition and body of each trigger."""
    yes, no = ("true", "false") if vendor == "postgresql" else ("1", "0")
    for verb, row in (("insert", "NEW"), ("delete", "OLD")):
        yield _trigger("inventory_unit", verb, f"{_RING}VALUES ({row}.project_id, {row}.id, {no})")
    moved = f"{_RING}VALUES (NEW.project_id, NEW.id, {_differ(vendor, PLACE)})"
    yield _trigger("inventory_unit", "update", moved, _differ(vendor, STANDING + PLACE))
    for table in SIGHT:
        for verb, row in (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD")):
            unit = f"SELECT project_id, id, {no} FROM inventory_unit WHERE id = {row}.unit_id"  # noqa: S608
            yield _trigger(table, verb, _RING + unit)
    for table, columns in NAMED.items():
        project = "id" if table == "inventory_project" else "project_id"
        yield _trigger(table, "update", f"{_RING}VALUES (NEW.{project}, 0, {yes})", _differ(vendor, columns))


def _trigger(table: str, verb: str, body: str, condition: str = "") -> dict[str, str]:
    when = f"WHEN ({condition})" if condition else ""
    return {"name": f"{table}_rings_{verb}", "table": table, "verb": verb.upper(), "when": when, "body": body}


def _differ(vendor: str, columns: tuple[str, ...]) -> str:
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    return "(" + " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns) + ")"
