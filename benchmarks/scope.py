"""`My units`: 300 of 20,000 beside the bare statement, and what ten times the units cost (V12)."""

import statistics
import time

from benchmarks.figures import Figure
from benchmarks.ground import Ground

ROUNDS = 40


def measure(ground: Ground) -> list[Figure]:
    """Medians of reading the ids and numbers of one's own units; then once more among ten times as many."""
    few, raw = _pair(ground)
    _more(ground)
    many, _raw = _pair(ground)
    return [
        Figure("V12", "my units, 300 of 20,000", few, raw, "one raw statement", "ms", must=2.4, goal=2.0),
        Figure("V12", "my units, 300 of 200,000", many, few, "the same of 20,000", "ms", must=1.3, goal=1.1),
    ]


def _pair(ground: Ground) -> tuple[float, float]:
    """Ours and the raw statement, interleaved, in milliseconds."""
    from django.db import connection

    from inventory.queries.scope import own_units
    from salescontrol.core.access import access_of

    person, project = ground.stock.people["salesperson"], ground.stock.project
    access_of(person)

    def ours() -> int:
        return len(
            list(own_units(access_of(person)).filter(project=project).order_by().values_list("pk", "number", "status"))
        )

    def raw() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, number, status FROM inventory_unit WHERE project_id = %s AND salesperson_id = %s",
                [project.pk, person.pk],
            )
            return len(cursor.fetchall())

    if ours() != raw():
        raise RuntimeError("the two ways do not read the same units")
    waits: dict[str, list[float]] = {"ours": [], "raw": []}
    for _round in range(ROUNDS):
        for name, run in (("ours", ours), ("raw", raw)):
            begun = time.perf_counter()
            run()
            waits[name].append((time.perf_counter() - begun) * 1000)
    return statistics.median(waits["ours"]), statistics.median(waits["raw"])


def _more(ground: Ground) -> None:
    """Nine times as many units more, copied by the database itself with its guards off: only their number matters here."""
    copied = (
        "project_id, building_id, entrance, floor, floor_to, floor_label, stack, room, number || '+' || copy,"
        " key || '+' || copy, property_type, layout_id, orientation, built_area, pricing_mode, list_unit_price, list_total, finish,"
        " mortgaged, sealed, contractor_owned, no_discount, note, entered_by_id, review, review_comment, status, status_reason,"
        " status_at, locks, event_seq, version"
    )
    names = copied.replace(" || '+' || copy", "")
    ground.copy(
        f"INSERT INTO inventory_unit ({names}) SELECT {copied} FROM inventory_unit, generate_series(1, 9) copy"  # noqa: S608
        f" WHERE project_id = {ground.stock.project.pk} AND key NOT LIKE '%+%'"
    )
