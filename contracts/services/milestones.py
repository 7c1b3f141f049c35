"""Carrying a contract out (R3.3): milestones reached, handover (T19), and taking back a wrong entry on its day (T20)."""

import uuid
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Contract, Milestone, Subscription
from contracts.queries.milestones import unfiled
from contracts.services import contracts, trades
from contracts.services.change_ground import require_unchanged
from contracts.services.contracts import on_contract, reach, require_day, require_reason
from contracts.services.requests import DESK
from contracts.states import RECORDED, CloseReason, ContractState, MilestoneKind, Stage, SubscriptionState
from inventory.models import Project, UnitEvent
from inventory.services.units import business_date
from salescontrol.core import notices, options
from salescontrol.core.access import deciding_users
from salescontrol.core.errors import Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Notice
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed


def record_milestone(
    *, op_id: uuid.UUID, code: str, kind: MilestoneKind, actual_on: date | None, expected_on: date | None, note: str, by
) -> Contract:
    """When it was reached, or until when it is expected now. Raises Refusal for a day still to come or before signing, and for
    milestones that have an action of their own."""

    def do(step: trades.Step, contract: Contract) -> None:
        if kind not in RECORDED:
            raise Refusal(
                _("%(what)s is recorded by its own action on the contract's page.")
                % {"what": MilestoneKind(kind).label},
                code="own_action",
            )
        if actual_on is None and expected_on is None:
            message = _("Enter the day on which it happened, or the day on which it is expected.")
            raise Refusal(message, code="no_day", fields={"actual_on": [message]})
        earliest = None if kind == MilestoneKind.ONLINE else contract.signed_on
        require_day(actual_on, "actual_on", contract, not_before=earliest)
        reach(contract, kind, actual_on, by=by, expected_on=expected_on, note=note.strip()[:300])
        if kind == MilestoneKind.ONLINE and contract.online_on != actual_on:
            contract.online_on = actual_on
            contract.version += 1
            save_tracked(contract, action="contract.milestone", by=by, fields=["online_on", "version"])

    content = {"kind": kind, "actual_on": actual_on, "expected_on": expected_on, "note": note}
    return on_contract(op_id, code, "contract.milestone", by, do, content=content)


def hand_over(*, op_id: uuid.UUID, code: str, delivered_on: date, reason: str, by) -> Contract:
    """T19: the unit is the buyer's. Everything else must have been reached; else the supervisor hands over, with a reason."""

    def do(step: trades.Step, contract: Contract) -> None:
        trades.require_no_change(step.trade)
        require_day(delivered_on, "delivered_on", contract, not_before=contract.signed_on)
        lacking = _lacking(contract)
        decides = step.access.can(Permission.DEAL_DECIDE, contract.project_id)
        if lacking and not (decides and reason.strip()):
            raise Refusal(
                _("Not reached yet: %(what)s. Record it first; only the supervisor hands over before, with a reason.")
                % {"what": listed(lacking)},
                code="lacking",
            )
        step.move("trade.hand_over")
        contract.state, contract.delivered_on = ContractState.DELIVERED, delivered_on
        _save(contract, "contract.hand_over", by, ["state", "delivered_on"], reason)
        reach(contract, MilestoneKind.HANDED_OVER, delivered_on, by=by, reason=reason)

    content = {"delivered_on": delivered_on}
    return on_contract(op_id, code, "contract.hand_over", by, do, reason=reason, content=content)


def void_signing(*, op_id: uuid.UUID, code: str, reason: str, by) -> Contract:
    """T20: the signature was entered wrongly. On the same business day; both rows stay, the number is void, the subscription runs."""

    def do(step: trades.Step, contract: Contract) -> None:
        require_reason(reason)
        trades.require_no_change(step.trade)
        _require_same_day(step, "trade.sign")
        require_unchanged(contract)
        if contract.subscription_id is None:
            raise Refusal(
                _("This contract was brought along without its subscription, so there is no step back."), code="alone"
            )
        step.move("trade.void_contract", stage=Stage.SUBSCRIPTION)
        contracts.close(contract, CloseReason.VOID, reason, action="contract.void", by=by)
        _reopen(contract, by)
        notices.settle(contracts.filing_key(contract))

    return on_contract(op_id, code, "contract.void", by, do, permission=Permission.DEAL_VOID, reason=reason)


def void_hand_over(*, op_id: uuid.UUID, code: str, reason: str, by) -> Contract:
    """T20: the handover was entered wrongly; the contract is signed again, as it was."""

    def do(step: trades.Step, contract: Contract) -> None:
        require_reason(reason)
        _require_same_day(step, "trade.hand_over")
        step.move("trade.void_hand_over")
        contract.state, contract.delivered_on = ContractState.SIGNED, None
        _save(contract, "contract.void_hand_over", by, ["state", "delivered_on"], reason)
        reach(contract, MilestoneKind.HANDED_OVER, None, by=by, reason=reason)

    return on_contract(op_id, code, "contract.void_hand_over", by, do, permission=Permission.DEAL_VOID, reason=reason)


def warn_of_filing() -> int:
    """Tell salesperson and desk, once for each contract, that it has to be filed soon; returns how many contracts."""
    count = 0
    for project in Project.objects.order_by("pk"):
        rows = unfiled(Contract.every.filter(project=project), project, options.value("filing.warn_days", project.pk))
        for contract in rows.select_related("unit", "trade__salesperson"):
            count += _warn(contract, project)
    return count


def _warn(contract: Contract, project: Project) -> int:
    key = contracts.filing_key(contract)
    if Notice.objects.filter(key=key).exists():
        return 0
    people = [*deciding_users(DESK, project.pk), contract.trade.salesperson]
    told = notices.tell(
        [person for person in people if person is not None and person.is_active], "contract.filing_due", key=key,
        url=reverse("sales:contract", args=[project.code, contract.code]), project_id=project.pk,
        unit=contract.unit.number, contract=contract.number,
    )  # fmt: skip
    return int(told > 0)


def _lacking(contract: Contract) -> list[str]:
    """What was not reached yet of all that comes before the handover."""
    rows = Milestone.every.filter(contract=contract, actual_on__isnull=True).exclude(kind=MilestoneKind.HANDED_OVER)
    return [row.get_kind_display() for row in rows.order_by("pk")]


def _save(contract: Contract, action: str, by, fields: list[str], reason: str) -> None:
    contract.version += 1
    save_tracked(contract, action=action, by=by, fields=[*fields, "version"], reason=reason)


def _reopen(contract: Contract, by) -> None:
    row = Subscription.every.select_for_update(of=("self",)).get(pk=contract.subscription_id)
    row.state, row.close_reason, row.close_note, row.closed_at = SubscriptionState.ACTIVE, "", "", None
    row.version += 1
    fields = ["state", "close_reason", "close_note", "closed_at", "version"]
    save_tracked(row, action="subscription.reopen", by=by, fields=fields)


def _require_same_day(step: trades.Step, action: str) -> None:
    """Raise Refusal unless the event counts for today: what has gone into a day's figures is not taken out of them (T20)."""
    event = UnitEvent.every.filter(unit=step.unit, claim=step.claim.number, action=action).order_by("-seq").first()
    if event is None or event.business_date != _day(step):
        raise Refusal(
            _(
                "Only an entry of the same business day is made void. Later it takes a change request, which is decided and dated."
            ),
            code="not_today",
        )


def _day(step: trades.Step) -> date:
    """The business day of this step."""
    return business_date(step.now, step.unit.project.zone)
