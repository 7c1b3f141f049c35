"""What is entered to settle surveyed areas together."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core.forms import OnceForm


class AreaBatchForm(OnceForm):
    """The surveyor's list, what it is called, and the buyers who keep their units although the area differs much."""

    file = forms.FileField(
        label=_("File"), widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=_("A workbook or .csv: a row a unit, with building, floor, room and surveyed built area."),
    )  # fmt: skip
    title = forms.CharField(label=_("Survey"), max_length=80, help_text=_("Such as: building 3, survey of June."))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Whoever decides reads it."))
    keeps = forms.CharField(
        label=_("Beyond the tolerance, kept by their buyers"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Numbers of units whose buyers may rescind and said that they keep the unit, separated by commas."),
    )  # fmt: skip
    wide = ("file", "reason", "keeps")

    def clean_keeps(self) -> list[str]:
        return [number for number in re.split(r"[\s,;，、；]+", self.cleaned_data["keeps"]) if number]
