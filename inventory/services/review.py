"""Review of listings (R1.4): batches and units are submitted, approved by somebody else, or returned with comments.

The decision itself is an Approval of kind `listing.batch`, so that a batch stands in the one inbox and four eyes are checked
in one place: neither who submits nor who entered a unit approves it.
"""

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import BatchLine, ListingBatch, Project, Unit
from inventory.models.batch import LineKind, LineState
from inventory.queries import review as queries
from inventory.queries.standing import standing
from inventory.services import stages, stops, units
from inventory.services.import_write import Names, assign
from inventory.states import BATCH_TABLE, CLAIMED, BatchState, Lock, Review, Status
from salescontrol.core import approvals, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked, update_tracked
from salescontrol.core.models import Approval
from salescontrol.core.numbering import next_number
from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import move
from salescontrol.core.words import listed

KIND = "listing.batch"
NAMED = 20
# Whoever did one of these to a draft entered some of it and does not approve it (R1.4).
ENTRIES = ("unit.enter", "unit.change_draft", "unit.stack_fill")


@transaction.atomic
def submit_batch(*, batch: ListingBatch, by, note: str = "") -> Approval:
    """Hand the batch's open drafts, and its changes of approved units, to the supervisor.

    Changes of units that moved on since the file was read are left out and say so. Raises Conflict when the batch is with the
    supervisor already, Refusal when it holds nothing to submit.
    """
    Project.objects.select_for_update(no_key=True).get(pk=batch.project_id)
    locked = ListingBatch.every.select_for_update(of=("self",)).select_related("project").get(pk=batch.pk)
    drafts = _drafts(locked)
    changes = _fresh_changes(locked)
    if not drafts and not changes:
        _check_open(locked, by)
        raise Refusal(
            _("There is nothing to submit in batch %(batch)s: no draft and no change that waits.")
            % {"batch": locked.number},
            code="nothing_to_submit",
        )
    moved = move(
        BATCH_TABLE,
        "batch.submit",
        locked,
        by=by,
        project_id=locked.project_id,
        submitted_by=by,
        submitted_at=clock.now(),
        version=locked.version + 1,
    )
    _mark_submitted(drafts, by)
    _lock_changed(moved, changes, by)
    BatchLine.objects.filter(batch=moved, unit__in=[unit.pk for unit in drafts]).update(state=LineState.ENTERED)
    return _ask(moved, drafts, changes, by=by, note=note)


@transaction.atomic
def submit_units(*, project: Project, unit_ids: Collection[int], visible, by, note: str = "") -> list[Approval]:
    """Hand drafts that were typed in, or corrected after a return, to the supervisor; returns one request per batch.

    `visible`: the units that this user may see. Units without a batch form a new one. All open drafts of a batch go together.
    """
    access_of(by).require(Permission.BATCH_SUBMIT, project.pk)
    chosen = units.locked(unit_ids, visible=visible.filter(project=project, review__in=queries.OPEN))
    if not chosen:
        raise Refusal(_("Choose at least one draft."), code="nothing_to_submit")
    loose = [unit for unit in chosen if unit.batch_id is None]
    batches = {unit.batch_id for unit in chosen} - {None}
    if loose:
        batches.add(_new_batch(project, loose, by).pk)
    return [
        submit_batch(batch=batch, by=by, note=note)
        for batch in ListingBatch.every.filter(pk__in=batches).order_by("pk")
    ]


def _new_batch(project: Project, loose: Sequence[Unit], by) -> ListingBatch:
    """A batch for units that were typed in one by one (R1.1: a batch is a file or a form)."""
    batch = ListingBatch(
        project=project,
        number=next_number(project.code, clock.today(project.zone).year, "LB"),
        title=_("Entered by form"),
        state=BatchState.DRAFT,
        made_by=by,
    )
    save_tracked(batch, action="batch.enter", by=by)
    for unit in loose:
        unit.batch = batch
    update_tracked(loose, ["batch"], action="unit.join_batch", by=by)
    return batch


@transaction.atomic
def approve_batch(*, batch: ListingBatch, by, comment: str = "") -> Approval:
    """Approve the whole batch as its request asks (see `_apply`); the way of the review page into the one mechanism."""
    return approvals.decide(approval_id=_pending(batch).pk, by=by, agree=True, comment=comment)


@transaction.atomic
def return_batch(*, batch: ListingBatch, by, comment: str) -> Approval:
    """Return the whole batch with a comment; its units can be corrected and submitted again."""
    return approvals.decide(approval_id=_pending(batch).pk, by=by, agree=False, comment=comment)


