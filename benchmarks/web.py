"""Over HTTP, signed in: the floor, an empty page, claims, the board again, the poll, a list (V1, V3, V4, V5, V7, V16)."""

import itertools
import json
import re
import statistics
import subprocess
import threading
import time
import uuid
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import Browser, Ground, cpu_of, expect

CONTROL = Path(__file__).parent / "control"
ROUNDS = 3
CLAIM_SECONDS = 6


def measure(ground: Ground) -> list[Figure]:
    """All figures of one signed-in client, then those of many."""
    floor = floor_of(ground)
    return [*pages(ground, floor), *board(ground, floor), *claims(ground)]


def floor_of(ground: Ground) -> dict[str, float]:
    """F: CPU-ms of the control page signed in, and of the same page for nobody; medians of interleaved rounds."""
    server, cookie = ground.floor
    signed_in, nobody = Browser(server.port, cookie), Browser(server.port)
    rounds = [
        (
            ground.cpu_ms(server, lambda: expect(signed_in.get("/signed-in")), 300),
            ground.cpu_ms(server, lambda: expect(nobody.get("/nobody")), 600),
        )
        for _round in range(ROUNDS)
    ]
    return {
        "F": statistics.median(first for first, _second in rounds),
        "nobody": statistics.median(second for _first, second in rounds),
    }


def _median(ground: Ground, do, times: int) -> float:
    do()
    return statistics.median(ground.cpu_ms(ground.product, do, times) for _round in range(ROUNDS))


def pages(ground: Ground, floor: dict[str, float]) -> list[Figure]:
    """An empty page behind the whole stack, and a filtered list."""
    browser = ground.browser("supervisor")
    empty = _median(ground, lambda: expect(browser.get("/empty")), 200)
    listed = _median(ground, lambda: expect(browser.get("/p/BENCH/units/?status=AVAILABLE&size=100")), 5)
    return [
        Figure("F", "stock page signed in, beside nobody's", floor["F"], floor["nobody"], "stock page of nobody", "CPU-ms"),
        Figure("V16", "empty page of the product, signed in", empty, floor["nobody"], "stock page of nobody", "CPU-ms", goal=2.0),
        Figure("V7", "filtered list, 100 of 20,000", listed, floor["F"], "F", "CPU-ms", must=6, goal=2.3),
    ]  # fmt: skip


def board(ground: Ground, floor: dict[str, float]) -> list[Figure]:
    """The board as a browser asks for it: first view, again, after one sale, the poll between."""
    browser = ground.browser("supervisor")
    looks = Looks(browser)
    cold = ground.cpu_ms(ground.product, looks.first, 1)
    again = _median(ground, looks.again, 20)
    state = _median(ground, looks.state, 50)
    seller = Seller(ground, "specialist")
    sold = []
    for _round in range(5):
        seller.hold()
        sold.append(ground.cpu_ms(ground.product, looks.again, 1))
    poll = _median(ground, looks.poll, 200)
    return [
        Figure("V3", "board again, nothing changed", again, floor["F"], "F", "CPU-ms", must=1.15, goal=0.5),
        Figure("V3", "the same without the page around it", state, floor["F"], "F", "CPU-ms"),
        Figure("V4", "board after one sale", statistics.median(sold), cold, "first board after start", "CPU-ms", must=0.06, goal=0.05),
        Figure("V4", "bytes of the first view: the board", looks.bytes["first"] / 1000, 54, "prototype", "kB", must=1, goal=45 / 54),
        Figure("V4", "bytes of the next view: the board", looks.bytes["again"] / 1000, 6, "goal", "kB", goal=1),
        Figure("V4", "bytes of the page around it", looks.bytes["page"] / 1000, 6, "goal of all", "kB"),
        Figure("V4", "bytes of a poll", looks.bytes["poll"] / 1000, 0.3, "prototype", "kB", must=1),
        Figure("V5", "poll, nothing changed", poll, floor["F"], "F", "CPU-ms", must=0.86, goal=0.28),
    ]  # fmt: skip


class Looks:
    """One browser with the board open: it keeps what has an address for ever, as browsers do."""

    def __init__(self, browser: Browser, project: str = "BENCH") -> None:
        self.browser, self.place = browser, f"/p/{project}/board/"
        self.token, self.bytes = "", {"page": 0, "first": 0, "again": 0, "poll": 0}

    def first(self) -> None:
        """Page, state, skeleton and prices."""
        size, state = self._page()
        rest = [expect(self.browser.get(state[name])) for name in ("skeleton", "prices")]
        self.bytes["first"] = size + sum(map(len, rest))

    def again(self) -> None:
        """Page and state; the skeleton and the prices are in the browser."""
        self.bytes["again"] = self._page()[0]

    def _page(self) -> tuple[int, dict]:
        self.bytes["page"] = len(expect(self.browser.get(self.place)))
        return self.state()

    def state(self) -> tuple[int, dict]:
        """How all units stand: bytes over the wire, and what they say."""
        status, headers, body = self.browser.read(f"{self.place}state/")
        expect((status, body))
        self.token = headers["Board-Token"]
        return len(body), json.loads(self.browser.plain(headers, body))

    def poll(self) -> list:
        """What changed since the last look."""
        status, headers, body = self.browser.read(f"{self.place}changes/?token={self.token}")
        answer = json.loads(self.browser.plain(headers, expect((status, body))))
        self.token, self.bytes["poll"] = answer["token"], len(body)
        return answer["cells"]


