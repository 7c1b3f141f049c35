"""One measured figure: ours, the limit or the peer it stands beside, and what the ratio must and should be."""

from dataclasses import asdict, dataclass


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
        """`goal`, `must` or `MISSED`; empty where nothing is promised."""

        def holds(limit: float | None) -> bool:
            return limit is not None and (self.ratio >= limit if self.least else self.ratio <= limit)

        if self.must is None and self.goal is None:
            return ""
        return "goal" if holds(self.goal) else "must" if holds(self.must) else "MISSED"

    def line(self) -> str:
        sign = "≥" if self.least else "≤"
        asked = " ".join(
            f"{name} {sign} {value:g}"
            for name, value in (("must", self.must), ("goal", self.goal))
            if value is not None
        )
        return (
            f"{self.number:4} {self.what:52} {self.ours:10.2f} {self.unit:7} / {self.beside:10.2f} {self.name:28}"
            f" = {self.ratio:8.2f}  {self.judgement:6} {asked}"
        )

    def as_json(self) -> dict:
        return {**asdict(self), "ratio": round(self.ratio, 3), "judgement": self.judgement}
