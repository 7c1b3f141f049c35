"""What is entered about a customer, and what a list of customers is filtered by."""

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries import phones
from enquiries.models import Customer
from enquiries.queries.customers import matching
from enquiries.states import Channel, CustomerKind, Grade
from salescontrol.core.forms import Form, OnceForm

_PHONE = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
_NAME = forms.TextInput(attrs={"autocomplete": "off"})


# The choice that leaves it to whose turn it is.
TURN = "turn"


class OwnerField(forms.ChoiceField):
    """A salesperson of the project; the clean value is the person, or None for nobody and for whose turn it is."""

    def offer(self, salespeople: Sequence, nobody: Any, turn: Any = "") -> None:
        """`turn`: what leaving it to whose turn it is is called; it stands first, and without it is not offered."""
        self.people = {str(person.pk): person for person in salespeople}
        named = [(pk, f"{person.employee_no} {person.name}") for pk, person in self.people.items()]
        self.choices = [*([(TURN, turn)] if turn else []), ("", nobody), *named]

    def clean(self, value: Any) -> Any:
        return self.people.get(super().clean(value))


class EnterForm(OnceForm):
    """A new customer; `salespeople` are offered to the desk, None to a salesperson, whose own the customer is."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=60, widget=_NAME)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=30, widget=_PHONE)
    country = forms.ChoiceField(label=gettext_lazy("Number from"), choices=phones.COUNTRIES, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=CustomerKind.choices, initial=CustomerKind.PERSON, required=False
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=[("", "–"), *Channel.choices], required=False)
    owner = OwnerField(label=gettext_lazy("Salesperson"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or CustomerKind.PERSON.value

    def __init__(self, *args, salespeople: Sequence | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if salespeople is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].offer(salespeople, _("nobody yet"))


class ChangeForm(Form):
    """Name, note, and another phone number; the present one is never in the form."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=60, widget=_NAME)
    phone = forms.CharField(label=gettext_lazy("New phone"), max_length=30, required=False, widget=_PHONE)
    country = EnterForm.base_fields["country"]
    note = EnterForm.base_fields["note"]
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, masked: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].help_text = _("Leave it empty to keep %(phone)s.") % {"phone": masked}


class OwnerForm(Form):
    """Who looks after the customer from now on, and why."""

    owner = OwnerField(label=gettext_lazy("Salesperson"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("Kept with the customer.")
    )
    wide = ("reason",)

    def __init__(self, *args, salespeople: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(salespeople, _("choose"))


class CustomerFilter(filters.FilterSet):
    """By what `matching` finds, grade and channel, for the desk by salesperson; choices come from visible customers (abuse 27, 28)."""

    q = filters.CharFilter(
        label=gettext_lazy("Name, pinyin, number, whole phone or its last four digits"),
        method="of_words",
        max_length=60,
    )
    owner = filters.ModelChoiceFilter(
        label=gettext_lazy("Salesperson"), queryset=None, empty_label=gettext_lazy("any"),
        null_label=gettext_lazy("nobody yet"), null_value="none",
    )  # fmt: skip

    grade = filters.ChoiceFilter(label=gettext_lazy("Grade"), choices=Grade.choices, empty_label=gettext_lazy("any"))
    channel = filters.ChoiceFilter(
        label=gettext_lazy("Channel"), choices=Channel.choices, empty_label=gettext_lazy("any")
    )

    class Meta:
        model = Customer
        fields = ()

    def __init__(self, *args, owners: QuerySet | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if owners is None:
            del self.filters["owner"]
        else:
            self.filters["owner"].extra["queryset"] = owners

    def of_words(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        return rows.filter(matching(words))
