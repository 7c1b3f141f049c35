"""Which units are put on sale or withheld, and the reason."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms.units import UnitFilter
from salescontrol.core.forms import Form


class ReleaseFilter(UnitFilter):
    """The filters of the unit list, and the column of the board (a whole stack goes on sale together)."""

    stack = filters.CharFilter(label=_("Column"), max_length=20)


class ReasonForm(Form):
    """Why; kept with the unit."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the unit."))
    wide = ("reason",)


class ManyReasonForm(ReasonForm):
    """Why, for the chosen units or for all that match the filter."""

    everything = forms.BooleanField(label=_("All that match the filter, not only this page"), required=False)
