"""Forms around listing batches: hand over a file, choose its columns, accept its preview."""

from collections.abc import Sequence

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from inventory import rules
from inventory.models import ListingBatch
from inventory.states import BatchState
from salescontrol.core.forms import Form


class UploadForm(Form):
    """A price list as it came, with what to call it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A workbook (.xlsx, .xls) or .csv: a row a unit, or boards of floors × rooms."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    title = forms.CharField(
        label=_("Title"), max_length=80, required=False, help_text=_("Left empty: the name of the file.")
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    wide = ("file",)


class VersionForm(Form):
    """Nothing to fill in; says which version of the batch was seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class AcceptForm(VersionForm):
    """Take the preview over; refused rows only stay out when somebody says so."""

    leave_out = forms.BooleanField(label=_("Leave the refused rows out"), required=False)

    def __init__(self, *args, refused: int = 0, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not refused:
            del self.fields["leave_out"]


class ColumnsForm(VersionForm):
    """One choice for every column that has a head: which field of a unit it holds."""

    def __init__(self, *args, columns: Sequence[Sequence] = (), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("not imported")), *((name, field.label) for name, field in rules.FIELDS.items())]
        for letter, head, field, *_rest in columns:
            if head:
                chooser = forms.Select(attrs={"aria-label": head})
                self.fields[f"column_{letter}"] = forms.ChoiceField(
                    label=head, choices=choices, initial=field, required=False, widget=chooser
                )

    def chosen(self) -> dict[str, str]:
        """Column letter → field name, "" for none."""
        return {
            name.removeprefix("column_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("column_")
        }


class BatchFilter(filters.FilterSet):
    """Batches by state and words of the title."""

    state = filters.ChoiceFilter(label=_("State"), choices=BatchState.choices, empty_label=_("any"))
    title = filters.CharFilter(label=_("Title"), lookup_expr="icontains")

    class Meta:
        model = ListingBatch
        fields = ("state", "title")
