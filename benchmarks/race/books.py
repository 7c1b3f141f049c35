"""What the papers, the money, the numbers and the locks say after a race of the whole trade, against each other and against what the
clients were told (domain B16: 1, 2, 3, 7, 8, 9). `read` takes it from the tables, `Auditor` compares; it knows no code of ours.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from benchmarks.race.checker import Request

Row = Mapping[str, Any]
STAGES = {
    "HOLD": "HELD", "SMALL_DEPOSIT": "SMALL_DEPOSIT", "SUBSCRIPTION": "SUBSCRIBED", "CONTRACT": "CONTRACTED",
}  # fmt: skip
ENDED = {"EXECUTED", "VOID", "REJECTED"}
LAID = {"SUBMITTED", "APPROVED"}
LOCKS = {"REFUND": "REFUND", "FORFEIT": "REFUND", "EXCHANGE": "EXCHANGE", "METHOD": "CHANGE"}
# Operation → the entries in the history of its subject, of which it leaves exactly one.
ENTRIES: dict[str, tuple[str, ...]] = {
    "subscription.lapse": ("subscription.lapse_refund", "subscription.lapse_forfeit"),
    "subscription.void": ("subscription.void", "subscription.void_top_up"),
    **{
        name: (name,)
        for name in (
            "subscription.draw_up", "subscription.activate", "subscription.top_up", "subscription.discard", "contract.make",
            "contract.edit", "contract.sign", "contract.discard", "contract.void", "change.draft", "change.submit",
            "change.release", "document.receive", "quotation.make",
        )
    },
}  # fmt: skip
# The moves that an executed change leaves on its unit and on the one that is taken instead.
PARTS = {"REFUND": {"end"}, "FORFEIT": {"end"}, "EXCHANGE": {"end", "come"}, "METHOD": {"amend"}}
WHOLE = Decimal(100)


def part_of(change: str, part: str) -> str:
    """The operation id of a part of a change: the product's rule, written down once more."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"change/{change}/{part}"))


@dataclass(frozen=True)
class Books:
    """The tables at the end. Papers bear the primary keys of unit, claim and trade; `moves`: operation id → unit and time of each
    event; `entries`: (action, code) → how often it stands in the histories; `gaps`: what the numbers page cannot explain."""

    units: Sequence[Row]
    claims: Sequence[Row]
    shares: Mapping[int, Decimal]
    subscriptions: Sequence[Row]
    contracts: Sequence[Row]
    changes: Sequence[Row]
    numbers: Sequence[Row]
    counted: Mapping[tuple[str, int], int]
    gaps: Sequence[str]
    locks: Sequence[Row]
    operations: Mapping[str, Row]
    entries: Mapping[tuple[str, str], int]
    decisions: Iterable[tuple[int, int, bool]]
    moves: Mapping[str, Sequence[tuple[int, Any]]]

    def executed_by(self) -> dict[str, str]:
        """Operation id of each part of a change → that of the operation which executed it."""
        done = {
            row["ref"]: key
            for key, row in self.operations.items()
            if row["action"] == "change.execute" and not row["refused"]
        }
        return {part_of(code, part): key for code, key in done.items() for part in ("end", "come", "amend")}

    def idle(self) -> set[str]:
        """Executions that found the sale changed: the change became void, and nothing moved."""
        void = {row["code"] for row in self.changes if row["state"] == "VOID"}
        return {
            key for key, row in self.operations.items()
            if row["action"] == "change.execute" and not row["refused"] and row["ref"] in void
        }  # fmt: skip


