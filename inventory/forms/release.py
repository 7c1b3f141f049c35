"""The reason for putting units on sale or withholding them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core.forms import Form


class ReasonForm(Form):
    """Why; kept with the unit."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the unit."))
    wide = ("reason",)


class ManyReasonForm(ReasonForm):
    """Why, for the chosen units or for all that match the filter."""

    everything = forms.BooleanField(label=_("All that match the filter, not only this page"), required=False)
