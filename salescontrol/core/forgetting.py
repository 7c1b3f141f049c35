"""Personal data is forgotten (R7.6): the columns that a model declares `personal` are emptied in its rows and in their histories.

Histories are evidence: they are rewritten on record (`core.rewriting`), so that the chain says what was erased, and when. What
somebody wrote as a reason goes too; the name of the act stays.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from salescontrol.core import files, notices, rewriting
from salescontrol.core.history import update_tracked
from salescontrol.core.models import Approval, ApprovalDecision, Attachment, RewritingReason

ACTION = "customer.erase"
REASON = "history_change_reason"


def forget(
    model: type[models.Model], rows: Q, *, by: Any, about: str, records: Q | None = None,
    instead: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """Empty the personal columns of the rows and of their histories; returns how many rows were found.

    `records`: further entries of the history, of rows that are gone. `instead`: what a column says from now on, where empty
    would not do. Needs the caller's transaction.
    """
    found = list(model._base_manager.filter(rows))
    ids = Q(id__in=[row.pk for row in found])
    _empty(found, emptied(model, instead), by)
    if hasattr(model, "history"):
        forget_records(model, ids if records is None else ids | records, by=by, about=about, instead=instead)
    return len(found)


def emptied(model: type[models.Model], instead: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the personal columns of the model hold afterwards, by their column."""
    named = [name for name in model.personal if name != REASON]  # type: ignore[attr-defined]
    fields: list[Any] = [model._meta.get_field(name) for name in named]
    return {field.attname: (instead or {}).get(field.name, _blank(field)) for field in fields}


def _empty(rows: list, values: Mapping[str, Any], by: Any) -> None:
    """Write the values where something else stands, each row with its history, if it has one."""
    changed = [row for row in rows if any(getattr(row, name) != value for name, value in values.items())]
    files.forget(_files(changed, values))
    for row in changed:
        for name, value in values.items():
            setattr(row, name, value)
    if changed and hasattr(changed[0], "history"):
        update_tracked(changed, list(values), action=ACTION, by=by)
    elif changed:
        type(changed[0])._base_manager.bulk_update(changed, list(values), batch_size=200)


def _files(rows: list, names: Collection[str]) -> list[Attachment]:
    """The kept files that these columns name."""
    ids = {
        getattr(row, field.attname)
        for row in rows
        for field in row._meta.concrete_fields
        if field.attname in names and field.related_model is Attachment
    }
    return list(Attachment.objects.filter(pk__in=ids))


def forget_records(
    model: type[models.Model], records: Q, *, by: Any, about: str, instead: Mapping[str, Any] | None = None
) -> None:
    """Empty the personal columns of these entries of the model's history."""
    history: Any = model.history.model  # type: ignore[attr-defined]
    kept = {field.attname for field in history._meta.concrete_fields}
    values = {name: value for name, value in emptied(model, instead).items() if name in kept}
    _rewrite(history, history._base_manager.filter(records), values, by, about)


def forget_evidence(rows: QuerySet, *, by: Any, about: str) -> None:
    """Empty the personal columns of rows that are evidence themselves."""
    _rewrite(rows.model, rows, emptied(rows.model), by, about)


def _rewrite(model: type[models.Model], rows: QuerySet, values: Mapping[str, Any], by: Any, about: str) -> None:
    changes = {row.pk: _changes(row, values) for row in rows.iterator(chunk_size=500)}
    changed = {pk: change for pk, change in changes.items() if change}
    rewriting.rewrite(model, changed, reason=RewritingReason.ERASURE, by=by, about=about)


def _changes(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    change = {name: value for name, value in values.items() if getattr(row, name) != value}
    action, colon, _reason = getattr(row, REASON, "").partition(": ")
    declared: Any = getattr(row, "instance_type", row)
    if colon and REASON in declared.personal:
        change[REASON] = action
    return change


def forget_approvals(asked: Q, *, subject: str, by: Any, about: str) -> None:
    """What was written when these requests were made and decided; `subject` stays of them, in messages too."""
    forget(Approval, asked, by=by, about=about, instead={"subject": subject})
    forget_comments(asked, by=by, about=about)
    for pk in Approval.objects.filter(asked).values_list("pk", flat=True):
        notices.reword(_keys(pk), subject=subject)


def forget_comments(asked: Q, *, by: Any, about: str) -> None:
    """What the deciders of these requests wrote; messages that told of it say no more either."""
    approvals = list(Approval.objects.filter(asked).values_list("pk", flat=True))
    forget_evidence(ApprovalDecision.objects.filter(stage__approval__in=approvals), by=by, about=about)
    for pk in approvals:
        notices.reword(_keys(pk), comment="")


def _keys(pk: int) -> tuple[str, str]:
    """How the keys of all messages about a request begin."""
    return f"approval-{pk}-", f"deputy-{pk}-"


def _blank(field: models.Field) -> Any:
    if field.null:
        return None
    return {} if isinstance(field, models.JSONField) else ""
