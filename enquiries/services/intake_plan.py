"""What a list would do to the project's customers or calls, row by row: new, filling gaps, nothing new, refused. Reads only (R2.5).

What is kept is never overwritten: a difference is told and stays. One customer for each phone and each paper of a project holds
against the database and within the file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from enquiries import papers, phones
from enquiries.intake import values
from enquiries.intake.reading import Listing, Source
from enquiries.intake.words import same
from enquiries.models import Call, Customer, CustomerPhone, IdPaper
from enquiries.services import identity
from enquiries.services.facts import RANGES, WISHES
from enquiries.services.intake_rows import Cleaned, Ground, clean
from enquiries.states import CallState, IntakeContent, IntakeKind
from inventory.models import Project
from inventory.services.import_plan import counted
from salescontrol.core import options

_PAIRED = {name for pair in RANGES for name in pair}
_FILLED = ("kind", "address", "channel", "grade", "note", *(name for name in WISHES if name not in _PAIRED))
_LABELLED = {"area_from": "area", "floor_from": "floor"}
# A customer who was entered by a call is called by the end of their number until somebody knows their name.
NAMELESS = "…"
PORTION = 500


@dataclass
class Planned:
    """One row and what would become of it: `values` are what is written, nothing else."""

    row: Cleaned
    kind: IntakeKind = IntakeKind.NEW
    customer: Customer | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Plan:
    lines: list[Planned]

    def counts(self) -> dict[str, int]:
        """Rows by kind in lower case; `lapsing`: new customers whose term is over."""
        found = counted((line.kind for line in self.lines), IntakeKind)
        return {**found, "lapsing": sum(_says(line, "term_over") for line in self.lines)}


def make_plan(
    *, project: Project, content: str, listing: Listing, progress: Callable[[int, int], None] = lambda done, of: None
) -> Plan:
    """Compare every row with what the project knows. Nothing is written; the queries do not grow with the rows, but for those known.

    `progress(done, of)` is called now and then.
    """
    ground, rows = Ground.of(project, content), []
    for number, source in enumerate(listing.rows):
        if number % 500 == 0:
            progress(number, len(listing.rows))
        rows.append(clean(source, ground))
    known = _Known(project, rows)
    plan = _Customers(known, ground) if content == IntakeContent.CUSTOMERS else _Calls(known, ground)
    lines = [plan.line(row) for row in rows]
    plan.finish(lines)
    return Plan(lines)


def _says(line: Planned, code: str) -> bool:
    return line.kind != IntakeKind.REFUSED and any(problem.code == code for problem in line.row.problems)


def numbers_of(row: Cleaned) -> Iterator[str]:
    """The phones of a row of either list."""
    yield from row.values.get("phones", ())
    if "phone" in row.values:
        yield row.values["phone"]


class _Known:
    """The project's phones and papers, and the customers whom the rows are about."""

    def __init__(self, project: Project, rows: list[Cleaned]) -> None:
        self.project = project
        self.phones = dict(CustomerPhone.every.filter(project=project).values_list("number_index", "customer_id"))
        self.papers = dict(IdPaper.every.filter(project=project).values_list("number_index", "customer_id"))
        self.customers: dict[int, Customer] = {}
        self.kinds: dict[tuple[int, str], str] = {}
        about = sorted({pk for row in rows for pk in self.whose(row)})
        for wanted in (about[first : first + PORTION] for first in range(0, len(about), PORTION)):
            self.customers |= Customer.every.select_related("owner", "referrer").in_bulk(wanted)
            kept = IdPaper.every.filter(customer_id__in=wanted)
            self.kinds |= {(paper.customer_id, paper.kind): paper.number for paper in kept}
        named = sorted({pk for pk, _kind in self.kinds})
        # Buyers whose papers are known already: a further one is no gap (domain B12).
        portions = (named[first : first + PORTION] for first in range(0, len(named), PORTION))
        self.settled = {pk for part in portions for pk in identity.buyers_among(part)}
        self.people = dict(get_user_model().objects.values_list("pk", "name"))
        self.terms = options.values(project.pk)

    def whose(self, row: Cleaned) -> list[int]:
        """The customers to whom numbers of the row belong, each once."""
        found = [self.phones.get(phones.index(number)) for number in numbers_of(row)]
        if "paper" in row.values:
            found.append(self.papers.get(papers.index(row.values["paper"][1])))
        return list(dict.fromkeys(pk for pk in found if pk is not None))


