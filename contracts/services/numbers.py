"""The office's numbers 编号 (R3.5, domain B7, B16.9): by its pattern, from a locked sequence, never twice, never again."""

import re
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.models import IssuedNumber, Trade
from contracts.states import NumberKind, NumberState
from inventory.models import Project
from salescontrol.core import clock, options
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.numbering import next_in

PATTERN = "number.pattern"
DEFAULT = "{PROJECT}-{YYYY}-{KIND}-{5}"
# What a pattern may hold: the project's code, the year in four or two digits, the kind, and the sequence with so many digits.
_FIELD = re.compile(r"\{(PROJECT|YYYY|YY|KIND|[3-9])\}")


def give(*, project: Project, kind: NumberKind, trade: Trade | None, by: Any, on: date | None = None) -> IssuedNumber:
    """The next number of its kind, kept with what it was given to. Needs the caller's transaction: a number whose transaction
    fails was never given. `on` decides the year: today in the project's zone, unless told."""
    assert transaction.get_connection().in_atomic_block, "a number is given inside the transaction that uses it"
    year = (on or clock.today(project.zone)).year
    series = f"{project.code}-{year}-{kind}"
    pattern = options.value(PATTERN, project.pk)
    while True:
        sequence = next_in(series)
        number = written(pattern, project, kind, year, sequence)
        # A number that was brought along from before is passed by; it is in the list, so there is no gap.
        if not IssuedNumber.objects.filter(project=project, kind=kind, number=number).exists():
            break
    row = IssuedNumber(
        number=number, project=project, kind=kind, year=year, sequence=sequence, trade=trade, given_by=by
    )  # fmt: skip
    return save_tracked(row, action="number.give", by=by)


def reserve(
    *, project: Project, kind: NumberKind, number: str, trade: Trade | None, year: int, by: Any
) -> IssuedNumber:
    """Keep a number that was given before this system was used, so that it is not given again. Raises Conflict if it is known."""
    row = IssuedNumber(
        number=number.strip()[:60], project=project, kind=kind, year=year, trade=trade, state=NumberState.RESERVED,
        given_by=by,
    )  # fmt: skip
    try:
        with transaction.atomic():
            return save_tracked(row, action="number.reserve", by=by)
    except IntegrityError as error:
        raise Conflict(
            _("The number %(number)s is given to something else already.") % {"number": number}, code="number_given"
        ) from error


def make_void(*, project: Project, kind: NumberKind, number: str, reason: str, by: Any) -> None:
    """The number stays in the list as void, with the reason; nothing else ever gets it. An unknown one is left alone."""
    row = IssuedNumber.objects.select_for_update(of=("self",)).filter(project=project, kind=kind, number=number).first()
    if row is None or row.state == NumberState.VOID:
        return
    row.state, row.void_by, row.void_at, row.reason = NumberState.VOID, by, clock.now(), reason.strip()[:300]
    save_tracked(row, action="number.void", by=by, fields=["state", "void_by", "void_at", "reason"], reason=reason)


def written(pattern: str, project: Project, kind: NumberKind, year: int, sequence: int) -> str:
    """The number as it is printed."""
    words = {"PROJECT": project.code, "YYYY": f"{year:04d}", "YY": f"{year % 100:02d}", "KIND": str(kind.value)}
    return _FIELD.sub(lambda found: words.get(found[1]) or f"{sequence:0{found[1]}d}", pattern)


def check_pattern(pattern: str) -> str:
    """The pattern, if numbers made by it never repeat: it holds year, kind and sequence. Raises Refusal otherwise."""
    fields = _FIELD.findall(pattern)
    rest = _FIELD.sub("", pattern)
    whole = {"KIND"} <= set(fields) and {"YYYY", "YY"} & set(fields) and any(field.isdigit() for field in fields)
    if not whole or set(rest) & set("{}") or len(pattern) > 40:
        message = _(
            "A pattern holds a year ({YYYY} or {YY}), {KIND}, and the sequence with its number of digits, such as {5}; {PROJECT} "
            "if wished; and nothing else in braces. At most 40 characters."
        )
        raise Refusal(message, code="pattern", fields={PATTERN: [message]})
    return pattern
