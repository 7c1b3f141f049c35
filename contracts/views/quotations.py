"""Quotations 算价单: worked out, saved, printed, consent asked for, withdrawn (R3.1, domain B4)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.forms.quotations import AskForm, QuotationFilter, QuotationForm
from contracts.models import Claim, Quotation
from contracts.queries import pricing
from contracts.queries import quotations as queries
from contracts.queries import unit as unit_queries
from contracts.queries.people import named
from contracts.services import quotations as service
from contracts.services import quoting
from contracts.states import Consent, QuotationState, Stage
from contracts.views.base import InClaims, InUnit, NamedRows, WithCustomer
from inventory.models import DiscountPolicy
from salescontrol.core import approvals, clock, files, money, options, outages, tables
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import OnceForm
from salescontrol.core.history import timeline
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.views import ActionPage, DetailPage, FilePage, FormPage, ListPage

TONES = {
    QuotationState.DRAFT: "withheld",
    QuotationState.ASKED: "pending",
    QuotationState.READY: "good",
    QuotationState.REFUSED: "warn",
    QuotationState.USED: "good",
    QuotationState.WITHDRAWN: "withheld",
}
ACTS = {
    "quotation.make": gettext_lazy("Made"),
    "quotation.ask": gettext_lazy("Consent asked for"),
    "quotation.consent": gettext_lazy("Consent given"),
    "quotation.refuse": gettext_lazy("Returned"),
    "quotation.take_back": gettext_lazy("Request taken back, or out of date"),
    "quotation.use": gettext_lazy("Subscribed on"),
    "quotation.withdraw": gettext_lazy("Withdrawn"),
    "customer.merge": gettext_lazy("Moved to the customer who was kept"),
    "customer.erase": gettext_lazy("Customer erased"),
}


def subscribe_url(access: Access, row: Quotation) -> str:
    """Where the unit is subscribed on by this quotation; empty unless it can be now, by this reader."""
    valid = row.state == QuotationState.READY and row.valid_until >= clock.today(row.project.zone)
    if not valid or not access.can(Permission.DEAL_WRITE, row.project_id):
        return ""
    try:
        url = reverse("sales:subscription_new", args=[row.project.code, row.unit_id])
    except NoReverseMatch:
        return ""
    return f"{url}?quotation={row.number}"


class QuotationNew(WithCustomer, InUnit, FormPage):
    """Work a price out: "Calculate" shows what it comes to and whose consent it needs, "Save" keeps it."""

    permission = Permission.QUOTATION_MAKE
    template_name = "contracts/quotation_new.html"
    form_class = QuotationForm
    submit_label = gettext_lazy("Save")

    def get_title(self) -> str:
        return _("Quotation on %(unit)s") % {"unit": self.unit.number}

    @cached_property
    def claim(self) -> Claim | None:
        return unit_queries.live_claim(self.request.access, self.unit, clock.now())

    def get_form_kwargs(self) -> dict:
        people = self.people() if self.desk else {"customers": self.customers, "salespeople": [self.request.user]}
        return {
            **people, "own": not self.desk, "currency_unit": self.project.currency_unit,
            "otherwise": self.unit.salesperson if self.desk else self.request.user,
            "policies": [(policy.pk, offered(policy)) for policy in quoting.policies_for(self.unit, clock.now())],
        }  # fmt: skip

    def get_initial(self) -> dict:
        days = options.value("quotation.valid_days", self.project.pk)
        initial: dict[str, Any] = {"valid_until": clock.today(self.project.zone) + timedelta(days=days)}
        if self.claim is not None and self.claim.stage == Stage.HOLD:
            initial |= {"customer": self.claim.customer_id or "", "salesperson": self.claim.salesperson_id or ""}
        return initial

    def get_context(self) -> dict:
        kept = self.claim if self.claim is not None and self.claim.list_total is not None else None
        return {
            "unit": self.unit, "claimed": kept is not None, "area": pricing.counted_area(self.unit), "back_url": self.get_back_url(),
            "list_total": (kept or self.unit).list_total, "list_unit_price": (kept or self.unit).list_unit_price,
            "currency": self.project.currency, "result": None,
        }  # fmt: skip

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.calculate() if "calculate" in request.POST else super().post(request, *args, **kwargs)

    def calculate(self) -> HttpResponse:
        """The same page with the answer above the form; nothing is kept but that it was asked."""
        form = self.get_form(self.request.POST, self.request.FILES)
        if not form.is_valid():
            return self.show(form=form, status=422)
        try:
            offer = service.preview(
                unit=self.unit, terms=form.terms(form.cleaned_data["customer"]), by=self.request.user
            )
        except Refusal as error:
            refusal = outages.refusal(error)
            form.add_refusal(refusal)
            return self.show(form=form, status=refusal.status)
        return self.show(form=form, result=self.told(offer))

    def told(self, offer: quoting.Offer) -> dict:
        return {
            "offer": offer, "needs": service.needs(offer.consent), "asks": offer.consent != Consent.NONE,
            "discounts": [(discount.name, service.shown(discount.kept())) for discount in offer.discounts],
            "below": below(self.request.access, self.project.pk, offer.total, offer.floor_total),
        }  # fmt: skip

    def perform(self, form: QuotationForm) -> Quotation:
        return service.make_quotation(
            op_id=form.cleaned_data["op_id"], unit_id=self.unit.pk, terms=form.terms(self.customer_of(form)),
            by=self.request.user, upload=form.cleaned_data["evidence"],
        )  # fmt: skip

    def get_success(self, result: Quotation) -> str:
        return _("Quotation %(number)s was saved: %(needs)s.") % {
            "number": result.number,
            "needs": service.needs(Consent(result.consent)),
        }

    def get_success_url(self, result: Quotation) -> str:
        return reverse("sales:quotation", args=[self.project.code, result.number])


def offered(policy: DiscountPolicy) -> str:
    """A policy as the form offers it: its name, how much, on what conditions."""
    size = f"{policy.percent} %" if policy.percent is not None else sales.amount(policy.amount)
    alone = "" if policy.stackable else _("not with others")
    asks = _("each use needs approval") if policy.needs_approval else ""
    return " · ".join(filter(None, [policy.name, size, policy.conditions, alone, asks]))


def below(access: Access, project_id: int, total: Decimal, floor: Decimal | None) -> str:
    """How far below the floor price, for those who may read it; else nothing at all (decisions 4)."""
    gap = pricing.below_floor(total, floor) if access.can(Permission.FLOOR_PRICE_SEE, project_id) else None
    return service.below_text(*gap) if gap else ""


class InQuotation(InClaims):
    """Mixin: `self.quotation` among those that the reader may see, or 404."""

    quotation: Quotation

    def prepare_in_project(self) -> None:
        self.quotation = queries.find(self.request.access, self.project, self.kwargs["number"])

    def get_back_url(self) -> str:
        return self.quotation_url("quotation")

    def get_success_url(self, result: Quotation) -> str:
        return self.get_back_url()

    def quotation_url(self, name: str) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, self.quotation.number])


class QuotationPage(InQuotation, DetailPage):
    """One quotation, as it is read and as it is printed."""

    template_name = "contracts/quotation.html"

    def get_title(self) -> str:
        return _("Quotation %(number)s") % {"number": self.quotation.number}

    def get_context(self) -> dict:
        row, access = self.quotation, self.request.access
        self.note_seen(row.customer)
        approval = queries.last_request(row)
        return {
            "quotation": row, "customer": named(access, row.customer), "tone": TONES[QuotationState(row.state)],
            "needs": service.needs(Consent(row.consent)), "currency": self.project.currency,
            "discounts": [(service.called(discount), service.shown(discount)) for discount in row.discounts],
            "capitals": money.capitals(row.total), "below": below(access, row.project_id, row.total, row.floor_total),
            "over": row.valid_until < clock.today(self.project.zone),
            "request_url": approvals.page_url(approval) if approval and self.may_read(approval) else "",
            "file_url": self.quotation_url("quotation_file") if row.evidence_id else "",
            "board_url": self.board_url(row.unit_id), "actions": self.actions(), "life": self.life(),
        }  # fmt: skip

    def may_read(self, approval) -> bool:
        return approvals.visible_to(self.request.access).filter(pk=approval.pk).exists()

    def life(self) -> list[dict]:
        """What was done with it, newest first; who did it only to those who may know people of the desk."""
        desk = self.request.access.can(Permission.UNIT_SEE_PEOPLE, self.project_id)
        return [
            {"at": entry.at, "text": ACTS.get(entry.action, _("Changed")), "by": entry.by.name if desk and entry.by else ""}
            for entry in timeline(self.quotation)
        ]  # fmt: skip

    def actions(self) -> list[dict]:
        row, access = self.quotation, self.request.access
        shown = []
        if url := subscribe_url(access, row):
            shown.append({"label": _("Subscribe on it"), "url": url, "style": "primary"})
        if access.can(Permission.QUOTATION_MAKE, self.project_id):
            if row.state == QuotationState.DRAFT and row.valid_until >= clock.today(self.project.zone):
                shown.append(
                    {"label": _("Ask for consent"), "url": self.quotation_url("quotation_ask"), "style": "primary"}
                )
            if row.state in (*service.OPEN, QuotationState.REFUSED):
                shown.append({"label": _("Withdraw"), "url": self.quotation_url("quotation_withdraw"), "style": ""})
        return shown


class QuotationAsk(InQuotation, ActionPage):
    """Ask for the consent that the price needs."""

    permission = Permission.QUOTATION_MAKE
    form_class = AskForm
    submit_label = gettext_lazy("Ask for consent")
    success = gettext_lazy("Asked. You hear of the answer in your messages.")

    def get_title(self) -> str:
        return _("Ask for consent to quotation %(number)s") % {"number": self.quotation.number}

    def get_sentence(self) -> str:
        return _("%(total)s for %(unit)s %(needs)s.") % {
            "total": sales.money(self.quotation.total, self.project.currency),
            "unit": self.quotation.unit.number,
            "needs": service.needs(Consent(self.quotation.consent)),
        }

    def get_initial(self) -> dict:
        return {"reason": self.quotation.reason}

    def perform(self, form) -> Quotation:
        values = form.cleaned_data
        return service.ask_consent(
            op_id=values["op_id"], number=self.quotation.number, reason=values["reason"], by=self.request.user
        )


class QuotationWithdraw(InQuotation, ActionPage):
    """The quotation is not used any more."""

    permission = Permission.QUOTATION_MAKE
    form_class = OnceForm
    submit_label = gettext_lazy("Withdraw")
    success = gettext_lazy("The quotation was withdrawn.")

    def get_title(self) -> str:
        return _("Withdraw quotation %(number)s") % {"number": self.quotation.number}

    def get_sentence(self) -> str:
        return _("Nobody can subscribe on it any more; a request for consent that waits is taken back.")

    def perform(self, form) -> Quotation:
        return service.withdraw_quotation(
            op_id=form.cleaned_data["op_id"], number=self.quotation.number, by=self.request.user
        )


class QuotationFile(InQuotation, FilePage):
    """The attachment as a download."""

    def get_file(self) -> HttpResponseBase:
        if self.quotation.evidence is None:
            raise Http404
        return files.hand_out(self.quotation.evidence, self.request, project_id=self.project_id)


def columns(access: Access) -> list[tables.Column]:
    """What the list of quotations shows."""
    place = ("unit__building__position", "unit__entrance", "unit__floor", "unit__stack")
    return [
        tables.Column("number", _("Quotation"), link=lambda row: reverse("sales:quotation", args=[row.project.code, row.number])),
        tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                      tone=lambda row: TONES[QuotationState(row.state)]),
        tables.Column("unit", _("Unit"), "unit.number", sort=place),
        tables.Column("customer", _("Customer"), lambda row: named(access, row.customer)),
        tables.Column("salesperson", _("Salesperson"), "salesperson.name", sort=("salesperson__name",)),
        tables.Column("method", _("Payment method"), lambda row: row.get_method_display(), sort=("method",), minor=True),
        tables.Column("list_total", _("List price"), format="money", sort=("list_total",), minor=True),
        tables.Column("total", _("Deal price"), format="money", sort=("total",)),
        tables.Column("unit_price", _("Deal unit price"), format="money", sort=("unit_price",), minor=True),
        tables.Column("valid_until", _("Valid until"), format="day", sort=("valid_until",)),
        tables.Column("made_at", pgettext("moment", "Made"), format="moment", sort=("made_at",)),
    ]  # fmt: skip


class QuotationList(NamedRows, InClaims, ListPage):
    """The quotations of the project, the newest first; a salesperson's own."""

    filterset_class = QuotationFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = ("-made_at", "-pk")
    empty = gettext_lazy("No price was quoted yet. Open a unit on the board and choose “Quotation”.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        return _("Quotations") if self.sees_all else _("My quotations")

    @property
    def sees_all(self) -> bool:
        return self.request.access.can(Permission.CLAIM_SEE_ALL, self.project_id)

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"choices": queries.choices(self.request.access, self.project), "desk": self.sees_all}

    def get_columns(self):
        return columns(self.request.access)

    def get_context(self) -> dict:
        return {"context_line": self.project.name}
