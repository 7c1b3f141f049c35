"""The board of 20,000 units, nothing cached: CPU of reading, arranging and drawing, beside the same cells built in SQL.

The limit is the least that could be done: one statement that lets the database put the texts of all cells together. The peer
is what somebody would write first: a Django template that loops over the rows. Medians of interleaved rounds, in one process,
on a database of its own (SQLite unless DATABASE_URL says otherwise).
"""

import os
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

UNITS, ROUNDS = 20_000, 5
LIMITS = {"ours / limit": 12.0, "ours / peer": 0.4}
PEER = """<table>{% for row in rows %}<tr>{% for unit in row %}<td><a class="unit {{ unit.status|lower }}" href="?unit={{ unit.pk }}"
aria-label="{{ unit.room }}, {{ unit.get_status_display }}, {{ unit.built_area }} ㎡, {{ unit.list_total }}"><b>{{ unit.room }}</b>
<em>{{ unit.status|first }}</em><small>{{ unit.built_area|floatformat:0 }}㎡ · {{ unit.list_total|floatformat:0 }}</small></a></td>
{% endfor %}</tr>{% endfor %}</table>"""


def measure() -> dict[str, float]:
    """CPU milliseconds of each way, and their ratios."""
    with tempfile.TemporaryDirectory(prefix="salescontrol-bench-") as place:
        os.environ.update(
            VAR_DIR=place, DJANGO_SETTINGS_MODULE="salescontrol.settings", LOG_LEVEL="ERROR", MEDIA_ROOT=""
        )
        return _measure()


def _measure() -> dict[str, float]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    project, reader = _stock()
    ways = {"limit": lambda: _limit(project), "ours": lambda: _ours(project, reader), "peer": lambda: _peer(project)}
    for run in ways.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _round in range(ROUNDS):
        for name, run in ways.items():
            begun = time.process_time()
            run()
            taken[name].append((time.process_time() - begun) * 1000)
    middle = {name: statistics.median(values) for name, values in taken.items()}
    return {
        "html in SQL (limit), CPU ms": middle["limit"],
        "board of 20,000, CPU ms": middle["ours"],
        "Django template (peer), CPU ms": middle["peer"],
        "ours / limit": middle["ours"] / middle["limit"],
        "ours / peer": middle["ours"] / middle["peer"],
    }


def _stock():
    """20,000 units in 50 towers of 40 floors, and a supervisor who reads them all."""
    from inventory.models import Building, Layout, Unit
    from inventory.states import Review, Status
    from salescontrol.core.permissions import Role
    from tests import build

    project = build.project("BENCH")
    reader = build.user(Role.SUPERVISOR, project)
    layout = Layout.objects.create(project=project, code="C", bedrooms=3)
    statuses = [status for status in Status if status != Status.DRAFT]
    units = []
    for tower in range(50):
        where = Building.objects.create(project=project, name=f"{tower}#", key=str(tower), position=tower)
        for number in range(UNITS // 50):
            floor, room = divmod(number, 10)
            units.append(
                Unit(
                    project=project, building=where, floor=floor + 1, floor_label=str(floor + 1), stack=f"{room:02d}",
                    room=f"{floor + 1}{room:02d}", number=f"{tower}-{floor + 1}{room:02d}", key=f"{tower}/{number}",
                    layout=layout, orientation="SN", built_area=Decimal("118.40"),
                    list_unit_price=Decimal("22860.00"), list_total=Decimal(2_706_624 + number), entered_by=reader,
                    review=Review.APPROVED, status=statuses[number % len(statuses)],
                )
            )  # fmt: skip
    Unit.objects.bulk_create(units, batch_size=1000)
    return project, reader


def _ours(project, reader) -> int:
    from inventory.board import Look, Renderer
    from inventory.queries.board import read_board
    from inventory.queries.towers import towers
    from salescontrol.core.access import access_of

    board = read_board(access_of(reader), project)
    places = board.part(attached=False)
    html = Renderer(board, project.currency, Look(link="?unit=")).towers(towers(board, places))
    assert html.count("<a class=") == UNITS
    return len(html)


def _limit(project) -> int:
    from django.db import connection

    whole = "string_agg(html, '')" if connection.vendor == "postgresql" else "group_concat(html, '')"
    cell = (
        "'<td><a class=\"unit ' || lower(status) || '\" href=\"?unit=' || id || '\" aria-label=\"' || room || ', ' || status"
        " || ', ' || built_area || ' ㎡, ' || list_total || '\"><b>' || room || '</b><em>' || substr(status, 1, 1)"
        " || '</em><small>' || round(built_area) || '㎡ · ' || round(list_total / 10000) || '万</small></a></td>'"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {whole} FROM (SELECT {cell} AS html FROM inventory_unit WHERE project_id = %s"  # noqa: S608
            " ORDER BY building_id, floor DESC, stack) cells",
            [project.pk],
        )
        return len(cursor.fetchone()[0])


def _peer(project) -> int:
    from itertools import groupby

    from django.template import engines

    from inventory.models import Unit

    units = Unit.objects.filter(project=project).order_by("building_id", "-floor", "stack")
    rows = [list(row) for _key, row in groupby(units, key=lambda unit: (unit.building_id, unit.floor))]
    return len(engines["django"].from_string(PEER).render({"rows": rows}))


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    for name, value in measure().items():
        print(f"{name:40} {value:10.2f}")
