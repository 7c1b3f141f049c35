"""Contracts: listed, read, made from a subscription, edited, discarded (R3.1, R3.3, domain B7)."""

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from contracts.forms.contracts import ContractFilter, DetailsForm, DraftForm, WhyForm
from contracts.models import Contract, Milestone, Subscription
from contracts.queries import contracts as queries
from contracts.queries import milestones as milestone_queries
from contracts.queries.people import named, sees_name
from contracts.services import contracts
from contracts.states import CONTRACT_ACTIONS, RECORDED, WITH_LOAN, Content, ContractState, MilestoneKind
from contracts.views.base import InClaims
from enquiries.services import looks
from salescontrol.core import clock, money, options, tables
from salescontrol.core.forms import OnceForm
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage

TONES = {
    ContractState.DRAFT: "pending",
    ContractState.SIGNED: "good",
    ContractState.DELIVERED: "good",
    ContractState.CLOSED: "withheld",
}
# Action → label, address, whose it is, style. What a state allows, the table of actions says.
BUTTONS = (
    ("contract.edit", gettext_lazy("Edit the draft"), "contract_edit", Permission.DEAL_WRITE, ""),
    ("contract.sign", gettext_lazy("Sign"), "contract_sign", Permission.DEAL_WRITE, "primary"),
    ("contract.discard", gettext_lazy("Discard the draft"), "contract_discard", Permission.DEAL_WRITE, ""),
    ("contract.details", gettext_lazy("Enter details"), "contract_details", Permission.DEAL_WRITE, ""),
    ("contract.file", gettext_lazy("Enter the filing"), "contract_file", Permission.DEAL_WRITE, ""),
    ("contract.hand_over", pgettext_lazy("sale", "Hand over"), "contract_hand_over", Permission.DEAL_WRITE, ""),
    ("contract.void", gettext_lazy("Make the signature void"), "contract_void", Permission.DEAL_VOID, ""),
    (
        "contract.void_hand_over",
        gettext_lazy("Make the handover void"),
        "contract_void_hand_over",
        Permission.DEAL_VOID,
        "",
    ),
)


def _plain(share: Decimal) -> str:
    """A share without zeros that say nothing: `100`, `33.34`."""
    return f"{share:f}".rstrip("0").rstrip(".")


class InSales(InClaims):
    """Mixin: a page below `/p/<code>/sales/`."""

    def sales(self, name: str, *args) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, *args])

    @property
    def sees_all(self) -> bool:
        return self.request.access.can(Permission.CLAIM_SEE_ALL, self.project_id)

    def name_buyers(self, buyers) -> list[str]:
        """The buyers as this reader may call them; those named are on record first (A4)."""
        for buyer in buyers:
            if sees_name(self.request.access, buyer.customer):
                looks.note_seen(customer=buyer.customer, by=self.request.user)
        return [
            _("%(customer)s: %(share)s %%") % {"customer": named(self.request.access, buyer.customer), "share": _plain(buyer.share)}
            for buyer in buyers
        ]  # fmt: skip


class InContract(InSales):
    """Mixin: `self.contract` among those that the reader may know of, or 404."""

    contract: Contract

    def prepare_in_project(self) -> None:
        self.contract = queries.find(self.request.access, self.project, self.kwargs["contract"])

    def get_back_url(self) -> str:
        return self.sales("contract", self.contract.code)

    def get_success_url(self, result: Contract) -> str:
        return self.sales("contract", result.code)

    def get_context(self) -> dict:
        line = f"{self.contract.number} · {self.contract.unit.number}"
        return {**super().get_context(), "context_line": line, "back_url": self.get_back_url()}


class ContractList(InSales, ListPage):
    """The contracts of the project, latest first; filtered by what is late, too."""

    filterset_class = ContractFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = ("-made_at", "-pk")
    empty = gettext_lazy("No contract yet. A contract is made from an active subscription, on the subscription's page.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        return _("Contracts") if self.sees_all else _("My contracts")

    def get_rows(self):
        return queries.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"choices": queries.choices(self.request.access, self.project), "desk": self.sees_all}

    def get_columns(self):
        place = ("unit__building__position", "unit__entrance", "unit__floor", "unit__stack")
        return [
            tables.Column("number", _("Contract number"), "number", sort=("number",),
                          link=lambda row: self.sales("contract", row.code)),
            tables.Column("unit", _("Unit"), "unit.number", sort=place),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: TONES[ContractState(row.state)]),
            tables.Column("total", _("Contract price"), format="money", sort=("total",)),
            tables.Column("method", _("Payment method"), lambda row: row.get_method_display(), sort=("method",), minor=True),
            tables.Column("signed_on", _("Signed"), format="day", sort=("signed_on",)),
            tables.Column("filed_on", _("Filed"), format="day", sort=("filed_on",)),
            tables.Column("filing_no", _("Filing no."), minor=True),
            tables.Column("delivered_on", _("Handed over"), format="day", sort=("delivered_on",), minor=True),
            tables.Column("salesperson", _("Salesperson"), "trade.salesperson.name", sort=("trade__salesperson__name",)),
        ]  # fmt: skip

    def get_context(self) -> dict:
        shown = [(_("Overdue"), "contract_overdue")]
        if self.sees_all or self.request.access.can(Permission.DEAL_WRITE, self.project_id):
            shown.append((_("Numbers"), "number_list"))
        actions = [{"label": label, "url": self.sales(name), "style": ""} for label, name in shown]
        return {"context_line": self.project.name, "actions": actions}