@transaction.atomic
def return_units(*, batch: ListingBatch, unit_ids: Collection[int], by, comment: str) -> list[Unit]:
    """Return some units of a submitted batch with a comment; the rest stays with the supervisor.

    Raises Forbidden for whoever could not decide the batch, Refusal without a comment or a unit, Conflict when the batch is
    decided. When no unit and no change is left, the batch itself is returned.
    """
    approval = _pending(batch)
    locked = _locked_submitted(batch)
    approvals.require_decider(approval=approval, by=by)
    if not comment.strip():
        raise Refusal(
            _("Say why you return it: the author reads it."),
            code="no_comment",
            fields={"comment": [_("Say why you return it.")]},
        )
    chosen = units.locked(unit_ids, visible=Unit.every.filter(batch=locked, review=Review.SUBMITTED))
    if not chosen:
        raise Refusal(_("Choose at least one unit that waits for the review."), code="nothing_chosen")
    if len(chosen) == _submitted(locked).count() and not queries.waiting_changes(locked).exists():
        approvals.decide(approval_id=approval.pk, by=by, agree=False, comment=comment)
        return chosen
    _mark(chosen, Review.RETURNED, comment=comment, action="unit.return", by=by)
    _line_states(locked, chosen, LineState.RETURNED, comment)
    _tell_returned(locked, chosen, comment, by)
    return chosen


def _check_open(batch: ListingBatch, by) -> None:
    access_of(by).require(Permission.BATCH_SUBMIT, batch.project_id)
    if batch.state not in BATCH_TABLE["batch.submit"].sources:
        raise Conflict(
            _("%(row)s is %(state)s by now, so this cannot be done. Reload the page to see where it stands.")
            % {"row": batch.number, "state": batch.get_state_display()},
            code="wrong_state",
        )


def _drafts(batch: ListingBatch) -> list[Unit]:
    open_units = Unit.every.filter(batch=batch, review__in=queries.OPEN)
    return list(open_units.select_for_update(of=("self",)).order_by("pk").select_related("project"))


def _submitted(batch: ListingBatch):
    return Unit.every.filter(batch=batch, review=Review.SUBMITTED)


def _is_stale(line: BatchLine) -> bool:
    """Whether the line's unit is another one than was read, or claimed meanwhile."""
    unit = line.unit
    return unit is None or unit.version != line.unit_version or standing(unit) in CLAIMED


def _fresh_changes(batch: ListingBatch) -> list[BatchLine]:
    """The changed lines whose unit is still as it was read; the others are left out with a comment that says why."""
    lines = list(queries.waiting_changes(batch).select_related("unit"))
    stale = [line for line in lines if _is_stale(line)]
    for line in stale:
        line.state = LineState.LEFT_OUT
        line.comment = _(
            "The unit was changed, held or sold meanwhile. Read the file again to propose this change anew."
        )
    BatchLine.objects.bulk_update(stale, ["state", "comment"], batch_size=500)
    return [line for line in lines if line.state != LineState.LEFT_OUT]


def _mark_submitted(drafts: Sequence[Unit], by) -> None:
    for unit in drafts:
        unit.submitted_by = by
    _mark(drafts, Review.SUBMITTED, comment="", action="unit.submit", by=by)


def _mark(chosen: Sequence[Unit], review: str, *, comment: str, action: str, by) -> None:
    for unit in chosen:
        unit.review, unit.review_comment = review, comment.strip()[:300]
    update_tracked(chosen, ["review", "review_comment", "submitted_by"], action=action, by=by)


def _lock_changed(batch: ListingBatch, changes: Sequence[BatchLine], by) -> None:
    """Approved units stay as they are, and get no new claim, while a change of them is undecided (domain B2.3)."""
    changed = units.locked([line.unit_id for line in changes], visible=Unit.every.all())
    blocked = [unit for unit in changed if {Lock.CHANGE.value, Lock.PRICE.value} & set(unit.lock_codes)]
    if blocked:
        raise Conflict(
            _(
                "These units are locked by another undecided change: %(units)s. Wait for that decision or leave them out."
            )
            % {"units": name_some([unit.number for unit in blocked])},
            code="locked",
        )
    BatchLine.objects.filter(pk__in=[line.pk for line in changes]).update(state=LineState.ENTERED)
    reason = _("Change in batch %(batch)s waits for the review") % {"batch": batch.number}
    units.lay_locks(units=changed, kind=Lock.CHANGE, reason=reason, by=by, reference=_reference(batch))


def _reference(batch: ListingBatch) -> str:
    return f"batch:{batch.pk}"


