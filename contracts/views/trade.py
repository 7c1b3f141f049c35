"""A sale as one story, and the list of the office's numbers (R3.5, B16.9)."""

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.contracts import NumberFilter
from contracts.models import IssuedNumber, Trade
from contracts.queries import contracts as contract_queries
from contracts.queries import numbers as queries
from contracts.queries import story
from contracts.services import numbers
from contracts.services.change_ground import in_force
from contracts.states import ContractState, NumberKind, NumberState, SubscriptionKind, SubscriptionState
from contracts.views.contracts import TONES, InSales
from inventory.models import Unit
from salescontrol.core import options, tables
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, ListPage

NUMBER_TONES = {NumberState.GIVEN: "good", NumberState.RESERVED: "pending", NumberState.VOID: "withheld"}


class TradePage(InSales, DetailPage):
    """Everything of one sale in one timeline, from the first hold on."""

    template_name = "contracts/trade.html"
    trade: Trade

    def prepare_in_project(self) -> None:
        self.trade = story.find(self.request.access, self.project, self.kwargs["number"])

    def get_title(self) -> str:
        return _("Sale %(number)s") % {"number": self.trade.number}

    def get_context(self) -> dict:
        found = story.papers(self.request.access, self.trade)
        return {
            "trade": self.trade,
            "currency": self.project.currency,
            "units": self.units(found),
            "buyers": self.name_buyers([buyer for buyer in found.buyers if buyer.until is None]),
            "former": [buyer.customer.number for buyer in found.buyers if buyer.until is not None],
            "subscriptions": found.subscriptions,
            "contracts": [
                {"row": row, "url": self.sales("contract", row.code), "tone": TONES[ContractState(row.state)]}
                for row in found.contracts
            ],
            "steps": story.steps(self.request.access, self.trade, found),
            "actions": self.actions(found),
        }

    def units(self, found) -> list[dict]:
        """The units of the sale, the last one first; more than one after an exchange."""
        rows = {row.unit_id: row.unit for row in [*found.subscriptions, *found.contracts]}
        return [{"number": unit.number, "url": self.board_url(pk)} for pk, unit in reversed(rows.items())]

    def actions(self, found) -> list[dict]:
        return [*self.change(found), *self.contract(found)]

    def change(self, found) -> list[dict]:
        """The way to a change, while something of the sale is in force, or can be revived."""
        if not self.request.access.can(Permission.CHANGE_REQUEST, self.project_id) or not in_force(self.trade)[0]:
            return []
        return [{"label": _("Change the sale"), "url": self.sales("change_new", self.trade.number), "style": ""}]

    def contract(self, found) -> list[dict]:
        """The way from an active full subscription to its contract."""
        if not self.request.access.can(Permission.DEAL_WRITE, self.project_id):
            return []
        drafted = {row.subscription_id for row in found.contracts if row.closed_at is None}
        return [
            {"label": _("Make the contract"), "url": self.sales("contract_new", row.code), "style": "primary"}
            for row in found.subscriptions
            if row.state == SubscriptionState.ACTIVE and row.kind == SubscriptionKind.FULL and row.pk not in drafted
        ]


def panel_section(access: Access, unit: Unit) -> dict | None:
    """What the unit's panel says: its contract and the story of its sale, for who may read them."""
    contract, trade = contract_queries.of_unit(access, unit), story.of_unit(access, unit)
    if contract is None and trade is None:
        return None
    return {"contract": contract, "tone": TONES[ContractState(contract.state)] if contract else "", "trade": trade}


class NumberList(InSales, ListPage):
    """Every number that the office gave: to what, by whom, when, and what became of it; gaps are explained (B16.9)."""

    template_name = "contracts/number_list.html"
    filterset_class = NumberFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = ("kind", "-year", F("sequence").desc(nulls_last=True), "-pk")
    empty = gettext_lazy("No number was given yet. The first one comes with the first active subscription.")

    def prepare_in_project(self) -> None:
        if not self.request.access.can(Permission.DEAL_WRITE, self.project_id):
            self.request.access.require(Permission.CLAIM_SEE_ALL, self.project_id)

    def get_title(self) -> str:
        return _("Numbers")

    def get_rows(self):
        return queries.listed(self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"years": queries.years(self.project)}

    def get_columns(self):
        return [
            tables.Column("number", _("Number"), sort=("number",)),
            tables.Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: NUMBER_TONES[row.state]),
            tables.Column("trade", _("Given to"), lambda row: row.trade and row.trade.number, link=self._story),
            tables.Column("given_by", _("Given by"), "given_by.name", sort=("given_by__name",)),
            tables.Column("given_at", _("Given"), format="moment", sort=("given_at",)),
            tables.Column("void_at", _("Void since"), format="moment", sort=("void_at",)),
            tables.Column("void_by", _("Made void by"), "void_by.name", minor=True),
            tables.Column("reason", _("Reason"), wrap=True),
        ]  # fmt: skip

    def _story(self, row: IssuedNumber) -> str:
        return self.sales("trade", row.trade.number) if row.trade else ""

    def get_context(self) -> dict:
        pattern = options.value(numbers.PATTERN, self.project_id)

        def written(kind: NumberKind, year: int, sequence: int) -> str:
            return numbers.written(pattern, self.project, kind, year, sequence)

        gaps = queries.gaps(self.project, written)
        return {
            "context_line": self.project.name,
            "gaps": [gap.number for gap in gaps if not gap.explained][: queries.SHOWN],
            "passed": [gap.number for gap in gaps if gap.explained][: queries.SHOWN],
        }
