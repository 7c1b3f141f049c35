"""Subscriptions: listed, read with buyers and checklist, drawn up and corrected (R3.1, domain B6)."""

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.checklist import LABELS
from contracts.forms.subscriptions import SubscriptionFilter, TermsForm
from contracts.models import Claim, Document, Subscription
from contracts.queries import checklists
from contracts.queries import holds as hold_queries
from contracts.queries import subscriptions as queries
from contracts.queries.people import named, sees_name
from contracts.services import subscriptions
from contracts.services.deadlines import deadline_of
from contracts.services.subscription_step import allowed, require_allowed
from contracts.states import Moment, PaymentMethod, SubscriptionKind, SubscriptionState
from contracts.views.base import InClaims, InUnit
from enquiries.queries.customers import OFFERED, customer_choices
from inventory.queries.panel import permit_numbers
from inventory.services.assignment import salespeople
from salescontrol.core import clock, tables
from salescontrol.core.money import capitals
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage, ListPage

TONES = {
    SubscriptionState.DRAFT: "pending",
    SubscriptionState.ACTIVE: "good",
    SubscriptionState.CLOSED: "withheld",
}


class InSales(InClaims):
    """Mixin: a page of quotations and trades of a project."""

    def sales(self, name: str, *args) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, *args])


class InSubscription(InSales):
    """Mixin: `self.row` among those that the reader may know of, or 404."""

    row: Subscription

    def prepare_in_project(self) -> None:
        self.row = queries.find(self.request.access, self.project, self.kwargs["number"])

    def get_back_url(self) -> str:
        return self.sales("subscription", self.row.code)

    def get_success_url(self, result) -> str:
        return self.sales("subscription", self.row.code)


def columns(address) -> list[tables.Column]:
    place = ("unit__building__position", "unit__entrance", "unit__floor", "unit__stack")
    return [
        tables.Column("number", _("Subscription"), lambda row: row.number or _("draft"), sort=("number",),
                      link=lambda row: address("subscription", row.code)),
        tables.Column("unit", _("Unit"), "unit.number", sort=place),
        tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                      tone=lambda row: TONES[SubscriptionState(row.state)]),
        tables.Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
        tables.Column("total", _("Deal price"), format="money", sort=("total",)),
        tables.Column("paid", _("Received"), format="money", sort=("paid",)),
        tables.Column("signed_on", pgettext("date", "Subscribed on"), format="day", sort=("signed_on",)),
        tables.Column("ends_on", _("Deadline"), format="day", sort=("ends_on",)),
        tables.Column("salesperson", _("Salesperson"), "trade.salesperson.name", sort=("trade__salesperson__name",)),
        tables.Column("close_reason", _("Closed by"), lambda row: row.get_close_reason_display(), minor=True),
    ]  # fmt: skip


class SubscriptionList(InSales, ListPage):
    """The subscriptions of the project: running ones first, the first to fall due on top."""

    filterset_class = SubscriptionFilter
    default_order = ("turn", "ends_on", "-made_at", "-pk")
    empty = gettext_lazy("Nothing was subscribed yet. Open an available unit on the board, or a hold, to subscribe it.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        every = self.request.access.can(Permission.CLAIM_SEE_ALL, self.project_id)
        return _("Subscriptions") if every else _("My subscriptions")

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"project": self.project}

    def get_columns(self):
        return columns(self.sales)

    def get_context(self) -> dict:
        return {"context_line": self.project.name}


