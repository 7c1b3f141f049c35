"""Lists of customers or calls that an office brings along: handed over, read in the background, looked at, accepted, written (R2.5).

READING → PREVIEW or REFUSED; a person accepts the preview: WRITING → DONE, in one transaction in the background, or back to READING
when customers changed meanwhile. The file lies sealed; what it says of people is forgotten `KEPT` after the end (R7.3).
"""

import json
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.intake.reading import read
from enquiries.models import Intake, IntakeLine
from enquiries.services import intake_write
from enquiries.services.handed import OPEN, as_seen, locked_row, move
from enquiries.services.intake_plan import Plan, Planned, make_plan
from enquiries.states import IntakeContent, IntakeKind, IntakeState
from inventory.importing import Refused, read_grid_of
from inventory.models import Project
from salescontrol.core import audit, clock, files, jobs, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Level
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission

log = structlog.get_logger(__name__)
READ_TOPIC, WRITE_TOPIC = "intake.read", "intake.write"
KEPT = timedelta(days=30)
WRITTEN = (IntakeKind.NEW, IntakeKind.FILLS)
notices.assign_group("intake", "files")
notices.register(
    "intake.preview",
    gettext_lazy("Import %(number)s was read: %(new)s new, %(fills)s known with gaps to fill, %(refused)s refused. Look at the preview."),
)  # fmt: skip
notices.register("intake.refused", gettext_lazy("Import %(number)s could not be read. Its page says why."))
notices.register(
    "intake.done", gettext_lazy("Import %(number)s was taken over: %(new)s new, %(fills)s with gaps filled.")
)
notices.register(
    "customer.imported", gettext_lazy("Customers from an import that are yours to look after now: %(count)s.")
)
notices.register("call.imported", gettext_lazy("Calls from an import that stand under your name now: %(count)s."))


@transaction.atomic
def submit_file(*, project: Project, content: str, upload: Any, by, note: str = "") -> Intake:
    """Keep a list sealed, with who and when, and have it read in the background.

    `upload`: an uploaded file (`name`, `size`, `chunks()`). Raises Forbidden, Refusal (`content`) and what `files.take_in` raises.
    """
    access_of(by).require(Permission.CUSTOMER_IMPORT, project.pk)
    if content not in IntakeContent.values:
        message = _("Choose what the file holds.")
        raise Refusal(message, code="content", fields={"content": [message]})
    kept = files.take_in(upload, by=by, kinds=("sheet",), level=Level.CONFIDENTIAL, sealed=True)
    row = Intake(
        project=project, number=next_number(project.code, clock.today(project.zone).year, "CI"), content=content, file=kept,
        note=note.strip()[:300], made_by=by,
    )  # fmt: skip
    save_tracked(row, action="intake.submit", by=by)
    jobs.enqueue(READ_TOPIC, intake_id=row.pk)
    return row


def read_intake(*, intake_id: int) -> Intake:
    """Read the file and keep what it would do; done again after an interruption it gives the same.

    Not one transaction: the progress is seen while it runs. The lines and the new state are written together at the end.
    """
    intake = Intake.every.select_related("project", "file", "made_by").get(pk=intake_id)
    if intake.state != IntakeState.READING:
        return intake
    _show(intake, 5)
    try:
        listing = read(read_grid_of(files.content_of(intake.file), name=intake.file.name), intake.content)
    except Refused as refused:
        return _finish(intake, IntakeState.REFUSED, {"refused": refused.code, "params": refused.params})
    _show(intake, 20)
    plan = make_plan(
        project=intake.project, content=intake.content, listing=listing, progress=partial(_planned, intake)
    )
    outcome = {
        "counts": plan.counts(), "remarks": [*intake.outcome.get("remarks", ()), *listing.remarks],
        "skipped": listing.skipped, "blank_rows": listing.blank_rows,
    }  # fmt: skip
    return _finish(intake, IntakeState.PREVIEW, outcome, plan)


@transaction.atomic
def accept(*, intake: Intake, version: int, leave_out: bool = False, by) -> Intake:
    """Accept the preview; it is written in the background. `leave_out`: the refused rows stay out on purpose.

    Raises Forbidden, Refusal (`refused_rows`, `nothing_new`), Conflict `moved_on`.
    """
    locked = _locked(intake, version=version, states=(IntakeState.PREVIEW,), by=by)
    counts = locked.outcome["counts"]
    if counts["refused"] and not leave_out:
        raise Refusal(
            _("%(count)s rows are refused. Correct them in the file and submit it again, or leave them out on purpose.")
            % {"count": counts["refused"]},
            code="refused_rows",
        )
    if not counts["new"] and not counts["fills"]:
        raise Refusal(_("Nothing in this file is new, so there is nothing to take over."), code="nothing_new")
    locked.accepted_by = by
    move(locked, IntakeState.WRITING, "intake.accept", by)
    jobs.enqueue(WRITE_TOPIC, intake_id=locked.pk)
    return locked


