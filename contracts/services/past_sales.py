"""Past sales that an office brings along when it moves over: handed over, read in the background, looked at, accepted, written (R3.3).

READING → PREVIEW or REFUSED; a person accepts a preview without a refused row: WRITING → DONE, in one transaction in the
background, or back to READING when the project changed meanwhile. The sealed file and what was read of it are forgotten at the end,
and of what nobody decided on after `KEPT` (R7.3).
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import SalesImport
from contracts.services import past_sales_write
from contracts.services.past_sales_plan import Plan, make_plan
from contracts.services.past_sales_read import Sales, read
from enquiries.services.handed import OPEN, as_seen, locked_row, move
from enquiries.states import IntakeState
from inventory.importing import Refused, read_grid_of
from inventory.models import Project
from salescontrol.core import audit, clock, files, jobs, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Level
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission

log = structlog.get_logger(__name__)
READ_TOPIC, WRITE_TOPIC = "past_sales.read", "past_sales.write"
KEPT = timedelta(days=30)
PROBLEMS_KEPT = 500
notices.assign_group("past_sales", "files")
notices.register(
    "past_sales.preview",
    gettext_lazy("Past sales %(number)s were read: %(new)s new, %(unchanged)s known, %(refused)s refused. Look at the preview."),
)  # fmt: skip
notices.register(
    "past_sales.refused", gettext_lazy("Past sales %(number)s could not be read. The page of the import says why.")
)
notices.register("past_sales.done", gettext_lazy("Past sales %(number)s were taken over: %(new)s."))


@transaction.atomic
def submit_file(*, project: Project, upload: Any, create_units: bool, by, note: str = "") -> SalesImport:
    """Keep a file of past sales sealed, with who and when, and have it read in the background.

    `upload`: an uploaded file (`name`, `size`, `chunks()`). Raises Forbidden and what `files.take_in` raises.
    """
    access_of(by).require(Permission.SALES_IMPORT, project.pk)
    row = keep(project=project, upload=upload, create_units=create_units, by=by, note=note)
    jobs.enqueue(READ_TOPIC, import_id=row.pk)
    return row


@transaction.atomic
def keep(*, project: Project, upload: Any, create_units: bool, by, note: str = "") -> SalesImport:
    """Keep the file. Whether `by` may is the caller's: a page asks the roles, a command whoever may run commands on the server."""
    kept = files.take_in(upload, by=by, kinds=("sheet",), level=Level.CONFIDENTIAL, sealed=True)
    row = SalesImport(
        project=project, number=next_number(project.code, clock.today(project.zone).year, "PS"), file=kept,
        create_units=create_units, note=note.strip()[:300], made_by=by,
    )  # fmt: skip
    return save_tracked(row, action="past_sales.submit", by=by)


def read_import(*, import_id: int) -> SalesImport:
    """Read the file and keep what it would do; done again after an interruption it gives the same."""
    row = _found(import_id)
    if row.state != IntakeState.READING:
        return row
    try:
        sales, plan = _planned(row)
    except Refused as refused:
        return _finish(row, IntakeState.REFUSED, {"refused": refused.code, "params": refused.params})
    problems = plan.problems()
    remarks = [*row.outcome.get("remarks", ()), *sales.remarks]
    if plan.counts()["units"]:
        first = plan.first_day
        remarks.append(("units_made", {"count": plan.counts()["units"], "first": first.isoformat() if first else ""}))
    outcome = {
        "counts": plan.counts(), "problems": problems[:PROBLEMS_KEPT], "more_problems": max(len(problems) - PROBLEMS_KEPT, 0),
        "remarks": remarks, "skipped": sales.skipped, "blank_rows": sales.blank_rows,
        "fields": sorted(sales.fields), "people": sorted({line.customer.pk for line in plan.lines if line.customer}),
    }  # fmt: skip
    return _finish(row, IntakeState.PREVIEW, outcome)


@transaction.atomic
def accept(*, row: SalesImport, version: int, by) -> SalesImport:
    """Accept the preview; it is written in the background. Raises Forbidden, Refusal (`refused_rows`, `nothing_new`), Conflict."""
    access_of(by).require(Permission.SALES_IMPORT, row.project_id)
    locked = start_writing(row=row, version=version, by=by)
    jobs.enqueue(WRITE_TOPIC, import_id=locked.pk)
    return locked


@transaction.atomic
def start_writing(*, row: SalesImport, version: int, by) -> SalesImport:
    """Take the preview for accepted. Sales come in all together or not at all: a file with a refused row is corrected first."""
    locked = as_seen(row, version=version, states=(IntakeState.PREVIEW,))
    counts = locked.outcome["counts"]
    if counts["refused"]:
        raise Refusal(
            _(
                "%(count)s rows are refused, so that nothing of this file comes in. Correct them and submit the file again."
            )
            % {"count": counts["refused"]},
            code="refused_rows",
        )
    if not counts["new"]:
        raise Refusal(
            _("Every sale of this file is in the system already. There is nothing to take over."), code="nothing_new"
        )
    locked.accepted_by = by
    move(locked, IntakeState.WRITING, "past_sales.accept", by)
    return locked


