"""What is entered to work a price out, to ask for its consent, and to filter the list of quotations."""

from collections.abc import Sequence

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.forms.holds import ANY, SalespersonForm
from contracts.forms.requests import WanField
from contracts.models import Quotation
from contracts.queries.quotations import Choices
from contracts.services.quoting import Terms
from contracts.states import PaymentMethod, QuotationState
from enquiries.models import Customer
from inventory.rules.text import narrow
from salescontrol.core.forms import OnceForm


class Figure(forms.DecimalField):
    """A figure that may be typed with commas, full-width digits and a percent sign (decisions 9, abuse 8)."""

    def __init__(self, **kwargs) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(required=False, decimal_places=2, widget=widget, **kwargs)

    def to_python(self, value):
        return super().to_python(
            narrow(value).strip().replace(",", "").removesuffix("%") if isinstance(value, str) else value
        )


class QuotationForm(SalespersonForm):
    """For whom, how it is paid, with which discounts, and the loan. `policies`: (id, words) of those in force, in order.

    The customer may be left open; a salesperson quotes for themselves (`own`).
    """

    method = forms.ChoiceField(label=_("Payment method"), choices=PaymentMethod)
    valid_until = forms.DateField(label=_("Valid until"))
    policies = forms.TypedMultipleChoiceField(
        label=_("Discounts, counted in this order"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    special_percent = Figure(
        label=_("Special discount"), max_digits=5, min_value=0, max_value=100,
        help_text=_("Beyond the discounts above. Either a percentage or an amount."),
    )  # fmt: skip
    special_amount = Figure(label=_("Special discount as an amount"), max_digits=15, min_value=0)
    loan = WanField(label=_("Loan"), required=False, help_text=_("In whole 万."))
    loan_years = forms.IntegerField(label=_("Years of the loan"), required=False, min_value=1, max_value=30)
    loan_rate = Figure(label=_("Yearly interest"), max_digits=5, min_value=0, max_value=30)
    reason = forms.CharField(
        label=_("Reason of the special discount"), max_length=300, required=False,
        help_text=_("Whoever decides reads it."),
    )  # fmt: skip
    evidence = forms.FileField(
        label=_("Attachment"), required=False,
        help_text=_("Picture or PDF, needed where finance has to agree. Choose it last: it is kept when you save."),
    )  # fmt: skip
    units = {"special_percent": "%", "loan": _("万"), "loan_rate": "%"}
    wide = ("policies", "reason")
    field_order = (
        "customer", "new_name", "new_phone", "salesperson", "method", "valid_until", "policies", "special_percent",
        "special_amount", "loan", "loan_years", "loan_rate", "reason", "evidence",
    )  # fmt: skip

    def __init__(self, *args, policies: Sequence[tuple[int, str]], own: bool, currency_unit: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policies"].choices = policies
        self.fields["special_amount"].unit = currency_unit
        self.fields["customer"].required = False
        self.fields["customer"].empty_label = _("not named yet, or enter a new one")
        if own:
            del self.fields["salesperson"]
        if not policies:
            self.fields["policies"].help_text = _("No public discount is in force for this unit.")

    def without_customer(self) -> bool:
        return True

    def terms(self, customer: Customer | None) -> Terms:
        """What was entered, as the service takes it."""
        values = self.cleaned_data
        return Terms(
            customer=customer, salesperson=values["salesperson"], method=PaymentMethod(values["method"]),
            valid_until=values["valid_until"], policies=tuple(values["policies"]),
            special_percent=values["special_percent"], special_amount=values["special_amount"],
            loan=values["loan"] or 0, loan_years=values["loan_years"], loan_rate=values["loan_rate"],
            reason=values["reason"],
        )  # fmt: skip


class AskForm(OnceForm):
    """Why the price should be agreed to; whoever decides reads it."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Whoever decides reads it."))
    wide = ("reason",)


class QuotationFilter(filters.FilterSet):
    """Quotations by state and salesperson; choices come from visible quotations only (abuse 27, 28)."""

    state = filters.ChoiceFilter(label=_("State"), choices=QuotationState.choices, empty_label=ANY)
    method = filters.ChoiceFilter(label=_("Payment method"), choices=PaymentMethod.choices, empty_label=ANY)
    salesperson = filters.ModelChoiceFilter(label=_("Salesperson"), queryset=None, empty_label=ANY)

    class Meta:
        model = Quotation
        fields = ()

    def __init__(self, *args, choices: Choices, desk: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["salesperson"].extra["queryset"] = choices.salespeople
        if not desk:
            del self.filters["salesperson"]