class _Customers:
    """Plans the rows of a list of customers."""

    def __init__(self, known: _Known, ground: Ground) -> None:
        self.known, self.ground = known, ground
        self.seen: dict[tuple[str, str], Source] = {}

    def line(self, row: Cleaned) -> Planned:
        self._twice(row)
        line, whose = Planned(row), self.known.whose(row)
        if len(whose) > 1:
            named = ", ".join(self.known.customers[pk].number for pk in whose)
            row.add("of_two", "phones", customers=named)
        elif whose:
            line.customer = self.known.customers[whose[0]]
            line.values = dict(self._gaps(row, line.customer))
            line.kind = IntakeKind.FILLS if line.values else IntakeKind.UNCHANGED
        else:
            line.values = row.values
            self._term(row)
        if row.refused:
            line.kind = IntakeKind.REFUSED
        return line

    def _twice(self, row: Cleaned) -> None:
        """Refuse a row whose phone or paper stands in an earlier one."""
        marks = [("phone", number) for number in numbers_of(row)]
        marks += [("paper", row.values["paper"][1])] if "paper" in row.values else []
        for mark in marks:
            first = self.seen.setdefault(mark, row.source)
            if first is not row.source:
                name = "phones" if mark[0] == "phone" else "paper"
                row.add(f"{mark[0]}_twice", name, row=first.row, sheet=first.sheet)
                return

    def _gaps(self, row: Cleaned, kept: Customer) -> Iterator[tuple[str, Any]]:
        """What the row adds to a known customer; what differs is told."""
        given = row.values
        yield from self._name(row, kept)
        for name in _FILLED:
            if name in given and not getattr(kept, name):
                yield name, given[name]
            elif name in given and _plain(getattr(kept, name)) != _plain(given[name]):
                self._tell(row, name, getattr(kept, name), given[name])
        for pair in RANGES:
            yield from self._range(row, kept, pair)
        if given.get("visited") and not kept.visited:
            yield "visited", True
        if "last_contact_at" in given and kept.last_contact_at is None:
            yield "last_contact_at", given["last_contact_at"]
        if "referrer" in given and kept.referrer is None:
            yield "referrer", given["referrer"]
        if new := [number for number in given.get("phones", ()) if phones.index(number) not in self.known.phones]:
            yield "phones", new
        yield from self._paper(row, kept)
        self._owner(row, kept)

    def _name(self, row: Cleaned, kept: Customer) -> Iterator[tuple[str, Any]]:
        name = row.values.get("name", "")
        if name and kept.name.startswith(NAMELESS):
            yield "name", name
        elif name and same(name) != same(kept.name):
            row.add("kept", "name", kept=kept.name, value=values.shown(name))

    def _range(self, row: Cleaned, kept: Customer, pair: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        """Both ends together: half of the file's range and half of ours would be nobody's wish."""
        given = {name: row.values[name] for name in pair if name in row.values}
        ours = {name: getattr(kept, name) for name in pair}
        if given and all(value is None for value in ours.values()):
            yield from given.items()
        elif given and any(_plain(ours[name]) != _plain(row.values.get(name)) for name in pair):
            self._tell(row, _LABELLED[pair[0]], _span(ours.values()), _span(row.values.get(name) for name in pair))

    def _tell(self, row: Cleaned, name: str, kept: Any, value: Any) -> None:
        show = (lambda text: f"{text[:2]}****") if name == "address" else (lambda text: values.shown(str(text)))
        row.add("kept", name, kept=show(kept), value=show(value))

    def _paper(self, row: Cleaned, kept: Customer) -> Iterator[tuple[str, Any]]:
        if "paper" not in row.values:
            return
        kind, number = row.values["paper"]
        ours = self.known.kinds.get((kept.pk, kind))
        if ours is None and kept.pk in self.known.settled:
            row.add("paper_of_buyer", "paper", value=papers.masked(number))
        elif ours is None:
            yield "paper", (kind, number)
        elif ours != number:
            row.add("paper_kept", "paper", kept=papers.masked(ours), value=papers.masked(number))

    def _owner(self, row: Cleaned, kept: Customer) -> None:
        owner = row.values.get("owner")
        if owner is None or owner == kept.owner_id:
            return
        value = self.known.people[owner]
        if kept.owner is None:
            row.add("nobody_kept", "owner", value=value)
        else:
            row.add("owner_kept", "owner", kept=kept.owner.name, value=value)

    def _term(self, row: Cleaned) -> None:
        """Whether the night would take a new customer from the salesperson whom the file names (domain B5)."""
        if "owner" not in row.values:
            return
        given = [row.values.get(name) for name in ("owner_since", "last_contact_at")]
        since = max((datetime.fromisoformat(text) for text in given if text), default=self.ground.now)
        if "owner_since" not in row.values:
            since = self.ground.now
        key = "customer.visit_days" if row.values.get("visited") else "customer.phone_days"
        end = since + timedelta(days=self.known.terms[key])
        if end <= self.ground.now:
            row.add("term_over", "owner_since", value=end.astimezone(self.ground.zone).date().isoformat())

    def finish(self, lines: list[Planned]) -> None:
        """Refuse rows whose referrer is nobody of the project and nobody in the file, until no further row falls with them."""
        while True:
            here = {n for line in lines if line.kind != IntakeKind.REFUSED for n in numbers_of(line.row)}
            lost = [line for line in lines if line.kind != IntakeKind.REFUSED and not self._referred(line, here)]
            for line in lost:
                line.row.add("referrer_unknown", "referrer", value=phones.masked(line.values["referrer"]))
                line.kind = IntakeKind.REFUSED
            if not lost:
                return

    def _referred(self, line: Planned, here: set[str]) -> bool:
        number = line.values.get("referrer", "")
        return not number or number in here or phones.index(number) in self.known.phones


class _Calls:
    """Plans the rows of a list of calls."""

    def __init__(self, known: _Known, ground: Ground) -> None:
        self.known, self.ground = known, ground
        self.seen: dict[tuple[str, ...], Source] = {}
        done = (CallState.LOGGED, CallState.CONFIRMED)
        rows = Call.every.filter(project=known.project, state__in=done)
        self.calls = {
            _mark(at, index, caller) for at, index, caller in rows.values_list("at", "phone_index", "caller").iterator()
        }

    def line(self, row: Cleaned) -> Planned:
        line, whose = Planned(row, values=row.values), self.known.whose(row)
        if whose:
            line.customer = self.known.customers[whose[0]]
        if "at" in row.values:
            mark = _mark(
                datetime.fromisoformat(row.values["at"]),
                phones.index(row.values.get("phone", "")),
                row.values.get("caller", ""),
            )
            first = self.seen.setdefault(mark, row.source)
            if first is not row.source:
                row.add("call_twice", "at", row=first.row, sheet=first.sheet)
            elif mark in self.calls:
                line.kind, line.values = IntakeKind.UNCHANGED, {}
                row.add("call_known", "at")
        if row.refused:
            line.kind = IntakeKind.REFUSED
        return line

    def finish(self, lines: list[Planned]) -> None:
        """Nothing that rows of calls say together."""


def _mark(at: datetime, index: str, caller: str) -> tuple[str, ...]:
    """What makes two calls one: the minute, and the number, or without one the caller's name."""
    return (f"{at.timestamp() // 60:.0f}", index or same(caller))


def _plain(value: Any) -> Any:
    """A kept value and one from the file in the same form: figures as numbers, texts folded."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return same(value) if value else ""


def _span(ends: Any) -> str:
    return " – ".join("" if end is None else f"{float(end):g}" for end in ends)
