"""Quotations 算价单 (R3.1, domain B4): made, consent asked for and given, withdrawn, subscribed on.

What a quotation says never changes: another price is another quotation. Nothing that needs a consent becomes ready without it,
whoever made it (B16.6).
"""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Claim, Quotation
from contracts.queries import pricing
from contracts.queries.scope import quotations_visible_to
from contracts.services import claims, quoting
from contracts.services.quoting import Offer, Terms
from contracts.states import Consent, QuotationState
from enquiries.queries.scope import customers_visible_to
from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services import stages
from inventory.services.assignment import salespeople
from salescontrol.core import approvals, clock, files
from salescontrol.core.access import Access, access_of
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Approval, Attachment, Level, Operation
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.templatetags import sales

KIND = "quotation.consent"
FINANCE = approvals.Stage((Role.MANAGEMENT, Role.FINANCE))
OPEN = (QuotationState.DRAFT, QuotationState.ASKED, QuotationState.READY)


def preview(*, unit: Unit, terms: Terms, by) -> Offer:
    """What the terms come to and whose consent that needs, before anything is asked or saved. Raises what `make_quotation` does,
    but for what is missing to save it."""
    access, now = _maker(unit, by), clock.now()
    offer = quoting.work_out(unit=unit, claim=quoting.find_claim(access, unit, now), terms=terms, now=now)
    quoting.ask_price(unit=unit, total=offer.total, by=by)
    return offer


def make_quotation(*, op_id: uuid.UUID, unit_id: int, terms: Terms, by, upload=None) -> Quotation:
    """A quotation on a unit that is for sale, or held by a claim that the maker may see; ready at once when nobody's consent is
    needed. Returns it, the same one for the same form.

    Raises NotVisible, Forbidden, Conflict `not_for_sale`, Refusal at the fields: what `quoting.work_out` refuses, and a reason
    or an attachment that is missing.
    """
    unit = units_visible_to(access_of(by)).select_related("project").filter(pk=unit_id).first()
    if unit is None:
        raise NotVisible(_("There is no such unit."))
    # On record before the answer, and in a transaction of its own: a refusal tells as much as an answer (decisions 4). What was
    # done under this form before gets its answer again, whatever became of the unit meanwhile (I5).
    if not Operation.objects.filter(op_id=op_id).exists():
        preview(unit=unit, terms=terms, by=by)
    content = {"unit": unit_id, **terms.content(), "file": getattr(upload, "name", "")}
    reference = once(
        op_id=op_id, by=by, action="quotation.make", content=content, run=lambda: _make(unit_id, terms, upload, by)
    )
    return Quotation.every.select_related("unit__project", "project").get(number=reference["quotation"])


def _make(unit_id: int, terms: Terms, upload, by) -> dict:
    unit = claims.lock_unit(unit_id, access_of(by))
    access, now = _maker(unit, by), clock.now()
    _require_people(unit, terms, access)
    offer = quoting.work_out(unit=unit, claim=quoting.find_claim(access, unit, now), terms=terms, now=now)
    _require_grounds(offer, terms, upload)
    row = Quotation(
        project=unit.project, unit=unit, customer=terms.customer, salesperson=terms.salesperson, method=terms.method,
        area=offer.area, list_unit_price=offer.list_unit_price, list_total=offer.list_total,
        floor_total=offer.floor_total, discounts=[discount.kept() for discount in offer.discounts], total=offer.total,
        unit_price=offer.unit_price, first_payment=offer.first_payment, loan=offer.loan,
        loan_years=terms.loan_years if offer.loan else None, loan_rate=terms.loan_rate if offer.loan else None,
        monthly=offer.monthly, valid_until=terms.valid_until, consent=offer.consent, reason=terms.reason.strip()[:300],
        evidence=_kept(upload, by), made_by=by, made_at=now,
        state=QuotationState.READY if offer.consent == Consent.NONE else QuotationState.DRAFT,
    )  # fmt: skip
    save_tracked(row, action="quotation.make", by=by)
    return {"quotation": row.number}


def _maker(unit: Unit, by) -> Access:
    access = access_of(by)
    access.require(Permission.QUOTATION_MAKE, unit.project_id)
    return access


def _require_people(unit: Unit, terms: Terms, access: Access) -> None:
    """The salesperson is of the project, and oneself unless one sees everybody's; the customer is one whom the maker may see."""
    own = not access.can(Permission.CLAIM_SEE_ALL, unit.project_id)
    if terms.salesperson not in salespeople(unit.project) or (own and terms.salesperson != access.user):
        message = _("%(name)s is no salesperson of this project.") % {"name": terms.salesperson}
        raise Refusal(message, code="no_salesperson", fields={"salesperson": [message]})
    mine = customers_visible_to(access).filter(project=unit.project_id)
    if terms.customer is not None and not mine.filter(pk=terms.customer.pk).exists():
        raise NotVisible("")


