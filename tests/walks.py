"""Which rows of people a template reads by itself: it is to be given prepared values, not rows to walk on from (reliability 3.5).

A foreign key is followed without asking who may see what it leads to, so that `{{ claim.customer.phone }}` would show what its
reader may not see. The crawl notes every such step of every template that it meets.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Model
from django.template.base import Variable

from contracts.models import Claim, HoldRequest, Quotation, WaitingEntry
from enquiries.models import Customer

BEHIND = (Customer, Claim, HoldRequest, Quotation, WaitingEntry)
_noted: list[str] = []


@contextmanager
def noted() -> Iterator[list[str]]:
    """The steps that templates take inside: from a row to one of `BEHIND`, and into a customer."""
    plain = Variable._resolve_lookup

    def resolve(variable: Variable, context):
        _note(variable, context)
        return plain(variable, context)

    Variable._resolve_lookup = resolve  # type: ignore[method-assign]
    _noted.clear()
    try:
        yield _noted
    finally:
        Variable._resolve_lookup = plain  # type: ignore[method-assign]


def _note(variable: Variable, context) -> None:
    first, *steps = variable.lookups or ("",)
    here = context.get(first) if steps and first in context else None
    for step in steps:
        if isinstance(here, Customer):
            _noted.append(".".join(variable.lookups))
        came_from, here = here, _after(here, step)
        if isinstance(came_from, Model) and isinstance(here, BEHIND):
            _noted.append(".".join(variable.lookups))


def _after(here, step: str):
    if isinstance(here, dict):
        return here.get(step)
    if isinstance(here, list | tuple):
        return here[int(step)] if step.isdigit() and int(step) < len(here) else None
    return getattr(here, step, None)
