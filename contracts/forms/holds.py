"""What is entered to hold a unit, to change a hold, and to filter the list of holds."""

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.models import Claim
from contracts.queries.holds import Choices
from contracts.states import ClaimState, Evidence, HoldKind
from enquiries.models import Customer
from enquiries.queries.customers import offered
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import OfferedField, OnceForm

ANY = _("any")


class CustomerField(OfferedField):
    """One of the customers whom the reader may choose, whether or not the list shows them."""

    offer = staticmethod(offered)

    def label_from_instance(self, customer: Customer) -> str:
        return f"{customer.called} ({customer.number})"


class CustomerForm(OnceForm):
    """The base of forms about a customer: one of those the reader may choose, or name and phone of a new one.

    `customers`: those to choose from. After cleaning, `customer` is the chosen one or None; then name and phone are there.
    """

    customer = CustomerField(
        queryset=Customer.objects.none(),
        label=_("Customer"),
        empty_label=_("choose, or enter a new one"),
        help_text=_("The list shows who was entered last. For anybody else enter name and phone, as for a new one."),
        error_messages={"required": _("Choose a customer, or enter name and phone of a new one.")},
    )
    new_name = forms.CharField(label=_("New customer: name"), max_length=60, required=False)
    new_phone = forms.CharField(
        label=_("New customer: phone"), max_length=24, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    elsewhere = {"phone": "new_phone", "name": "new_name", "owner": "salesperson"}

    def __init__(self, *args, customers: QuerySet[Customer], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].queryset = customers
        self.fields["customer"].named = str(self.data.get("customer") or self.initial.get("customer", ""))
        self.fields["customer"].required = not (self.is_bound and self.without_customer())

    def add_refusal(self, refusal: Refusal) -> None:
        """What is refused about a new customer stands at the fields of this form."""
        refusal.fields = {self.elsewhere.get(name, name): texts for name, texts in refusal.fields.items()}
        super().add_refusal(refusal)

    def without_customer(self) -> bool:
        """Whether none of the known customers needs to be chosen: a new one is entered."""
        return bool(self.data.get("new_name") or self.data.get("new_phone"))

    def clean(self) -> dict:
        values = super().clean() or {}
        name, phone = values.get("new_name"), values.get("new_phone")
        if values.get("customer") and (name or phone):
            self.add_error("customer", _("Choose a customer or enter a new one, not both."))
        elif name and not phone:
            self.add_error("new_phone", _("Enter the phone of the new customer too."))
        elif phone and not name:
            self.add_error("new_name", _("Enter the name of the new customer too."))
        return values


class SalespersonForm(CustomerForm):
    """The same with the salesperson: left open it is the customer's own, else the unit's (`otherwise`)."""

    salesperson = forms.ChoiceField(label=_("Salesperson"), required=False)

    def __init__(self, *args, salespeople: Sequence, otherwise: Any = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in salespeople}
        self.otherwise = otherwise
        self.fields["salesperson"].choices = [
            ("", _("the customer's own, else the unit's")),
            *((pk, f"{person.employee_no} {person.name}") for pk, person in self.people.items()),
        ]

    def clean_salesperson(self):
        return self.people.get(self.cleaned_data["salesperson"])

    def clean(self) -> dict:
        values = super().clean()
        customer = values.get("customer")
        own = self.people.get(str(customer.owner_id)) if customer else None
        values["salesperson"] = (
            values.get("salesperson") or own or self.people.get(str(getattr(self.otherwise, "pk", "")))
        )
        if values["salesperson"] is None and not self.has_error("salesperson"):
            self.add_error("salesperson", _("Choose the salesperson: neither customer nor unit has one here."))
        return values


class HoldForm(SalespersonForm):
    """Everything a hold is placed on (domain B3, T5). `may_override`: the supervisor's own field."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[])
    evidence = forms.ChoiceField(label=_("Evidence"), choices=Evidence.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the unit."))
    override = forms.CharField(
        label=_("Reason for going beyond the rules"), max_length=300, required=False,
        help_text=_("Lifts caps and waiting times for this hold; it is put on record."),
    )  # fmt: skip
    wide = ("reason", "override")

    def __init__(self, *args, may_override: bool, fixed: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in (HoldKind.CUSTOMER, HoldKind.DEAL)]
        if not may_override:
            del self.fields["override"]
            self.fields["evidence"].choices = [choice for choice in Evidence.choices if choice[0] != Evidence.NONE]
        if fixed:
            self.fields["customer"].help_text = ""
            for name in ("new_name", "new_phone"):
                del self.fields[name]

    def without_customer(self) -> bool:
        return super().without_customer() or self.data.get("kind") == HoldKind.DEAL


class CompleteForm(SalespersonForm):
    """Customer and salesperson of a hold that lacks them, and why they are named now."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the unit."))
    wide = ("reason",)


class ReasonForm(OnceForm):
    """Why; kept with the unit."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the unit."))
    wide = ("reason",)


class TakeForm(ReasonForm):
    """The customer takes the offer: what was seen, and why."""

    evidence = forms.ChoiceField(label=_("Evidence"), choices=Evidence.choices)
    override = HoldForm.base_fields["override"]
    wide = ("reason", "override")
    field_order = ("evidence", "reason", "override")

    def __init__(self, *args, may_override: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not may_override:
            del self.fields["override"]
            self.fields["evidence"].choices = [choice for choice in Evidence.choices if choice[0] != Evidence.NONE]


class HoldFilter(filters.FilterSet):
    """Holds by state, kind, salesperson and building; choices come from visible holds only (abuse 27, 28)."""

    state = filters.ChoiceFilter("state_now", label=_("State"), choices=ClaimState.choices, empty_label=ANY)
    kind = filters.ChoiceFilter(label=_("Kind"), choices=HoldKind.choices, empty_label=ANY)
    salesperson = filters.ModelChoiceFilter(label=_("Salesperson"), queryset=None, empty_label=ANY)
    building = filters.ModelChoiceFilter("unit__building", label=_("Building"), queryset=None, empty_label=ANY)

    class Meta:
        model = Claim
        fields = ()

    def __init__(self, *args, choices: Choices, desk: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["building"].extra["queryset"] = choices.buildings
        self.filters["salesperson"].extra["queryset"] = choices.salespeople
        if not desk:
            del self.filters["salesperson"]
