"""A price is worked out as it will be kept (domain B4): checked against the rules, before anything is asked or saved.

Whoever may not read the floor price learns from the answer only whose consent is needed; how often they may ask for another
price of one unit is limited and on record (decisions 4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Claim
from contracts.queries import pricing
from contracts.queries import unit as unit_queries
from contracts.queries.pricing import Discount
from contracts.states import WITH_LOAN, Consent, PaymentMethod, Stage
from enquiries.models import Customer
from inventory.models import DiscountPolicy, Unit
from inventory.queries.discounts import discounts_for
from inventory.queries.prices import PRICE_QUESTIONS_A_DAY
from inventory.queries.standing import standing
from inventory.states import Status
from salescontrol.core import audit, clock, notices, options
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.templatetags import sales

QUESTION = "quotation.price_question"
REFUSED = "quotation.price_question_refused"
QUOTED_STAGES = (Stage.HOLD, Stage.SMALL_DEPOSIT)


@dataclass(frozen=True)
class Terms:
    """What is quoted on: for whom, how it is paid, which public policies (ids), a special discount, the loan, until when."""

    salesperson: Any
    method: PaymentMethod
    valid_until: date
    customer: Customer | None = None
    policies: Sequence[int] = ()
    special_percent: Decimal | None = None
    special_amount: Decimal | None = None
    loan: Decimal = Decimal(0)
    loan_years: int | None = None
    loan_rate: Decimal | None = None
    reason: str = ""

    def content(self) -> dict:
        """What makes one form another."""
        return {
            "customer": self.customer and self.customer.pk, "salesperson": self.salesperson.pk, "method": self.method,
            "until": self.valid_until, "policies": sorted(self.policies), "percent": self.special_percent,
            "amount": self.special_amount, "loan": self.loan, "years": self.loan_years, "rate": self.loan_rate,
            "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A price as worked out: what it was counted from, what comes of it, and whose consent it needs."""

    list_unit_price: Decimal
    list_total: Decimal
    area: Decimal
    discounts: tuple[Discount, ...]
    total: Decimal
    unit_price: Decimal
    loan: Decimal
    first_payment: Decimal
    monthly: Decimal | None
    floor_total: Decimal | None
    consent: Consent
    above_filed: bool

    @property
    def special(self) -> bool:
        return any(discount.policy is None for discount in self.discounts)


def find_claim(access: Access, unit: Unit, now: datetime) -> Claim | None:
    """The claim on whose price the unit is quoted; none for a unit that is free. Raises Conflict for any other unit."""
    claim = unit_queries.live_claim(access, unit, now)
    if claim is not None and claim.stage in QUOTED_STAGES:
        return claim
    if claim is None and standing(unit, now) == Status.AVAILABLE:
        return None
    raise Conflict(
        _("%(unit)s is not for sale now, so no price is quoted for it. Ask the desk, or choose another unit.")
        % {"unit": unit.number},
        code="not_for_sale",
    )


def list_price(unit: Unit, claim: Claim | None) -> tuple[Decimal, Decimal]:
    """Unit price and total that the discounts are taken from: those of the day the claim began, else of today (decisions 11)."""
    kept = claim if claim is not None and claim.list_total is not None else unit
    if kept.list_total is None:
        raise Refusal(
            _("%(unit)s has no list price yet. Marketing proposes one, the supervisor approves it.")
            % {"unit": unit.number},
            code="no_price",
        )
    return kept.list_unit_price or pricing.deal_unit_price(kept.list_total, pricing.counted_area(unit)), kept.list_total


def policies_for(unit: Unit, now: datetime) -> list[DiscountPolicy]:
    """The public policies that may be used for the unit today, in the order in which they are counted."""
    return [] if unit.no_discount else discounts_for(unit, clock.local(now, unit.project.zone).date())


def work_out(*, unit: Unit, claim: Claim | None, terms: Terms, now: datetime) -> Offer:
    """What the terms come to. Raises Refusal at the fields: no price left, policies that do not go together, a loan that cannot
    be, a filed price that would be exceeded."""
    settings = options.values(unit.project_id)
    unit_price, price = list_price(unit, claim)
    area = pricing.counted_area(unit)
    chosen = _chosen(terms, policies_for(unit, now))
    discounts = (*map(_public, chosen), *_special(terms))
    total = pricing.deal_total(price, discounts)
    if total <= 0:
        field = "special_amount" if terms.special_amount else "policies"
        raise _refusal(field, _("Nothing would be left of the price. Take less off."), "too_much")
    above = pricing.above_filed(unit, total, area)
    if above and settings["quotation.filed_blocks"]:
        raise _refusal(
            "method", _("This is more than the price on file for %(unit)s, which nobody may exceed. Take more off, or have the filed "
            "price changed.") % {"unit": unit.number}, "above_filed",
        )  # fmt: skip
    _require_valid(terms.valid_until, settings, clock.local(now, unit.project.zone).date())
    monthly = _loan(terms, total, settings)
    consent = pricing.consent_for(
        total=total, floor=unit.floor_total, extra=pricing.extra_percent(price, discounts),
        needs_approval=any(policy.needs_approval for policy in chosen),
        supervisor_to=Decimal(settings["quotation.supervisor_percent"]),
        management_to=Decimal(settings["quotation.management_percent"]),
    )  # fmt: skip
    return Offer(
        list_unit_price=unit_price, list_total=price, area=area, discounts=discounts, total=total,
        unit_price=pricing.deal_unit_price(total, area), loan=terms.loan, first_payment=total - terms.loan, monthly=monthly,
        floor_total=unit.floor_total, consent=consent, above_filed=above,
    )  # fmt: skip


