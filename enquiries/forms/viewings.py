"""What is entered to book, move and report on a viewing, and what a list of viewings is filtered by."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.customers import OwnerField
from enquiries.models import Customer, Viewing
from enquiries.queries.customers import offered
from enquiries.queries.viewings import ViewingCard
from enquiries.states import Channel, Liking, ViewingState
from inventory.models import Layout, Unit
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import Form, OfferedField, OnceForm

ANY = gettext_lazy("any")
ROOMS = 10


def time_of(data: Any) -> time | None:
    """The time that a button sent with the form, if it is one."""
    try:
        return time.fromisoformat(str(data.get("time", "")))
    except ValueError:
        return None


class TimesForm(OnceForm):
    """The base of forms with free times as buttons: sent without a time, it only asks for the times of `day`.

    `salespeople` are offered to the desk, None to a salesperson, who books with themselves.
    """

    salesperson = OwnerField(label=gettext_lazy("Salesperson"))
    day = forms.DateField(label=gettext_lazy("Day"))
    asked = ("salesperson", "day")

    def __init__(self, *args, salespeople: Sequence | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.time = time_of(self.data) if self.is_bound else None
        if salespeople is None:
            del self.fields["salesperson"]
        else:
            self.fields["salesperson"].offer(salespeople, _("choose"))
        if self.looking:
            for name, field in self.fields.items():
                field.required = field.required and name in self.asked

    @property
    def looking(self) -> bool:
        """Whether the form was sent only to see the free times."""
        return self.is_bound and self.time is None


class CustomerField(OfferedField):
    """One of the customers whom the reader may choose, whether or not the list shows them."""

    offer = staticmethod(offered)

    def label_from_instance(self, customer: Customer) -> str:
        return f"{customer.called} ({customer.number})"


class BookForm(TimesForm):
    """A new viewing: who comes, to whom, on which day, to see what."""

    customer = CustomerField(
        queryset=Customer.objects.none(), required=False, label=gettext_lazy("Customer"),
        empty_label=gettext_lazy("choose, or enter a new one"),
        help_text=gettext_lazy("The list shows who was entered last. For anybody else enter name and phone, as for a new one."),
    )  # fmt: skip
    new_name = forms.CharField(label=gettext_lazy("New customer: name"), max_length=60, required=False)
    new_phone = forms.CharField(
        label=gettext_lazy("New customer: phone"), max_length=24, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    party_size = forms.IntegerField(
        label=gettext_lazy("People who come"), min_value=1, max_value=50, initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    rooms = forms.CharField(
        label=gettext_lazy("Units to be seen"), max_length=300, required=False,
        help_text=gettext_lazy("Numbers as on the board, with commas between them."),
    )  # fmt: skip
    layouts = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Layouts to be seen"), queryset=Layout.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    source = forms.ChoiceField(
        label=gettext_lazy("Source channel"),
        choices=[("", gettext_lazy("not known")), *Channel.choices],
        required=False,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    field_order = (
        "customer",
        "new_name",
        "new_phone",
        "party_size",
        "rooms",
        "layouts",
        "source",
        "note",
        "salesperson",
        "day",
    )
    wide = ("rooms", "layouts")

    def __init__(
        self, *args, customers: QuerySet[Customer], units: QuerySet[Unit], layouts: QuerySet[Layout], **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.units_seen = units
        self.fields["customer"].queryset = customers
        self.fields["customer"].named = str(self.data.get("customer") or self.initial.get("customer", ""))
        self.fields["layouts"].queryset = layouts
        if not layouts:
            self.fields["layouts"].widget = forms.MultipleHiddenInput()
        self.fields["layouts"].label_from_instance = lambda layout: f"{layout.code} {layout.description}".strip()

    def clean_rooms(self) -> list[Unit]:
        """The units that the text names; those that the reader may not see are not there (abuse 25)."""
        names = [name.strip() for name in re.split(r"[,，、;；\n]", self.cleaned_data["rooms"]) if name.strip()]
        found = {unit.number: unit for unit in self.units_seen.filter(number__in=names)} if names else {}
        unknown = [name for name in names if name not in found]
        if unknown:
            raise forms.ValidationError(
                _("No unit here is called %(rooms)s. Enter numbers as on the board.") % {"rooms": ", ".join(unknown)}
            )
        if len(found) > ROOMS:
            raise forms.ValidationError(_("At most %(count)s units in one viewing.") % {"count": ROOMS})
        return list(found.values())

    def clean(self) -> dict:
        values = super().clean() or {}
        customer, name, phone = (values.get(field) for field in ("customer", "new_name", "new_phone"))
        if self.looking:
            return values
        if customer and (name or phone):
            self.add_error("customer", _("Choose a customer or enter a new one, not both."))
        elif not customer and not (name or phone):
            self.add_error("customer", _("Choose a customer, or enter name and phone of a new one."))
        elif name and not phone:
            self.add_error("new_phone", _("Enter the phone of the new customer too."))
        elif phone and not name:
            self.add_error("new_name", _("Enter the name of the new customer too."))
        return values

    def add_refusal(self, refusal: Refusal) -> None:
        """What is refused about a new customer stands at the fields of this form."""
        elsewhere = {"phone": "new_phone", "name": "new_name", "owner": "salesperson"}
        refusal.fields = {elsewhere.get(name, name): texts for name, texts in refusal.fields.items()}
        super().add_refusal(refusal)


class MoveForm(TimesForm):
    """Another day or salesperson, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("Kept with the viewing.")
    )
    field_order = ("reason", "salesperson", "day")
    wide = ("reason",)


class CancelForm(Form):
    """Why the viewing does not take place."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("Kept with the viewing.")
    )
    wide = ("reason",)


class OutcomeForm(Form):
    """What came of the viewing, and for each unit and layout what the customer thought."""

    outcome = forms.CharField(
        label=gettext_lazy("What came of it"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, viewing: ViewingCard, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.items = viewing.items
        for item in viewing.items:
            named = {"unit": item.name}
            self.fields[f"liking_{item.pk}"] = forms.ChoiceField(
                label=_("%(unit)s: opinion") % named, choices=[("", _("not said")), *Liking.choices], required=False
            )
            self.fields[f"feedback_{item.pk}"] = forms.CharField(
                label=_("%(unit)s: feedback") % named, max_length=300, required=False
            )
        for field in self.fields.values():
            field.unit, field.is_wide = "", isinstance(field.widget, forms.Textarea)

    def opinions(self) -> dict[int, tuple[str, str]]:
        """Item id → opinion and feedback, as entered."""
        values = self.cleaned_data
        return {item.pk: (values[f"liking_{item.pk}"], values[f"feedback_{item.pk}"]) for item in self.items}


class CalendarFilter(filters.FilterSet):
    """By state and for the desk by salesperson; choices come from visible viewings (abuse 27, 28)."""

    state = filters.ChoiceFilter(label=gettext_lazy("State"), choices=ViewingState.choices, empty_label=ANY)
    salesperson = filters.ModelChoiceFilter(label=gettext_lazy("Salesperson"), queryset=None, empty_label=ANY)

    class Meta:
        model = Viewing
        fields = ()

    def __init__(self, *args, salespeople: QuerySet | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if salespeople is None:
            del self.filters["salesperson"]
        else:
            self.filters["salesperson"].extra["queryset"] = salespeople


class ViewingFilter(CalendarFilter):
    """The same, and by days."""

    since = filters.DateFilter("starts_at", "date__gte", label=gettext_lazy("From"))
    until = filters.DateFilter("starts_at", "date__lte", label=gettext_lazy("To"))