class ContractPage(InContract, DetailPage):
    """One contract: facts, amounts in figures and capitals, milestones, what may be done, and the way to its story."""

    template_name = "contracts/contract.html"

    def get_title(self) -> str:
        return _("Contract %(number)s") % {"number": self.contract.number}

    def get_context(self) -> dict:
        contract, access = self.contract, self.request.access
        return {
            "contract": contract,
            "currency": self.project.currency,
            "capitals": money.capitals(contract.total),
            "state": ContractState(contract.state),
            "tone": TONES[ContractState(contract.state)],
            "buyers": self.name_buyers(queries.buyers(access, contract)),
            "with_loan": contract.method in WITH_LOAN,
            "contents": [{"label": kind.label, "there": kind.value in contract.contents} for kind in Content],
            "milestones": self.milestones(),
            "missing": milestone_queries.not_entered(queries.listed(access, self.project), self.project)
            .filter(pk=contract.pk).exists(),
            "entry_hours": options.value("contract.entry_hours", self.project_id),
            "story_url": self.sales("trade", contract.trade.number),
            "board_url": self.board_url(contract.unit_id),
            "actions": self.actions(),
        }  # fmt: skip

    def milestones(self) -> list[dict]:
        today = clock.today(self.project.zone)
        rows = milestone_queries.of_contract(self.request.access, self.contract)
        open_to = self.contract.state in CONTRACT_ACTIONS["contract.milestone"]
        writes = open_to and self.request.access.can(Permission.DEAL_WRITE, self.project_id)
        found = [
            {
                "row": row,
                "late": row.actual_on is None and row.expected_on is not None and row.expected_on < today and open_to,
                "url": self.sales("milestone", self.contract.code, row.kind) if writes and row.kind in RECORDED else "",
            }
            for row in rows
        ]
        known = {row.kind for row in rows}
        if writes and MilestoneKind.SURVEYED not in known:
            blank = Milestone(contract=self.contract, kind=MilestoneKind.SURVEYED)
            url = self.sales("milestone", self.contract.code, MilestoneKind.SURVEYED)
            found.append({"row": blank, "late": False, "url": url})
        return found

    def actions(self) -> list[dict]:
        return [
            {"label": label, "url": self.sales(name, self.contract.code), "style": style}
            for action, label, name, permission, style in BUTTONS
            if self.contract.state in CONTRACT_ACTIONS[action] and self.request.access.can(permission, self.project_id)
        ]


class ContractNew(InSales, ActionPage):
    """A contract from an active full subscription, nothing typed again."""

    permission = Permission.DEAL_WRITE
    form_class = OnceForm
    submit_label = gettext_lazy("Make the contract")
    subscription: Subscription

    def prepare_in_project(self) -> None:
        self.subscription = queries.find_subscription(self.request.access, self.project, self.kwargs["subscription"])

    def get_title(self) -> str:
        return _("Contract from subscription %(number)s") % {"number": self.subscription}

    def get_sentence(self) -> str:
        row = self.subscription
        return _(
            "Unit %(unit)s, %(total)s (%(capitals)s), %(method)s: everything is taken from the subscription. The contract gets "
            "its number now; it stays a draft until it is signed."
        ) % {"unit": row.unit.number, "total": f"{row.total:,.2f}", "capitals": money.capitals(row.total),
             "method": row.get_method_display()}  # fmt: skip

    def get_back_url(self) -> str:
        return self.sales("trade", self.subscription.trade.number)

    def perform(self, form) -> Contract:
        return contracts.make_contract(
            op_id=form.cleaned_data["op_id"], subscription=self.subscription.code, by=self.request.user
        )

    def get_success(self, result: Contract) -> str:
        return _("Contract %(number)s was drafted.") % {"number": result.number}

    def get_success_url(self, result: Contract) -> str:
        return self.sales("contract", result.code)


class ContractEdit(InContract, FormPage):
    """The draft's own fields (domain B7); whoever saves second is told."""

    permission = Permission.DEAL_WRITE
    form_class = DraftForm
    success = gettext_lazy("Saved.")
    action = "contract.edit"

    def get(self, request, *args, **kwargs):
        """A form that could not be saved is not offered. What was sent before gets its answer again, so that a POST is not asked."""
        contracts.require_allowed(self.contract, self.action)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return _("Draft of contract %(number)s") % {"number": self.contract.number}

    def get_initial(self) -> dict:
        names = (name for name in self.form_class.base_fields if name != "op_id")
        return {name: getattr(self.contract, name) for name in names}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return contracts.edit_draft(
            op_id=values["op_id"], code=self.contract.code, version=values["version"], draft=form.draft(),
            by=self.request.user,
        )  # fmt: skip


class ContractDetails(ContractEdit):
    """Online signing, banks, pages, note of a signed contract; its money only changes by a request."""

    form_class = DetailsForm
    action = "contract.details"

    def get_title(self) -> str:
        return _("Details of contract %(number)s") % {"number": self.contract.number}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return contracts.change_details(
            op_id=values["op_id"], code=self.contract.code, version=values["version"], details=form.details(),
            by=self.request.user,
        )  # fmt: skip


class ContractDiscard(InContract, ActionPage):
    """The draft is over; its number stays in the list as void."""

    permission = Permission.DEAL_WRITE
    form_class = WhyForm
    submit_label = gettext_lazy("Discard the draft")

    def get_title(self) -> str:
        return _("Discard the draft of contract %(number)s") % {"number": self.contract.number}

    def get_sentence(self) -> str:
        return _(
            "The number %(number)s is void from now on: it stays in the list with your reason and is never given again."
        ) % {"number": self.contract.number}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return contracts.discard_draft(
            op_id=values["op_id"], code=self.contract.code, reason=values["reason"], by=self.request.user
        )

    def get_success(self, result: Contract) -> str:
        return _("Draft %(number)s was discarded.") % {"number": result.number}
