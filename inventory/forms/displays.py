"""The form of a wall display."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core.forms import Form


class DisplayForm(Form):
    """A new display."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Where the screen hangs, such as Sales hall."))
    prices = forms.BooleanField(label=_("Shows prices"), required=False)
