"""The form of an important change: the fields of the one table of unit fields, with their present values (R6.1, R6.2)."""

from collections.abc import Collection

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory import rules
from inventory.states import CORRECTIONS
from salescontrol.core.forms import Form

UNITS = {"area": "㎡", "unit_price": _("per ㎡"), "total": ""}
_YES_NO = [("false", _("No")), ("true", _("Yes"))]


class ChangeForm(Form):
    """Present values, to be edited, with the reason. Texts go to the rules as typed, so that every message is the same as at
    entry; `names` are the fields this reader may change, `layouts` the project's layout codes."""

    wide = ("note", "reason")

    def __init__(
        self, *args, names: Collection[str], layouts: Collection[str], correctable: bool, currency: str, **kwargs
    ) -> None:
        self.names = tuple(names)
        super().__init__(*args, **kwargs)
        for name in self.names:
            self.fields[name] = _field(name, layouts)
            self.fields[name].unit = currency if name.endswith("_total") else UNITS.get(_kind(name), "")
            self.fields[name].is_wide = name in self.wide
        if correctable:
            choices = [("", _("as it is")), *((status.value, status.label) for status in CORRECTIONS)]
            self.fields["status"] = forms.ChoiceField(label=_("Status correction"), choices=choices, required=False)
            self.fields["status"].unit, self.fields["status"].is_wide = "", False
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=300, help_text=_("Whoever decides reads it.")
        )
        self.fields["reason"].unit, self.fields["reason"].is_wide = "", True

    def values(self) -> dict[str, str]:
        """Field → text as typed."""
        return {name: self.cleaned_data[name] for name in self.names}


def _kind(name: str) -> str:
    return rules.FIELDS[name].kind if name in rules.FIELDS else "flag"


def _field(name: str, layouts: Collection[str]) -> forms.Field:
    label = rules.FIELDS[name].label if name in rules.FIELDS else _("No discount policy, on purpose")
    kind = _kind(name)
    if name == "layout":
        return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *((code, code) for code in layouts)])
    if kind == "choice":
        choices = [(value, words[0]) for value, words in rules.FIELDS[name].choices.items()]
        return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *choices])
    if kind == "flag":
        return forms.ChoiceField(label=label, choices=_YES_NO)
    return forms.CharField(label=label, required=False, max_length=300, strip=True)
