"""The board's filters, as they stand in its address."""

import re
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inventory.models.unit import Orientation
from inventory.queries.board import Board, Wanted
from inventory.rules.numbers import parse_number
from inventory.rules.problems import Problem
from inventory.rules.text import narrow
from inventory.states import Lock, Status
from salescontrol.core.forms import Form

_WAN = re.compile(r"[万萬]元?$")


class NumberFilter(forms.CharField):
    """A number as people type it: full-width digits, thousand separators and its unit are accepted (decisions 9)."""

    def __init__(self, *, hint, scale: int = 1, **kwargs) -> None:
        super().__init__(required=False, max_length=40, **kwargs)
        self.scale = Decimal(scale)
        self.widget.attrs.update(inputmode="decimal", autocomplete="off", placeholder=hint)

    def clean(self, value) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        number = parse_number(_WAN.sub("", narrow(text)), "")
        if isinstance(number, Problem) or number < 0:
            raise forms.ValidationError(_("Enter a number, such as 120."), code="number")
        return number * self.scale


class BoardFilter(Form):
    """What may be asked of the board. Choices name only buildings and layouts that the reader sees; other parameters are ignored.

    A filter that cannot be read keeps what was typed, says so at its field, and does not filter.
    """

    tab = forms.ChoiceField(
        required=False, choices=[("", ""), ("attached", "")], widget=forms.HiddenInput, label=_("Part")
    )
    status = forms.MultipleChoiceField(
        label=_("Status"), required=False, choices=Status.choices, widget=forms.MultipleHiddenInput
    )
    building = forms.TypedChoiceField(label=_("Building"), required=False, coerce=int, empty_value=None)
    layout = forms.TypedChoiceField(label=_("Layout"), required=False, coerce=int, empty_value=None)
    area_from = NumberFilter(label=_("Area from"), hint=_("Area from"))
    area_to = NumberFilter(label=_("Area to"), hint=pgettext_lazy("upper end of a range", "to"))
    total_from = NumberFilter(label=_("Total from"), hint=_("Total from"), scale=10_000)
    total_to = NumberFilter(label=_("Total to"), hint=pgettext_lazy("upper end of a range", "to"), scale=10_000)
    orientation = forms.ChoiceField(
        label=_("Orientation"), required=False, choices=[("", _("Orientation: any")), *Orientation.choices]
    )
    lock = forms.ChoiceField(label=_("Lock"), required=False, choices=[("", _("Lock: any")), *Lock.choices])
    mine = forms.BooleanField(label=_("Mine only"), required=False)
    units = {"area_from": _("㎡"), "area_to": _("㎡"), "total_from": _("万"), "total_to": _("万")}

    def __init__(self, data, *, board: Board) -> None:
        super().__init__(data)
        self.fields["building"].choices = [
            ("", _("All buildings")),
            *((pk, row.name) for pk, row in board.buildings.items()),
        ]
        self.fields["layout"].choices = [("", _("Layout: any")), *((pk, row.code) for pk, row in board.layouts.items())]

    def clean(self) -> dict:
        values = super().clean() or {}
        for low, high in (("area_from", "area_to"), ("total_from", "total_to")):
            if values.get(low) is not None and values.get(high) is not None and values[low] > values[high]:
                self.add_error(high, _("Enter at least as much as on the left."))
        return values

    @property
    def wanted(self) -> Wanted:
        """The filter as far as it could be read."""
        self.is_valid()
        values = self.cleaned_data
        return Wanted(
            building_id=values.get("building"),
            layout_id=values.get("layout"),
            statuses=frozenset(values.get("status", ())),
            area_from=values.get("area_from"),
            area_to=values.get("area_to"),
            total_from=values.get("total_from"),
            total_to=values.get("total_to"),
            orientation=values.get("orientation", ""),
            lock=values.get("lock", ""),
            mine=values.get("mine", False),
        )

    @property
    def attached(self) -> bool:
        """Whether the tab of parking and storage is asked for."""
        self.is_valid()
        return self.cleaned_data.get("tab") == "attached"
