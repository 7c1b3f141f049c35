"""Forms of the settings: one field for each option, kind and bounds from its declaration."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core.forms import Form
from salescontrol.core.options import GROUPS, OPTIONS, Option


def _field(option: Option) -> forms.Field:
    if option.kind == "bool":
        return forms.BooleanField(label=option.label, required=False, help_text=option.help)
    if option.kind == "int":
        return forms.IntegerField(
            label=option.label, min_value=option.low, max_value=option.high, help_text=option.help
        )
    if option.check:  # A text that the option itself judges, when it is stored.
        return forms.CharField(label=option.label, help_text=option.help, max_length=40)
    return forms.RegexField(
        r"^([01][0-9]|2[0-3]):[0-5][0-9]$", label=option.label, help_text=option.help, max_length=5,
        error_messages={"invalid": _("Type a time from 00:00 to 23:59, such as 09:00.")},
    )  # fmt: skip


class SettingsForm(Form):
    """All options, grouped as the office thinks of them."""

    def __init__(self, *args, **kwargs) -> None:
        self.units = {key: option.unit for key, option in OPTIONS.items()}
        self.base_fields = {key: _field(option) for key, option in OPTIONS.items()}
        super().__init__(*args, **kwargs)

    def groups(self) -> list[dict]:
        """The fields by group, in the order of `GROUPS`; groups without options are left out."""
        found = [
            {"label": label, "fields": [self[key] for key, option in OPTIONS.items() if option.group == code]}
            for code, label in GROUPS.items()
        ]
        return [group for group in found if group["fields"]]


class HolidayForm(Form):
    """One day on which the calendar differs from Monday–Friday."""

    day = forms.DateField(label=_("Day"))
    working = forms.TypedChoiceField(
        label=_("That day"),
        coerce=lambda value: value == "worked",
        choices=[("off", _("is off")), ("worked", _("is worked"))],
    )
    name = forms.CharField(label=_("Name"), max_length=60)
