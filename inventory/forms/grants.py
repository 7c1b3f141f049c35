"""Asking to see one unit beyond one's rights."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.services.grants import LONGEST_HOURS
from salescontrol.core.forms import Form


class AccessForm(Form):
    """Which unit, what for, how long."""

    number = forms.CharField(label=_("Unit"), max_length=60, help_text=_("Its full number, such as 3#-1202."))
    hours = forms.IntegerField(label=_("For how long"), min_value=1, max_value=LONGEST_HOURS)
    reason = forms.CharField(
        label=_("Purpose"), max_length=300, help_text=_("Whoever decides reads it; it is kept with the grant.")
    )
    units = {"hours": _("hours")}
    wide = ("reason",)
