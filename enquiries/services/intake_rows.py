"""A row of a list as texts → checked values, by the rules of entering by hand. Asks nothing of the project's customers."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from enquiries.intake import values
from enquiries.intake.fields import FIELDS, Field
from enquiries.intake.problems import RowProblem
from enquiries.intake.reading import Source
from enquiries.intake.values import Wrong
from enquiries.intake.words import same
from enquiries.services.calls import AHEAD
from enquiries.states import IntakeContent, Rings
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core import clock
from salescontrol.core.access import deciding_users
from salescontrol.core.permissions import Role

_HAN = re.compile(r"[\u3400-\u9fff]+")
EARLIEST = datetime(values.FIRST_YEAR, 1, 1, tzinfo=UTC)
LONGEST_NEEDS, LONGEST_CALLER = 500, 60


@dataclass(frozen=True)
class Ground:
    """What rows are read against: the kind of list, the moment, the project's zone and its people by number and name."""

    content: str
    now: datetime
    zone: ZoneInfo
    sellers: Mapping[str, list]
    desk: Mapping[str, list]

    @classmethod
    def of(cls, project: Project, content: str) -> "Ground":
        selling = salespeople(project)
        answering = [*selling, *deciding_users([Role.SPECIALIST, Role.SUPERVISOR], project.pk)]
        return cls(content, clock.now(), ZoneInfo(project.zone), _by_word(selling), _by_word(answering))


@dataclass
class Cleaned:
    """What a row gives: values by column (as JSON keeps them), and what is wrong or worth knowing."""

    source: Source
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)

    def add(self, code: str, name: str = "", **params: Any) -> None:
        self.problems.append(RowProblem(code, name, params))

    @property
    def refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    def as_json(self) -> list[dict[str, Any]]:
        """The problems with the column that each is about."""
        return [{**item.as_json(), "column": self.source.columns.get(item.field, "")} for item in self.problems]


def clean(source: Source, ground: Ground) -> Cleaned:
    """The row's values, field by field in the order of the table, then what fields say together."""
    row = Cleaned(source)
    for entry in FIELDS[ground.content]:
        try:
            _read(entry, source.texts.get(entry.name, ""), row, ground)
        except Wrong as wrong:
            row.add(wrong.code, entry.name, **wrong.params)
    (_finish_customer if ground.content == IntakeContent.CUSTOMERS else _finish_call)(row, ground)
    return row


