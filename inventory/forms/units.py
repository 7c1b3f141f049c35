"""The filters of unit lists: an allow-list, its choices from visible units only (abuse 27, 28)."""

from datetime import datetime

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from inventory.forms.board import NumberFilter
from inventory.models import Unit
from inventory.models.unit import Orientation, PropertyType
from inventory.queries.standing import stands_in
from inventory.queries.units import Choices
from inventory.rules.places import entrance_key
from inventory.states import Lock, Review, Status

ANY = _("any")


class Figure(NumberFilter):
    """The figure as the board reads it; `required` is what filters hand to every field."""

    def __init__(self, *, required: bool = False, **kwargs) -> None:
        super().__init__(hint="", **kwargs)


class FigureFilter(filters.Filter):
    field_class = Figure


class UnitFilter(filters.FilterSet):
    """The filters of the unit list, with the names that the board's address has too.

    `choices` and what is left out (review, salesperson) come from the view that knows the reader; statuses count at `now`.
    """

    room = filters.CharFilter(label=_("Room"), field_name="number", lookup_expr="icontains", max_length=30)
    building = filters.ModelChoiceFilter(label=_("Building"), queryset=None, empty_label=ANY)
    entrance = filters.CharFilter(label=_("Entrance"), method="of_entrance", max_length=20)
    floor_from = filters.NumberFilter(
        label=_("Floor from"), field_name="floor", lookup_expr="gte", min_value=-99, max_value=999
    )
    floor_to = filters.NumberFilter(
        label=_("Floor to"), field_name="floor", lookup_expr="lte", min_value=-99, max_value=999
    )
    layout = filters.ModelChoiceFilter(label=_("Layout"), queryset=None, empty_label=ANY)
    status = filters.ChoiceFilter(label=_("Status"), method="of_status", choices=Status.choices, empty_label=ANY)
    review = filters.ChoiceFilter(label=_("Review"), choices=Review.choices, empty_label=ANY)
    property_type = filters.ChoiceFilter(label=_("Property type"), choices=PropertyType.choices, empty_label=ANY)
    area_from = FigureFilter(label=_("Area from, ㎡"), field_name="area_now", lookup_expr="gte")
    area_to = FigureFilter(label=_("Area to, ㎡"), field_name="area_now", lookup_expr="lte")
    total_from = FigureFilter(label=_("Total from, 万"), field_name="list_total", lookup_expr="gte", scale=10_000)
    total_to = FigureFilter(label=_("Total to, 万"), field_name="list_total", lookup_expr="lte", scale=10_000)
    orientation = filters.ChoiceFilter(label=_("Orientation"), choices=Orientation.choices, empty_label=ANY)
    lock = filters.ChoiceFilter(
        label=_("Lock"), field_name="locks", lookup_expr="contains", choices=Lock.choices, empty_label=ANY
    )
    salesperson = filters.ModelChoiceFilter(
        label=_("Salesperson"), queryset=None, empty_label=ANY, null_label=_("nobody yet"), null_value="none"
    )

    class Meta:
        model = Unit
        fields = ()

    def __init__(self, *args, choices: Choices, now: datetime, hidden: tuple[str, ...] = (), **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        for name in hidden:
            del self.filters[name]
        for name, rows in (
            ("building", choices.buildings),
            ("layout", choices.layouts),
            ("salesperson", choices.salespeople),
        ):
            if name in self.filters:
                self.filters[name].extra["queryset"] = rows

    def of_status(self, rows, _name: str, status: str):
        return rows.filter(stands_in([status], self.now))

    def of_entrance(self, rows, _name: str, typed: str):
        """`1单元`, `1` and `一单元` are one entrance, however it was entered."""
        wanted = entrance_key(typed)
        same = {
            text
            for text in rows.order_by().values_list("entrance", flat=True).distinct()
            if entrance_key(text) == wanted
        }
        return rows.filter(entrance__in=same)
