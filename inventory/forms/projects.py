"""Forms of a project's settings: its switches, phases, buildings, permits, teams, layouts."""

from collections.abc import Iterable

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from inventory.forms.units import Figure
from inventory.models.project import Currency
from inventory.rules import building_key
from salescontrol.core.forms import Form
from salescontrol.core.money import cents


class OpenProjectForm(Form):
    """A new project."""

    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9-]*$", _("Use letters, digits and hyphens."))],
        help_text=_("Short, such as RSC. It stands in addresses and numbers and never changes."),
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    city = forms.CharField(label=_("City"), max_length=40, required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=Currency.choices)


class ProjectForm(Form):
    """The name, and the switch of decisions 3."""

    name = forms.CharField(label=_("Name"), max_length=80)
    city = forms.CharField(label=_("City"), max_length=40, required=False)
    share_for_sale = forms.BooleanField(
        label=_("Salespeople see all units for sale"),
        required=False,
        help_text=_(
            "Off: a salesperson sees only units that are assigned to them or that their own hold, deal, viewing or enquiry names. "
            "On: also the facts, list price and status of the project's other units for sale. Never whose they are, who holds "
            "or bought them, or a floor price."
        ),
    )
    wide = ("share_for_sale",)


class PhaseForm(Form):
    name = forms.CharField(label=_("Phase"), max_length=40)
    position = forms.IntegerField(label=_("Position"), min_value=1, max_value=9999, initial=1)


class BuildingForm(Form):
    """A building; `phases`: those of the project."""

    name = forms.CharField(
        label=_("Building"), max_length=24, help_text=_("Such as 3#. Its number begins the number of every unit in it.")
    )
    phase: forms.ModelChoiceField = forms.ModelChoiceField(
        label=_("Phase"), queryset=None, required=False, empty_label=_("none")
    )
    position = forms.IntegerField(
        label=_("Position"),
        min_value=1,
        max_value=9999,
        required=False,
        help_text=_("The order of the buildings. Empty: the last."),
    )

    def __init__(self, *args, phases, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"].queryset = phases

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not building_key(name):
            raise forms.ValidationError(_("Write the building's number or name, such as 3#."), code="no_key")
        return name


class PermitForm(Form):
    """A pre-sale permit; `buildings`: those of the project."""

    number = forms.CharField(label=_("Permit number"), max_length=60)
    issued_on = forms.DateField(label=_("Issued on"))
    buildings: forms.ModelMultipleChoiceField = forms.ModelMultipleChoiceField(
        label=_("Buildings"), queryset=None, widget=forms.CheckboxSelectMultiple
    )
    wide = ("buildings",)

    def __init__(self, *args, buildings, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["buildings"].queryset = buildings


class TeamForm(Form):
    """A sales team; `people`: the salespeople of the project."""

    name = forms.CharField(label=_("Team"), max_length=40)
    lead = forms.ChoiceField(label=_("Lead"), required=False)
    members = forms.MultipleChoiceField(label=_("Members"), required=False, widget=forms.CheckboxSelectMultiple)
    wide = ("members",)

    def __init__(self, *args, people: Iterable, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        names = [(pk, person.name) for pk, person in self.people.items()]
        self.fields["members"].choices = names
        self.fields["lead"].choices = [("", _("none")), *names]

    def clean_lead(self):
        return self.people.get(self.cleaned_data["lead"])

    def clean_members(self) -> list:
        return [self.people[pk] for pk in self.cleaned_data["members"]]


class LayoutForm(Form):
    """A layout: its code and rooms."""

    code = forms.CharField(label=_("Layout"), max_length=40)
    description = forms.CharField(
        label=_("Rooms"), max_length=80, required=False, help_text=_("Such as 3 bedrooms, 2 living rooms, 2 bathrooms.")
    )
    bedrooms = forms.IntegerField(label=_("Bedrooms"), min_value=0, max_value=50, required=False)
    living_rooms = forms.IntegerField(label=_("Living rooms"), min_value=0, max_value=50, required=False)
    bathrooms = forms.IntegerField(label=_("Bathrooms"), min_value=0, max_value=50, required=False)
    built_area = Figure(label=_("Built area"))
    units = {"built_area": "㎡"}

    def clean_built_area(self):
        value = self.cleaned_data["built_area"]
        if value is not None and not 0 < value < 100_000:
            raise forms.ValidationError(_("Enter an area in ㎡ between 0.01 and 100,000."), code="area")
        return None if value is None else cents(value)
