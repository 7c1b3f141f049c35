"""`python -m benchmarks [NAME …]`: measure in one run, beside limits and peers; print, and keep the figures in results.json."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable

from benchmarks import board, enquiries, growth, imports, opening, paint, scope, web
from benchmarks.figures import RESULTS, Figure, keep
from benchmarks.ground import Ground

# In this order: what needs the plain stock first, what multiplies it last.
MEASUREMENTS: dict[str, Callable[[Ground], list[Figure]]] = {
    "board": board.measure,
    "web": web.measure,
    "paint": paint.measure,
    "imports": imports.measure,
    "opening": opening.measure,
    "enquiries": enquiries.measure,
    "growth": growth.measure,
    "scope": scope.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        known = ", ".join(MEASUREMENTS)
        print(f"There is no measurement called {', '.join(unknown)}; there are: {known}.", file=sys.stderr)
        return 2
    missed = 0
    with Ground() as ground:
        for name in names or MEASUREMENTS:
            figures = MEASUREMENTS[name](ground)
            for figure in figures:
                print(figure.line(), flush=True)
                missed += figure.judgement == "MISSED"
            keep(name, {**_machine(), "figures": [figure.as_json() for figure in figures]})
    print(f"{missed} figures beyond what must hold. Kept in {RESULTS}.")
    return 1 if missed else 0


def _machine() -> dict:
    version = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "version": version,
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
