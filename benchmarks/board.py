"""The board of 20,000 units, nothing cached: CPU of reading and making it, beside the same cells built in SQL (V2).

The limit is the least that could be done: one statement that lets the database put the texts of all cells together. The peer
is what somebody would write first: a Django template that loops over the rows. Medians of interleaved rounds.
"""

import statistics

from benchmarks.figures import Figure
from benchmarks.ground import Ground

ROUNDS = 7
PEER = """<table>{% for row in rows %}<tr>{% for unit in row %}<td><a class="unit {{ unit.status|lower }}" href="?unit={{ unit.pk }}"
aria-label="{{ unit.room }}, {{ unit.get_status_display }}, {{ unit.built_area }} ㎡, {{ unit.list_total }}"><b>{{ unit.room }}</b>
<em>{{ unit.status|first }}</em><small>{{ unit.built_area|floatformat:0 }}㎡ · {{ unit.list_total|floatformat:0 }}</small></a></td>
{% endfor %}</tr>{% endfor %}</table>"""


def measure(ground: Ground) -> list[Figure]:
    """CPU milliseconds of each way, in this process and the database."""
    project, reader = ground.stock.project, ground.stock.people["supervisor"]
    ways = {
        "limit": lambda: _limit(project), "live": lambda: _live(project, reader), "plain": lambda: _plain(project, reader),
        "peer": lambda: _peer(project),
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        run()
    for _round in range(ROUNDS):
        for name, run in ways.items():
            with ground.own_cpu() as used:
                run()
            taken[name] += used
    middle = {name: statistics.median(values) for name, values in taken.items()}
    return [
        Figure("V2", "board of 20,000, nothing cached", middle["live"], middle["limit"], "html built in SQL", "CPU-ms", must=2.8, goal=2.0),
        Figure("V2", "the same drawn on the server (print, no script)", middle["plain"], middle["limit"], "html built in SQL", "CPU-ms"),
        Figure("V2", "board of 20,000, nothing cached", middle["live"], middle["peer"], "loop in a Django template", "CPU-ms", goal=0.1),
    ]  # fmt: skip


def _live(project, reader) -> int:
    """What the first reader after a start costs: skeleton, prices and state, packed for the wire."""
    from inventory import wire
    from inventory.queries import live as boards
    from salescontrol.core.access import access_of

    live = boards.read_live(access_of(reader), project)
    skeleton, prices = wire.skeleton(live), wire.prices(live)
    state = wire.state(live, skeleton="", prices="", mine=[], asked=None)
    assert skeleton.count(",") > len(live.ids)
    return sum(len(text.encode()) for text in (skeleton, prices, state))


def _plain(project, reader) -> int:
    from inventory.board import Look, Renderer
    from inventory.queries.board import read_board
    from inventory.queries.towers import towers
    from salescontrol.core.access import access_of

    board = read_board(access_of(reader), project)
    html = Renderer(board, project.currency, Look(link="?unit=")).towers(towers(board, board.part(attached=False)))
    assert html.count("<a class=") == len(board.places)
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