class Seller:
    """Somebody of the desk who holds one free unit after another; `wait` says how long each answer took (s)."""

    _units: "itertools.count | None" = None
    _latch = threading.Lock()
    free: list[int] = []

    def __init__(self, ground: Ground, who: str) -> None:
        self.browser, self.customers = ground.browser(who), ground.stock.customers
        with self._latch:
            if not Seller.free:
                Seller.free = _free_units(ground)
        self.token = self._form(Seller.free[-1])

    def _form(self, unit: int) -> str:
        """The page of the form, once: its token against forgery."""
        status, headers, body = self.browser.read(f"/p/BENCH/holds/units/{unit}/hold/")
        page = self.browser.plain(headers, expect((status, body))).decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        return found.group(1) if found else ""

    def hold(self) -> float:
        """Hold the next free unit; returns the seconds until the answer."""
        with self._latch:
            unit = Seller.free.pop()
        form = {
            "csrfmiddlewaretoken": self.token, "op_id": str(uuid.uuid4()), "customer": self.customers[unit % len(self.customers)],
            "kind": "CUSTOMER", "evidence": "ID_SEEN", "reason": "Decides tonight",
        }  # fmt: skip
        begun = time.perf_counter()
        expect(self.browser.post(f"/p/BENCH/holds/units/{unit}/hold/", form), 302)
        return time.perf_counter() - begun


def _free_units(ground: Ground) -> list[int]:
    from inventory.models import Unit

    return list(Unit.objects.filter(project=ground.stock.project, status="AVAILABLE").values_list("pk", flat=True))


def claims(ground: Ground) -> list[Figure]:
    """Claims over HTTP beside the bare statements by pgbench, with 8 and 32 clients."""
    place = ground.cluster.url("owner", "control")
    _prepare(ground, place)
    found = []
    for clients, must_cpu in ((8, 4.0), (32, None)):
        limit = _pgbench(ground, clients)
        ours = _claim_load(ground, clients)
        found.append(
            Figure("V1", f"claims a second, {clients} clients", ours["rate"], limit["rate"], "pgbench, bare statements", "1/s",
                   must=0.27 if clients == 8 else None, goal=0.33, least=True)
        )  # fmt: skip
        found.append(
            Figure("V1", f"CPU of a claim, {clients} clients", ours["cpu"], limit["cpu"], "pgbench, bare statements", "CPU-ms",
                   must=must_cpu, goal=3.0)
        )  # fmt: skip
    found.append(
        Figure(
            "V1", "p99 of a claim, 32 clients", ours["p99"], limit["p99"], "pgbench, bare statements", "ms", goal=4.0
        )
    )
    found.append(Figure("V1", "claims a second beside orders of pretix", ours["rate"], 41, "pretix 2026-10, quoted", "1/s",
                        goal=40, least=True))  # fmt: skip
    return found


def _prepare(ground: Ground, place: str) -> None:
    from benchmarks.race.world import create_database

    create_database(place)
    subprocess.run(["psql", "-q", place, "-f", CONTROL / "claim_tables.sql"], check=True, stdout=subprocess.DEVNULL)


def _pgbench(ground: Ground, clients: int) -> dict[str, float]:
    """Rate, CPU of the database, and p99 of the control script."""
    log = Path(ground.folder.name) / f"pgbench-{uuid.uuid4().hex}"
    before = cpu_of(ground.database_pids())
    command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(CLAIM_SECONDS), "-l",
               f"--log-prefix={log}", "-f", CONTROL / "claim.sql", ground.cluster.url("owner", "control")]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = cpu_of(ground.database_pids()) - before
    waits = [
        int(line.split()[2]) / 1000
        for file in log.parent.glob(f"{log.name}*")
        for line in file.read_text().splitlines()
    ]
    done = len(waits)
    rate = float(re.search(r"tps = ([\d.]+)", said).group(1))
    return {"rate": rate, "cpu": used * 1000 / done, "p99": statistics.quantiles(waits, n=100)[98]}


def _claim_load(ground: Ground, clients: int) -> dict[str, float]:
    """Clients that hold one unit after another for some seconds."""
    names = itertools.cycle(("specialist", "second", "supervisor"))
    sellers = [Seller(ground, next(names)) for _number in range(clients)]
    waits: list[float] = []
    until = time.monotonic() + CLAIM_SECONDS
    before = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids())
    threads = [threading.Thread(target=_sell, args=(seller, until, waits)) for seller in sellers]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.monotonic() - begun
    used = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids()) - before
    return {
        "rate": len(waits) / taken, "cpu": used * 1000 / len(waits), "p99": statistics.quantiles(waits, n=100)[98] * 1000,
    }  # fmt: skip


def _sell(seller: Seller, until: float, waits: list[float]) -> None:
    while time.monotonic() < until:
        waits.append(seller.hold())
