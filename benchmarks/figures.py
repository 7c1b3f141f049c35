"""One measured figure: ours, the limit or the peer it stands beside, and what the ratio must and should be."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"


def keep(name: str, found: dict) -> None:
    """Replace what is kept of this measurement in results.json; everything else stays."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[name] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count(), **found}
    RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class Figure:
    """`ours` and `beside` have the unit `unit` (CPU-ms, ms, kB, 1/s …); `ratio` is ours ÷ beside unless said otherwise."""

    number: str
    what: str
    ours: float
    beside: float
    name: str
    unit: str
    must: float | None = None
    goal: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float:
        return self.ours / self.beside if self.beside else float("inf")

    @property
    def judgement(self) -> str:
        """`goal`, `must`, `below goal` (nothing else was promised) or `MISSED`; empty where nothing is promised at all."""

        def holds(limit: float | None) -> bool:
            return limit is not None and (self.ratio >= limit if self.least else self.ratio <= limit)

        if self.must is None and self.goal is None:
            return ""
        if holds(self.goal):
            return "goal"
        return "must" if holds(self.must) else "below goal" if self.must is None else "MISSED"

    def line(self) -> str:
        sign = "≥" if self.least else "≤"
        asked = " ".join(
            f"{name} {sign} {value:g}"
            for name, value in (("must", self.must), ("goal", self.goal))
            if value is not None
        )
        return (
            f"{self.number:4} {self.what:52} {self.ours:10.2f} {self.unit:7} / {self.beside:10.2f} {self.name:28}"
            f" = {self.ratio:8.2f}  {self.judgement:10} {asked}"
        )

    def as_json(self) -> dict:
        return {**asdict(self), "ratio": round(self.ratio, 3), "judgement": self.judgement}
