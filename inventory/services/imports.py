"""Listing batches from files: handed over, read in the background, looked at, accepted into drafts (R1.1, R1.2).

A batch moves READING → MAPPING or PREVIEW or REFUSED → DRAFT; from there the review takes over. Nothing but the batch itself
is written before a person accepts the preview, and then everything in one transaction.
"""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.importing import Refused, Table, heads_digest, read_file
from inventory.models import BatchLine, ImportMapping, ListingBatch, Project, Unit
from inventory.models.batch import LineKind, LineState
from inventory.rules.text import fold, tidy
from inventory.services import import_plan, import_write
from inventory.states import BatchState
from salescontrol.core import clock, files, jobs, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Attachment, Level
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission

READ_TOPIC = "import.read"
SKIPPED_KEPT = 200
notices.register(
    "batch.preview",
    gettext_lazy("%(title)s was read: %(new)s new, %(changed)s changed, %(refused)s refused. Look at the preview."),
)
notices.register("batch.mapping", gettext_lazy("%(title)s was read: choose its columns."))
notices.register("batch.refused", gettext_lazy("%(title)s could not be read. Its page says why."))
UNREAD = (BatchState.MAPPING, BatchState.PREVIEW, BatchState.REFUSED)


@transaction.atomic
def submit_file(*, project: Project, upload: Any, by, title: str = "", note: str = "") -> ListingBatch:
    """Keep a handed-over file with who and when, and have it read in the background (R1.1).

    `upload`: an uploaded file (`name`, `size`, `chunks()`). Raises Forbidden, and Refusal when the file may not be kept.
    """
    access_of(by).require(Permission.BATCH_SUBMIT, project.pk)
    kept = files.take_in(upload, by=by, kinds=("sheet",))
    batch = ListingBatch(
        project=project,
        number=next_number(project.code, clock.today(project.zone).year, "LB"),
        title=(title or Path(kept.name).stem)[:80],
        note=note[:300],
        file=kept,
        state=BatchState.READING,
        made_by=by,
    )
    save_tracked(batch, action="batch.submit_file", by=by)
    jobs.enqueue(READ_TOPIC, batch_id=batch.pk)
    return batch


def read_batch(*, batch_id: int) -> ListingBatch:
    """Read the batch's file and keep what it would do; done again after an interruption it gives the same (abuse 68).

    Not one transaction: the progress is seen while it runs. The lines and the new state are written together at the end.
    """
    batch = ListingBatch.every.select_related("project", "file", "made_by").get(pk=batch_id)
    if batch.state != BatchState.READING or batch.file is None:
        return batch
    show_progress(batch, 5)
    try:
        table = read_attachment(project=batch.project, file=batch.file, mapping=batch.mapping)
    except Refused as refused:
        return _finish(batch, BatchState.REFUSED, {"refused": refused.code, "params": refused.params})
    if table.form == "unclear":
        return _finish(batch, BatchState.MAPPING, _about(table))
    show_progress(batch, 30)
    plan = import_plan.make_plan(project=batch.project, table=table, progress=partial(_plan_progress, batch))
    return _finish(
        batch, BatchState.PREVIEW, {**_about(table), "counts": plan.counts(), "buildings": _buildings(plan)}, plan
    )


def read_attachment(*, project: Project, file: Attachment, mapping: Mapping[str, str] | None = None) -> Table:
    """The table in a kept file, with the columns as chosen now or before. Raises `importing.Refused`."""
    remembered = dict(ImportMapping.objects.filter(project=project).values_list("heads", "mapping"))
    return read_file(
        files.path_of(file),
        name=file.name,
        remembered=remembered,
        mapping=mapping,
        project_names=[project.name],
    )


def show_progress(batch: ListingBatch, percent: int) -> None:
    """Let the waiting page see how far the reading is."""
    ListingBatch.every.filter(pk=batch.pk).update(progress=percent)


