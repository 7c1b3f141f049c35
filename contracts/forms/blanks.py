"""What is entered about blank forms."""

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.models import BlankForm
from contracts.states import FormKind, FormState
from salescontrol.core.forms import OnceForm


class FormFilter(filters.FilterSet):
    """Forms by kind, state and serial."""

    kind = filters.ChoiceFilter(label=_("Form"), choices=FormKind.choices, empty_label=_("any"))
    state = filters.ChoiceFilter(label=_("State"), choices=FormState.choices, empty_label=_("any"))
    serial = filters.CharFilter(label=_("Serial no."), lookup_expr="icontains")

    class Meta:
        model = BlankForm
        fields = ("kind", "state", "serial")


class RangeForm(OnceForm):
    """The base: which forms, by the first and last serial as printed."""

    kind = forms.ChoiceField(label=_("Form"), choices=FormKind.choices)
    first = forms.CharField(label=_("First serial no."), max_length=33, help_text=_("As printed, such as A000101."))
    last = forms.CharField(
        label=_("Last serial no."), max_length=33, required=False, help_text=_("Empty: only the first.")
    )


class TakeInForm(RangeForm):
    """Forms that come into the stock."""

    taken_on = forms.DateField(label=_("Received on"))
    note = forms.CharField(label=_("Note"), required=False, max_length=300)


class GiveOutForm(RangeForm):
    """Forms that somebody takes along. `people`: to whom they may be given."""

    holder = forms.ChoiceField(label=_("Given to"))

    def __init__(self, *args, people: Sequence[Any], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        self.fields["holder"].choices = [
            ("", _("choose")), *((pk, f"{person.employee_no} {person.name}") for pk, person in self.people.items()),
        ]  # fmt: skip

    def clean_holder(self):
        return self.people[self.cleaned_data["holder"]]


class MarkForm(RangeForm):
    """What became of forms."""

    state = forms.ChoiceField(
        label=_("What became of them"),
        choices=[
            (FormState.USED.value, FormState.USED.label), (FormState.VOID.value, FormState.VOID.label),
            (FormState.RETURNED.value, FormState.RETURNED.label), (FormState.LEFT.value, _("Back in stock")),
        ],
    )  # fmt: skip
    trade = forms.CharField(
        label=_("Number of the trade"), required=False, max_length=12, help_text=_("For which a used form was used.")
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=300, help_text=_("Needed for void and returned forms.")
    )
