"""`python -m benchmarks [NAME …]`: measure, compare with the limits, print, and keep the raw figures."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import board, start

MEASUREMENTS = {"start": start, "board": board}
RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(
            f"There is no measurement called {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}.",
            file=sys.stderr,
        )
        return 2
    results = {name: MEASUREMENTS[name].measure() for name in names or MEASUREMENTS}
    missed = 0
    for name, figures in results.items():
        for figure, value in figures.items():
            limit = MEASUREMENTS[name].LIMITS.get(figure)
            missed += limit is not None and value > limit
            print(f"{name:10} {figure:40} {value:10.2f}{'' if limit is None else f'   must be ≤ {limit}'}")
    print(f"Kept in {_keep(results)}.")
    return 1 if missed else 0


def _keep(results: dict[str, dict[str, float]]) -> Path:
    now = datetime.now(UTC)
    version = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    machine = {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    file.write_text(
        json.dumps({"at": now.isoformat(), "version": version, "machine": machine, "figures": results}, indent=2)
    )
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
