"""How long a browser needs from the answer to the painted board of 2,000 and 20,000 units, beside an empty page (V6).

Real Chromium, its own clock; the board's skeleton and prices are in its cache, as on every working day after the first.
"""

import os
import statistics

from benchmarks.figures import Figure
from benchmarks.ground import Ground

ROUNDS = 7
READY = "() => document.querySelectorAll('a.unit').length >= %d"
# The page's own clock, from the click to the second frame after everything stood there.
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def measure(ground: Ground) -> list[Figure]:
    """Milliseconds from the click until everything stands, answers of the server included."""
    from playwright.sync_api import sync_playwright

    _small_project(ground)
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        name, value = ground.stock.cookies["supervisor"].split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{ground.product.port}"}])
        taken = {
            what: _median(context, ground.product.port, path, units)
            for what, path, units in (
                ("empty", "/inbox/", 0),
                ("small", "/p/SMALL/board/", 2_000),
                ("large", "/p/BENCH/board/", 20_000),
            )
        }
        browser.close()
    return [
        Figure("V6", "browser paints 2,000 units", taken["small"], taken["empty"], "an empty page", "ms", must=1.75, goal=1.6),
        Figure("V6", "browser paints 20,000 units", taken["large"], taken["empty"], "an empty page", "ms", must=2.7, goal=2.2),
    ]  # fmt: skip


def _median(context, port: int, path: str, units: int) -> float:
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}{path}")
    waits = []
    for _round in range(ROUNDS):
        page.goto(f"http://127.0.0.1:{port}{path}")
        if units:
            page.wait_for_function(READY % units, timeout=60_000)
        waits.append(page.evaluate(PAINTED))
    page.close()
    return statistics.median(waits)


def _small_project(ground: Ground) -> None:
    """A project of 2,000 units that the same supervisor works in."""
    from benchmarks import stock
    from salescontrol.core.permissions import Role
    from tests import build

    project = build.project("SMALL")
    build.grant(ground.stock.people["supervisor"], Role.SUPERVISOR, project)
    stock.towers(project, ground.stock.people["supervisor"], 2_000)
