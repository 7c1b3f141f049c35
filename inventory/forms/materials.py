"""What is asked for when a file is added."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models.material import MaterialKind
from salescontrol.core.forms import Form


class MaterialForm(Form):
    """A floor plan, a rendering or another file."""

    kind = forms.ChoiceField(label=_("Kind"), choices=MaterialKind.choices)
    title = forms.CharField(
        label=_("Title"), required=False, max_length=80, help_text=_("What it shows. Empty: the name of the file.")
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("Pictures (PNG, JPEG, WebP) or PDF; as another file also Word, Excel and CSV."),
    )