class SubscriptionPage(InSubscription, DetailPage):
    """One subscription: facts, buyers, amounts in figures and capitals, its checklist, deadlines and what may be done now."""

    template_name = "contracts/subscription.html"

    def get_title(self) -> str:
        return _("Subscription %(number)s") % {"number": self.row.number or _("(draft)")}

    def get_context(self) -> dict:
        row, access = self.row, self.request.access
        buyers = queries.buyers(access, row)
        for buyer in buyers:
            self.note_seen(buyer.customer)
        today = clock.today(self.project.zone)
        return {
            "row": row,
            "tone": TONES[SubscriptionState(row.state)],
            "late": row.state == SubscriptionState.ACTIVE and bool(row.ends_on and row.ends_on < today),
            "permits": permit_numbers(row.unit),
            "total_capitals": capitals(row.total),
            "deposit_capitals": capitals(row.deposit),
            "buyers": [
                {"row": one, "name": named(access, one.customer), "sees": sees_name(access, one.customer)}
                for one in buyers
            ],
            "moments": self.checklist(),
            "board_url": self.board_url(row.unit_id),
            "list_url": self.sales("subscription_list"),
            "actions": self.actions(),
        }

    def checklist(self) -> list[dict]:
        lines = checklists.lines(self.request.access, self.row.trade)
        return [
            {"label": moment.label, "lines": [self.line(line) for line in lines if line.moment == moment]}
            for moment in Moment
        ]

    def line(self, row: Document) -> dict:
        """A paper and what may be done about it. The service decides again; the page offers what can succeed."""
        done = checklists.complete(row)
        fixed = self.row.state == SubscriptionState.CLOSED or (
            row.moment == Moment.SUBSCRIBE and self.row.state != SubscriptionState.DRAFT
        )
        writes = self.may(Permission.DEAL_WRITE) and not fixed
        shown = [
            (writes and row.waived_at is None, _("Received"), "document_receive"),
            (writes and row.received_at is not None, _("Undo"), "document_undo"),
            (writes and not done, _("Ask for a waiver"), "document_waive"),
        ]
        return {
            "row": row,
            "label": LABELS.get(row.kind, row.kind),
            "buyer": row.buyer.customer.number if row.buyer else "",
            "tone": "good" if done else "warn",
            "state": _("waived") if row.waived_at else _("there") if done else _("missing"),
            "actions": [(label, self.sales(name, self.row.code, row.pk)) for on, label, name in shown if on],
        }

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)

    def actions(self) -> list[dict]:
        row = self.row
        shown = [
            ("subscription.activate", _("Activate"), "primary", Permission.DEAL_WRITE, True),
            ("subscription.edit", _("Correct"), "", Permission.DEAL_WRITE, True),
            ("subscription.discard", _("Discard"), "", Permission.DEAL_WRITE, True),
            ("subscription.top_up", _("Top up"), "primary", Permission.DEAL_WRITE, True),
            ("subscription.warn", _("Notice to sign"), "", Permission.DEAL_WRITE, self.late and not row.warned_on),
            ("subscription.end", _("Notice of termination"), "", Permission.DEAL_WRITE,
             row.warned_on is not None and row.ended_on is None),
            ("subscription.ask_extension", _("Extend"), "", Permission.DEAL_WRITE, not self.late),
            ("subscription.lapse", _("Lapse"), "", Permission.DEAL_DECIDE, True),
            ("subscription.void", _("Void"), "", Permission.DEAL_VOID, row.signed_on == clock.today(self.project.zone)),
        ]  # fmt: skip
        return [
            {"label": label, "style": style, "url": self.sales(ADDRESSES[action], row.code)}
            for action, label, style, permission, on in shown
            if on and allowed(action, row) and self.may(permission)
        ]

    @property
    def late(self) -> bool:
        due = getattr(self.row, deadline_of(self.row))
        return bool(due and due < clock.today(self.project.zone))


ADDRESSES = {
    "subscription.activate": "subscription_activate", "subscription.edit": "subscription_edit",
    "subscription.discard": "subscription_discard", "subscription.top_up": "subscription_top_up",
    "subscription.warn": "subscription_warn", "subscription.end": "subscription_end",
    "subscription.ask_extension": "subscription_extend", "subscription.lapse": "subscription_lapse",
    "subscription.void": "subscription_void",
}  # fmt: skip


