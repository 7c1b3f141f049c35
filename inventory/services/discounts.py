"""Discount policies (优惠政策, domain B4): proposed, approved by the supervisor, changed only by a new version, ended early."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Building, DiscountPolicy, Layout, Project, Unit
from inventory.models.price import DiscountKind
from inventory.queries.concerned import concerned
from inventory.queries.discounts import covers
from inventory.services import stages
from inventory.states import DISCOUNT_TABLE, DiscountState, Review
from salescontrol.core import approvals, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.fields import money
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.transitions import move

KIND = "discount.policy"
OPEN = (DiscountState.DRAFT, DiscountState.REJECTED)
# Whoever did one of these had a hand in the policy and does not decide it.
EDITS = ("discount.create", "discount.edit")


@dataclass(frozen=True)
class Terms:
    """What a policy says. Exactly one of `percent` (0–100, exclusive) and `amount` (yuan off) is given."""

    name: str
    kind: str
    percent: Decimal | None
    amount: Decimal | None
    valid_from: date
    valid_to: date | None
    stackable: bool = True
    position: int = 1
    needs_approval: bool = False
    conditions: str = ""


@transaction.atomic
def propose_discount(
    *,
    project: Project,
    terms: Terms,
    by,
    reason: str,
    building_ids: Collection[int] = (),
    layout_ids: Collection[int] = (),
    replaces: DiscountPolicy | None = None,
) -> DiscountPolicy:
    """Make a policy, or a new version of one in force, and ask for its approval.

    Raises Forbidden, Refusal at the fields (abuse 9: more than 100 %, or more off than a unit costs), Conflict when a newer
    version of the replaced policy is under way already.
    """
    access_of(by).require(Permission.DISCOUNT_PROPOSE, project.pk)
    if replaces is not None:
        replaces = _locked_replaced(replaces)
    policy = DiscountPolicy(
        project=project,
        made_by=by,
        replaces=replaces,
        version=replaces.version + 1 if replaces else 1,
        **asdict(terms),
    )
    _check(policy, reason)
    save_tracked(policy, action="discount.create", by=by)
    _set_scope(policy, building_ids, layout_ids)
    _check_amount(policy)
    return _submit(policy, reason, by)


@transaction.atomic
def edit_discount(
    *,
    policy: DiscountPolicy,
    terms: Terms,
    by,
    reason: str,
    building_ids: Collection[int] = (),
    layout_ids: Collection[int] = (),
) -> DiscountPolicy:
    """Correct a returned or withdrawn policy and ask again."""
    access_of(by).require(Permission.DISCOUNT_PROPOSE, policy.project_id)
    locked = _locked(policy)
    if locked.state not in OPEN:
        raise Conflict(
            _("%(name)s is %(state)s by now: propose a new version instead.")
            % {"name": locked.name, "state": locked.get_state_display()},
            code="wrong_state",
        )
    for name, value in asdict(terms).items():
        setattr(locked, name, value)
    _check(locked, reason)
    save_tracked(locked, action="discount.edit", by=by)
    _set_scope(locked, building_ids, layout_ids)
    _check_amount(locked)
    return _submit(locked, reason, by)


@transaction.atomic
def end_discount(*, policy: DiscountPolicy, by, reason: str) -> DiscountPolicy:
    """End a policy early, at once, with a reason; the supervisor's own act. What was agreed under it stays agreed."""
    if not reason.strip():
        raise Refusal(_("Give the reason."), code="no_reason", fields={"reason": [_("Give the reason.")]})
    today = clock.today(policy.project.zone)
    ended = move(
        DISCOUNT_TABLE,
        "discount.end",
        policy,
        by=by,
        project_id=policy.project_id,
        reason=reason,
        valid_to=max(min(today, policy.valid_to or today), policy.valid_from),
    )
    _tell(ended, "discount.ended", reason=reason.strip()[:300])
    return ended


def _locked(policy: DiscountPolicy | None) -> DiscountPolicy:
    return DiscountPolicy.every.select_for_update(of=("self",)).select_related("project").get(pk=policy.pk)