def write_import(*, import_id: int) -> SalesImport:
    """Write an accepted import, all or nothing; when the project changed since the preview nothing is written and it is read anew."""
    try:
        with transaction.atomic():
            return _write(import_id)
    except (IntegrityError, Conflict) as error:
        log.warning("past_sales_stale", sales_import=import_id, kind=type(error).__name__)
    with transaction.atomic():
        locked = locked_row(SalesImport, import_id)
        if locked.state == IntakeState.WRITING:
            _read_anew(locked, "past_sales.stale", locked.accepted_by, [("changed_meanwhile", {})])
    return locked


@transaction.atomic
def discard(*, row: SalesImport, version: int, by) -> SalesImport:
    """Give the import up before anything was written; the file and what was read of it are forgotten at once."""
    access_of(by).require(Permission.SALES_IMPORT, row.project_id)
    return give_up(row=as_seen(row, version=version, states=OPEN), by=by)


@transaction.atomic
def give_up(*, row: SalesImport, by) -> SalesImport:
    """The same; whether `by` may is the caller's."""
    locked = as_seen(row, version=row.version, states=OPEN)
    move(locked, IntakeState.DISCARDED, "past_sales.discard", by)
    _forget(locked)
    return locked


@transaction.atomic
def forget_naming(*, ids: Collection[int], by) -> None:
    """Give up every import that is not taken over and names one of these customers (R7.6): the office hands it in again without."""
    waiting = SalesImport.every.filter(dropped_at__isnull=True, project__customers__in=ids).distinct()
    for row in waiting.order_by("pk"):
        if {*ids} & {*row.outcome.get("people", ())}:
            give_up(row=row, by=by)


def forget_old() -> int:
    """Give up and forget the imports that nobody decided on for `KEPT`. Returns how many. Repeatable."""
    waiting = (IntakeState.READING, IntakeState.PREVIEW, IntakeState.REFUSED)
    rows = SalesImport.every.filter(dropped_at__isnull=True, made_at__lt=clock.now() - KEPT, state__in=waiting)
    return sum(_forget_old(pk) for pk in rows.values_list("pk", flat=True))


@transaction.atomic
def _forget_old(pk: int) -> int:
    locked = locked_row(SalesImport, pk)
    if locked.dropped_at is not None or locked.state == IntakeState.WRITING:
        return 0
    move(locked, IntakeState.DISCARDED, "past_sales.discard", None)
    _forget(locked)
    return 1


def _planned(row: SalesImport) -> tuple[Sales, Plan]:
    sales = read(read_grid_of(files.content_of(row.file), name=row.file.name))
    return sales, make_plan(project=row.project, sales=sales, create_units=row.create_units)


@transaction.atomic
def _finish(row: SalesImport, state: IntakeState, outcome: dict[str, Any]) -> SalesImport:
    locked = locked_row(SalesImport, row.pk)
    if locked.state != IntakeState.READING or locked.version != row.version:
        return locked
    locked.outcome, locked.progress, locked.state = outcome, 100, state
    save_tracked(locked, action="past_sales.read", by=locked.made_by, fields=["state", "outcome", "progress"])
    _tell(locked.accepted_by or locked.made_by, f"past_sales.{state.lower()}", locked)
    return locked


def _write(import_id: int) -> SalesImport:
    """Plan once more with the project locked, and write that. Raises Conflict when rows are refused by now."""
    project_id = SalesImport.every.values_list("project_id", flat=True).get(pk=import_id)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    locked = locked_row(SalesImport, import_id)
    if locked.state != IntakeState.WRITING:
        return locked
    _sales, plan = _planned(locked)
    counts = plan.counts()
    if counts["refused"]:
        raise Conflict(_("The project changed since the preview. Look at the new preview."), code="stale")
    past_sales_write.write(project=locked.project, plan=plan, origin=locked.number, by=locked.accepted_by)
    locked.outcome = {**locked.outcome, "counts": counts}
    locked.done_at, locked.progress = clock.now(), 100
    move(locked, IntakeState.DONE, "past_sales.write", locked.accepted_by)
    audit.record("past_sales.write", by=locked.accepted_by, project_id=project_id, target=locked, detail=counts)
    _tell(locked.accepted_by, "past_sales.done", locked)
    _forget(locked)
    return locked


def _tell(person: Any, code: str, row: SalesImport) -> None:
    notices.tell(
        [person], code, key=f"{code}-{row.number}-{row.version}",
        url=reverse("sales:past_import", args=[row.project.code, row.pk]), project_id=row.project_id, number=row.number,
        **row.outcome.get("counts", {}),
    )  # fmt: skip


def _read_anew(locked: SalesImport, action: str, by, remarks: list) -> None:
    locked.outcome, locked.progress = {"remarks": remarks}, 0
    move(locked, IntakeState.READING, action, by)
    jobs.enqueue(READ_TOPIC, import_id=locked.pk)


def _forget(locked: SalesImport) -> None:
    """The sealed file and what its rows said go; who handed it over, and the counts, stay."""
    files.drop(locked.file)
    locked.outcome = {name: locked.outcome[name] for name in ("counts",) if name in locked.outcome}
    locked.dropped_at = clock.now()
    save_tracked(locked, action="past_sales.forget", by=None, fields=["outcome", "dropped_at"])


def _found(pk: int) -> SalesImport:
    return SalesImport.every.select_related("project", "file", "made_by", "accepted_by").get(pk=pk)
