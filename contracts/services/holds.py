"""Holds 房源保留 (R1.5, domain B3): placed, extended, released by the desk; over by the database's clock.

Every rule is checked on locked rows, in the order Unit → Customer → salesperson. What the figures are, the office sets.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.models import Claim, WaitingEntry
from contracts.queries import live
from contracts.queries.scope import claims_visible_to
from contracts.services import claims
from contracts.states import ClaimState, Evidence, HoldKind, Stage, WaitingState
from enquiries.models import Customer
from enquiries.services.rows import hold_still
from inventory.models import Unit
from inventory.services import expiry
from inventory.services.assignment import salespeople
from inventory.states import Status
from salescontrol.core import audit, clock, options
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Terms:
    """What a hold is placed on: customer (none only while a deal is being written), salesperson, evidence, reason.

    `override` is the supervisor's reason for going beyond a cap or the cool-down; it is recorded.
    """

    customer: Customer | None
    salesperson: Any
    reason: str
    evidence: Evidence
    kind: HoldKind = HoldKind.CUSTOMER
    override: str = ""


def place_hold(*, op_id: uuid.UUID, unit_id: int, terms: Terms, by) -> Claim:
    """T5: hold an available unit for a named customer and salesperson. Returns the claim, the same one for the same form.

    Raises NotVisible, Forbidden, Conflict (`taken`, `locked`, `waiting`), Refusal (`cap_salesperson`, `cap_customer`,
    `cool_down`, `evidence`, `no_reason`), each saying who can lift it.
    """
    content = {
        "unit": unit_id, "customer": terms.customer and terms.customer.pk, "salesperson": terms.salesperson.pk,
        "kind": terms.kind, "evidence": terms.evidence, "reason": terms.reason, "override": terms.override,
    }  # fmt: skip
    reference = once(
        op_id=op_id, by=by, action="claim.hold", content=content, run=lambda: _ref(place(op_id, unit_id, terms, by))
    )
    return Claim.every.select_related("unit__project").get(number=reference["claim"])


def extend_hold(*, op_id: uuid.UUID, number: str, reason: str, by) -> Claim:
    """T8: a later end for a live hold; as often as the office allows the desk, beyond that by the supervisor."""
    return change(op_id, "claim.extend", number, reason, by, _extend)


def release_hold(*, op_id: uuid.UUID, number: str, reason: str, by) -> Claim:
    """T7: let a hold go before its end; the next in the waiting list is offered the unit."""
    return change(op_id, "claim.release", number, reason, by, _release)


def place(op_id: uuid.UUID, unit_id: int, terms: Terms, by) -> Claim:
    """`place_hold` inside the caller's transaction and operation."""
    access = access_of(by)
    unit = claims.lock_unit(unit_id, access)
    access.require(Permission.HOLD_PLACE, unit.project_id)
    require_reason(terms.reason)
    require_of_project(unit, terms.customer, terms.salesperson)
    now = clock.now()
    claims.require_free(unit, access, now)
    entry = require_turn(unit, [terms.customer.pk] if terms.customer else [])
    settings = options.values(unit.project_id)
    require_within(unit, terms, access, now)
    claim = Claim(
        customer=terms.customer, salesperson=terms.salesperson, reason=terms.reason.strip()[:300], evidence=terms.evidence,
        kind=terms.kind, expires_at=now + duration(terms.kind, settings),
    )  # fmt: skip
    claims.begin(unit=unit, claim=claim, by=by, op_id=op_id, reason=claim.reason, now=now)
    take_turn(entry, by=by, now=now)
    conclude(claim, terms, by=by, now=now)
    return claim


def take_turn(entry: WaitingEntry | None, *, by, now: datetime) -> None:
    """The customer whose turn it was has the unit now: their place in the waiting list is over."""
    if entry is not None:
        entry.state, entry.closed_at = WaitingState.TAKEN, now
        save_tracked(entry, action="waiting.taken", by=by, fields=["state", "closed_at"])


def conclude(claim: Claim, terms: Terms, *, by, now: datetime) -> None:
    """What follows a new hold: going beyond the rules is on record, requests for it are answered, the salesperson hears of it."""
    if terms.override:
        detail = {"reason": terms.override[:300]}
        audit.record("claim.override", by=by, project_id=claim.project_id, target=claim, detail=detail)
    claims.answer_requests(claim, by=by, now=now)
    claims.tell(claim, "claim.held", by=by)


def complete_hold(*, op_id: uuid.UUID, number: str, customer: Customer, salesperson, reason: str, by) -> Claim:
    """Name the customer and salesperson of a hold that has none: brought back from the journal (decisions 18), or a deal's lock."""
    do = partial(_complete, customer=customer, salesperson=salesperson)
    content = {"customer": customer.pk, "salesperson": salesperson.pk}
    return change(op_id, "claim.complete", number, reason, by, do, **content)


