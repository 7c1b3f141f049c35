"""Ten and a hundred times the data: what the pages of one project of 20,000 units cost as the projects beside it become more.

The database multiplies projects, buildings, layouts, units, events and histories by itself, with its guards off: only their
number matters. The copies of what is evidence get numbers below those that are sealed, so that nobody goes to seal them now.
"""

import statistics

from benchmarks.board import _live
from benchmarks.figures import Figure
from benchmarks.ground import Ground, expect
from benchmarks.web import Looks, Seller

SIZES = (10, 100)
# The check reads all events into one process: at the largest size it is not run here.
CHECKED = (1, 10)
ROUNDS = 3
FAR = 10_000_000
# What is copied, with which new values, and which rows: those of the first project, without the units that were sold meanwhile.
TABLES = (
    ("inventory_project", {"id": "id + copy * 1000", "code": "code || copy", "name": "name || copy"}, "id = {project}"),
    ("inventory_layout", {"id": "id + copy * 1000", "project_id": "project_id + copy * 1000"}, "project_id = {project}"),
    ("inventory_building", {"id": "id + copy * 1000", "project_id": "project_id + copy * 1000"}, "project_id = {project}"),
    ("inventory_unit", {
        "id": f"id + copy * {FAR}", "project_id": "project_id + copy * 1000", "building_id": "building_id + copy * 1000",
        "layout_id": "layout_id + copy * 1000", "salesperson_id": "NULL",
    }, "project_id = {project} AND event_seq = 2"),
    ("inventory_unitevent", {
        "id": f"-(id + copy * {FAR})", "unit_id": f"unit_id + copy * {FAR}", "op_id": "gen_random_uuid()",
    }, "unit_id IN (SELECT id FROM inventory_unit WHERE project_id = {project} AND event_seq = 2)"),
    ("inventory_historicalunit", {
        "history_id": f"-(history_id + copy * {FAR})", "id": f"id + copy * {FAR}", "project_id": "project_id + copy * 1000",
    }, "id IN (SELECT id FROM inventory_unit WHERE project_id = {project} AND event_seq = 2)"),
)  # fmt: skip


def measure(ground: Ground) -> list[Figure]:
    """CPU-ms of each piece of work at every size, beside the same of one project alone."""
    small, found, there = costs(ground, 1), [], 1
    found += [Figure("×1", what, value, value, "itself", "CPU-ms") for what, value in small.items()]
    for size in SIZES:
        multiply(ground, there, size)
        there = size
        for what, value in costs(ground, size).items():
            found.append(Figure(f"×{size}", what, value, small[what], "one project alone", "CPU-ms"))
    return found


def costs(ground: Ground, size: int) -> dict[str, float]:
    """Medians of what a click costs web and database together; the check and the first board: this process and the database."""
    supervisor, seller = ground.browser("supervisor"), Seller(ground, "specialist")
    looks = Looks(supervisor)
    looks.first()
    clicks = {
        "the board again": (looks.again, 5),
        "a poll": (looks.poll, 100),
        "a claim": (seller.hold, 20),
        "a list of 100": (lambda: expect(supervisor.get("/p/BENCH/units/?status=AVAILABLE&size=100")), 5),
        "the board of a past moment": (lambda: expect(supervisor.get("/p/BENCH/board/past/")), 1),
    }
    taken = {}
    for what, (click, times) in clicks.items():
        click()
        taken[what] = statistics.median(ground.cpu_ms(ground.product, click, times) for _round in range(ROUNDS))
    taken["the first board after a start"] = _own(ground, _first_board)
    if size in CHECKED:
        taken["check of all units"] = _own(ground, _check)
    return taken


def _own(ground: Ground, work) -> float:
    with ground.own_cpu() as used:
        work(ground)
    return used[0]


def _first_board(ground: Ground) -> None:
    _live(ground.stock.project, ground.stock.people["supervisor"])


def _check(ground: Ground) -> None:
    from security.queries.consistency import problems

    if found := problems():
        raise RuntimeError(f"the tables do not say what the events say: {len(found)} times, first {found[0]}")


def multiply(ground: Ground, there: int, size: int) -> None:
    """Make `size` projects out of `there`."""
    tables = [(table, changes, which.format(project=ground.stock.project.pk)) for table, changes, which in TABLES]
    ground.multiply(tables, f"generate_series({there}, {size - 1})")
