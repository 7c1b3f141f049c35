"""Who is calling, the answer desk, and the lists of customers and calls, and what ten times the data cost (V9).

The people behind the first hundred customers are multiplied by the database itself; their numbers, indexes and days differ, so
that a number finds one customer and its last calls, as in an office.
"""

import re
import statistics
import time
import uuid

from benchmarks.figures import Figure
from benchmarks.ground import Browser, Ground, expect
from benchmarks.web import floor_of

ROUNDS = 5
CALLS_EACH = 4
FAR = 1_000_000
# Of each of the 100 customers so many copies: 5,000 of them and 20,000 calls, then ten times as many.
SIZES = (50, 500)
_COPIED = f"id < {FAR} AND project_id = {{project}}"
_OTHER = "translate(encode(sha256(({name} || 'copy' || copy)::bytea), 'base64'), '+/=' || chr(10), '-_')"
TABLES = (
    ("enquiries_customer", {
        "id": f"id + copy * {FAR}", "number": "upper(substr(md5(number || copy), 1, 12))",
        "phone_index": f"left({_OTHER.format(name='phone_index')}, 22)", "name": "name || copy",
        "name_keys": "'|' || lower(name) || copy || name_keys", "entered_at": "entered_at - copy * interval '1 hour'",
    }, _COPIED),
    ("enquiries_customerphone", {
        "id": f"id + copy * {FAR}", "customer_id": f"customer_id + copy * {FAR}",
        "number_index": f"left({_OTHER.format(name='number_index')}, 22)",
        "tail_index": "left(md5((copy * 100 + id % 100)::text), 22)",
    }, _COPIED),
    ("enquiries_call", {
        "id": f"id + copy * {FAR}", "number": "upper(substr(md5(number || copy), 1, 12))", "sheet": "gen_random_uuid()",
        "customer_id": f"customer_id + copy * {FAR}", "phone_index": f"left({_OTHER.format(name='phone_index')}, 22)",
        "at": "at - copy * interval '1 hour'", "state": "'CONFIRMED'", "confirmed_at": "at", "confirmed_by_id": "salesperson_id",
    }, _COPIED),
)  # fmt: skip


def measure(ground: Ground) -> list[Figure]:
    """CPU-ms of each click beside F, then beside the same with a tenth of the data; the look-up beside one indexed SELECT."""
    floor = floor_of(ground)["F"]
    phone = _some_calls(ground)
    few: dict[str, float] = {}
    there = 1
    for size in SIZES:
        tables = [(table, changes, which.format(project=ground.stock.project.pk)) for table, changes, which in TABLES]
        ground.multiply(tables, f"generate_series({there}, {size - 1})")
        there = size
        before, few = few, _costs(ground, phone)
    ours, raw = _look_up(ground, phone)
    goals = {"who is calling": 1.5, "answer desk": 3.0}
    found = [
        Figure("V9", f"{what}, 50,000 customers", cost, floor, "F", "CPU-ms", goal=goals.get(what))
        for what, cost in few.items()
    ]
    found += [
        Figure("V9", f"{what}, 50,000 customers", cost, before[what], "5,000 customers", "CPU-ms", must=1.3, goal=1.1)
        for what, cost in few.items()
    ]
    return [*found, Figure("V9", "the customer of a number: the query", ours, raw, "one indexed SELECT", "ms")]


def _some_calls(ground: Ground) -> str:
    """Four calls of each of the first customers; the number of one of them."""
    from enquiries.models import Customer
    from enquiries.services import calls

    project, desk = ground.stock.project, ground.stock.people["specialist"]
    rows = list(Customer.every.filter(project=project).order_by("pk"))
    for row in rows:
        for _call in range(CALLS_EACH):
            said = calls.Content(phone=row.phone, rings="2", asked="Is there a pool?")
            calls.log_call(op_id=uuid.uuid4(), sheet=uuid.uuid4(), project=project, content=said, by=desk)
    return rows[len(rows) // 2].phone


def _costs(ground: Ground, phone: str) -> dict[str, float]:
    """Medians of what each click costs web and database together."""
    desk, beside = ground.browser("specialist"), ground.browser("specialist")
    beside.headers["HX-Request"] = "true"
    token = _token(beside)
    clicks = {
        "who is calling": lambda: expect(
            beside.post("/p/BENCH/calls/caller/", {"csrfmiddlewaretoken": token, "phone": phone})
        ),
        "answer desk": lambda: expect(beside.get("/p/BENCH/answers/?layout=C&budget_to=275&floor_from=5&floor_to=20")),
        "list of customers": lambda: expect(desk.get("/p/BENCH/customers/")),
        "customers of a number": lambda: expect(desk.get(f"/p/BENCH/customers/?q={phone}")),
        "list of calls": lambda: expect(desk.get("/p/BENCH/calls/")),
    }
    taken: dict[str, list[float]] = {what: [] for what in clicks}
    for click in clicks.values():
        click()
    for _round in range(ROUNDS):
        for what, click in clicks.items():
            taken[what].append(ground.cpu_ms(ground.product, click, 20))
    return {what: statistics.median(values) for what, values in taken.items()}


def _token(browser: Browser) -> str:
    """The token against forgery of the sheet of a call."""
    status, headers, body = browser.read("/p/BENCH/calls/new/")
    page = browser.plain(headers, expect((status, body))).decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return found.group(1) if found else ""


def _look_up(ground: Ground, phone: str) -> tuple[float, float]:
    """The customer of a number as the call sheet asks for it, and by one indexed SELECT, interleaved, in milliseconds."""
    from django.db import connection

    from enquiries import phones
    from enquiries.queries.calls import of_phone
    from salescontrol.core.access import access_of

    person, project = ground.stock.people["specialist"], ground.stock.project

    def ours() -> int:
        found = of_phone(access_of(person), project, phone)
        return found.pk if found else 0

    def raw() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.id, c.name, c.number FROM enquiries_customer c JOIN enquiries_customerphone p ON p.customer_id = c.id"
                " WHERE p.project_id = %s AND p.number_index = %s",
                [project.pk, phones.index(phone)],
            )
            return cursor.fetchone()[0]

    if ours() != raw():
        raise RuntimeError("the two ways do not find the same customer")
    waits: dict[str, list[float]] = {"ours": [], "raw": []}
    for _round in range(40):
        for name, run in (("ours", ours), ("raw", raw)):
            begun = time.perf_counter()
            run()
            waits[name].append((time.perf_counter() - begun) * 1000)
    return statistics.median(waits["ours"]), statistics.median(waits["raw"])