def write_intake(*, intake_id: int) -> Intake:
    """Write an accepted list, all or nothing; when customers changed since the preview nothing is written and it is read anew."""
    try:
        with transaction.atomic():
            return _write(intake_id)
    except (IntegrityError, Conflict) as error:
        log.warning("intake_stale", intake=intake_id, kind=type(error).__name__)
    with transaction.atomic():
        locked = locked_row(Intake, intake_id)
        if locked.state == IntakeState.WRITING:
            _read_anew(locked, "intake.stale", locked.accepted_by, [("changed_meanwhile", {})])
    return locked


@transaction.atomic
def read_again(*, intake: Intake, version: int, by) -> Intake:
    """Compare the file with the project once more. Raises Forbidden, Conflict `moved_on`."""
    locked = _locked(intake, version=version, states=(IntakeState.PREVIEW,), by=by)
    _read_anew(locked, "intake.read_again", by, [])
    return locked


@transaction.atomic
def discard(*, intake: Intake, version: int, by) -> Intake:
    """Give the import up before anything was written; the file and what was read of it are forgotten at once.

    Raises Forbidden, Conflict `moved_on`.
    """
    locked = _locked(intake, version=version, states=OPEN, by=by)
    move(locked, IntakeState.DISCARDED, "intake.discard", by)
    _forget(locked)
    return locked


def forget_naming(*, project_id: int, ids: Collection[int], numbers: Collection[str], by) -> None:
    """Forget every import of the project that named one of these customers, or holds one of these phone or paper numbers: what its
    rows said and the file (R7.6). What was not accepted is given up; the office can hand the file in again without them.

    Needs the caller's transaction. Raises Conflict `bound` while such an import is being written.
    """
    for locked in [
        locked_row(Intake, pk)
        for pk in Intake.every.filter(project=project_id, dropped_at=None).values_list("pk", flat=True)
    ]:
        if not _names(locked, ids, numbers):
            continue
        if locked.state == IntakeState.WRITING:
            raise Conflict(
                _("Import %(number)s names the customer and is being written. Wait until it is done.")
                % {"number": locked.number},
                code="bound",
            )
        if locked.state != IntakeState.DONE:
            move(locked, IntakeState.DISCARDED, "intake.discard", by)
        _forget(locked)


def _names(intake: Intake, ids: Collection[int], numbers: Collection[str]) -> bool:
    if intake.lines.filter(Q(customer__in=ids) | Q(call__customer__in=ids)).exists():
        return True
    texts = (json.dumps(content) for content in intake.lines.values_list("content", flat=True).iterator(chunk_size=500))
    return any(number in text for text in texts for number in numbers)


def forget_old() -> int:
    """Forget the files and rows of imports that ended, or that nobody decided on, `KEPT` ago. Returns how many. Repeatable."""
    before = clock.now() - KEPT
    rows = Intake.every.filter(dropped_at__isnull=True, made_at__lt=before).exclude(done_at__gte=before)
    return sum(_forget_old(pk) for pk in rows.exclude(state=IntakeState.WRITING).values_list("pk", flat=True))


@transaction.atomic
def note_seen(*, intake: Intake, by) -> None:
    """The rows of this import are about to be shown (R7.5)."""
    audit.record("intake.see", by=by, project_id=intake.project_id, target=intake)


@transaction.atomic
def take_out(*, intake: Intake, by) -> bytes:
    """The file's content for a workbook with the problems marked; the act is on record first. Raises Forbidden, NotVisible."""
    access = access_of(by)
    access.require(Permission.CUSTOMER_IMPORT, intake.project_id)
    access.require(Permission.CUSTOMER_REVEAL, intake.project_id)
    if intake.dropped_at is not None:
        raise NotVisible(_("What this file said was forgotten; only its counts are kept."))
    audit.record("intake.download", by=by, project_id=intake.project_id, target=intake)
    return files.content_of(intake.file)


def _show(intake: Intake, percent: int) -> None:
    """Let the waiting page see how far the work is."""
    Intake.every.filter(pk=intake.pk).update(progress=percent)