def _ask(batch: ListingBatch, drafts: Sequence[Unit], changes: Sequence[BatchLine], *, by, note: str) -> Approval:
    entries = Unit.history.filter(id__in=[unit.pk for unit in drafts], history_change_reason__in=ENTRIES)
    authors = {batch.made_by_id, by.pk, *(unit.entered_by_id for unit in drafts)}
    authors |= set(entries.values_list("history_user", flat=True)) - {None}
    return approvals.request(
        kind=KIND,
        by=by,
        subject=str(batch),
        reason=note.strip() or batch.note or batch.title,
        project_id=batch.project_id,
        target_id=batch.pk,
        after={
            "project": batch.project.code,
            "units": {str(unit.pk): unit.version for unit in drafts},
            "new": len(drafts),
            "changed": len(changes),
        },
        effect=stages.who_decides(batch.project_id, authors),
        authors=authors,
    )


def _pending(batch: ListingBatch) -> Approval:
    """The request about the batch, locked: whoever decides locks it before the batch as well."""
    pending = Approval.objects.filter(kind=KIND, target_id=batch.pk, state=Approval.State.PENDING)
    found = pending.select_for_update(of=("self",)).first()
    if found is None:
        raise Conflict(
            _("Batch %(batch)s does not wait for a decision any more. Reload the page to see where it stands.")
            % {"batch": batch.number},
            code="decided",
        )
    return found


def _locked_submitted(batch: ListingBatch) -> ListingBatch:
    return ListingBatch.every.select_for_update(of=("self",)).select_related("project").get(pk=batch.pk)


def _apply(approval: Approval, by) -> None:
    """Approve every submitted unit that has what it needs, and carry out the changes; all or nothing.

    Raises Refusal listing what is missing per unit, Conflict naming units that changed since they were submitted.
    """
    Project.objects.select_for_update(no_key=True).get(pk=approval.project_id)
    batch = ListingBatch.every.select_for_update(of=("self",)).select_related("project").get(pk=approval.target_id)
    about = {
        *_submitted(batch).values_list("pk", flat=True),
        *queries.waiting_changes(batch).values_list("unit", flat=True),
    }
    chosen: dict[int | None, Unit] = {unit.pk: unit for unit in units.locked(about, visible=Unit.every.all())}
    submitted = [unit for unit in chosen.values() if unit.review == Review.SUBMITTED]
    changes = list(queries.waiting_changes(batch))
    for line in changes:
        line.unit = chosen[line.unit_id]
    _refuse_stale(submitted, approval.after["units"], changes)
    _refuse_incomplete(batch.project, submitted)
    represented = access_of(by).deputy_of.get(batch.project_id)
    units.record_moves(
        units=submitted,
        action="unit.approve",
        to=Status.WITHHELD,
        by=by,
        reason="",
        approval=approval,
        on_behalf_of_id=represented,
        review=Review.APPROVED,
        review_comment="",
    )
    stops.cover(submitted)
    _line_states(batch, submitted, LineState.APPROVED, "")
    _carry_out(batch, changes, by)
    move(
        BATCH_TABLE,
        "batch.approve",
        batch,
        by=by,
        project_id=batch.project_id,
        approved=True,
        version=batch.version + 1,
    )


def _refuse_stale(submitted: Sequence[Unit], versions: Mapping[str, int], changes: Sequence[BatchLine]) -> None:
    stale = [unit.number for unit in submitted if versions.get(str(unit.pk)) != unit.version]
    stale += [line.label for line in changes if _is_stale(line)]
    if stale:
        raise Conflict(
            _("These units changed since they were submitted, so nothing was approved: %(units)s. Return the batch.")
            % {"units": name_some(stale)},
            code="stale",
        )


def _refuse_incomplete(project: Project, submitted: Sequence[Unit]) -> None:
    missing = queries.missing_for_approval(project, submitted)
    if missing:
        numbers = {unit.pk: unit.number for unit in submitted}
        named = [
            _("%(unit)s (%(facts)s)") % {"unit": numbers[pk], "facts": listed(queries.labels(codes))}
            for pk, codes in missing.items()
        ]
        raise Refusal(
            _(
                "Nothing was approved: %(count)s units lack something. %(units)s. Return these, or have the project relax it."
            )
            % {"count": len(missing), "units": name_some(named)},
            code="incomplete",
        )


def name_some(names: Sequence[str], limit: int = NAMED) -> str:
    """The first of the names, and how many more there are."""
    if len(names) <= limit:
        return listed(names)
    return _("%(names)s and %(count)s more") % {"names": listed(names[:limit]), "count": len(names) - limit}


