"""Which moment of the past, and which other one to compare it with."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core import clock
from salescontrol.core.forms import Form


class PastForm(Form):
    """Two moments in the project's zone; the second is optional. The future has not happened yet, so it is refused."""

    at = forms.DateTimeField(label=_("As of"))
    since = forms.DateTimeField(label=_("Compared with"), required=False)

    def __init__(self, *args, zone: str, **kwargs) -> None:
        self.zone = ZoneInfo(zone)
        super().__init__(*args, **kwargs)

    def clean_at(self) -> datetime:
        return self._past(self.cleaned_data["at"])

    def clean_since(self) -> datetime | None:
        since = self.cleaned_data["since"]
        return self._past(since) if since else None

    def _past(self, typed: datetime) -> datetime:
        """What was typed is the project's local time, whatever the server's."""
        moment = typed.replace(tzinfo=self.zone)
        if moment > clock.now():
            raise forms.ValidationError(_("This moment is still to come. Choose one that is past."), code="future")
        return moment
