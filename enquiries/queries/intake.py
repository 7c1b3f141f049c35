"""What the pages of an import show: its rows in words with numbers masked, why it was refused, the template's columns (R7.1)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.text import capfirst

from enquiries import papers, phones
from enquiries.intake.fields import BY_NAME, Field
from enquiries.intake.problems import REMARKS, RowProblem
from enquiries.models import Customer, Intake, IntakeLine
from enquiries.states import IntakeKind, IntakeState
from inventory.importing.refusals import SKIPPED_REASONS
from salescontrol.core import clock

KIND_TONES = {
    IntakeKind.NEW: "good", IntakeKind.FILLS: "warn", IntakeKind.UNCHANGED: "withheld", IntakeKind.REFUSED: "bad",
}  # fmt: skip
STATE_TONES = {
    IntakeState.READING: "pending", IntakeState.REFUSED: "bad", IntakeState.PREVIEW: "warn", IntakeState.WRITING: "pending",
    IntakeState.DONE: "good", IntakeState.DISCARDED: "withheld",
}  # fmt: skip
_MASKED = {
    "phones": lambda numbers: " / ".join(map(phones.masked, numbers)), "phone": phones.masked, "referrer": phones.masked,
    "paper": lambda paper: papers.masked(paper[1]), "address": lambda text: f"{text[:2]}****",
}  # fmt: skip
_SAID_ALREADY = ("name", "caller", "phone")


def line_views(intake: Intake, rows: list[IntakeLine]) -> list[dict[str, Any]]:
    """The lines in words: what each adds, and what is wrong with it where."""
    named = {pk for line in rows for pk in _people(line)}
    people = dict(get_user_model().objects.filter(pk__in=named).values_list("pk", "name"))
    return [_line_view(intake, line, people) for line in rows]


def _people(line: IntakeLine) -> Iterator[int]:
    found = line.content.get("values", {})
    yield from (found[name] for name in ("owner", "salesperson", "taken_by") if name in found)


def _line_view(intake: Intake, line: IntakeLine, people: Mapping[int, str]) -> dict[str, Any]:
    content = line.content
    known: Customer | None = line.customer
    return {
        "line": {
            "sheet": line.sheet,
            "row": line.row,
            "label": _label(content),
            "customer": known.number if known else "",
        },
        "kind": line.get_kind_display(),
        "tone": KIND_TONES[IntakeKind(line.kind)],
        "changes": [],
        "facts": list(_facts(intake, line, people)),
        "problems": [problem_view(intake, line, item) for item in content.get("problems", ())],
    }


def _label(content: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (content.get("name", ""), phones.masked(content.get("phone", "")))))


def _facts(intake: Intake, line: IntakeLine, people: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """What is written, field by field; of new rows without what their label says."""
    if line.kind == IntakeKind.REFUSED:
        return
    for name, value in line.content.get("values", {}).items():
        entry, said = _entry(intake, name), line.kind == IntakeKind.NEW and name in _SAID_ALREADY
        if entry is not None and not said and value not in ("", None, []):
            yield {"label": entry[0], "value": _shown(intake, entry[1], name, value, people)}


def _entry(intake: Intake, name: str) -> tuple[str, Field] | None:
    """The label of a value, and the field of the table that it comes from: an end of a range has its own label."""
    table = BY_NAME[intake.content]
    field = table.get(name) or table.get(name.rpartition("_")[0])
    if field is None:
        return None
    label = field.label if name in table else Customer._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return str(capfirst(str(label))), field


def _shown(intake: Intake, field: Field, name: str, value: Any, people: Mapping[int, str]) -> str:
    if name in _MASKED:
        return _MASKED[name](value)
    if field.choices:
        return str(field.choices(value).label)
    if field.kind == "budget":
        return f"{Decimal(value):,.0f}"
    if field.kind == "person":
        return people.get(value, "")
    if field.kind in ("day", "moment") and "T" in str(value):
        return f"{clock.local(datetime.fromisoformat(value), intake.project.zone):%Y-%m-%d %H:%M}".removesuffix(
            " 00:00"
        )
    return "✓" if value is True else str(value).removesuffix(".00")


def problem_view(intake: Intake, line: IntakeLine, item: Mapping[str, Any]) -> dict[str, Any]:
    """A problem's sentence with the cell that it is about."""
    found = RowProblem.from_json(item)
    return {
        "place": f"{item.get('column', '')}{line.row}",
        "sheet": line.sheet,
        "row": line.row,
        "column": item.get("column", ""),
        "text": found.text(intake.content),  # type: ignore[attr-defined]
        "error": found.severity == "error",
        "code": found.code,
    }


def problems(intake: Intake) -> Iterator[dict[str, Any]]:
    """Every problem of every row, for the workbook."""
    for line in intake.lines.iterator(chunk_size=500):
        yield from (problem_view(intake, line, item) for item in line.content.get("problems", ()))


def remarks(intake: Intake) -> list[str]:
    """What is worth knowing about the file as a whole."""
    return [str(REMARKS[code]) % params for code, params in intake.outcome.get("remarks", ())]


def skipped(intake: Intake) -> list[dict[str, Any]]:
    """Rows that were taken for no entries, and why."""
    return [
        {"sheet": sheet, "row": row, "reason": SKIPPED_REASONS[reason], "text": text}
        for sheet, row, reason, text in intake.outcome.get("skipped", ())
    ]


def counted(intake: Intake, kind: str) -> Any:
    """How many rows of a kind the reading found; None before it is done."""
    return intake.outcome.get("counts", {}).get(kind)