def _require_grounds(offer: Offer, terms: Terms, upload) -> None:
    """A special discount needs its reason; what goes as far as finance needs reason and attachment (domain B4)."""
    fields: dict[str, list] = {}
    if (offer.special or offer.consent == Consent.FINANCE) and not terms.reason.strip():
        fields["reason"] = [_("Give the reason: whoever decides reads it.")]
    if offer.consent == Consent.FINANCE and not upload:
        fields["evidence"] = [_("Attach what the price is based on: whoever decides looks at it.")]
    if fields:
        raise Refusal(_("Some values need another look."), code="grounds", fields=fields)


def _kept(upload, by) -> Attachment | None:
    return files.take_in(upload, by=by, kinds=("pdf", "image"), level=Level.CONFIDENTIAL) if upload else None


def ask_consent(*, op_id: uuid.UUID, number: str, reason: str, by) -> Quotation:
    """Ask for the consent that the quotation needs. Raises Conflict when it is no draft or its price is out of date."""

    def run() -> dict:
        row = _locked(_seen(number, by))
        unit = Unit.every.select_related("project").get(pk=row.unit_id)
        if row.state != QuotationState.DRAFT:
            raise _wrong(row)
        _require_current(row, unit, clock.now())
        row.state, row.version = QuotationState.ASKED, row.version + 1
        save_tracked(row, action="quotation.ask", by=by, fields=["state", "version"])
        authors = {by.pk, row.made_by_id}
        approvals.request(
            kind=KIND, by=by, subject=f"{row.number}: {unit.number}",
            reason=reason, project_id=row.project_id, target_id=row.pk, before={"total": str(row.list_total)},
            after={"total": str(row.total), "consent": row.consent}, authors=authors,
            effect={**stages.who_decides(row.project_id, authors), "project": unit.project.code},
        )  # fmt: skip
        return {"quotation": number}

    once(op_id=op_id, by=by, action="quotation.ask", content={"quotation": number, "reason": reason}, run=run)
    return Quotation.every.get(number=number)


def withdraw_quotation(*, op_id: uuid.UUID, number: str, by) -> Quotation:
    """The quotation is not used any more; a request for consent that waits is taken back, by whoever made it."""

    def run() -> dict:
        seen = _seen(number, by)
        # The request before the quotation, as where it is decided: two who lock in another order would wait for each other.
        waiting = Approval.objects.filter(kind=KIND, target_id=seen.pk, state=Approval.State.PENDING).first()
        if waiting is not None:
            if waiting.requested_by_id != by.pk:
                raise Forbidden(
                    _(
                        "Consent to this price was asked for by somebody else, who alone takes the request back. Ask them, or whoever "
                        "decides to return it."
                    ),
                    code="not_author",
                )
            approvals.withdraw(approval_id=waiting.pk, by=by)
        row = _locked(seen)
        if row.state not in (QuotationState.DRAFT, QuotationState.READY, QuotationState.REFUSED):
            raise _wrong(row)
        _to(row, QuotationState.WITHDRAWN, "quotation.withdraw", by)
        return {"quotation": number}

    once(op_id=op_id, by=by, action="quotation.withdraw", content={"quotation": number}, run=run)
    return Quotation.every.get(number=number)


def _seen(number: str, by) -> Quotation:
    """The quotation among those that the user may see. Raises NotVisible, Forbidden."""
    access = access_of(by)
    seen = quotations_visible_to(access).filter(number=number).first()
    if seen is None:
        raise NotVisible(_("There is no such quotation."))
    access.require(Permission.QUOTATION_MAKE, seen.project_id)
    return seen


def _locked(row: Quotation) -> Quotation:
    return Quotation.every.select_for_update(of=("self",)).get(pk=row.pk)


def _wrong(row: Quotation) -> Conflict:
    return Conflict(
        _("Quotation %(number)s is %(state)s by now, so this cannot be done. Make a new one.")
        % {"number": row.number, "state": row.get_state_display()},
        code="wrong_state",
    )


def _to(row: Quotation, state: QuotationState, action: str, by) -> Quotation:
    row.state, row.version = state, row.version + 1
    return save_tracked(row, action=action, by=by, fields=["state", "version"])


def require_usable(quotation: Quotation, unit: Unit, now: datetime) -> None:
    """Raise Conflict unless the unit may be subscribed on by this quotation now: ready, of this unit, valid still, and counted from
    the price that counts today. Call it with the unit locked."""
    if quotation.unit_id != unit.pk:
        raise Conflict(_("This quotation is of another unit. Make one for this unit."), code="other_unit")
    if quotation.state != QuotationState.READY:
        raise Conflict(
            _("Quotation %(number)s cannot be subscribed on: %(state)s. It has to be ready.")
            % {"number": quotation.number, "state": quotation.get_state_display()},
            code="not_ready",
        )
    _require_current(quotation, unit, now)