def _locked_replaced(policy: DiscountPolicy) -> DiscountPolicy:
    locked = _locked(policy)
    if locked.state != DiscountState.EFFECTIVE:
        raise Conflict(
            _("%(name)s is %(state)s by now, so it cannot be replaced.")
            % {"name": locked.name, "state": locked.get_state_display()},
            code="wrong_state",
        )
    if DiscountPolicy.every.filter(~Q(state=DiscountState.ENDED), replaces=locked).exists():
        raise Conflict(_("A new version of %(name)s is under way already.") % {"name": locked.name}, code="pending")
    return locked


def _check(policy: DiscountPolicy, reason: str) -> None:
    """The rules of one policy, all messages at once."""
    errors: dict[str, list] = {}
    if (policy.percent is None) == (policy.amount is None):
        errors["percent"] = [_("Give either a percentage or an amount.")]
    elif policy.percent is not None and not 0 < policy.percent < 100:
        errors["percent"] = [_("More than 0 and less than 100 per cent.")]
    elif policy.amount is not None and policy.amount <= 0:
        errors["amount"] = [_("More than 0.")]
    if policy.valid_to is not None and policy.valid_to < policy.valid_from:
        errors["valid_to"] = [_("Not before the first day.")]
    if policy.valid_to is not None and policy.valid_to < clock.today(policy.project.zone):
        errors["valid_to"] = [_("This day is past.")]
    if policy.kind == DiscountKind.SPECIAL and not policy.needs_approval:
        errors["needs_approval"] = [_("A special approval is approved each time.")]
    if not reason.strip():
        errors["reason"] = [_("Give the reason.")]
    if errors:
        raise Refusal(_("Some values need another look."), code="invalid", fields=errors)


def _check_amount(policy: DiscountPolicy) -> None:
    """No amount as large as a unit in scope costs: the price would be zero or less (abuse 9)."""
    if policy.amount is None:
        return
    scope = Unit.every.filter(project=policy.project, review=Review.APPROVED)
    if policy.buildings.exists():
        scope = scope.filter(building__in=policy.buildings.all())
    if policy.layouts.exists():
        scope = scope.filter(layout__in=policy.layouts.all())
    cheapest = money(scope.aggregate(least=Min("list_total"))["least"])
    if cheapest is not None and policy.amount >= cheapest:
        message = _("A unit in scope costs %(price)s, so nothing would be left of its price.") % {
            "price": sales.amount(cheapest)
        }
        raise Refusal(message, code="too_much", fields={"amount": [message]})


def _set_scope(policy: DiscountPolicy, building_ids: Collection[int], layout_ids: Collection[int]) -> None:
    policy.buildings.set(Building.objects.filter(project=policy.project, pk__in=building_ids))
    policy.layouts.set(Layout.objects.filter(project=policy.project, pk__in=layout_ids))


def _submit(policy: DiscountPolicy, reason: str, by) -> DiscountPolicy:
    moved = move(DISCOUNT_TABLE, "discount.submit", policy, by=by, project_id=policy.project_id)
    edits = moved.history.filter(history_change_reason__in=EDITS)
    authors = {moved.made_by_id, by.pk, *edits.values_list("history_user", flat=True)} - {None}
    approvals.request(
        kind=KIND,
        by=by,
        subject=moved.name,
        reason=reason,
        project_id=moved.project_id,
        target_id=moved.pk,
        before=_described(moved.replaces) if moved.replaces else {},
        after={**_described(moved), "project": moved.project.code},
        effect=stages.who_decides(moved.project_id, authors),
        authors=authors,
    )
    return moved


def _described(policy: DiscountPolicy) -> dict[str, Any]:
    """The terms as they are kept with the request."""
    return {
        "name": policy.name,
        "kind": policy.kind,
        "percent": str(policy.percent) if policy.percent is not None else "",
        "amount": str(policy.amount) if policy.amount is not None else "",
        "valid_from": policy.valid_from.isoformat(),
        "valid_to": policy.valid_to.isoformat() if policy.valid_to else "",
        "buildings": ", ".join(building.name for building in policy.buildings.all()),
        "layouts": ", ".join(layout.code for layout in policy.layouts.all()),
        "stackable": policy.stackable,
        "needs_approval": policy.needs_approval,
        "position": str(policy.position),
        "conditions": policy.conditions,
    }


