"""What is entered to ask for a hold, to answer a request, and to wait for a unit."""

import unicodedata
from decimal import Decimal, InvalidOperation

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.forms.holds import ANY, CustomerForm, SalespersonForm
from contracts.models import HoldRequest
from contracts.states import RequestState
from inventory.models import Layout
from salescontrol.core.forms import OnceForm

_WAN = Decimal(10_000)


class WanField(forms.CharField):
    """An amount in 万 as people type it: full-width digits, separators and the 万 itself are accepted (decisions 9)."""

    def __init__(self, **kwargs) -> None:
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs.update(inputmode="decimal", autocomplete="off")

    def clean(self, value) -> Decimal | None:
        text = unicodedata.normalize("NFKC", super().clean(value)).replace(",", "").rstrip("万萬元 ")
        if not text:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or not 0 < amount < 1_000_000:
            raise forms.ValidationError(_("Enter an amount in 万, such as 280."), code="number")
        return (amount * _WAN).quantize(Decimal("0.01"))


class RequestForm(CustomerForm):
    """For whom a hold on one unit is asked for, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The desk reads it."))
    wide = ("reason",)


class WishForm(RequestForm):
    """For whom, and what the customer wants, so that the desk picks the unit."""

    layout = forms.ModelChoiceField(label=_("Layout"), queryset=Layout.objects.none(), required=False, empty_label=ANY)
    floor_from = forms.IntegerField(label=_("Floor from"), required=False, min_value=-99, max_value=999)
    floor_to = forms.IntegerField(label=_("Floor to"), required=False, min_value=-99, max_value=999)
    budget = WanField(label=_("Budget"), required=False)
    units = {"budget": _("万")}
    field_order = ("customer", "new_name", "new_phone", "layout", "floor_from", "floor_to", "budget", "reason")

    def __init__(self, *args, layouts, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layout"].queryset = layouts

    def clean(self) -> dict:
        values = super().clean()
        low, high = values.get("floor_from"), values.get("floor_to")
        if low is not None and high is not None and low > high:
            self.add_error("floor_to", _("Enter at least as much as on the left."))
        return values


class AnswerForm(OnceForm):
    """Why the desk says no; the salesperson reads it."""

    answer = forms.CharField(
        label=pgettext_lazy("of the desk", "Answer"),
        max_length=300,
        help_text=_("The salesperson reads it. Name neither other customers nor their units."),
    )
    wide = ("answer",)


class JoinForm(SalespersonForm):
    """Who waits for a unit. A salesperson enters their own customers for themselves (`own`)."""

    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    wide = ("note",)

    def __init__(self, *args, own: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if own:
            del self.fields["salesperson"]


class RequestFilter(filters.FilterSet):
    """Requests by state."""

    state = filters.ChoiceFilter(label=_("State"), choices=RequestState.choices, empty_label=ANY)

    class Meta:
        model = HoldRequest
        fields = ()