class Drafting(InSales):
    """The base of the form of a draft."""

    permission = Permission.DEAL_WRITE
    form_class = TermsForm
    template_name = "contracts/subscription_form.html"

    @property
    def customers(self):
        return customer_choices(self.request.access, self.project)

    def show(self, status: int = 200, **extra):
        """The form names those who may be chosen: on record before it is shown (A4)."""
        self.note_listed(min(self.customers.count(), OFFERED))
        return super().show(status, **extra)

    def get_form_kwargs(self) -> dict:
        return {
            "customers": self.customers, "salespeople": salespeople(self.project),
            "quotations": queries.ready_quotations(self.request.access, self.unit),
        }  # fmt: skip

    @staticmethod
    def terms(form: TermsForm) -> subscriptions.Terms:
        values = form.cleaned_data
        return subscriptions.Terms(
            buyers=form.purchasers(), salesperson=values["salesperson"], kind=SubscriptionKind(values["kind"]),
            method=PaymentMethod(values["method"]), deposit=values["deposit"], quotation=values["quotation"],
        )  # fmt: skip

    def get_success_url(self, result: Subscription) -> str:
        return self.sales("subscription", result.code)


class SubscriptionNew(Drafting, InUnit, FormPage):
    """Draw up a draft on a unit; `?quotation=NUMBER` and `?hold=NUMBER` fill it in."""

    submit_label = gettext_lazy("Draw up")

    def get_title(self) -> str:
        return _("Subscribe %(unit)s") % {"unit": self.unit.number}

    @cached_property
    def hold(self) -> Claim | None:
        number = self.request.GET.get("hold", "")
        return hold_queries.find(self.request.access, self.project, number) if number else None

    def get_initial(self) -> dict:
        number = self.request.GET.get("quotation", "")
        found = (
            queries.ready_quotations(self.request.access, self.unit).filter(number=number).first() if number else None
        )
        first = {"buyer1": self.hold.customer_id, "salesperson": self.hold.salesperson_id} if self.hold else {}
        if found is None:
            return {"salesperson": self.unit.salesperson_id, **first}
        quoted = {"buyer1": found.customer_id, "salesperson": found.salesperson_id}
        return {**quoted, **first, "quotation": found.pk, "method": found.method}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.get_back_url()}

    def perform(self, form: TermsForm) -> Subscription:
        op_id = form.cleaned_data["op_id"]
        return subscriptions.draw_up(op_id=op_id, unit_id=self.unit.pk, terms=self.terms(form), by=self.request.user)

    def get_success(self, result: Subscription) -> str:
        return _("The draft is drawn up. Tick the papers off, then activate it with the receipt of the deposit.")


class SubscriptionEdit(Drafting, InSubscription, FormPage):
    """Correct a draft."""

    def get(self, request, *args, **kwargs):
        """A form that could not be saved is not offered."""
        require_allowed("subscription.edit", self.row)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return _("Correct the draft on %(unit)s") % {"unit": self.row.unit.number}

    @property
    def unit(self):
        return self.row.unit

    def get_initial(self) -> dict:
        row = self.row
        filled = {
            "kind": row.kind, "method": row.method, "deposit": row.deposit, "quotation": row.quotation_id,
            "salesperson": row.trade.salesperson_id, "version": row.version,
        }  # fmt: skip
        for place, buyer in enumerate(queries.buyers(self.request.access, row), start=1):
            filled |= {f"buyer{place}": buyer.customer_id, f"share{place}": buyer.share}
            for part in ("kind", "name", "paper"):
                filled[f"agent_{part}{place}"] = getattr(buyer, f"agent_{part}")
        return filled

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.get_back_url()}

    def perform(self, form: TermsForm) -> Subscription:
        values = form.cleaned_data
        return subscriptions.edit(
            op_id=values["op_id"], code=self.row.code, version=values["version"] or 0, terms=self.terms(form),
            by=self.request.user,
        )  # fmt: skip

    def get_success(self, result: Subscription) -> str:
        return _("The draft is corrected.")