def _apply(approval: Approval, by) -> None:
    policy = _locked(DiscountPolicy(pk=approval.target_id))
    _check_amount(policy)
    moved = move(DISCOUNT_TABLE, "discount.approve", policy, by=by, project_id=policy.project_id, approved=True)
    if moved.replaces_id is not None:
        _close_replaced(moved, by)
    _tell(moved, "discount.effective", reason="")


def _close_replaced(policy: DiscountPolicy, by) -> None:
    """The old version is valid until the day before the new one; from then on, or at once, it is over."""
    old = _locked(policy.replaces)
    if old.state != DiscountState.EFFECTIVE:
        return
    last = policy.valid_from - timedelta(days=1)
    if last >= max(old.valid_from, clock.today(old.project.zone)):
        old.valid_to = min(last, old.valid_to or last)
        save_tracked(old, action="discount.replace", by=by, fields=["valid_to"])
    else:
        move(DISCOUNT_TABLE, "discount.end", old, by=by, project_id=old.project_id, approved=True)


def _closed(approval: Approval, by) -> None:
    policy = _locked(DiscountPolicy(pk=approval.target_id))
    action = "discount.return" if approval.state == Approval.State.RETURNED else "discount.withdraw"
    move(DISCOUNT_TABLE, action, policy, by=by, project_id=policy.project_id, approved=True)


@transaction.atomic
def end_expired() -> int:
    """Show policies whose last day is past as ended; returns how many. They were out of force already: dates decide."""
    ended = 0
    for policy in DiscountPolicy.every.filter(state=DiscountState.EFFECTIVE, valid_to__isnull=False).select_related(
        "project", "made_by"
    ):
        if policy.valid_to < clock.today(policy.project.zone):
            move(DISCOUNT_TABLE, "discount.end", policy, by=policy.made_by, project_id=policy.project_id, approved=True)
            ended += 1
    return ended


def _tell(policy: DiscountPolicy, code: str, *, reason: str) -> None:
    """Whoever has business with a unit in scope hears of it (R1.8)."""
    units = Unit.every.filter(project=policy.project, review=Review.APPROVED, no_discount=False)
    prefetch_related_objects([policy], "buildings", "layouts")
    concerned_units = [unit for unit in units if covers(policy, unit)]
    for person in concerned(concerned_units):
        notices.tell(
            [person],
            code,
            key=f"{code}-{policy.pk}",
            url=reverse("inventory:discount", args=[policy.project.code, policy.pk]),
            project_id=policy.project_id,
            name=policy.name,
            reason=reason,
        )


LABELS = {
    "name": gettext_lazy("Name"),
    "kind": gettext_lazy("Kind"),
    "percent": gettext_lazy("Percent off"),
    "amount": gettext_lazy("Amount off"),
    "valid_from": gettext_lazy("From"),
    "valid_to": gettext_lazy("To"),
    "buildings": gettext_lazy("Buildings"),
    "layouts": gettext_lazy("Layouts"),
    "stackable": gettext_lazy("With others"),
    "needs_approval": gettext_lazy("Each use needs approval"),
    "position": gettext_lazy("Order"),
    "conditions": gettext_lazy("Conditions"),
}


def _present(approval: Approval, access) -> list[tuple[Any, Any, Any]]:
    """The terms; of a new version only what it changes."""
    before, after = approval.before, approval.after
    return [
        (label, _shown(name, before.get(name, "")), _shown(name, after[name]))
        for name, label in LABELS.items()
        if after[name] != before.get(name, "")
    ]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "kind" and value:
        return str(DiscountKind(value).label)
    if name == "amount" and value:
        return sales.amount(Decimal(value))
    return f"{value} %" if name == "percent" and value else str(value)


def _url(approval: Approval) -> str:
    return reverse("inventory:discount", args=[approval.after["project"], approval.target_id])


def register() -> None:
    """Make discount policies decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Discount policy"),
            stages=stages.steps,
            apply=_apply,
            present=_present,
            url=_url,
            closed=_closed,
        ),
    )
    notices.register("discount.effective", gettext_lazy("New discount policy: %(name)s"))
    notices.register("discount.ended", gettext_lazy("Discount policy ended: %(name)s. Reason: %(reason)s"))
