"""What is asked when past sales are handed over."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.models import SalesImport
from enquiries.states import IntakeState
from inventory.forms.imports import UploadForm


class PastSalesForm(UploadForm):
    """The file, and whether units that it names are made."""

    title = None
    create_units = forms.BooleanField(
        label=_("Make the units that the project lacks"),
        required=False,
        help_text=_("They are approved and on sale as of the first date of the file, as one batch."),
    )
    field_order = ("file", "create_units", "note")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("A workbook (.xlsx, .xls) or .csv: a row a sale.")


class PastSalesFilter(filters.FilterSet):
    """Imports by where they stand."""

    state = filters.ChoiceFilter(label=_("State"), choices=IntakeState.choices, empty_label=_("any"))

    class Meta:
        model = SalesImport
        fields = ("state",)