def _planned(intake: Intake, done: int, of: int) -> None:
    _show(intake, 20 + 60 * done // max(of, 1))


@transaction.atomic
def _finish(intake: Intake, state: IntakeState, outcome: dict[str, Any], plan: Plan | None = None) -> Intake:
    locked = locked_row(Intake, intake.pk)
    if locked.state != IntakeState.READING or locked.version != intake.version:
        return locked
    lapsing = outcome.get("counts", {}).get("lapsing", 0)
    if lapsing:
        outcome["remarks"].append(("lapsing", {"count": lapsing}))
    locked.outcome, locked.progress = outcome, 100
    _keep(locked, plan.lines if plan else [])
    locked.state = state
    save_tracked(locked, action="intake.read", by=locked.made_by, fields=["state", "outcome", "progress"])
    _tell([locked.accepted_by or locked.made_by], f"intake.{state.lower()}", locked, **outcome.get("counts", {}))
    return locked


def _keep(intake: Intake, planned: list[Planned]) -> None:
    """Replace the import's lines by what was planned."""
    intake.lines.all().delete()
    IntakeLine.objects.bulk_create((_line(intake, line) for line in planned), batch_size=500)


def _line(intake: Intake, line: Planned) -> IntakeLine:
    given = line.row.values
    number = next(iter(given.get("phones", ())), given.get("phone", ""))
    content = {
        "values": line.values,
        "problems": line.row.as_json(),
        "name": given.get("name", "")[:60],
        "phone": number,
    }
    return IntakeLine(
        intake=intake, sheet=line.row.source.sheet[:60], row=line.row.source.row, kind=line.kind, content=content,
        customer=line.customer, customer_version=line.customer.version if line.customer else 0,
    )  # fmt: skip


def _write(intake_id: int) -> Intake:
    """Write the lines of an import whose preview was accepted. Needs the caller's transaction."""
    project_id = Intake.every.values_list("project_id", flat=True).get(pk=intake_id)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    locked = locked_row(Intake, intake_id)
    if locked.state != IntakeState.WRITING:
        return locked
    lines = list(locked.lines.filter(kind__in=WRITTEN))
    given = intake_write.write_lines(intake=locked, lines=lines, by=locked.accepted_by)
    # An insert that meets its own row: several times faster than an update of each.
    IntakeLine.objects.bulk_create(
        lines, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=["customer", "call"]
    )
    locked.done_at, locked.progress = clock.now(), 100
    move(locked, IntakeState.DONE, "intake.write", locked.accepted_by)
    people = get_user_model().objects.in_bulk([*given])
    code = "customer.imported" if locked.content == IntakeContent.CUSTOMERS else "call.imported"
    for pk, count in given.items():
        if pk != locked.accepted_by_id:
            _tell([people[pk]], code, locked, count=count)
    _tell([locked.accepted_by], "intake.done", locked, **locked.outcome["counts"])
    return locked


def _tell(people: list, code: str, intake: Intake, **params: Any) -> None:
    """One notice each; who only gets customers or calls is led to the list of them."""
    name, args = "intake", [intake.project.code, intake.pk]
    if not code.startswith("intake."):
        name, args = ("customer_list" if code == "customer.imported" else "call_list"), args[:1]
    notices.tell(
        people, code, key=f"{code}-{intake.number}-{intake.version}", url=reverse(f"enquiries:{name}", args=args),
        project_id=intake.project_id, number=intake.number, **params,
    )  # fmt: skip


def _read_anew(locked: Intake, action: str, by, remarks: list) -> None:
    locked.lines.all().delete()
    locked.outcome, locked.progress = {"remarks": remarks}, 0
    move(locked, IntakeState.READING, action, by)
    jobs.enqueue(READ_TOPIC, intake_id=locked.pk)


def _forget(locked: Intake) -> None:
    """The sealed file and what the rows said go; who handed it over, counts, and what became of which row stay."""
    files.drop(locked.file)
    locked.lines.update(content={})
    locked.outcome = {"counts": locked.outcome.get("counts", {})}
    locked.dropped_at = clock.now()
    save_tracked(locked, action="intake.forget", by=None, fields=["outcome", "dropped_at"])


@transaction.atomic
def _forget_old(pk: int) -> int:
    locked = locked_row(Intake, pk)
    if locked.dropped_at is not None:
        return 0
    if locked.state in (IntakeState.READING, IntakeState.PREVIEW):
        move(locked, IntakeState.DISCARDED, "intake.discard", None)
    _forget(locked)
    return 1


def _locked(intake: Intake, *, version: int, states: Collection[str], by) -> Intake:
    """The import, locked, if this user may work on it and it still is as they saw it."""
    access_of(by).require(Permission.CUSTOMER_IMPORT, intake.project_id)
    return as_seen(intake, version=version, states=states)