def _chosen(terms: Terms, offered: Sequence[DiscountPolicy]) -> list[DiscountPolicy]:
    """The chosen policies in their listed order, in whatever order they were ticked."""
    chosen = [policy for policy in offered if policy.pk in set(terms.policies)]
    if len(chosen) != len(set(terms.policies)):
        raise _refusal(
            "policies", _("A discount that you chose is not in force for this unit any more. Choose again."), "policy"
        )
    alone = next((policy for policy in chosen if not policy.stackable), None)
    if alone is not None and len(chosen) > 1:
        message = _("“%(name)s” does not go together with others. Choose it alone, or leave it out.") % {
            "name": alone.name
        }
        raise _refusal("policies", message, "not_stackable")
    return chosen


def _public(policy: DiscountPolicy) -> Discount:
    return Discount(policy.name, policy.percent, policy.amount, policy.pk, policy.needs_approval)


def _special(terms: Terms) -> list[Discount]:
    percent, amount = terms.special_percent, terms.special_amount
    if not percent and not amount:
        return []
    if percent and amount:
        raise _refusal("special_amount", _("Give either a percentage or an amount."), "special")
    if percent is not None and not 0 < percent < 100:
        raise _refusal("special_percent", _("More than 0 and less than 100 per cent."), "special")
    if amount is not None and amount < 0:
        raise _refusal("special_amount", _("More than 0."), "special")
    return [Discount(_("Special discount"), percent or None, amount or None)]


def _require_valid(until: date, settings: Mapping[str, Any], today: date) -> None:
    days = settings["quotation.valid_days"]
    if until < today:
        raise _refusal("valid_until", _("This day is past."), "valid_until")
    if until > today + timedelta(days=days):
        message = _("A quotation is valid for at most %(days)s days. The office sets this.") % {"days": days}
        raise _refusal("valid_until", message, "valid_until")


def _loan(terms: Terms, total: Decimal, settings: Mapping[str, Any]) -> Decimal | None:
    """The estimate of the monthly payment; None without a loan."""
    if terms.method not in WITH_LOAN:
        if terms.loan:
            raise _refusal("loan", _("This way of paying has no loan. Leave it empty, or choose another way."), "loan")
        return None
    if terms.loan <= 0 or terms.loan % pricing.LOAN_STEP:
        raise _refusal("loan", _("Enter the loan in whole 10,000."), "loan")
    share = settings["quotation.first_percent"]
    if (total - terms.loan) * 100 < total * share:
        most = (total * (100 - share) / 100) // pricing.LOAN_STEP * pricing.LOAN_STEP
        raise _refusal(
            "loan", _("The first payment has to be at least %(share)s %% of the price, so the loan is at most %(most)s.")
            % {"share": share, "most": sales.amount(most)}, "first_payment",
        )  # fmt: skip
    if not terms.loan_years or terms.loan_rate is None:
        field = "loan_rate" if terms.loan_years else "loan_years"
        raise _refusal(field, _("Enter years and yearly interest of the loan."), "loan")
    return pricing.monthly_payment(terms.loan, terms.loan_years, terms.loan_rate)


def _refusal(field: str, message: str, code: str) -> Refusal:
    return Refusal(message, code=code, fields={field: [message]})


def ask_price(*, unit: Unit, total: Decimal, by) -> None:
    """Put it on record that somebody without sight of the floor price asks whose consent this price needs. The same price again
    is no new question. Raises Refusal `too_often` beyond so many prices of one unit within a day; the supervisor is told."""
    if access_of(by).can(Permission.FLOOR_PRICE_SEE, unit.project_id) or _within(unit, str(total), by):
        return
    raise Refusal(
        _("You asked for %(count)s different prices of this unit within a day, which is the limit. Ask the supervisor.")
        % {"count": PRICE_QUESTIONS_A_DAY},
        code="too_often",
    )


@transaction.atomic
def _within(unit: Unit, total: str, by) -> bool:
    """Whether this price may be asked for still; on record either way. The user's row is locked meanwhile, so that many
    questions at once are counted one by one."""
    get_user_model().objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    now = clock.now()
    asked = AuditEvent.objects.filter(
        actor=by, action=QUESTION, target_kind=Unit._meta.label_lower, target_id=unit.pk, at__gt=now - timedelta(days=1)
    )
    prices = {detail.get("total") for detail in asked.values_list("detail", flat=True)}
    if total in prices:
        return True
    within = len(prices) < PRICE_QUESTIONS_A_DAY
    audit.record(
        QUESTION if within else REFUSED, by=by, project_id=unit.project_id, target=unit, detail={"total": total}
    )
    if not within:
        supervisors = [person for person in deciding_users([Role.SUPERVISOR], unit.project_id) if person != by]
        notices.tell(
            supervisors, REFUSED, key=f"{REFUSED}-{by.pk}-{unit.pk}-{now:%Y%m%d}", project_id=unit.project_id,
            url=reverse("sales:quotation_list", args=[unit.project.code]), who=by.employee_no, unit=unit.number,
        )  # fmt: skip
    return within


notices.register(REFUSED, gettext_lazy("%(who)s asked for too many prices of %(unit)s within a day and was refused."))
