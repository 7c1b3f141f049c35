"""What is asked when a list of customers or calls is handed over."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from enquiries.models import Intake
from enquiries.states import IntakeContent, IntakeState
from inventory.forms.imports import UploadForm


class HandOverForm(UploadForm):
    """The file, and which of the two lists it is."""

    title = None
    content = forms.ChoiceField(
        label=_("The file holds"),
        choices=IntakeContent.choices,
        initial=IntakeContent.CUSTOMERS,
        widget=forms.RadioSelect,
    )
    field_order = ("content", "file", "note")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("A workbook (.xlsx, .xls) or .csv: a row a customer, or a row a call.")


class IntakeFilter(filters.FilterSet):
    """Imports by what they hold and where they stand."""

    content = filters.ChoiceFilter(label=_("The file holds"), choices=IntakeContent.choices, empty_label=_("any"))
    state = filters.ChoiceFilter(label=_("State"), choices=IntakeState.choices, empty_label=_("any"))

    class Meta:
        model = Intake
        fields = ("content", "state")