def _carry_out(batch: ListingBatch, changes: Sequence[BatchLine], by) -> None:
    """Write the changes of approved units and lift their locks."""
    by_unit = {line.unit_id: line for line in changes}
    changed = units.locked(by_unit, visible=Unit.every.all())
    names, touched = Names(batch.project, by=by), {"version"}
    for unit in changed:
        touched |= {*assign(unit, by_unit[unit.pk].after, names)}
        unit.version += 1
    update_tracked(changed, sorted(touched), action="unit.change", by=by)
    units.lift_locks(units=changed, kind=Lock.CHANGE, by=by, reference=_reference(batch))
    stops.cover(changed)
    BatchLine.objects.filter(pk__in=[line.pk for line in changes]).update(state=LineState.APPROVED, comment="")


def _line_states(batch: ListingBatch, chosen: Sequence[Unit], state: str, comment: str) -> None:
    kinds = [LineKind.NEW, LineKind.CHANGED]
    lines = BatchLine.objects.filter(batch=batch, kind__in=kinds, unit__in=[unit.pk for unit in chosen])
    lines.update(state=state, comment=comment.strip()[:300])


def _closed(approval: Approval, by) -> None:
    """The request ended without approval: returned with its comment, withdrawn, or out of date."""
    batch = ListingBatch.every.select_for_update(of=("self",)).select_related("project").get(pk=approval.target_id)
    returned = approval.state == Approval.State.RETURNED
    comment = approvals.last_comment(approval)
    open_units = units.locked(_submitted(batch).values_list("pk", flat=True), visible=_submitted(batch))
    review, action = (Review.RETURNED, "unit.return") if returned else (Review.DRAFT, "unit.withdraw")
    _mark(open_units, review, comment=comment, action=action, by=by)
    state = LineState.RETURNED if returned else LineState.ENTERED
    _line_states(batch, open_units, state, comment)
    changes = list(queries.waiting_changes(batch))
    changed = units.locked([line.unit_id for line in changes], visible=Unit.every.all())
    units.lift_locks(units=changed, kind=Lock.CHANGE, by=by, reference=_reference(batch))
    BatchLine.objects.filter(pk__in=[line.pk for line in changes]).update(state=state, comment=comment[:300])
    action = "batch.return" if returned else "batch.withdraw"
    move(BATCH_TABLE, action, batch, by=by, project_id=batch.project_id, approved=True, version=batch.version + 1)


def _tell_returned(batch: ListingBatch, chosen: Sequence[Unit], comment: str, by) -> None:
    notices.tell(
        {batch.submitted_by, *(unit.entered_by for unit in chosen)},
        "units.returned",
        key=f"returned-{batch.pk}-{chosen[0].pk}-{clock.now():%Y%m%d%H%M%S%f}",
        url=reverse("inventory:batch_review", args=[batch.project.code, batch.pk]),
        project_id=batch.project_id,
        by=str(by),
        batch=batch.number,
        units=name_some([unit.number for unit in chosen]),
        comment=comment.strip(),
    )


def _version(batch_id: int) -> int:
    return ListingBatch.every.values_list("version", flat=True).get(pk=batch_id)


def _present(approval: Approval, access) -> list:
    lines = [(_("New units"), "", str(approval.after["new"]))]
    if approval.after["changed"]:
        lines.append((_("Changes of approved units"), "", str(approval.after["changed"])))
    return lines


def _url(approval: Approval) -> str:
    return reverse("inventory:batch_review", args=[approval.after["project"], approval.target_id])


def register() -> None:
    """Make batches decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Batch of units"),
            stages=stages.steps,
            apply=_apply,
            present=_present,
            url=_url,
            version=_version,
            closed=_closed,
        ),
    )
    notices.register(
        "units.returned", gettext_lazy("%(by)s returned units of batch %(batch)s: %(units)s. Comment: %(comment)s")
    )


@transaction.atomic
def relax_review(*, project: Project, facts: Collection[str], reason: str, by) -> Project:
    """Say which facts units of the project may lack at approval, and why (decisions 10). An empty selection demands all again."""
    access_of(by).require(Permission.PROJECT_SETTINGS, project.pk)
    unknown = set(facts) - set(queries.RELAXABLE)
    if unknown:
        raise Refusal(_("These facts are always needed."), code="always_needed", fields={"facts": [_("Choose again.")]})
    if facts and not reason.strip():
        raise Refusal(
            _("Give the reason: it is kept with the project."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    locked.optional_before_approval = [code for code in queries.RELAXABLE if code in facts]
    locked.optional_reason = reason.strip()[:200]
    return save_tracked(
        locked,
        action="project.relax_review",
        by=by,
        fields=["optional_before_approval", "optional_reason"],
        reason=reason,
    )
