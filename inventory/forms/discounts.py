"""Forms of discount policies."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Building, DiscountPolicy, Layout, Project
from inventory.models.price import DiscountKind
from inventory.rules.text import narrow
from inventory.services.discounts import Terms
from inventory.states import DiscountState
from salescontrol.core.forms import Form


class DiscountFilter(filters.FilterSet):
    """Policies by kind, state and words of the name."""

    kind = filters.ChoiceFilter(label=_("Kind"), choices=DiscountKind.choices, empty_label=_("any"))
    state = filters.ChoiceFilter(label=_("State"), choices=DiscountState.choices, empty_label=_("any"))
    name = filters.CharFilter(label=_("Name"), lookup_expr="icontains")

    class Meta:
        model = DiscountPolicy
        fields = ("kind", "state", "name")


class Figure(forms.DecimalField):
    """A figure that may be typed with commas and full-width digits."""

    def to_python(self, value):
        return super().to_python(
            narrow(value).strip().replace(",", "").removesuffix("%") if isinstance(value, str) else value
        )


class DiscountForm(Form):
    """What a policy says, and why it is wanted."""

    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=DiscountKind.choices)
    percent = Figure(
        label=_("Percent off"),
        required=False,
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("Either a percentage or an amount."),
    )
    amount = Figure(
        label=_("Amount off"),
        required=False,
        max_digits=15,
        decimal_places=2,
        min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    valid_from = forms.DateField(label=_("From"))
    valid_to = forms.DateField(label=_("To"), required=False, help_text=_("Left empty: until it is ended."))
    position = forms.IntegerField(
        label=_("Order"), min_value=1, max_value=99, initial=1, help_text=_("Discounts are multiplied in this order.")
    )
    stackable = forms.BooleanField(label=_("May be combined with others"), required=False, initial=True)
    needs_approval = forms.BooleanField(label=_("Each use needs approval"), required=False)
    buildings = forms.ModelMultipleChoiceField(
        label=_("Buildings"),
        queryset=Building.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    layouts = forms.ModelMultipleChoiceField(
        label=_("Layouts"),
        queryset=Layout.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    conditions = forms.CharField(label=_("Conditions"), required=False, max_length=300)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Whoever decides reads it."))
    units = {"percent": "%"}
    wide = ("buildings", "layouts", "conditions", "reason")

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["buildings"].queryset = Building.objects.filter(project=project)
        self.fields["layouts"].queryset = Layout.objects.filter(project=project)
        self.fields["amount"].unit = project.currency_unit

    def terms(self) -> Terms:
        """The policy as the service takes it."""
        values = self.cleaned_data
        return Terms(**{name: values[name] for name in Terms.__dataclass_fields__})

    def scope(self) -> dict:
        """The chosen buildings and layouts, as ids."""
        return {
            "building_ids": [building.pk for building in self.cleaned_data["buildings"]],
            "layout_ids": [layout.pk for layout in self.cleaned_data["layouts"]],
        }
