"""States move only through a table (architecture rule 6): one function checks and applies every move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext as _

from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict
from salescontrol.core.history import save_tracked
from salescontrol.core.permissions import Permission

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Transition:
    """From any of `sources` to `target`, by somebody who holds `permission`; `reason`: whether one must be given."""

    sources: frozenset[str]
    target: str
    permission: Permission
    reason: bool = False


def allowed(table: Mapping[str, Transition], state: str, access, project_id: int | None) -> list[str]:
    """The actions that the table and the user's permissions leave open from `state` (for the buttons of a page)."""
    return [name for name, row in table.items() if state in row.sources and access.can(row.permission, project_id)]


def check(
    table: Mapping[str, Transition],
    action: str,
    row: models.Model,
    *,
    state: str,
    by,
    project_id: int | None,
    approved: bool = False,
) -> Transition:
    """The transition of `action` from the row's `state`; raises Forbidden (permission) or Conflict (the state has moved on).

    `approved`: an Approval has established the right to do it, so that its last decider need not hold the permission.
    """
    transition = table[action]
    if not approved:
        access_of(by).require(transition.permission, project_id)
    if state not in transition.sources:
        raise Conflict(
            _("%(row)s is %(state)s by now, so this cannot be done. Reload the page to see where it stands.")
            % {"row": row, "state": _state_label(row, state)},
            code="wrong_state",
        )
    return transition


def move(
    table: Mapping[str, Transition],
    action: str,
    row: Row,
    *,
    by,
    project_id: int | None,
    field: str = "state",
    approved: bool = False,
    reason: str = "",
    **changes,
) -> Row:
    """Lock `row`, check the action on the locked row, set `field` to its target with `changes`, save once and return it.

    `reason` goes into the history entry. Needs an open transaction. On SQLite the transaction itself is the lock (IMMEDIATE).
    """
    locked = type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
    transition = check(
        table, action, locked, state=getattr(locked, field), by=by, project_id=project_id, approved=approved
    )
    for name, value in {field: transition.target, **changes}.items():
        setattr(locked, name, value)
    return save_tracked(locked, action=action, by=by, fields=[field, *changes], reason=reason)


def _state_label(row: models.Model, state: str) -> str:
    for model_field in row._meta.fields:
        if model_field.choices and state in dict(model_field.flatchoices):
            return str(dict(model_field.flatchoices)[state])
    return state