def _complete(
    unit: Unit, claim: Claim, *, by, op_id: uuid.UUID, reason: str, now: datetime, access: Access, customer: Customer,
    salesperson,
) -> Claim:  # fmt: skip
    if claim.customer_id is not None:
        raise Conflict(_("The customer of this hold is named already."), code="complete")
    require_of_project(unit, customer, salesperson)
    hold_still(customer)
    # A deal's lock would else be a way around the caps; what came back from the journal kept to them when it was placed.
    if claim.kind == HoldKind.DEAL and not access.can(Permission.HOLD_OVERRIDE, unit.project_id):
        _require_room(unit, customer, salesperson, now, besides=claim)
    claims.hide_from_salesperson(claim)
    claims.alter(
        unit=unit, claim=claim, action="claim.complete", by=by, op_id=op_id, why=reason, now=now, customer=customer,
        salesperson=salesperson,
    )  # fmt: skip
    audit.record("claim.complete", by=by, project_id=claim.project_id, target=claim)
    claims.tell(claim, "claim.held", by=by)
    return claim


def require_of_project(unit: Unit, customer: Customer | None, salesperson) -> None:
    """Raise NotVisible for a customer, Refusal for a salesperson whom the project of the unit does not have."""
    if customer is not None and customer.project_id != unit.project_id:
        raise NotVisible("")
    if salesperson not in salespeople(unit.project):
        message = _("%(name)s is no salesperson of this project.") % {"name": salesperson}
        raise Refusal(message, code="no_salesperson", fields={"salesperson": [message]})


def duration(kind: HoldKind, settings: Mapping[str, Any]) -> timedelta:
    """How long a hold of this kind runs (domain B15)."""
    if kind == HoldKind.DEAL:
        return timedelta(minutes=settings["hold.lock_minutes"])
    return timedelta(hours=settings["hold.offer_hours" if kind == HoldKind.OFFER else "hold.hours"])


def require_reason(reason: str) -> None:
    """Raise Refusal unless a reason is given."""
    if not reason.strip():
        raise Refusal(
            _("Give the reason: it is kept with the unit."),
            code="no_reason",
            fields={"reason": [_("Give the reason.")]},
        )


def require_turn(unit: Unit, customers: Collection[int]) -> WaitingEntry | None:
    """Whoever waits for the unit comes first: the entry of one of these customers if they are the next, Conflict if somebody
    else is."""
    first = WaitingEntry.every.filter(unit=unit, state=WaitingState.WAITING).order_by("placed_at", "pk").first()
    if first is None or first.customer_id in customers:
        return first
    raise Conflict(
        _("Customers wait for %(unit)s. Offer it to the first of the waiting list, or take them off it.")
        % {"unit": unit},
        code="waiting",
        links=[(_("The waiting list"), reverse("contracts:waiting_list", args=[unit.project.code, unit.pk]))],
    )


def require_within(unit: Unit, terms: Terms, access: Access, now: datetime) -> None:
    """Evidence, cool-down and caps; all but the evidence are lifted by the supervisor's reason."""
    may_override = access.can(Permission.HOLD_OVERRIDE, unit.project_id)
    if terms.evidence == Evidence.NONE and not may_override:
        raise Refusal(
            _("Without the original ID or a deposit only the supervisor places a hold."),
            code="evidence",
            fields={"evidence": [_("See the original ID or the deposit first, or ask the supervisor.")]},
        )
    if may_override and terms.override.strip():
        if terms.customer is not None:
            hold_still(terms.customer)
        return
    if terms.customer is None and terms.kind != HoldKind.DEAL:
        raise Refusal(_("Name the customer."), code="no_customer", fields={"customer": [_("Name the customer.")]})
    _require_room(unit, terms.customer, terms.salesperson, now)


def _require_room(
    unit: Unit, customer: Customer | None, salesperson, now: datetime, besides: Claim | None = None
) -> None:
    """Cool-down and caps, on rows locked in the fixed order, so that two holds at once cannot both be the last one.

    `besides`: a hold that is there already and is not counted.
    """
    settings = options.values(unit.project_id)
    counted = live.holds_of(now).exclude(pk=besides and besides.pk)
    if customer is not None:
        hold_still(customer)
        _require_cool_down(unit, customer, salesperson, settings, now)
        count = counted.filter(customer=customer).count()
        _require_below(count, settings["hold.per_customer"], "cap_customer", "customer")
    get_user_model().objects.select_for_update(of=("self",), no_key=True).get(pk=salesperson.pk)
    count = counted.filter(salesperson=salesperson, project_id=unit.project_id).count()
    _require_below(count, settings["hold.per_salesperson"], "cap_salesperson", "salesperson")


def _require_cool_down(unit: Unit, customer: Customer, salesperson, settings: Mapping[str, Any], now: datetime) -> None:
    wait = timedelta(hours=settings["hold.cool_down_hours"])
    again = live.ran_out_lately(now, now - wait, unit=unit, customer=customer, salesperson=salesperson)
    last: datetime | None = again.order_by("-expires_at").values_list("expires_at", flat=True).first()
    if last is not None:
        until = clock.local(last + wait, unit.project.zone)
        raise Refusal(
            _(
                "This customer's last hold on %(unit)s ran out; the same may hold it again from %(when)s. The supervisor can lift this."
            )
            % {"unit": unit, "when": until.strftime("%Y-%m-%d %H:%M")},
            code="cool_down",
        )


