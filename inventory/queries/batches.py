"""What the pages of a listing batch show: its lines in words, its columns, its remarks."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet, TextChoices
from django.utils.translation import gettext as _

from inventory.importing import refusal_message, remark_message
from inventory.importing.refusals import SKIPPED_REASONS
from inventory.models import BatchLine, ListingBatch
from inventory.models.batch import LineKind
from inventory.queries.review import differences, shown
from inventory.rules import FIELDS, Problem
from inventory.states import BatchState
from salescontrol.core.access import Access
from salescontrol.core.models import Level
from salescontrol.core.permissions import Permission

KIND_TONES = {LineKind.NEW: "good", LineKind.CHANGED: "warn", LineKind.UNCHANGED: "withheld", LineKind.REFUSED: "bad"}
STATE_TONES = {
    BatchState.READING: "pending",
    BatchState.MAPPING: "warn",
    BatchState.PREVIEW: "warn",
    BatchState.REFUSED: "bad",
    BatchState.DRAFT: "pending",
    BatchState.SUBMITTED: "held",
    BatchState.RETURNED: "bad",
    BatchState.APPROVED: "good",
    BatchState.DISCARDED: "withheld",
}
_FACTS = ("property_type", "layout", "orientation", "built_area", "inner_area", "list_unit_price", "list_total")
_FLOOR_PRICES = ("floor_unit_price", "floor_total")


def may_read_file(batch: ListingBatch, access: Access) -> bool:
    """Whether the user may have the file itself: one with floor prices only its owner, and who may see floor prices."""
    if batch.file is None or batch.file.level != Level.CONFIDENTIAL:
        return batch.file is not None
    return batch.made_by_id == access.user.pk or access.can(Permission.FLOOR_PRICE_SEE, batch.project_id)


def kinds(batch: Any, choices: type[TextChoices] = LineKind) -> list[dict[str, Any]]:
    """The tabs of the preview of something with `lines`: all rows, and every kind of them, with their counts."""
    counts = dict(batch.lines.order_by().values_list("kind").annotate(n=Count("pk")))
    tabs = [{"key": kind.value.lower(), "label": kind.label, "count": counts.get(kind.value, 0)} for kind in choices]
    return [{"key": "", "label": "", "count": sum(counts.values())}, *tabs]


def lines(batch: Any, wanted: str, choices: type[TextChoices] = LineKind) -> QuerySet:
    """The lines of one kind (`new`, `refused` …), of all kinds for anything else, in the order of the file."""
    of_kind = Q(kind=wanted.upper()) if wanted.upper() in choices.values else Q()
    return batch.lines.filter(of_kind).order_by("sheet", "row", "pk")


def line_view(line: BatchLine, hidden: Collection[str] = ()) -> dict[str, Any]:
    """A line in words: what is new, old → new, and what is wrong with it where; of `hidden` fields only where."""
    return {
        "line": line,
        "url": "",
        "kind": line.get_kind_display(),
        "tone": KIND_TONES[LineKind(line.kind)],
        "changes": differences(line) if line.kind == LineKind.CHANGED else [],
        "facts": _facts(line.after) if line.kind == LineKind.NEW else [],
        "problems": [problem_view(problem, hidden) for problem in line.problems],
    }


def problem_view(problem: Mapping[str, Any], hidden: Collection[str] = ()) -> dict[str, Any]:
    """A problem's sentence with the cell that it is about; the sentence itself names figures, so `hidden` fields have another."""
    found = Problem.from_json(problem)
    secret = _("%(field)s: what is said about it is only for who may read floor prices.")
    place = f"{problem['column']}{problem['row']}" if problem["column"] else str(problem["row"])
    return {
        "place": place,
        "sheet": problem["sheet"],
        "text": secret % {"field": FIELDS[found.field].label} if found.field in hidden else found.message,
        "error": found.severity == "error",
        "code": found.code,
    }


def _facts(after: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"label": str(FIELDS[name].label), "value": shown(name, after[name])} for name in _FACTS if after.get(name)]


def remarks(batch: ListingBatch) -> list[str]:
    """What is worth knowing about the file as a whole."""
    return [remark_message(code, params) for code, params in batch.outcome.get("remarks", [])]


def skipped(batch: ListingBatch) -> list[dict[str, Any]]:
    """Rows that were taken for no units, and why."""
    return [
        {"sheet": sheet, "row": row, "reason": SKIPPED_REASONS[reason], "text": text}
        for sheet, row, reason, text in batch.outcome.get("skipped", [])
    ]


def refusal(batch: ListingBatch) -> str:
    """Why the file could not be read; empty when it could."""
    code = batch.outcome.get("refused")
    return refusal_message(code, batch.outcome["params"]) if code else ""


def hidden_fields(batch: ListingBatch, access: Access) -> tuple[str, ...]:
    """The fields of the file of which this user may read no figure."""
    return () if may_read_file(batch, access) else _FLOOR_PRICES


def columns(batch: ListingBatch, access: Access) -> list[list[Any]]:
    """The file's columns with samples; those of floor prices only for who may see floor prices."""
    hidden = hidden_fields(batch, access)
    return [
        [letter, head, field, unit, [] if field in hidden else samples]
        for letter, head, field, unit, samples in batch.outcome.get("columns", [])
    ]
