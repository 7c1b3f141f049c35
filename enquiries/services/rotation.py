"""Turns are taken, skipped and swapped; who goes out and comes back is noted 轮接. Each is written once and stays.

The project's row of `Rotation` is locked while a turn is given: two desks that save at one moment give two turns to two people.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from enquiries.models import Call, Customer, Rotation, RotationTurn, Visit
from enquiries.queries import rotation as query
from enquiries.states import Line, SkipReason, TurnKind
from inventory.models import Project
from inventory.services.assignment import salespeople
from salescontrol.core import clock, options
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


def host(project: Project, customer: Customer | None, line: Line) -> Any:
    """To whom this caller or visitor goes without a turn: whose customer they are, else who received them before; or None.

    Only salespeople who work in the project; by the settings, nobody.
    """
    if customer is None or not options.value("rotation.owner_first", project.pk):
        return None
    people = {person.pk: person for person in salespeople(project)}
    if customer.owner_id in people:
        return people[customer.owner_id]
    if line != Line.VISIT:
        return None
    received = Visit.every.filter(customer=customer, salesperson__in=people).order_by("-at", "-pk")
    return people.get(received.values_list("salesperson", flat=True).first())


def give_turn(*, project: Project, line: Line) -> Any:
    """Whose turn it is, kept from everybody else until the caller's transaction has ended; None when nobody is on duty."""
    _locked(project)
    first = query.next_up(project, query.line_for(project, line), salespeople(project))
    return first.person if first else None


def take_turn(
    *, project: Project, line: Line, salesperson: Any, by, call: Call | None = None, visit: Visit | None = None
) -> RotationTurn | None:
    """The salesperson took this caller or visitor; out of turn when it was somebody else's. Needs the caller's transaction.

    None for somebody who works in the project no more: they stand in no order.
    """
    people = salespeople(project)
    if salesperson not in people:
        return None
    _locked(project)
    line = query.line_for(project, line)
    first = query.next_up(project, line, people)
    other = first.person if first and first.person != salesperson else None
    return _write(
        project, line, TurnKind.TAKEN, salesperson, by, moves=True, other=other, out_of_turn=other is not None, call=call,
        visit=visit,
    )  # fmt: skip


def skip_turn(
    *, op_id: uuid.UUID, project: Project, line: Line, salesperson: Any, reason: str, note: str = "", by
) -> RotationTurn:
    """Who is next does not take this one; they keep the turn or lose it, as the settings say at this moment.

    Raises Forbidden, Refusal (`no_reason`), Conflict `not_next`.
    """

    def run() -> RotationTurn:
        first = query.next_up(project, line, salespeople(project))
        if first is None or first.person != salesperson:
            raise Conflict(
                _("It is not the turn of %(name)s any more. Look at the order again.") % {"name": salesperson.name},
                code="not_next",
            )
        moves = not options.value("rotation.keep", project.pk)
        return _write(project, line, TurnKind.SKIPPED, salesperson, by, moves=moves, reason=reason, note=note)

    _require_reason(reason, note)
    content = {"line": line, "salesperson": salesperson.pk, "reason": reason, "note": note}
    return _once(op_id, project, "rotation.skip", content, by, run)


def swap_turns(
    *, op_id: uuid.UUID, project: Project, line: Line, first: Any, second: Any, note: str = "", by
) -> RotationTurn:
    """Two salespeople stand in each other's place from now on. Raises Forbidden, Refusal (`same`, `no_salesperson`)."""

    def run() -> RotationTurn:
        places = query.places(project, line, (first, second))
        for person, other in ((first, second), (second, first)):
            row = _write(project, line, TurnKind.SWAPPED, person, by, other=other, place=places[other.pk], note=note)
        return row

    _require_people(project, first=first, second=second)
    if first == second:
        message = _("Choose two different people.")
        raise Refusal(message, code="same", fields={"second": [message]})
    content = {"line": line, "first": first.pk, "second": second.pk, "note": note}
    return _once(op_id, project, "rotation.swap", content, by, run)


def go_out(*, op_id: uuid.UUID, project: Project, salesperson: Any, reason: str, note: str = "", by) -> RotationTurn:
    """The salesperson is passed over until they are back, or the day ends. Raises Forbidden, Refusal, Conflict `out`."""

    def run() -> RotationTurn:
        if salesperson.pk in query.out_today(project):
            raise Conflict(_("%(name)s is out already.") % {"name": salesperson.name}, code="out")
        return _write(project, Line.BOTH, TurnKind.OUT, salesperson, by, reason=reason, note=note)

    _require_people(project, salesperson=salesperson)
    _require_reason(reason, note)
    content = {"salesperson": salesperson.pk, "reason": reason, "note": note}
    return _once(op_id, project, "rotation.out", content, by, run)


def come_back(*, op_id: uuid.UUID, project: Project, salesperson: Any, by) -> RotationTurn:
    """The salesperson stands in the order again, where they stood. Raises Forbidden, Conflict `not_out`."""

    def run() -> RotationTurn:
        if salesperson.pk not in query.out_today(project):
            raise Conflict(_("%(name)s is not out.") % {"name": salesperson.name}, code="not_out")
        return _write(project, Line.BOTH, TurnKind.BACK, salesperson, by)

    return _once(op_id, project, "rotation.back", {"salesperson": salesperson.pk}, by, run)


def _once(
    op_id: uuid.UUID, project: Project, action: str, content: dict, by, run: Callable[[], RotationTurn]
) -> RotationTurn:
    """Do it once for each form, the order locked meanwhile; for who logs calls (the desk)."""
    access_of(by).require(Permission.CALL_LOG, project.pk)

    def locked() -> dict:
        _locked(project)
        return {"turn": run().pk}

    found = once(op_id=op_id, by=by, action=action, content={"project": project.pk, **content}, run=locked)
    return RotationTurn.objects.get(pk=found["turn"])


def _locked(project: Project) -> None:
    assert transaction.get_connection().in_atomic_block, (
        "a turn is given inside its caller's transaction (decisions 20)"
    )
    Rotation.objects.get_or_create(project=project)
    Rotation.objects.select_for_update(of=("self",), no_key=True).get(project=project)


def _write(
    project: Project, line: Line, kind: TurnKind, salesperson: Any, by, *, moves: bool = False, note: str = "", **facts
) -> RotationTurn:
    """Write one line of the order; `moves`: the salesperson stands behind everybody from here on. The order is locked."""
    now = clock.now()
    if moves:
        last = RotationTurn.objects.filter(project=project).aggregate(last=Max("place"))["last"]
        facts["place"] = max(now, last + timedelta(microseconds=1)) if last else now
    return RotationTurn.objects.create(
        project=project, line=line, kind=kind, salesperson=salesperson, by=by, at=now, note=note.strip()[:200], **facts
    )


def _require_reason(reason: str, note: str) -> None:
    if reason not in SkipReason.values:
        message = _("Choose the reason.")
        raise Refusal(message, code="no_reason", fields={"reason": [message], "skip_reason": [message]})
    if reason == SkipReason.OTHER and not note.strip():
        message = _("Say what the reason is.")
        raise Refusal(message, code="no_reason", fields={"note": [message], "skip_note": [message]})


def _require_people(project: Project, **people: Any) -> None:
    known = salespeople(project)
    for name, person in people.items():
        if person not in known:
            message = _("%(name)s is no salesperson of this project.") % {"name": person}
            raise Refusal(message, code="no_salesperson", fields={name: [message]})
