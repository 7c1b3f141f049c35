"""Explains every answer of a run by the events that the database kept, or says which one cannot be explained (reliability 3.1).

UNIQUE(unit, seq) is meant to be the total order of each unit, so nothing has to be searched: sorting and bisecting is enough.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from typing import Any

CLAIMED = {"HELD", "SMALL_DEPOSIT", "SUBSCRIBED", "CONTRACTED", "DELIVERED"}
# By hand, not from the product's tables (domain B2.4): action → from where to where.
LEGAL: dict[str, set[tuple[str, str]]] = {
    "claim.hold": {("AVAILABLE", "HELD")}, "claim.extend": {("HELD", "HELD")}, "claim.release": {("HELD", "AVAILABLE")},
    "claim.expire": {("HELD", "AVAILABLE")}, "unit.withhold": {("AVAILABLE", "WITHHELD")},
    "unit.release": {("WITHHELD", "AVAILABLE")},
    "trade.deposit": {("AVAILABLE", "SMALL_DEPOSIT"), ("HELD", "SMALL_DEPOSIT")},
    "trade.subscribe": {("AVAILABLE", "SUBSCRIBED"), ("HELD", "SUBSCRIBED")},
    "trade.top_up": {("SMALL_DEPOSIT", "SUBSCRIBED")}, "trade.lapse": {("SMALL_DEPOSIT", "WITHHELD")},
    "trade.lapse_open": {("SMALL_DEPOSIT", "AVAILABLE")}, "trade.sign": {("SUBSCRIBED", "CONTRACTED")},
    "trade.refund": {("SUBSCRIBED", "WITHHELD"), ("CONTRACTED", "WITHHELD")},
    "trade.refund_open": {("SUBSCRIBED", "AVAILABLE")},
    "trade.exchange": {("SUBSCRIBED", "WITHHELD"), ("CONTRACTED", "WITHHELD")},
    "trade.exchange_open": {("SUBSCRIBED", "AVAILABLE")}, "trade.come": {("AVAILABLE", "SUBSCRIBED")},
    "trade.come_signed": {("AVAILABLE", "CONTRACTED")}, "trade.amend": {("SUBSCRIBED", "SUBSCRIBED")},
    "trade.amend_signed": {("CONTRACTED", "CONTRACTED")}, "trade.void_deposit": {("SMALL_DEPOSIT", "AVAILABLE")},
    "trade.void_top_up": {("SUBSCRIBED", "SMALL_DEPOSIT")}, "trade.void_subscription": {("SUBSCRIBED", "AVAILABLE")},
    "trade.void_contract": {("CONTRACTED", "SUBSCRIBED")},
}  # fmt: skip
# What was asked → the events that it may lead to.
ACTIONS: dict[str, set[str]] = {
    "hold": {"claim.hold"}, "release": {"claim.release"}, "extend": {"claim.extend"}, "withhold": {"unit.withhold"},
    "offer": {"unit.release"}, "subscription.activate": {"trade.deposit", "trade.subscribe"},
    "subscription.top_up": {"trade.top_up"}, "subscription.lapse": {"trade.lapse", "trade.lapse_open"},
    "subscription.void": {"trade.void_deposit", "trade.void_top_up", "trade.void_subscription"},
    "contract.sign": {"trade.sign"}, "contract.void": {"trade.void_contract"},
    "change.execute": {
        "trade.refund", "trade.refund_open", "trade.exchange", "trade.exchange_open", "trade.come", "trade.come_signed",
        "trade.amend", "trade.amend_signed",
    },
}  # fmt: skip
# Refusals that the history of the unit alone explains; the others depend on papers, money and people as well.
EXPLAINED = {"hold", "release", "extend", "withhold", "offer"}
EXTENSIONS = 1


@dataclass(frozen=True)
class Event:
    """One row of a unit's history; times in seconds by the clients' clock."""

    unit: int
    seq: int
    key: str
    action: str
    before: str
    after: str
    by: int | None
    claim: str
    ends: float
    at: float


@dataclass(frozen=True)
class Point:
    """Where a unit stands after one of its events."""

    status: str
    claim: str = ""
    ends: float = inf
    extended: int = 0

    def could_be(self, status: str, begun: float, ended: float) -> bool:
        """Whether the unit counted as `status` at some instant between: a hold past its end counts as available."""
        if self.status == "HELD":
            return (status == "HELD" and self.ends > begun) or (status == "AVAILABLE" and self.ends <= ended)
        return self.status == status


@dataclass
class Request:
    """All calls under one operation id: they are one operation."""

    what: Mapping[str, Any]
    begun: float = inf
    answered: float = inf
    answers: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, call: Mapping[str, Any]) -> None:
        self.begun = min(self.begun, call["invoked"])
        if call.get("answer") in ("ok", "refused"):
            self.answered = min(self.answered, call["returned"])
        self.answers.append(call)

    def outcomes(self) -> set[str]:
        return {call.get("answer", "unknown") for call in self.answers}


class Checker:
    """`clock` is how far the database's clock and the clients' may differ when they are compared, in seconds. `idle`: keys of operations
    that rightly moved nothing; `locks`: units may bear locks, so that a refusal may be about what their history does not tell."""

    def __init__(
        self, *, events: Iterable[Event], units: Mapping[int, Mapping], claims: Sequence[Mapping], base: Mapping[int, int],
        calls: Iterable[Mapping], specialists: Sequence[int], clock: float = 0.05, idle: Set[str] = frozenset(),
        locks: bool = False,
    ) -> None:  # fmt: skip
        self.units, self.claims, self.base, self.clock = units, claims, base, clock
        self.idle, self.locks = idle, locks
        self.specialists = set(specialists)
        self.events: dict[int, list[Event]] = defaultdict(list)
        for event in sorted(events, key=lambda event: (event.unit, event.seq)):
            self.events[event.unit].append(event)
        self.requests: dict[str, Request] = {}
        self.reads: list[Mapping] = []
        self.stray: list[Mapping] = []
        for call in calls:
            self._sort(call)
        self.found: list[str] = []
        self.points: dict[int, list[Point]] = {}
        self.begun: dict[int, list[float]] = {}
        self.ended: dict[int, list[float]] = {}

    def _sort(self, call: Mapping) -> None:
        if call["kind"] == "read":
            self.reads.append(call)
        elif call["kind"] != "sweep":
            self.requests.setdefault(call.get("op_id") or call["token"], Request(call)).add(call)
        if call.get("answer") == "error":
            self.stray.append(call)

    def run(self) -> list[str]:
        """Every violation, as a sentence; empty when everything is explained."""
        for call in self.stray:
            self._say(f"call {call['kind']} ended with {call['code']}")
        for unit in self.units:
            self._history(unit, self.events[unit])
            self._order(unit, self.events[unit][self.base[unit] :])
        self._outcomes()
        self._claims()
        for request in self.requests.values():
            self._refusals(request)
        for call in self.reads:
            self._read(call)
        return self.found

    def _say(self, what: str) -> None:
        self.found.append(what)

    # ---------------------------------------------------------------- 1: the history explains the state
    def _history(self, unit: int, events: list[Event]) -> None:
        point, points, at = Point("DRAFT"), [], -inf
        for number, event in enumerate(events, start=1):
            if event.seq != number:
                self._say(f"unit {unit}: event {event.seq} where number {number} belongs")
            if event.before != point.status:
                self._say(f"unit {unit} event {event.seq}: from {event.before}, but it was {point.status}")
            if number > self.base[unit]:
                self._legal(event, point, at)
            point, at = _after(event, point), event.at
            points.append(point)
        self.points[unit] = points
        row = self.units[unit]
        if (row["status"], row["event_seq"]) != (point.status, len(events)):
            self._say(
                f"unit {unit}: the table says {row['status']} {row['event_seq']}, history {point.status} {len(events)}"
            )

    def _legal(self, event: Event, point: Point, at: float) -> None:
        name = f"unit {event.unit} event {event.seq}"
        if (event.before, event.after) not in LEGAL.get(event.action, ()):
            self._say(f"{name}: {event.action} from {event.before} to {event.after} is no transition")
        if event.at < at:
            self._say(f"{name}: its time is before that of the event before it")
        if point.status in CLAIMED and event.claim != point.claim:
            self._say(
                f"{name}: {event.action} of claim {event.claim} while {point.claim} has the unit (two live claims)"
            )
        over = point.status == "HELD" and point.ends <= event.at
        if over != (event.action == "claim.expire"):
            self._say(f"{name}: {event.action} {'after' if over else 'before'} the hold's end")

    # ---------------------------------------------------------------- 2: each answer has its events, each event its request
    def _outcomes(self) -> None:
        counts = Counter(
            (event.key, event.unit) for unit, events in self.events.items() for event in events[self.base[unit] :]
        )
        for key, request in self.requests.items():
            outcomes = {"aborted"} if key in self.idle else request.outcomes()
            for unit in request.what["units"]:
                count = counts[key, unit]
                wanted = (
                    {1}
                    if "ok" in outcomes
                    else {0}
                    if "refused" in outcomes
                    else {0, 1}
                    if "unknown" in outcomes
                    else {0}
                )
                if count not in wanted:
                    self._say(f"operation {key}: answered {sorted(outcomes)}, and unit {unit} has {count} events of it")
            told = {(call["answer"], call.get("code"), call.get("claim") if call["answer"] == "ok" else None)
                    for call in request.answers if call.get("answer") in ("ok", "refused")}  # fmt: skip
            if len(told) > 1:
                self._say(f"operation {key}: answered differently, {sorted(map(str, told))}")

    def _request_of(self, event: Event) -> Request | None:
        """The request that an event belongs to; None for one that the clock made. An event that nobody asked for is reported."""
        if event.action == "claim.expire" and event.by is None:
            return None
        request = self.requests.get(event.key)
        what = request.what if request else {}
        if (
            request is None
            or event.unit not in what["units"]
            or event.action not in ACTIONS.get(what["kind"], ())
            or what["by"] != event.by
        ):
            self._say(f"unit {event.unit} event {event.seq}: nobody asked for this {event.action}")
            return None
        claims = {call["claim"] for call in request.answers if call.get("answer") == "ok" and "claim" in call}
        if claims - {event.claim}:
            self._say(f"unit {event.unit} event {event.seq}: claim {event.claim}, but the client was told {claims}")
        return request

    # ---------------------------------------------------------------- 3: real time
    def _order(self, unit: int, events: list[Event]) -> None:
        begun, ended = [], []
        for event in events:
            request = self._request_of(event)
            begun.append(request.begun if request else event.at - self.clock)
            ended.append(request.answered if request else inf)
            if not begun[-1] - self.clock <= event.at <= ended[-1] + self.clock:
                self._say(f"unit {unit} event {event.seq}: its time is outside its request's")
        self.begun[unit] = list(accumulate(begun, max))
        self.ended[unit] = list(accumulate(reversed(ended), min))[::-1]
        for event, latest, answered in zip(events, self.begun[unit], ended, strict=True):
            if answered < latest:
                self._say(f"unit {unit} event {event.seq}: answered before an earlier event was asked for")

    def _possible(self, unit: int, begun: float, ended: float) -> list[Point]:
        """Where the unit may have stood in an interval: every prefix with all events answered before it, and none asked for after."""
        base = self.base[unit]
        first = base + bisect_left(self.ended[unit], begun)
        last = base + bisect_right(self.begun[unit], ended)
        return self.points[unit][first - 1 : last]

    # ---------------------------------------------------------------- 4: refusals and reads were true at some instant
    def _refusals(self, request: Request) -> None:
        if request.what["kind"] not in EXPLAINED:
            return
        codes = {call["code"] for call in request.answers if call.get("answer") == "refused"}
        begun, ended = request.begun - self.clock, request.answered + self.clock
        for code in codes:
            reasons = [self._true(code, request.what, point, begun, ended)
                       for unit in request.what["units"] for point in self._possible(unit, request.begun, request.answered)]  # fmt: skip
            if not any(reasons):
                self._say(
                    f"{request.what['kind']} of {request.what['units']}: refused as {code}, which was never true meanwhile"
                )

    def _true(self, code: str, what: Mapping, point: Point, begun: float, ended: float) -> bool:
        held_by_it = point.status == "HELD" and point.claim == what.get("claim")
        if code == "taken":
            return not point.could_be("AVAILABLE", begun, ended) or point.could_be("HELD", begun, ended)
        if code == "over":
            return not held_by_it or point.ends <= ended
        if code == "extensions":
            return held_by_it and point.extended >= EXTENSIONS and what["by"] in self.specialists
        if self.locks and code in ("locked", "obstacles"):
            return True
        if code == "obstacles":
            wanted = "AVAILABLE" if what["kind"] == "withhold" else "WITHHELD"
            return any(
                point.could_be(status, begun, ended) for status in ("AVAILABLE", "HELD", "WITHHELD") if status != wanted
            )
        return False

    def _read(self, call: Mapping) -> None:
        if call.get("answer") != "ok":
            return
        begun, ended = call["invoked"] - self.clock, call["returned"] + self.clock
        for unit, status, claim in call["seen"]:
            points = self._possible(unit, call["invoked"], call["returned"])
            if not any(point.could_be(status, begun, ended) and claim in (None, point.claim) for point in points):
                self._say(f"read of unit {unit}: {status} {claim or ''} was never true meanwhile")

    # ---------------------------------------------------------------- the table of claims
    def _claims(self) -> None:
        live = Counter(claim["unit"] for claim in self.claims if claim["live"])
        for unit, count in live.items():
            if count > 1:
                self._say(f"unit {unit}: {count} live claims in the table")
        kept = {claim["number"]: claim for claim in self.claims}
        told = {event.claim for events in self.events.values() for event in events if event.claim}
        for number in kept.keys() ^ told:
            self._say(f"claim {number} is in {'the table' if number in kept else 'the history'} only")
        for unit, points in self.points.items():
            point = points[-1]
            if (live[unit] > 0) != (point.status in CLAIMED) or (point.claim in kept and not kept[point.claim]["live"]):
                self._say(f"unit {unit}: the table of claims does not say what its history says")


def _after(event: Event, point: Point) -> Point:
    if event.after not in CLAIMED:
        return Point(event.after)
    extended = point.extended + 1 if event.action == "claim.extend" else 0
    return Point(event.after, event.claim, event.ends, extended)


def doubles(events: Iterable[Event]) -> int:
    """How often a claim was laid on a unit that another live claim had: the one figure that must be 0."""
    last: dict[int, tuple[str, str]] = {}
    count = 0
    for event in sorted(events, key=lambda event: (event.unit, event.seq, event.at)):
        status, claim = last.get(event.unit, ("", ""))
        count += status in CLAIMED and event.after in CLAIMED and event.claim != claim
        last[event.unit] = event.after, event.claim
    return count
