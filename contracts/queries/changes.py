"""Changes as they are listed and read: what is before and after, the money, and which lie on a unit now."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from contracts.models import Change
from contracts.queries import identity
from contracts.queries.people import named
from contracts.queries.scope import changes_visible_to
from contracts.states import CHANGE_OPEN, ChangeKind, ChangeState, PaymentMethod, Release
from enquiries.models import Customer
from inventory.models import Project, Unit
from salescontrol.core import approvals
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales

Line = tuple[Any, Any, Any]
_FIELDS: Any = Change._meta
_MONEY = ("paid", "refundable", "fee", "penalty_due", "penalty_received", "refund")
_NAMED = ("project", "unit__project", "trade__salesperson", "target", "requested_by", "executed_by", "voided_by", "approval",
          "subscription", "contract", "batch")  # fmt: skip


def listed(access: Access, project: Project) -> QuerySet[Change]:
    """Every change of the project that the user may know of; `turn` orders the open ones first."""
    turn = Case(When(state__in=CHANGE_OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return changes_visible_to(access).filter(project=project).select_related(*_NAMED).annotate(turn=turn)


def find(access: Access, project: Project, code: str) -> Change:
    """The change with all that its page names; NotVisible, with one text, when it is missing or not this user's (abuse 25)."""
    change = listed(access, project).filter(code=code).first()
    if change is None:
        raise NotVisible("")
    return change


def due(access: Access, project: Project) -> int:
    """How many wait to be submitted or executed by somebody like this user."""
    rows = changes_visible_to(access).filter(project=project)
    mine = rows.filter(state=ChangeState.DRAFT, requested_by=access.user).count()
    if not access.can(Permission.CHANGE_EXECUTE, project.pk):
        return mine
    return mine + rows.filter(state=ChangeState.APPROVED).exclude(requested_by=access.user).count()


def open_on(access: Access, unit: Unit) -> Change | None:
    """The change under way on this unit, as far as the user may know of it."""
    return changes_visible_to(access).filter(unit=unit, state__in=CHANGE_OPEN).select_related("project").first()


def people_in(change: Change) -> dict[str, Customer]:
    """The buyers that the change names, by their numbers."""
    content = change.content or {}
    entries = [*content.get("buyers", ()), *content.get("before", {}).get("buyers", ())]
    numbers = {entry["customer"] for entry in entries} | ({content["customer"]} if "customer" in content else set())
    if not numbers:
        return {}
    found = Customer.every.filter(number__in=numbers, project_id=change.project_id)
    return {customer.number: customer for customer in found}


def lines(change: Change, access: Access | None = None) -> list[Line]:
    """Label, before and after of what changes. Buyers by name to this reader; without a reader by number."""
    content = change.content or {}
    before = content.get("before", {})
    found: list[Line] = []
    if change.kind == ChangeKind.EXCHANGE:
        found.append((_("Unit"), change.unit.number, change.target.number if change.target else ""))
    if change.kind == ChangeKind.IDENTITY:
        known = people_in(change) if access else {}
        found += identity.lines(change, access, known.get(content.get("customer", "")))
    if "until" in content:
        found.append((_("Contract to be signed by"), before["until"], content["until"]))
    if "total" in content:
        found.append((_("Price"), _money(before.get("total")), _money(content["total"])))
    if "buyers" in content:
        known = people_in(change) if access else {}
        found.append((_("Buyers"), _buyers(before["buyers"], known, access), _buyers(content["buyers"], known, access)))
    if "method" in content:
        labels = dict(PaymentMethod.choices)
        found.append((_("Payment method"), labels.get(before["method"], ""), labels.get(content["method"], "")))
    if "main" in content:
        found += _amounts(before, content)
    if "surveyed" in content:
        found += [
            (_("Area"), _area(before["area"]), _area(content["surveyed"])),
            (_("Area settlement"), "", _money(content["settlement"])),
        ]
    if change.kind in (ChangeKind.REFUND, ChangeKind.FORFEIT, ChangeKind.EXCHANGE):
        label = _("%(unit)s afterwards") % {"unit": change.unit.number}
        found.append((label, "", Release(change.release).label))
    return found


def money_lines(change: Change) -> list[Line]:
    """The amounts that are not zero, and why a penalty is waived."""
    found: list[Line] = [
        (capfirst(_FIELDS.get_field(name).verbose_name), "", _money(getattr(change, name)))
        for name in _MONEY
        if getattr(change, name)
    ]
    if change.waiver:
        found.append((_("Why the penalty is waived"), "", change.waiver))
    return found


def stages_of(change: Change) -> Iterable[Any]:
    """Who decides, with their answers."""
    if change.approval is None:
        return ()
    return change.approval.stages.select_related("decision__decided_by", "decision__on_behalf_of")


def waits_for(change: Change, access: Access) -> bool:
    """Whether this user decides the change now."""
    return change.approval_id is not None and approvals.waiting_for(access).filter(pk=change.approval_id).exists()


def may_execute(change: Change, access: Access) -> bool:
    """Whether this user may carry it out now: neither who asked nor who decided."""
    return (
        change.state == ChangeState.APPROVED
        and change.batch_id is None
        and change.approval is not None
        and approvals.may_execute(change.approval, access)
    )


def _amounts(before: dict[str, str], content: dict[str, str]) -> list[Line]:
    total = sum((Decimal(content[name]) for name in ("main", "decoration", "supplement")), Decimal(0))
    labels = {
        "main": _("Main contract"), "decoration": _("Decoration contract"), "supplement": _("Supplement"),
    }  # fmt: skip
    parts = [(label, _money(before[name]), _money(content[name])) for name, label in labels.items()]
    return [*parts, (_("Contract price"), _money(before["total"]), _money(total))]


def _buyers(entries: list[dict[str, str]], known: dict[str, Customer], access: Access | None) -> str:
    return ", ".join(
        _("%(name)s %(share)s %%") % {
            "name": named(access, known.get(entry["customer"])) or entry["customer"] if access else entry["customer"],
            "share": f"{Decimal(entry['share']):f}",
        }
        for entry in entries
    )  # fmt: skip


def _money(value: Any) -> str:
    return sales.amount(Decimal(value)) if value not in (None, "") else ""


def _area(value: str) -> str:
    return _("%(area)s ㎡") % {"area": sales.area(value)}
