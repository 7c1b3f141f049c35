"""The period of a page of figures."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from salescontrol.core.forms import Form

LONGEST = timedelta(days=366)


class PeriodForm(Form):
    """From a day to a day, both included, at most a year."""

    since = forms.DateField(label=gettext_lazy("From"))
    until = forms.DateField(label=pgettext_lazy("upper end of a range", "to"))

    def clean(self) -> dict:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and not timedelta() <= until - since <= LONGEST:
            self.add_error("until", _("Choose a day after the first one, within a year."))
        return self.cleaned_data

    def period(self, today: date) -> tuple[date, date]:
        """The period that was asked for, else the last thirty days."""
        if self.is_valid():
            return self.cleaned_data["since"], self.cleaned_data["until"]
        return today - timedelta(days=29), today
