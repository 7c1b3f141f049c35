"""What is entered for contracts: draft, signature, filing, handover, details, milestones; and the filters of their lists."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract, IssuedNumber, Milestone
from contracts.queries.contracts import Choices
from contracts.queries.milestones import OVERDUE, SOON
from contracts.services.contracts import Details, Draft, Signing
from contracts.states import Content, ContractState, MilestoneKind, NumberKind, NumberState, PaymentMethod
from inventory.rules.text import narrow
from salescontrol.core.forms import DateInput, OnceForm

ANY = _("any")
LATE, MISSING = "LATE", "MISSING"


class Figure(forms.DecimalField):
    """An amount that may be typed with commas and full-width digits."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("max_digits", 15)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("min_value", 0)
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)

    def to_python(self, value):
        return super().to_python(narrow(value).strip().replace(",", "") if isinstance(value, str) else value)


class VersionForm(OnceForm):
    """A form about a contract as it was seen: it says which version that was."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class DraftForm(VersionForm):
    """All that a draft says beyond its subscription (domain B7)."""

    main_amount = Figure(label=_("Main contract"))
    decoration_amount = Figure(label=_("Decoration contract"))
    supplement_amount = Figure(label=_("Supplement"))
    vat_rate = Figure(label=_("VAT rate"), max_digits=5, max_value=100)
    draft_no = forms.CharField(label=_("Draft no."), max_length=60, required=False)
    online_no = forms.CharField(label=_("Online-signing no."), max_length=60, required=False)
    online_on = forms.DateField(label=_("Signed online on"), required=False)
    hand_over_on = forms.DateField(label=_("To be handed over on"), required=False)
    loan_bank = forms.CharField(label=_("Bank of the loan"), max_length=60, required=False)
    loan_amount = Figure(label=_("Loan"), required=False)
    fund_bank = forms.CharField(label=_("Bank of the provident fund"), max_length=60, required=False)
    fund_amount = Figure(label=_("Provident fund loan"), required=False)
    fund_years = forms.IntegerField(
        label=_("Years of the provident fund loan"), min_value=1, max_value=40, required=False
    )
    pages = forms.IntegerField(label=_("Pages"), min_value=1, max_value=999, required=False)
    copies = forms.IntegerField(label=_("Copies"), min_value=1, max_value=20)
    contents = forms.MultipleChoiceField(
        label=_("Contents that the law prescribes"), choices=Content.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Tick what the draft says. All are needed before it is signed."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    units = {"vat_rate": "%", "fund_years": _("years")}
    wide = ("contents", "note")

    def draft(self) -> Draft:
        """What was entered, as the service takes it."""
        values = dict(self.cleaned_data)
        del values["op_id"], values["version"]
        return Draft(**{**values, "contents": tuple(values["contents"])})


class SignForm(VersionForm):
    """The day of the signature and the receipt of the first payment (T13)."""

    signed_on = forms.DateField(label=_("Signed on"))
    receipt = forms.CharField(label=_("Receipt no. of the first payment"), max_length=60)
    amount = Figure(label=_("First payment"))

    def signing(self) -> Signing:
        values = self.cleaned_data
        return Signing(values["signed_on"], values["receipt"], values["amount"])


class DetailsForm(VersionForm):
    """What may still be entered after signing: no money, nobody's identity (R6.2)."""

    online_no = DraftForm.base_fields["online_no"]
    online_on = DraftForm.base_fields["online_on"]
    loan_bank = DraftForm.base_fields["loan_bank"]
    fund_bank = DraftForm.base_fields["fund_bank"]
    pages = forms.IntegerField(label=_("Pages"), min_value=1, max_value=999)
    copies = DraftForm.base_fields["copies"]
    note = DraftForm.base_fields["note"]
    wide = ("note",)

    def details(self) -> Details:
        values = dict(self.cleaned_data)
        del values["op_id"], values["version"]
        return Details(**values)


class FilingForm(OnceForm):
    """The number and day of filing 备案."""

    filing_no = forms.CharField(label=_("Filing no."), max_length=60)
    filed_on = forms.DateField(label=_("Filed on"))


class HandOverForm(OnceForm):
    """The day, and why before everything was reached: the supervisor's field."""

    delivered_on = forms.DateField(label=_("Handed over on"))
    reason = forms.CharField(
        label=_("Reason for handing over before"), max_length=300, required=False,
        help_text=_("Only needed while something was not reached yet; it is kept with the contract."),
    )  # fmt: skip
    wide = ("reason",)

    def __init__(self, *args, may_decide: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not may_decide:
            del self.fields["reason"]


class WhyForm(OnceForm):
    """Why; kept with the contract."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the contract."))
    wide = ("reason",)


class MilestoneForm(OnceForm):
    """When it was reached, or when it is expected."""

    actual_on = forms.DateField(label=_("Done on"), required=False)
    expected_on = forms.DateField(label=_("Expected on"), required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    wide = ("note",)


def _day(**kwargs) -> filters.DateFilter:
    return filters.DateFilter(widget=DateInput, **kwargs)


class ContractFilter(filters.FilterSet):
    """Contracts by state, method, day of signing, salesperson, and what is late; choices from visible rows only (abuse 28)."""

    state = filters.ChoiceFilter(label=_("State"), choices=ContractState.choices, empty_label=ANY)
    method = filters.ChoiceFilter(label=_("Payment method"), choices=PaymentMethod.choices, empty_label=ANY)
    signed_from = _day(field_name="signed_on", lookup_expr="gte", label=_("Signed from"))
    signed_to = _day(field_name="signed_on", lookup_expr="lte", label=_("Signed to"))
    building = filters.ModelChoiceFilter("unit__building", label=_("Building"), queryset=None, empty_label=ANY)
    salesperson = filters.ModelChoiceFilter(
        "trade__salesperson", label=_("Salesperson"), queryset=None, empty_label=ANY
    )
    late = filters.ChoiceFilter(
        label=_("Late"), method="filter_late", empty_label=ANY,
        choices=[(LATE, _("A milestone is overdue")), (MISSING, _("Details not entered in time"))],
    )  # fmt: skip

    class Meta:
        model = Contract
        fields = ()

    def __init__(self, *args, choices: Choices, desk: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.found = choices
        self.filters["building"].extra["queryset"] = choices.buildings
        self.filters["salesperson"].extra["queryset"] = choices.salespeople
        if not desk:
            del self.filters["salesperson"]

    def filter_late(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        found: Any = self.found.late if value == LATE else self.found.missing
        return rows.filter(pk__in=found.order_by().values("pk"))


class DueFilter(filters.FilterSet):
    """Milestones by kind, and whether they are overdue or only soon to be."""

    kind = filters.ChoiceFilter(label=_("Milestone"), choices=MilestoneKind.choices, empty_label=ANY)
    what = filters.ChoiceFilter(
        label=_("State"), choices=[(OVERDUE, _("Overdue")), (SOON, _("To be filed soon"))], empty_label=ANY
    )

    class Meta:
        model = Milestone
        fields = ()


class NumberFilter(filters.FilterSet):
    """Numbers by kind, year and state."""

    kind = filters.ChoiceFilter(label=_("Kind"), choices=NumberKind.choices, empty_label=ANY)
    year = filters.ChoiceFilter(label=_("Year"), choices=[], empty_label=ANY)
    state = filters.ChoiceFilter(label=_("State"), choices=NumberState.choices, empty_label=ANY)

    class Meta:
        model = IssuedNumber
        fields = ()

    def __init__(self, *args, years: list[int], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["year"].extra["choices"] = [(year, year) for year in years]
