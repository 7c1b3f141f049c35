"""Forms of price lists: their head, percentages, a file, the page of lines."""

from datetime import timedelta

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Building, PriceList, Project
from inventory.models.price import PriceKind
from inventory.rules.text import narrow
from inventory.states import PriceListState
from salescontrol.core import clock
from salescontrol.core.forms import Form


class PriceListFilter(filters.FilterSet):
    """Price lists by kind, state and words of the title."""

    kind = filters.ChoiceFilter(label=_("Kind"), choices=PriceKind.choices, empty_label=_("any"))
    state = filters.ChoiceFilter(label=_("State"), choices=PriceListState.choices, empty_label=_("any"))
    title = filters.CharFilter(label=_("Title"), lookup_expr="icontains")

    class Meta:
        model = PriceList
        fields = ("kind", "state", "title")


class PercentField(forms.DecimalField):
    """A change in per cent: two decimals, full-width digits and commas accepted."""

    def to_python(self, value):
        return super().to_python(
            narrow(value).strip().replace(",", "").removesuffix("%") if isinstance(value, str) else value
        )


class HeadForm(Form):
    """Title, time and reason of a price list."""

    title = forms.CharField(label=_("Title"), max_length=80)
    effective_from = forms.DateTimeField(
        label=_("Effective from"), help_text=_("Takes effect at this time, or when it is approved if that is later.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)
    wide = ("reason",)


class NewPriceListForm(HeadForm):
    """What the list is for and which units it names."""

    kind = forms.ChoiceField(label=_("Kind"), choices=())
    buildings = forms.ModelMultipleChoiceField(
        label=_("Buildings"),
        queryset=Building.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    percent = PercentField(
        label=_("Change by"),
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("Of the unit price, such as 2.5 or -3. Left empty: begin with the present prices."),
    )
    units = {"percent": "%"}
    wide = ("buildings", "reason")
    field_order = ("title", "kind", "effective_from", "percent", "buildings", "reason")

    def __init__(self, *args, project: Project, floor_prices: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [
            choice for choice in PriceKind.choices if floor_prices or choice[0] != PriceKind.FLOOR
        ]
        self.fields["buildings"].queryset = Building.objects.filter(project=project)
        self.fields["effective_from"].initial = clock.local(clock.now() + timedelta(hours=1), project.zone)


class VersionForm(Form):
    """Which version of the list was seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class EditHeadForm(HeadForm, VersionForm):
    """The head of a list that is still open."""


class AdjustForm(VersionForm):
    """A percentage for every line of the list."""

    percent = PercentField(
        label=_("Change by"),
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("Of the unit price of every line, such as 2.5 or -3; totals follow."),
    )
    units = {"percent": "%"}


class PriceFileForm(VersionForm):
    """Prices from a workbook."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("The template of this list, filled in, or any price list or price board (.xlsx, .xls, .csv)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    wide = ("file",)


class LinesForm(Form):
    """Unit price, total and note of every line on the page."""

    def __init__(self, *args, lines, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
        self.lines = list(lines)
        for line in self.lines:
            label = {"unit": line.unit.number}
            figures = {"inputmode": "decimal", "class": "plain-input"}
            self._add(f"unit_price_{line.pk}", line.unit_price, _("Unit price of %(unit)s"), label, figures)
            self._add(f"total_{line.pk}", line.total, _("Total of %(unit)s"), label, figures)
            self._add(f"note_{line.pk}", line.note, _("Note on %(unit)s"), label, {"class": "plain-input"})

    def _add(self, name: str, initial, label, params: dict, attrs: dict) -> None:
        text = label % params
        widget = forms.TextInput(attrs={**attrs, "aria-label": text})
        self.fields[name] = forms.CharField(label=text, required=False, max_length=200, initial=initial, widget=widget)

    def typed(self) -> dict[int, tuple[str, str, str]]:
        """Line id → unit price, total and note as typed."""
        values = self.cleaned_data
        return {
            line.pk: (values[f"unit_price_{line.pk}"], values[f"total_{line.pk}"], values[f"note_{line.pk}"])
            for line in self.lines
        }

    def rows(self) -> list[dict]:
        """Each line with its three fields, for the table."""
        return [
            {
                "line": line,
                "unit_price": self[f"unit_price_{line.pk}"],
                "total": self[f"total_{line.pk}"],
                "note": self[f"note_{line.pk}"],
            }
            for line in self.lines
        ]
