"""Who changed what, when and why: one way to watch a model and one way to read it back (architecture rule 8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

Row = TypeVar("Row", bound=models.Model)


class Records(HistoricalRecords):
    """History whose action is empty, not missing, when a row is written without one (a command at the prompt, a test)."""

    def get_change_reason_for_object(self, instance, history_type, using):
        return super().get_change_reason_for_object(instance, history_type, using) or ""


def tracked(*, excluded: Sequence[str] = ()) -> Records:
    """The declaration `history = tracked()` of a watched model; `excluded` fields have a record of their own."""
    return Records(
        excluded_fields=list(excluded),
        history_change_reason_field=models.CharField(max_length=300, default="", blank=True),
        use_base_model_db=False,
    )


def _named(action: str, reason: str) -> str:
    """What a history entry says: the action's name and, behind a colon, the reason that somebody gave."""
    return (f"{action}: {reason.strip()}" if reason.strip() else action)[:300]


def save_tracked(row: Row, *, action: str, by, fields: Sequence[str] | None = None, reason: str = "") -> Row:
    """Save `row` with one history entry that names the action, the actor and, if any, the reason."""
    row._change_reason = _named(action, reason)
    row._history_user = by
    with transaction.atomic(savepoint=False):
        row.save(update_fields=fields) if fields is not None else row.save()
    return row


def create_tracked(rows: Sequence[models.Model], *, action: str, by) -> list:
    """Insert many rows of one model, each with its history entry."""
    return (
        bulk_create_with_history(rows, type(rows[0]), batch_size=500, default_user=by, default_change_reason=action)
        if rows
        else []
    )


def update_tracked(rows: Sequence[models.Model], fields: Sequence[str], *, action: str, by, reason: str = "") -> int:
    """Update `fields` of many rows of one model, each with its history entry; returns how many."""
    if not rows:
        return 0
    return bulk_update_with_history(
        rows,
        type(rows[0]),
        list(fields),
        batch_size=200,
        default_user=by,
        default_change_reason=_named(action, reason),
        manager=type(rows[0])._base_manager,
    )


@dataclass(frozen=True)
class Change:
    """One field that changed: its label, and the old and new value as stored."""

    field: str
    label: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Entry:
    """One step in a life: when, who, the action's name, and the fields that changed with it."""

    at: datetime
    by: object
    action: str
    changes: tuple[Change, ...] = ()
    reason: str = ""


def timeline(row: models.Model, *, hidden: Iterable[str] = ()) -> list[Entry]:
    """The row's life from its history, newest first; fields in `hidden` (and bookkeeping) are left out."""
    return [entry for _record, entry in lives(row.history.all(), hidden=hidden)]


def lives(records, *, hidden: Iterable[str] = ()) -> list[tuple[models.Model, Entry]]:
    """The lives of all rows of one model whose history records are given, in one query, newest first: (record, entry)."""
    skip = {"version", *hidden}
    before: dict[int, models.Model] = {}
    found = []
    for record in records.select_related("history_user").order_by("history_date", "history_id"):
        entry = _entry(record, before.get(record.id), skip)
        before[record.id] = record
        if entry is not None:
            found.append((record, entry))
    return found[::-1]


def _entry(record, previous, skip: set[str]) -> Entry | None:
    changes = () if previous is None else _changes(record, previous, skip)
    if previous is not None and not changes:
        return None
    action, _colon, reason = record.history_change_reason.partition(": ")
    return Entry(record.history_date, record.history_user, action, changes, reason)


def _changes(record, previous, skip: set[str]) -> tuple[Change, ...]:
    found = []
    for field in record.tracked_fields:
        old, new = getattr(previous, field.attname), getattr(record, field.attname)
        if field.name not in skip and old != new:
            found.append(Change(field.name, str(field.verbose_name), old, new))
    return tuple(found)