def _plan_progress(batch: ListingBatch, done: int, of: int) -> None:
    show_progress(batch, 30 + 60 * done // max(of, 1))


@transaction.atomic
def _finish(
    batch: ListingBatch, state: BatchState, outcome: dict[str, Any], plan: import_plan.Plan | None = None
) -> ListingBatch:
    locked = ListingBatch.every.select_for_update(of=("self",)).select_related("project", "made_by").get(pk=batch.pk)
    if locked.state != BatchState.READING or locked.version != batch.version:
        return locked
    keep_lines(locked, plan.lines if plan else [])
    if {"floor_unit_price", "floor_total"} & {*outcome.get("fields", ())}:
        Attachment.objects.filter(pk=locked.file_id).update(level=Level.CONFIDENTIAL)
    locked.state, locked.outcome, locked.progress = state, outcome, 100
    save_tracked(locked, action="batch.read", by=locked.made_by, fields=["state", "outcome", "progress"])
    url = reverse("inventory:batch", args=[locked.project.code, locked.pk])
    key = f"batch:{locked.pk}:{locked.version}:read"
    params = {"batch": locked.number, "title": locked.title, **outcome.get("counts", {})}
    notices.tell([locked.made_by], f"batch.{state.lower()}", key=key, url=url, project_id=locked.project_id, **params)
    return locked


def keep_lines(batch: ListingBatch, planned: list[import_plan.PlannedLine]) -> None:
    """Replace the batch's lines by what was planned."""
    batch.lines.all().delete()
    rows = (
        BatchLine(
            batch=batch,
            sheet=line.sheet[:60],
            row=line.row,
            label=line.label,
            kind=line.kind,
            unit_id=line.unit_id,
            unit_version=line.unit_version,
            before=line.before,
            after=line.after,
            problems=line.problems,
        )
        for line in planned
    )
    BatchLine.objects.bulk_create(rows, batch_size=500)


def _about(table: Table) -> dict[str, Any]:
    return {
        "form": table.form,
        "columns": table.columns,
        "fields": table.fields,
        "remarks": table.remarks,
        "skipped": table.skipped[:SKIPPED_KEPT],
        "skipped_count": len(table.skipped),
        "blank_rows": table.blank_rows,
        "project_names": table.project_names,
    }


def _buildings(plan: import_plan.Plan) -> list[dict[str, Any]]:
    return [
        {name: value if isinstance(value, int) else str(value) for name, value in entry.items()}
        for entry in plan.buildings()
    ]


@transaction.atomic
def choose_columns(*, batch: ListingBatch, columns: Mapping[str, str], version: int, by) -> ListingBatch:
    """Read the file again with these columns, and remember them for the project's next file with the same heads.

    `columns`: column letter → field name, "" for none. Raises Conflict when somebody was faster, Refusal when a field is
    chosen twice or the room is not among them.
    """
    locked = _locked(batch, version=version, states=(BatchState.MAPPING, BatchState.PREVIEW), by=by)
    chosen = [name for name in columns.values() if name]
    if "room" not in chosen:
        raise Refusal(_("Choose the column that holds the room numbers."), code="no_room")
    twice = next((name for name in chosen if chosen.count(name) > 1), None)
    if twice:
        label = import_plan.rules.FIELDS[twice].label
        raise Refusal(_("%(label)s is chosen for two columns. Choose it once.") % {"label": label}, code="chosen_twice")
    heads = {letter: tidy(head) for letter, head, *_rest in locked.outcome["columns"] if head}
    mapping = {fold(head): columns.get(letter, "") for letter, head in heads.items()}
    ImportMapping.objects.update_or_create(
        project=locked.project,
        heads=heads_digest(list(heads.values())),
        defaults={"mapping": mapping, "confirmed_by": by},
    )
    return _read_again(locked, by=by, action="batch.choose_columns", mapping=mapping)


@transaction.atomic
def read_again(*, batch: ListingBatch, version: int, by) -> ListingBatch:
    """Compare the file with the units once more, after something changed meanwhile."""
    return _read_again(
        _locked(batch, version=version, states=UNREAD, by=by), by=by, action="batch.read_again", mapping=batch.mapping
    )


def _read_again(locked: ListingBatch, *, by, action: str, mapping: Mapping[str, str]) -> ListingBatch:
    locked.lines.all().delete()
    locked.state, locked.progress, locked.mapping = BatchState.READING, 0, dict(mapping)
    locked.version += 1
    save_tracked(locked, action=action, by=by, fields=["state", "progress", "mapping", "version"])
    jobs.enqueue(READ_TOPIC, batch_id=locked.pk)
    return locked


@transaction.atomic
def discard_batch(*, batch: ListingBatch, version: int, by) -> ListingBatch:
    """Give the hand-over up before anything was taken over from it, also while it is read; the file and its record stay."""
    locked = _locked(batch, version=version, states=(BatchState.READING, *UNREAD), by=by)
    locked.state, locked.version = BatchState.DISCARDED, locked.version + 1
    save_tracked(locked, action="batch.discard", by=by, fields=["state", "version"])
    return locked


@transaction.atomic
def accept_batch(
    *, batch: ListingBatch, version: int, by, leave_out: Collection[int] = (), leave_out_all: bool = False
) -> ListingBatch:
    """Take the previewed rows over: new units as drafts, changes of drafts at once, changes of approved units as lines that
    wait for the review. One transaction, all or nothing (R1.2).

    `leave_out`: ids of refused lines that are left out on purpose; `leave_out_all`: all of them. Raises Refusal when refused
    lines remain or nothing is new or changed, Conflict when the units changed since the preview.
    """
    Project.objects.select_for_update(no_key=True).get(pk=batch.project_id)
    locked = _locked(batch, version=version, states=(BatchState.PREVIEW,), by=by)
    lines = list(locked.lines.exclude(kind=LineKind.UNCHANGED))
    refused = [line.pk for line in lines if line.kind == LineKind.REFUSED]
    remaining = [] if leave_out_all else [pk for pk in refused if pk not in leave_out]
    if remaining:
        raise Refusal(
            _("%(count)s rows are refused. Correct them in the file and submit it again, or leave them out on purpose.")
            % {"count": len(remaining)},
            code="refused_rows",
        )
    wanted = [line for line in lines if line.kind != LineKind.REFUSED]
    if not wanted:
        raise Refusal(
            _("Nothing in this file is new or changed, so there is nothing to take over."), code="nothing_new"
        )
    import_write.write_lines(batch=locked, lines=wanted, by=by)
    BatchLine.objects.filter(pk__in=refused).update(state=LineState.LEFT_OUT)
    locked.state, locked.version = BatchState.DRAFT, locked.version + 1
    save_tracked(locked, action="batch.accept", by=by, fields=["state", "version"])
    return locked


def _locked(batch: ListingBatch, *, version: int, states: Collection[str], by) -> ListingBatch:
    """The batch, locked, if this user may work on it and it still is as they saw it."""
    access_of(by).require(Permission.BATCH_SUBMIT, batch.project_id)
    locked = ListingBatch.every.select_for_update(of=("self",)).select_related("project", "made_by").get(pk=batch.pk)
    if locked.version != version or locked.state not in states:
        raise Conflict(
            _("Batch %(batch)s is “%(state)s” by now. Reload the page to see where it stands.")
            % {"batch": locked.number, "state": locked.get_state_display()},
            code="moved_on",
        )
    return locked


def units_of(batch: ListingBatch) -> int:
    """How many units the batch has entered."""
    return Unit.every.filter(batch=batch).count()