@dataclass
class Auditor:
    books: Books
    requests: Mapping[str, Request]
    found: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Every violation, as a sentence; empty when everything fits."""
        self._claims()
        self._papers()
        self._money()
        self._numbers()
        self._changes()
        self._locks()
        self._operations()
        self._answers()
        return self.found

    def _say(self, what: str) -> None:
        self.found.append(what)

    # ---------------------------------------------------------------- one live claim, unit and claim agree (B16.1–3)
    def _claims(self) -> None:
        live = [claim for claim in self.books.claims if claim["live"]]
        for name in ("unit", "trade"):
            for pk, count in Counter(claim[name] for claim in live if claim[name]).items():
                if count > 1:
                    self._say(f"{name} {pk} has {count} live claims")
        status = {unit["pk"]: unit["status"] for unit in self.books.units}
        for claim in live:
            if STAGES[claim["stage"]] != status[claim["unit"]]:
                self._say(
                    f"claim {claim['number']} is a {claim['stage']}, and its unit {claim['unit']} {status[claim['unit']]}"
                )

    # ---------------------------------------------------------------- the paper in force is that of the claim's stage
    def _papers(self) -> None:
        active, signed = defaultdict(list), defaultdict(list)
        for row in self.books.subscriptions:
            if row["state"] == "ACTIVE":
                active[row["claim"]].append(row)
        for row in self.books.contracts:
            if row["state"] == "SIGNED":
                signed[row["claim"]].append(row)
        for claim in self.books.claims:
            wanted = {
                "SMALL_DEPOSIT": (["SMALL"], 0), "SUBSCRIPTION": (["FULL"], 0), "CONTRACT": ([], 1),
            }.get(claim["stage"] if claim["live"] else "", ([], 0))  # fmt: skip
            there = [row["kind"] for row in active.pop(claim["pk"], [])], len(signed.pop(claim["pk"], []))
            if there != wanted:
                self._say(
                    f"claim {claim['number']} ({claim['stage']}, {'live' if claim['live'] else 'over'}): subscriptions {there[0]} and "
                    f"{there[1]} contracts in force, not {wanted}"
                )
        for rows in (*active.values(), *signed.values()):
            self._say(f"paper {rows[0]['number']} is in force without a claim")
        of = {claim["pk"]: claim for claim in self.books.claims}
        for row in (*self.books.subscriptions, *self.books.contracts):
            claim = of.get(row["claim"])
            named = row["number"] and claim and (claim["unit"], claim["trade"]) != (row["unit"], row["trade"])
            if named and row["state"] != "DRAFT":
                self._say(f"paper {row['number']} and its claim are about different units or trades")
        for row in self.books.contracts:
            claim = of[row["claim"]]
            if row["state"] == "DRAFT" and not (claim["live"] and claim["stage"] == "SUBSCRIPTION"):
                self._say(f"draft {row['number']} is left over: its sale went on without it")

    # ---------------------------------------------------------------- sums (B16.7)
    def _money(self) -> None:
        for trade, share in self.books.shares.items():
            if share != WHOLE:
                self._say(f"trade {trade}: the shares of its buyers make {share} percent")
        for row in self.books.subscriptions:
            if row["state"] == "ACTIVE" and (row["paid"] == row["deposit"]) != (row["kind"] == "FULL"):
                self._say(f"subscription {row['number']} ({row['kind']}): {row['paid']} received of {row['deposit']}")
            if row["total"] != row["agreed"]:
                self._say(f"subscription {row['code']}: {row['total']}, but {row['agreed']} was agreed")
        for row in self.books.contracts:
            if row["total"] != row["main"] + row["decoration"] + row["supplement"]:
                self._say(f"contract {row['number']}: its amounts do not make its price")
            if not row["previous"] and row["total"] != row["subscribed"]:
                self._say(f"contract {row['number']}: {row['total']}, but {row['subscribed']} was subscribed")
        for row in self.books.changes:
            if row["refund"] > row["paid"] - row["fee"]:
                self._say(f"change {row['number']}: more goes back than was paid")

    # ---------------------------------------------------------------- numbers: never twice, each gap explained (B16.9)
    def _numbers(self) -> None:
        series: dict[tuple[str, int], list[int]] = defaultdict(list)
        for row in self.books.numbers:
            series[row["kind"], row["year"]].append(row["sequence"])
        for (kind, year), given in series.items():
            for sequence, count in Counter(given).items():
                if count > 1:
                    self._say(f"number {kind} {year} {sequence} was given {count} times")
            counted = self.books.counted.get((kind, year), 0)
            missing = sorted(set(range(1, counted + 1)) - set(given))
            if missing or max(given) != counted:
                self._say(f"numbers {kind} {year}: counted up to {counted}, without {missing[:9]}")
        for gap in self.books.gaps:
            self._say(f"number {gap} is a gap that the page does not explain")
        papers = (("RG", self.books.subscriptions), ("HT", self.books.contracts), ("BG", self.books.changes))
        for kind, rows in papers:
            on_paper = Counter(row["number"] for row in rows if row["number"])
            given = Counter(row["number"] for row in self.books.numbers if row["kind"] == kind)
            for number in on_paper.keys() | given.keys():
                if (on_paper[number], given[number]) != (1, 1):
                    self._say(f"number {number} is on {on_paper[number]} papers and {given[number]} times in the list")
            void = {row["number"] for row in self.books.numbers if row["kind"] == kind and row["state"] == "VOID"}
            over = {row["number"] for row in rows if row["number"] and row["void"]}
            for number in void ^ over:
                self._say(f"number {number}: the list and its paper do not agree whether it is void")

    # ---------------------------------------------------------------- changes: whole or not at all (B16.8)
    def _changes(self) -> None:
        after = {"subscription": Counter(row["previous"] for row in self.books.subscriptions),
                 "contract": Counter(row["previous"] for row in self.books.contracts)}  # fmt: skip
        for row in self.books.changes:
            name = f"{row['kind'].lower()} {row['number']} ({row['state']})"
            parts = PARTS[row["kind"]] if row["state"] == "EXECUTED" else set()
            at = set()
            for part in ("end", "come", "amend"):
                moves = self.books.moves.get(part_of(row["code"], part), ())
                units = [row["target"] if part == "come" else row["unit"]] if part in parts else []
                if [unit for unit, _at in moves] != units:
                    self._say(f"{name}: its part “{part}” moved {[unit for unit, _at in moves]}, not {units}")
                at |= {moment for _unit, moment in moves}
            if len(at) > 1:
                self._say(f"{name}: its parts were not done at one time")
            led_to = after["contract" if row["contract"] else "subscription"][row["contract"] or row["subscription"]]
            if row["state"] == "EXECUTED" and led_to != (row["kind"] == "EXCHANGE"):
                self._say(f"{name}: led to {led_to} papers")
            ends = sum(
                self.books.entries.get((f"change.{state.lower()}", row["code"]), 0)
                for state in ("EXECUTE", "VOID", "REJECTED")
            )
            if ends != (row["state"] in ENDED):
                self._say(f"{name}: ended {ends} times")
        for trade, count in Counter(row["trade"] for row in self.books.changes if row["state"] not in ENDED).items():
            if count > 1:
                self._say(f"trade {trade}: {count} changes under way")

    def _locks(self) -> None:
        """A change that waits lies on its unit, and nothing else does but the price of a contract that was given back."""
        wanted = Counter(
            (row["unit"], LOCKS[row["kind"]], row["number"]) for row in self.books.changes if row["state"] in LAID
        )
        given_back = {
            (row["unit"], "REFUND", row["number"]) for row in self.books.changes
            if row["state"] == "EXECUTED" and row["kind"] == "REFUND" and row["contract"]
        }  # fmt: skip
        there = Counter((row["unit"], row["kind"], row["reference"]) for row in self.books.locks)
        for lock in wanted.keys() | there.keys():
            if there[lock] != wanted[lock] and not (lock in given_back and there[lock] == 1):
                self._say(f"lock {lock[1]} of {lock[2]} lies {there[lock]} times on unit {lock[0]}, not {wanted[lock]}")

    # ---------------------------------------------------------------- one operation, one effect
    def _operations(self) -> None:
        done: Counter[tuple[str, str]] = Counter()
        for key, row in self.books.operations.items():
            request = self.requests.get(key)
            if request is None or (
                "on" in request.what and (request.what["kind"], request.what["by"]) != (row["action"], row["by"])
            ):
                self._say(f"operation {key}: nobody asked for this {row['action']}")
            if row["action"] in ENTRIES and not row["refused"]:
                done[row["action"], row["ref"]] += 1
        names = {entry: action for action, entries in ENTRIES.items() for entry in entries}
        left: Counter[tuple[str, str]] = Counter()
        for (entry, code), count in self.books.entries.items():
            if entry in names:
                left[names[entry], code] += count
        for what in done.keys() | left.keys():
            if done[what] != left[what]:
                self._say(f"{what[0]} of {what[1]}: done by {done[what]} operations, and {left[what]} times on record")

    def _answers(self) -> None:
        """What a client was told stands in the books: done, with what it led to; or refused, and then it was not done."""
        decided = set(self.books.decisions)
        for key, request in self.requests.items():
            told, what = request.outcomes(), request.what
            if what["kind"] == "decide":
                state = next((call["state"] for call in request.answers if call.get("answer") == "ok"), "")
                if state not in ("", "STALE") and (what["approval"], what["by"], what["agree"]) not in decided:
                    self._say(f"decision {key} of {what['on']} was acknowledged and is not there")
                continue
            if "on" not in what:
                continue
            row = self.books.operations.get(key)
            kept = row is not None and not row["refused"]
            if ("ok" in told and not kept) or ("refused" in told and kept):
                self._say(
                    f"operation {key}: {what['kind']} was answered {sorted(told)}, and is {'' if kept else 'not '}done"
                )
            refs = {call["ref"] for call in request.answers if call.get("answer") == "ok" and not what["web"]}
            if row is not None and kept and refs - {row["ref"]}:
                self._say(f"operation {key}: the client was told {refs}, the books say {row['ref']}")


def read(project: Any) -> Books:
    """The books of this project, read from the tables."""
    from django.db.models import F, Sum

    from contracts.models import Buyer, Change, Claim, Contract, Document, IssuedNumber, Quotation, Subscription
    from contracts.queries import numbers as page
    from contracts.services import numbers
    from contracts.states import CloseReason, NumberState
    from inventory.models import Unit, UnitEvent, UnitLock
    from salescontrol.core import options
    from salescontrol.core.models import ApprovalDecision, NumberSequence, Operation

    pattern = options.value(numbers.PATTERN, project.pk)
    gaps = page.gaps(project, lambda kind, year, sequence: numbers.written(pattern, project, kind, year, sequence))
    entries: Counter[tuple[str, str]] = Counter()
    for model, code in (
        (Subscription, "code"),
        (Contract, "code"),
        (Change, "code"),
        (Document, "id"),
        (Quotation, "number"),
    ):
        for row, reason in model.history.values_list(code, "history_change_reason").iterator():
            entries[reason.partition(": ")[0], str(row)] += 1
    moves: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for op_id, unit, at in UnitEvent.objects.order_by("pk").values_list("op_id", "unit", "at").iterator():
        moves[str(op_id)].append((unit, at))
    counted = {}
    for series, last in NumberSequence.objects.values_list("series", "last"):
        *_code, year, kind = series.split("-")
        counted[kind, int(year)] = last
    operations = Operation.objects.values("op_id", "action", "by", "refused", "reference")
    return Books(
        units=list(Unit.every.values("pk", "status")),
        claims=[
            {**row, "live": row["released_at"] is None}
            for row in Claim.every.values("pk", "number", "unit", "trade", "stage", "released_at")
        ],
        shares=dict(Buyer.every.filter(until=None).order_by().values_list("trade").annotate(Sum("share"))),
        subscriptions=[
            {
                **row, "void": row["close_reason"] == CloseReason.VOID,
                "agreed": row["quotation__total"] or row["list_total"],
            }
            for row in Subscription.every.values(
                "pk", "code", "number", "trade", "unit", "claim", "kind", "state", "close_reason", "previous", "total", "deposit",
                "paid", "list_total", "quotation__total",
            )
        ],
        contracts=[
            {**row, "void": row["close_reason"] in (CloseReason.VOID, CloseReason.DISCARDED)}
            for row in Contract.every.values(
                "pk", "code", "number", "trade", "unit", "claim", "state", "close_reason", "previous", "total",
                main=F("main_amount"), decoration=F("decoration_amount"), supplement=F("supplement_amount"),
                subscribed=F("subscription__total"),
            )
        ],
        changes=[
            {**row, "void": row["state"] == "VOID"}
            for row in Change.every.values(
                "code", "number", "kind", "state", "trade", "unit", "target", "subscription", "contract", "paid", "fee", "refund"
            )
        ],
        numbers=list(IssuedNumber.objects.exclude(state=NumberState.RESERVED).values("number", "kind", "year", "sequence", "state")),
        counted={key: last for key, last in counted.items() if key[0] in ("RG", "HT", "BG")},
        gaps=[gap.number for gap in gaps if not gap.explained],
        locks=list(UnitLock.every.filter(lifted_at=None).values("unit", "kind", "reference")),
        operations={
            str(row["op_id"]): {**row, "ref": _ref(row["reference"])} for row in operations.iterator()
        },
        entries=entries,
        decisions=list(ApprovalDecision.objects.values_list("stage__approval", "decided_by", "agreed")),
        moves=moves,
    )  # fmt: skip


def _ref(reference: Mapping[str, Any]) -> str:
    """What an operation led to: its reference names one thing."""
    names = ("subscription", "contract", "change", "document", "quotation")
    return str(next((reference[name] for name in names if name in reference), ""))
