"""Opening day: an open loop of polls, claims, boards and lists; and 200 boards that watch one another's sales (V5, V17)."""

import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable

from benchmarks.figures import Figure
from benchmarks.ground import Ground, cpu_of, expect
from benchmarks.web import Looks, Seller, floor_of

SECONDS = 20
WATCH_SECONDS, WATCHERS, INTERVAL = 60, 200, 2.0
# An open board has been looking for long: whichever web process answers knows it by then.
GLANCES = 8
# What happens in a second: clicks of forty people and the polls of two hundred boards.
LOAD = {"poll": 100, "claim": 20, "board": 5, "list": 5}


def measure(ground: Ground) -> list[Figure]:
    """One and four times the load of an opening day; then 200 boards for a minute."""
    return [*_day(ground, 1), *_day(ground, 4), *watch(ground)]


def _day(ground: Ground, times: int) -> list[Figure]:
    waits, errors, cores = _open_loop(ground, times)
    p99 = {name: statistics.quantiles(values, n=100)[98] * 1000 for name, values in waits.items()}
    what = f"opening day × {times}"
    return [
        Figure("V17", f"{what}: CPU", cores, 1.0, "one core", "cores", must=0.79 if times == 4 else None, goal=1.0),
        Figure("V17", f"{what}: p99 of a claim", p99["claim"], 15, "prototype at × 4", "ms", must=1 if times == 4 else None),
        Figure("V17", f"{what}: p99 of a poll", p99["poll"], 15, "prototype at × 4", "ms"),
        Figure("V17", f"{what}: answers that failed", errors + 1, 1, "none (one is added to both)", "", must=1.0),
    ]  # fmt: skip


def _open_loop(ground: Ground, times: int) -> tuple[dict[str, list[float]], int, float]:
    """Requests come when they come, whether or not the last one was answered: waits (s), errors, cores used."""
    chance = random.Random(7)
    plan = sorted(
        (chance.uniform(0, SECONDS), name) for name, rate in LOAD.items() for _one in range(rate * times * SECONDS)
    )
    crew = Crew(ground, 8 * times)
    waits: dict[str, list[float]] = defaultdict(list)
    failed: list[str] = []
    before, begun = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids()), time.perf_counter()
    threads = [threading.Thread(target=_work, args=(crew, plan, begun, waits, failed)) for _one in range(16 * times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids()) - before
    return waits, len(failed), used / (time.perf_counter() - begun)


class Crew:
    """Signed-in clients for each kind of click; a thread takes one, uses it and gives it back."""

    def __init__(self, ground: Ground, count: int) -> None:
        self.latch = threading.Lock()
        self.idle: dict[str, list[Callable[[], object]]] = {name: [] for name in LOAD}
        for number in range(count):
            looks = Looks(ground.browser("supervisor"))
            looks.again()
            self.idle["poll"] += [looks.poll]
            self.idle["claim"] += [Seller(ground, ("specialist", "second")[number % 2]).hold]
            again = Looks(ground.browser("finance"))
            self.idle["board"] += [again.again]
            lists = ground.browser("specialist")
            self.idle["list"] += [lambda lists=lists: expect(lists.get("/p/BENCH/units/?status=AVAILABLE&size=50"))]

    def take(self, name: str) -> Callable[[], object] | None:
        with self.latch:
            return self.idle[name].pop() if self.idle[name] else None

    def give_back(self, name: str, click: Callable[[], object]) -> None:
        with self.latch:
            self.idle[name].append(click)


def _work(crew: Crew, plan: list, begun: float, waits: dict[str, list[float]], failed: list[str]) -> None:
    """Do the next click of the plan at its time; what waits for a free client waits as a person would."""
    while True:
        with crew.latch:
            if not plan:
                return
            due, name = plan.pop(0)
        time.sleep(max(0.0, begun + due - time.perf_counter()))
        while (click := crew.take(name)) is None:
            time.sleep(0.001)
        try:
            click()
            waits[name].append(time.perf_counter() - begun - due)
        except Exception as error:  # noqa: BLE001 whatever goes wrong is counted
            failed.append(f"{name}: {error}")
        finally:
            crew.give_back(name, click)


def watch(ground: Ground) -> list[Figure]:
    """200 boards look every two seconds for a minute: what that costs while nothing happens, and while somebody sells a unit every
    second, of which all boards are told; when each saw each sale.

    The prototype's 0.86 F a look and its 0.12 of a core are one figure: a hundred looks a second on a machine whose F is 1.4 ms.
    Ours is judged by the first, which is the same on every machine; the cores stand beside it.
    """
    floor = floor_of(ground)["F"]
    seller = Seller(ground, "specialist")
    boards = [Looks(ground.browser("supervisor")) for _one in range(WATCHERS)]
    for looks in boards:
        looks.again()
        for _glance in range(GLANCES):
            looks.poll()
    quiet, _sold, _seen = _minute(ground, boards, None)
    busy, sold, seen = _minute(ground, boards, seller)
    late = [mine[unit] - at for mine in seen for unit, at in sold.items() if unit in mine]
    lost = sum(unit not in mine for mine in seen for unit in sold)
    return [
        Figure("V5", "200 boards, nothing sold: a look", quiet * INTERVAL * 1000 / WATCHERS, floor, "F", "CPU-ms",
               must=0.86, goal=0.28),
        Figure("V5", "200 boards, nothing sold: CPU", quiet, 1.0, "one core", "cores"),
        Figure("V5", "200 boards, a sale a second: CPU", busy, 1.0, "one core", "cores"),
        Figure("V5", "200 boards: change seen, p99", statistics.quantiles(late, n=100)[98], INTERVAL, "the interval", "s",
               must=1.1, goal=1.05),
        Figure("V5", "200 boards: changes lost", lost + 1, 1, "none (one is added to both)", "", must=1.0),
    ]  # fmt: skip


def _minute(
    ground: Ground, boards: list[Looks], seller: Seller | None
) -> tuple[float, dict[int, float], list[dict[int, float]]]:
    """The boards look for a minute: cores used, when each unit was sold, and when each board was told of it."""
    sold: dict[int, float] = {}
    seen: list[dict[int, float]] = [{} for _one in boards]
    stop = time.monotonic() + WATCH_SECONDS
    before = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids())
    threads = [
        threading.Thread(target=_watch, args=(looks, mine, stop + INTERVAL))
        for looks, mine in zip(boards, seen, strict=True)
    ]
    if seller:
        threads.append(threading.Thread(target=_sell_slowly, args=(seller, sold, stop)))
    for thread in threads:
        thread.start()
        time.sleep(INTERVAL / WATCHERS)
    for thread in threads:
        thread.join()
    used = cpu_of(ground.product.pids()) + cpu_of(ground.database_pids()) - before
    return used / WATCH_SECONDS, sold, seen


def _watch(looks: Looks, seen: dict[int, float], until: float) -> None:
    turn = time.monotonic()
    while time.monotonic() < until:
        for cell in looks.poll():
            seen.setdefault(cell[0], time.monotonic())
        turn += INTERVAL
        time.sleep(max(0.0, turn - time.monotonic()))


def _sell_slowly(seller: Seller, sold: dict[int, float], until: float) -> None:
    """One sale a second, the last one early enough to be seen."""
    while time.monotonic() < until - INTERVAL:
        unit = Seller.free[-1]
        seller.hold()
        sold[unit] = time.monotonic()
        time.sleep(1.0)