def _read(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    """One cell; what looks empty, such as a joiner nobody sees, is empty."""
    plain = values.plain_text(entry, text)
    if plain:
        _READERS[entry.kind](entry, text if entry.kind == "phones" else plain, row, ground)
    elif entry.need:
        raise Wrong("missing")


def _by_word(people: Iterable[Any]) -> dict[str, list]:
    """Employee number, name, its part in one script, and number and name as forms show them → the people."""
    found: dict[str, list] = defaultdict(list)
    for person in {person.pk: person for person in people}.values():
        number, name = same(person.employee_no), same(person.name)
        parts = {"".join(part) for part in (_HAN.findall(name), _HAN.split(name))} - {""}
        for word in {number, name, *parts, number + name, name + number, f"{name}({number})"}:
            found[word].append(person)
    return found


def _text(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    row.values[entry.name] = text


def _choice(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    row.values[entry.name] = values.choice(entry, text)


def _rings(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    row.values[entry.name] = values.rings(entry, text)


def _flag(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    row.values[entry.name] = values.flag(entry, text)


def _phones(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    known = row.values.setdefault("phones", [])
    known += [number for number in values.phone_list(text) if number not in known]
    if entry.need and not known:
        raise Wrong("missing")


def _phone(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    row.values[entry.name] = values.phone(text)


def _paper(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    if "paper_kind" in row.values or not row.source.texts.get("paper_kind"):
        row.values["paper"] = values.paper(row.values.get("paper_kind", ""), text)


def _person(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    at_desk = entry.name == "taken_by"
    found = (ground.desk if at_desk else ground.sellers).get(same(text), [])
    if len(found) != 1:
        code = "several_people" if found else "unknown_desk" if at_desk else "unknown_person"
        raise Wrong(code, value=values.shown(text))
    row.values[entry.name] = found[0].pk


def _day(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    found = values.moment(text)
    if found.day is None:
        raise Wrong("bad_day", value=values.shown(text))
    if entry.name == "next_on":
        row.values[entry.name] = found.day.isoformat()
    else:
        row.values[entry.name] = _past(found.at(ground.zone), text, ground).isoformat()


def _moment(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    found = values.moment(text)
    if found.day is None:
        raise Wrong("no_day", value=values.shown(text))
    row.values["day"], row.values["clock"] = found.day, found.clock


def _clock(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    found = values.moment(text, code="bad_time")
    if found.clock is None:
        raise Wrong("bad_time", value=values.shown(text))
    row.values["clock"] = row.values.get("clock") or found.clock


def _past(at: datetime, text: str, ground: Ground) -> datetime:
    if at > ground.now + AHEAD:
        raise Wrong("future", value=values.shown(text))
    if at < EARLIEST:
        raise Wrong("too_early", value=values.shown(text))
    return at


def _span(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    found = values.span(entry, text, row.source.units.get(entry.name, ""))
    if found is None:
        _keep_words(entry, text, row)
        return
    for end, figure in zip(("from", "to"), found, strict=True):
        if figure is not None:
            row.values[f"{entry.name}_{end}"] = int(figure) if entry.kind == "floor" else f"{figure:.2f}"


def _budget(entry: Field, text: str, row: Cleaned, ground: Ground) -> None:
    found = values.span(entry, text, row.source.units.get(entry.name, ""))
    if found is None:
        _keep_words(entry, text, row)
        return
    amount, small = values.budget(found)
    row.values[entry.name] = str(amount)
    if small:
        row.add("read_as", entry.name, value=values.shown(text), read=f"{amount:,.0f}")


def _keep_words(entry: Field, text: str, row: Cleaned) -> None:
    """Words instead of a figure are not lost: they stand among the special needs, under the head of their column."""
    row.values.setdefault("said", []).append(f"{row.source.heads[entry.name]}: {text}")
    row.add("in_words", entry.name, value=values.shown(text))


_READERS: Mapping[str, Callable[[Field, str, Cleaned, Ground], None]] = {
    "text": _text, "choice": _choice, "rings": _rings, "flag": _flag, "phones": _phones, "phone": _phone, "paper": _paper,
    "person": _person, "day": _day, "moment": _moment, "clock": _clock, "area": _span, "floor": _span, "budget": _budget,
}  # fmt: skip


def _gather_needs(row: Cleaned, *more: str) -> None:
    parts = [row.values.get("needs", ""), *row.values.pop("said", []), *more]
    text = "; ".join(filter(None, parts))
    if len(text) > LONGEST_NEEDS:
        row.add("too_long", "needs", limit=LONGEST_NEEDS)
    elif text:
        row.values["needs"] = text


def _finish_customer(row: Cleaned, ground: Ground) -> None:
    _gather_needs(row)
    given, kind = row.values, row.values.pop("paper_kind", "")
    if kind and not row.source.texts.get("paper"):
        row.add("paper_missing", "paper")
    if "referrer" in given and given["referrer"] in given.get("phones", []):
        row.add("referrer_self", "referrer")
    if "owner_since" in given and not row.source.texts.get("owner"):
        del given["owner_since"]
        row.add("since_unused", "owner_since")


def _finish_call(row: Cleaned, ground: Ground) -> None:
    given = row.values
    _gather_needs(row, given.pop("note", ""))
    given["name"], gender = given.get("caller", ""), given.pop("gender", "")
    if gender:
        given["caller"] = (f"{given['name']} ({gender})" if given["name"] else gender)[:LONGEST_CALLER]
    given.setdefault("rings", Rings.UNKNOWN.value)
    if not row.source.texts.get("phone") and not given["name"] and given["rings"] != Rings.MISSED:
        row.add("nobody", "phone")
    _place_in_time(row, ground)


def _place_in_time(row: Cleaned, ground: Ground) -> None:
    given = row.values
    day, hour = given.pop("day", None), given.pop("clock", None)
    if day is None:
        return
    at = datetime.combine(day, hour or time(), tzinfo=ground.zone)
    try:
        given["at"] = _past(at, row.source.texts["at"], ground).isoformat()
    except Wrong as wrong:
        row.add(wrong.code, "at", **wrong.params)
    if hour is None:
        row.add("no_time", "at")
    if given.get("next_on", "9999") < day.isoformat():
        row.add("before_call", "next_on", value=given["next_on"])