def _require_current(row: Quotation, unit: Unit, now: datetime) -> None:
    if row.valid_until < clock.local(now, unit.project.zone).date():
        raise Conflict(
            _("Quotation %(number)s was valid until %(day)s. Make a new one.")
            % {"number": row.number, "day": row.valid_until.isoformat()},
            code="expired",
        )
    claim = Claim.every.filter(unit=unit, released_at__isnull=True, list_total__isnull=False).first()
    price = claim.list_total if claim is not None else unit.list_total
    raised = unit.floor_total is not None and row.total < unit.floor_total and row.consent != Consent.FINANCE
    if row.list_total != price or row.area != pricing.counted_area(unit) or raised:
        raise Conflict(
            _("The price or the area of %(unit)s changed since quotation %(number)s was made. Make a new one.")
            % {"unit": unit.number, "number": row.number},
            code="price_changed",
        )


def use(quotation: Quotation, by) -> Quotation:
    """The quotation is frozen into a subscription. Needs the caller's transaction. Raises Conflict when it is not ready any more."""
    assert transaction.get_connection().in_atomic_block, (
        "a quotation is used inside the transaction of its subscription"
    )
    row = _locked(quotation)
    if row.state != QuotationState.READY:
        raise _wrong(row)
    return _to(row, QuotationState.USED, "quotation.use", by)


def _steps(approval: Approval) -> list[approvals.Stage]:
    """The supervisor; beyond what they may give the management, and finance beside it. Where the only supervisor had a hand in
    it, management decides in their place (domain B1, B4)."""
    consent = approval.after["consent"]
    above = {Consent.MANAGEMENT: [stages.MANAGEMENT], Consent.FINANCE: [FINANCE]}.get(consent, [])
    if approval.effect.get("no_supervisor"):
        return above or [stages.EITHER]
    return [stages.SUPERVISOR, *above]


def _row_of(approval: Approval) -> Quotation:
    return _locked(Quotation(pk=approval.target_id))


def _apply(approval: Approval, by) -> None:
    row = _row_of(approval)
    if row.state != QuotationState.ASKED:
        raise _wrong(row)
    _to(row, QuotationState.READY, "quotation.consent", by)


def _closed(approval: Approval, by) -> None:
    row = _row_of(approval)
    if row.state != QuotationState.ASKED:
        return
    returned = approval.state == Approval.State.RETURNED
    state, action = (
        (QuotationState.REFUSED, "quotation.refuse") if returned else (QuotationState.DRAFT, "quotation.take_back")
    )
    _to(row, state, action, by)


def _version(pk: int) -> int:
    return Quotation.every.values_list("version", flat=True).get(pk=pk)


def _present(approval: Approval, access: Access) -> list[tuple[Any, Any, Any]]:
    """Price before and after, each discount, whose consent; how far below the floor only for those who may know (decisions 4)."""
    row = approvals.target_of(approval)
    lines: list[tuple[Any, Any, Any]] = [
        (_("Deal price"), sales.amount(row.list_total), sales.amount(row.total)),
        (_("Deal unit price"), sales.amount(row.list_unit_price), sales.amount(row.unit_price)),
        *((called(discount), "", shown(discount)) for discount in row.discounts),
        (_("Effect"), "", needs(Consent(row.consent))),
    ]
    below = pricing.below_floor(row.total, row.floor_total)
    if below and access.can(Permission.FLOOR_PRICE_SEE, row.project_id):
        lines.append((_("Below the floor price"), "", below_text(*below)))
    return lines


def called(discount: dict) -> str:
    """The policy's name; a special discount has none and is called so in the reader's language."""
    return discount["name"] if discount.get("policy") else _("Special discount")


def shown(discount: dict) -> str:
    """`2.00 %` or `10,000` off."""
    return f"{discount['percent']} %" if "percent" in discount else sales.amount(Decimal(discount["amount"]))


def needs(consent: Consent) -> str:
    """Whose consent a price needs, in a sentence that says no more to anybody."""
    return str(
        {
            Consent.NONE: _("needs nobody's approval"),
            Consent.SUPERVISOR: _("needs approval of the supervisor"),
            Consent.MANAGEMENT: _("needs approval of supervisor and management"),
            Consent.FINANCE: _("needs approval of supervisor, management and finance"),
        }[consent]
    )


def below_text(amount: Decimal, percent: Decimal) -> str:
    return _("%(amount)s (%(percent)s%%)") % {"amount": sales.amount(amount), "percent": percent}


def _url(approval: Approval) -> str:
    row = Quotation.every.values_list("number", flat=True).get(pk=approval.target_id)
    return reverse("sales:quotation", args=[approval.effect["project"], row])


def register() -> None:
    """Make consents to quotations decidable in the one inbox."""
    approvals.register(
        KIND,
        approvals.Kind(
            label=gettext_lazy("Consent to a quotation"), stages=_steps, apply=_apply, present=_present, url=_url,
            version=_version, closed=_closed, rows=Quotation.every.in_bulk,
        ),
    )  # fmt: skip
