"""The prescribed format for one unit (R1.2, R6.1): fields, labels, need and messages come from `inventory.rules`, as for imports."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory import rules
from inventory.models import Unit
from inventory.models.unit import Orientation
from salescontrol.core.forms import Form
from salescontrol.core.words import listed

# A status is never entered, a permit is the building's, and floor prices come by a price list that management decides.
NOT_ENTERED = ("status", "permit_number", "floor_unit_price", "floor_total")
YES_NO = (("", "–"), ("true", _("Yes")), ("false", _("No")))


class TextAsTyped(forms.Field):
    """Whatever was typed, unchanged: `rules.clean_row` judges it, so that form and import say the same."""

    def to_python(self, value: Any) -> str:
        return "" if value is None else str(value)

    def validate(self, value: Any) -> None:
        pass


class UnitForm(Form):
    """One unit. `layouts`: codes in use, as a hint; `units`: those that a parking space or storage room may belong to."""

    wide = ("note",)

    def __init__(
        self, *args, project_names: Sequence[str], currency: str, layouts: Sequence[str], units, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.project_names, self.known_units, self.row = project_names, units, rules.CleanedRow()
        for name, entry in rules.FIELDS.items():
            if name not in NOT_ENTERED:
                self.fields[name] = _field(entry, layouts)
        self.fields["stack"] = forms.CharField(
            label=_("Column"),
            required=False,
            max_length=20,
            help_text=_("Where it stands on the board. Empty: as the room number says."),
        )
        self.fields["attached_to"] = forms.CharField(
            label=_("Belongs to unit"),
            required=False,
            max_length=60,
            help_text=_("For parking and storage: the number of the unit."),
        )
        self.fields["no_discount"] = forms.BooleanField(
            label=_("No discount policy applies to this unit"), required=False
        )
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
        for name, field in self.fields.items():
            kind = rules.FIELDS[name].kind if name in rules.FIELDS else ""
            field.unit = {
                "unit_price": _("%(currency)s per ㎡") % {"currency": currency},
                "total": currency,
                "area": "㎡",
            }.get(kind, "")
            field.is_wide = name in self.wide

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        texts = {name: values.get(name, "") for name in rules.FIELDS if name in self.fields}
        self.row = rules.clean_row(texts, project_names=self.project_names)
        for problem in self.row.errors:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        return values

    def clean_attached_to(self) -> Unit | None:
        typed = self.cleaned_data["attached_to"].strip()
        if not typed:
            return None
        found = self.known_units.filter(number__iexact=typed).first()
        if found is None:
            raise forms.ValidationError(
                _("There is no such unit in the project. Write its number as the list shows it."), code="unknown"
            )
        return found

    @property
    def place(self) -> rules.Place:
        if self.row.place is None:
            raise ValueError("the form is not valid")
        return self.row.place

    def values(self) -> dict[str, Any]:
        """The checked value of every field of the form, computed ones included; None where nothing was said."""
        entered = {name: self.row.values.get(name) for name in (*self.fields, *self.row.values) if name in rules.FIELDS}
        return entered | {name: self.cleaned_data[name] for name in ("stack", "attached_to", "no_discount")}

    def notices(self) -> list[str]:
        """What was adjusted on the way in, such as a rounded area."""
        return [problem.message for problem in self.row.notices]


def _field(entry: rules.Field, layouts: Sequence[str]) -> forms.Field:
    field = TextAsTyped(label=entry.label, required=entry.need == "entry", widget=_widget(entry))
    if entry.name == "layout":
        field.help_text = _("Such as %(layouts)s.") % {"layouts": listed(layouts)} if layouts else ""
    if entry.need == "approval":
        field.help_text = field.help_text or _("Needed before approval.")
    return field


def _widget(entry: rules.Field) -> forms.Widget:
    if entry.kind == "choice":
        return forms.Select(choices=[("", "–"), *((value, label) for value, (label, _words) in entry.choices.items())])
    if entry.kind == "flag":
        return forms.Select(choices=YES_NO)
    if entry.kind == "note":
        return forms.Textarea(attrs={"rows": 2})
    mode = {"inputmode": "decimal"} if entry.kind in ("area", "unit_price", "total") else {}
    return forms.TextInput(attrs={"autocomplete": "off", **mode})


def as_typed(unit: Unit) -> Mapping[str, Any]:
    """A unit as its form shows it."""
    kept = {
        name: rules.as_text(getattr(unit, name))
        for name in rules.FIELDS
        if name not in (*NOT_ENTERED, *rules.PLACE, "layout")
    }
    return kept | {
        "building": unit.building.name,
        "floor": unit.floor_label,
        "room": unit.room,
        "layout": unit.layout.code if unit.layout else "",
        "stack": unit.stack,
        "attached_to": unit.attached_to.number if unit.attached_to else "",
        "no_discount": unit.no_discount,
        "version": unit.version,
    }


class StackForm(Form):
    """What all chosen rooms of a column get."""

    rooms = forms.TypedMultipleChoiceField(
        label=_("Units"), coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )
    layout = forms.CharField(label=_("Layout"), required=False, max_length=40)
    orientation = forms.ChoiceField(
        label=_("Orientation"), required=False, choices=[("", _("leave as it is")), *Orientation.choices]
    )
    no_discount = forms.BooleanField(label=_("No discount policy applies to these units"), required=False)
    replace = forms.BooleanField(label=_("Also replace what is filled in already"), required=False)
    wide = ("rooms",)

    def __init__(self, *args, rooms: Iterable[Unit], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rooms"].choices = [(room.pk, _room(room)) for room in rooms]


def _room(room: Unit) -> str:
    facts = (room.layout.code if room.layout else _("no layout"), room.get_orientation_display() or _("no orientation"))
    return _("%(unit)s (%(facts)s)") % {"unit": room.number, "facts": listed(facts)}