def _require_below(count: int, cap: int, code: str, field: str) -> None:
    if count < cap:
        return
    words = {
        "cap_customer": ngettext(
            "This customer has %(count)s active hold, as many as the office allows. Release it, or ask the supervisor to lift this.",
            "This customer has %(count)s active holds, as many as the office allows. Release one, or ask the supervisor to lift this.",
            count,
        ),
        "cap_salesperson": ngettext(
            "This salesperson has %(count)s active hold, as many as the office allows. Release it, or ask the supervisor to lift this.",
            "This salesperson has %(count)s active holds, as many as the office allows. Release one, or ask the supervisor to lift this.",
            count,
        ),
    }
    message = words[code] % {"count": count}
    raise Refusal(message, code=code, fields={field: [message]})


def change(op_id: uuid.UUID, action: str, number: str, reason: str, by, do: Callable[..., Claim], **content) -> Claim:
    """One change of a live hold: found among what the user may see, its unit locked, read again on the locked row."""

    def run() -> dict:
        access = access_of(by)
        seen = claims_visible_to(access).filter(number=number).first()
        if seen is None:
            raise NotVisible(_("There is no such hold."))
        access.require(Permission.HOLD_PLACE, seen.project_id)
        require_reason(reason)
        unit = claims.lock_unit(seen.unit_id, access)
        now = clock.now()
        # It may have run out since the row was locked: the instant that decides is this one.
        expiry.settle([unit], now)
        claim = Claim.every.select_related("salesperson", "customer").get(pk=seen.pk)
        require_on(claim, now)
        return _ref(do(unit, claim, by=by, op_id=op_id, reason=reason.strip(), now=now, access=access))

    reference = once(op_id=op_id, by=by, action=action, content={"claim": number, "reason": reason, **content}, run=run)
    return Claim.every.select_related("unit__project").get(number=reference["claim"])


def require_on(claim: Claim, now: datetime) -> None:
    """Raise Conflict `over` unless this is a hold that still runs: it may have ended, written down or not, or gone on to the next
    stage."""
    if claim.stage != Stage.HOLD:
        raise Conflict(
            _("This hold went on: %(stage)s. What may be done now stands on the page of the sale.")
            % {"stage": claim.get_stage_display()},
            code="over",
        )
    if claim.released_at is not None or (claim.expires_at is not None and claim.expires_at <= now):
        state = claim.get_state_display() if claim.released_at else ClaimState.EXPIRED.label
        raise Conflict(_("This hold is over: %(state)s.") % {"state": state}, code="over")


def _extend(unit: Unit, claim: Claim, *, by, op_id: uuid.UUID, reason: str, now: datetime, access: Access) -> Claim:
    settings = options.values(unit.project_id)
    allowed = {HoldKind.CUSTOMER: settings["hold.extensions"], HoldKind.DEAL: settings["hold.lock_renewals"]}
    beyond = claim.extensions >= allowed.get(HoldKind(claim.kind), 0)
    if beyond and not access.can(Permission.HOLD_OVERRIDE, unit.project_id):
        raise Refusal(
            _("This hold was extended as often as the desk may. The supervisor can extend it further."),
            code="extensions",
        )
    until = claim.expires_at + duration(HoldKind(claim.kind), settings)
    claims.alter(
        unit=unit, claim=claim, action="claim.extend", by=by, op_id=op_id, why=reason, now=now,
        expires_at=until, extensions=claim.extensions + 1,
    )  # fmt: skip
    claims.tell(claim, "claim.extended", by=by)
    return claim


def _release(unit: Unit, claim: Claim, *, by, op_id: uuid.UUID, reason: str, now: datetime, access: Access) -> Claim:
    claims.end(
        unit=unit,
        claim=claim,
        state=ClaimState.RELEASED,
        action="claim.release",
        by=by,
        op_id=op_id,
        reason=reason,
        now=now,
    )
    claims.tell(claim, "claim.released", by=by)
    return claim


def expire_due(limit: int = 200) -> int:
    """Write down every hold that has run out; returns how many. Units that somebody else holds locked are left for the next time."""
    now = clock.now()
    due = Claim.every.filter(released_at__isnull=True, stage=Stage.HOLD, expires_at__lte=now).order_by("expires_at")
    return sum(_try_to_expire(unit_id) for unit_id in due.values_list("unit_id", flat=True)[:limit])


def _try_to_expire(unit_id: int) -> bool:
    try:
        return _expire(unit_id)
    except Exception:
        # Whatever is wrong with one unit, the others must not wait for it; it counts as available meanwhile (decisions 14).
        log.exception("hold_not_expired", unit=unit_id)
        return False


@transaction.atomic
def _expire(unit_id: int) -> bool:
    free = Unit.every.select_for_update(of=("self",), no_key=True, skip_locked=True).select_related("project")
    units = list(free.filter(pk=unit_id))
    expiry.settle(units)
    return any(unit.status == Status.AVAILABLE for unit in units)


def _ref(claim: Claim) -> dict:
    return {"claim": claim.number}
