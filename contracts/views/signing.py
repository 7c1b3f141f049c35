"""What is done with a contract: signed, filed, milestones recorded, handed over, made void on its day; and what is overdue."""

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from contracts.forms.contracts import DueFilter, FilingForm, HandOverForm, MilestoneForm, SignForm, WhyForm
from contracts.models import Contract, Milestone
from contracts.queries import milestones as queries
from contracts.services import contracts, milestones
from contracts.states import RECORDED, MilestoneKind
from contracts.views.contracts import InContract, InSales
from salescontrol.core import clock, money, tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage, ListPage


class ContractAction(InContract, ActionPage):
    """The base of what the desk does with a contract."""

    permission = Permission.DEAL_WRITE


class ContractSign(ContractAction):
    """T13: the signature, with the receipt of the first payment."""

    form_class = SignForm
    submit_label = gettext_lazy("Sign")

    def get_title(self) -> str:
        return _("Sign contract %(number)s") % {"number": self.contract.number}

    def get_sentence(self) -> str:
        return _(
            "%(unit)s is contracted from now on, for %(total)s (%(capitals)s). Its price and buyers then change by a decided "
            "request only."
        ) % {"unit": self.contract.unit.number, "total": f"{self.contract.total:,.2f}",
             "capitals": money.capitals(self.contract.total)}  # fmt: skip

    def get_initial(self) -> dict:
        return {"version": self.contract.version, "signed_on": clock.today(self.project.zone)}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return contracts.sign(
            op_id=values["op_id"], code=self.contract.code, version=values["version"], signing=form.signing(),
            by=self.request.user,
        )  # fmt: skip

    def get_success(self, result: Contract) -> str:
        return _("Contract %(number)s is signed.") % {"number": result.number}


class ContractFile(ContractAction):
    """The housing authority has filed the contract."""

    form_class = FilingForm
    submit_label = gettext_lazy("Save the filing")
    success = gettext_lazy("The filing was entered.")

    def get_title(self) -> str:
        return _("Filing of contract %(number)s") % {"number": self.contract.number}

    def get_initial(self) -> dict:
        return {"filing_no": self.contract.filing_no, "filed_on": self.contract.filed_on}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return contracts.file_contract(
            op_id=values["op_id"], code=self.contract.code, filing_no=values["filing_no"], filed_on=values["filed_on"],
            by=self.request.user,
        )  # fmt: skip


class ContractHandOver(ContractAction):
    """T19: the unit is the buyer's."""

    form_class = HandOverForm
    submit_label = pgettext_lazy("sale", "Hand over")

    def get_form_kwargs(self) -> dict:
        return {"may_decide": self.request.access.can(Permission.DEAL_DECIDE, self.project_id)}

    def get_title(self) -> str:
        return _("Hand over %(unit)s") % {"unit": self.contract.unit.number}

    def get_sentence(self) -> str:
        return _("The unit is delivered from now on. Everything else of the contract should have been reached.")

    def get_initial(self) -> dict:
        return {"delivered_on": clock.today(self.project.zone)}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return milestones.hand_over(
            op_id=values["op_id"], code=self.contract.code, delivered_on=values["delivered_on"],
            reason=values.get("reason", ""), by=self.request.user,
        )  # fmt: skip

    def get_success(self, result: Contract) -> str:
        return _("%(unit)s was handed over.") % {"unit": result.unit.number}


class ContractVoid(ContractAction):
    """T20: the signature was a wrong entry of today."""

    permission = Permission.DEAL_VOID
    form_class = WhyForm
    submit_label = gettext_lazy("Make void")
    final = True
    success = gettext_lazy("Made void. Both entries stay on record.")

    def get_title(self) -> str:
        return _("Make the signature of %(number)s void") % {"number": self.contract.number}

    def get_sentence(self) -> str:
        return _(
            "For a wrong entry of today only: the number is void, the subscription runs again. What was entered stays on record."
        )

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return milestones.void_signing(
            op_id=values["op_id"], code=self.contract.code, reason=values["reason"], by=self.request.user
        )


class ContractVoidHandOver(ContractVoid):
    """T20: the handover was a wrong entry of today."""

    def get_title(self) -> str:
        return _("Make the handover of %(unit)s void") % {"unit": self.contract.unit.number}

    def get_sentence(self) -> str:
        return _(
            "For a wrong entry of today only: the contract is signed again, as it was. What was entered stays on record."
        )

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return milestones.void_hand_over(
            op_id=values["op_id"], code=self.contract.code, reason=values["reason"], by=self.request.user
        )


class MilestoneRecord(InContract, FormPage):
    """When a milestone was reached, or is expected."""

    permission = Permission.DEAL_WRITE
    form_class = MilestoneForm
    success = gettext_lazy("Recorded.")

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if self.kwargs["kind"] not in RECORDED:
            raise Http404
        self.kind = MilestoneKind(self.kwargs["kind"])

    def get_title(self) -> str:
        return self.kind.label

    def get_initial(self) -> dict:
        rows = queries.of_contract(self.request.access, self.contract)
        row = next((row for row in rows if row.kind == self.kind), None)
        return {name: getattr(row, name) for name in ("actual_on", "expected_on", "note")} if row else {}

    def perform(self, form) -> Contract:
        values = form.cleaned_data
        return milestones.record_milestone(
            op_id=values["op_id"], code=self.contract.code, kind=self.kind, actual_on=values["actual_on"],
            expected_on=values["expected_on"], note=values["note"], by=self.request.user,
        )  # fmt: skip


class ContractOverdue(InSales, ListPage):
    """What should have been reached by today, and contracts that have to be filed soon; the longest overdue first."""

    filterset_class = DueFilter
    export_permission = Permission.UNIT_EXPORT
    default_order = ("expected_on", "pk")
    empty = gettext_lazy("Nothing is overdue, and no contract has to be filed soon.")

    def prepare_in_project(self) -> None:
        self.require_reader()

    def get_title(self) -> str:
        return _("Overdue contracts") if self.sees_all else _("My overdue contracts")

    def get_rows(self):
        return queries.due(self.request.access, self.project)

    def get_columns(self):
        today = clock.today(self.project.zone)
        place = ("contract__unit__building__position", "contract__unit__floor", "contract__unit__stack")
        return [
            tables.Column("number", _("Contract number"), "contract.number", sort=("contract__number",),
                          link=lambda row: self.sales("contract", row.contract.code)),
            tables.Column("unit", _("Unit"), "contract.unit.number", sort=place),
            tables.Column("kind", _("Milestone"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("expected_on", _("Expected"), format="day", sort=("expected_on",)),
            tables.Column("days", _("State"), lambda row: days_text(row, today), tone=due_tone),
            tables.Column("signed_on", _("Signed"), "contract.signed_on", format="day", sort=("contract__signed_on",), minor=True),
            tables.Column("salesperson", _("Salesperson"), "contract.trade.salesperson.name",
                          sort=("contract__trade__salesperson__name",)),
            tables.Column("note", _("Note"), wrap=True, minor=True),
        ]  # fmt: skip

    def get_context(self) -> dict:
        actions = [{"label": _("Contracts"), "url": self.sales("contract_list"), "style": ""}]
        return {"context_line": self.project.name, "actions": actions}


def due_tone(row: Milestone) -> str:
    return "bad" if row.what == queries.OVERDUE else "warn"


def days_text(row: Milestone, today) -> str:
    """By how much it is overdue, or how many days are left."""
    days = abs((today - row.expected_on).days)
    if row.what == queries.OVERDUE:
        return ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}
    return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}
