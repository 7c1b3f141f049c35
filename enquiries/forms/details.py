"""What is entered about a customer beyond the first entry: facts, further numbers, follow-ups, whose they are, merging."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries import phones
from enquiries.states import Channel, CustomerKind, Grade, Motive, PaperKind, Purpose, Way
from salescontrol.core.forms import Form, OnceForm

_PLAIN = {"autocomplete": "off"}
_REASON = gettext_lazy("Kept with the customer.")


def reason() -> forms.CharField:
    return forms.CharField(label=gettext_lazy("Reason"), max_length=250, help_text=_REASON)


def optional(choices: Any, label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", "–"), *choices], required=False)


def number(label: Any, **bounds: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, **bounds)


class CountryField(forms.ChoiceField):
    """Where a phone number is from, when it is not dialled as in the mainland, Hong Kong or Taiwan."""

    def __init__(self) -> None:
        super().__init__(label=gettext_lazy("Number from"), choices=phones.COUNTRIES, required=False)


class FactsFields(forms.Form):
    """The facts of a customer, all optional: who they are, how they came, and what they look for."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=CustomerKind.choices)
    channel = optional(Channel.choices, gettext_lazy("Channel"))
    grade = optional(Grade.choices, gettext_lazy("Grade"))
    address = forms.CharField(
        label=gettext_lazy("Address"), max_length=200, required=False, widget=forms.TextInput(attrs=_PLAIN)
    )
    referrer = forms.CharField(
        label=gettext_lazy("Referred by"), max_length=12, required=False, widget=forms.TextInput(attrs=_PLAIN),
        help_text=gettext_lazy("The number of a customer."),
    )  # fmt: skip
    layout = forms.CharField(label=gettext_lazy("Layout wished"), max_length=40, required=False)
    area_from = forms.DecimalField(
        label=gettext_lazy("Area from"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    area_to = forms.DecimalField(
        label=gettext_lazy("Area to"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    budget_to = forms.DecimalField(
        label=gettext_lazy("Budget up to"), min_value=0, max_digits=15, decimal_places=2, required=False
    )
    floor_from = number(gettext_lazy("Floor from"), min_value=-10, max_value=200)
    floor_to = number(gettext_lazy("Floor to"), min_value=-10, max_value=200)
    motive = optional(Motive.choices, gettext_lazy("Wanted"))
    needs = forms.CharField(
        label=gettext_lazy("Special needs"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class FactsForm(Form, FactsFields):
    """The facts, and the version of the customer that was seen."""

    units = {"area_from": "㎡", "area_to": "㎡"}
    version = forms.IntegerField(widget=forms.HiddenInput)


class PhoneForm(Form):
    """A further phone number."""

    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "tel", **_PLAIN})
    )
    country = CountryField()


class PaperForm(Form):
    """An identity paper."""

    kind = forms.ChoiceField(label=gettext_lazy("Paper"), choices=PaperKind.choices)
    number = forms.CharField(
        label=pgettext_lazy("of a paper", "Number"), max_length=40, widget=forms.TextInput(attrs=_PLAIN)
    )


class FollowUpForm(OnceForm):
    """What was said, how, and when next."""

    way = forms.ChoiceField(label=gettext_lazy("How"), choices=Way.choices)
    content = forms.CharField(
        label=gettext_lazy("What was said"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    next_on = forms.DateField(label=gettext_lazy("Next contact on"), required=False)


class TransferForm(Form):
    """Which colleague should look after the customer, and why; salespeople know each other's numbers, no list names them."""

    owner = forms.CharField(
        label=gettext_lazy("Employee number of the colleague"), max_length=20, widget=forms.TextInput(attrs=_PLAIN)
    )
    reason = reason()
    wide = ("reason",)

    def __init__(self, *args, salespeople: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.employee_no.upper(): person for person in salespeople}

    def clean_owner(self) -> Any:
        person = self.people.get(self.cleaned_data["owner"].strip().upper())
        if person is None:
            raise forms.ValidationError(_("No other salesperson of this project has this employee number."))
        return person


class DisputeForm(PhoneForm):
    """Of which number the customer is claimed, and why."""

    reason = reason()
    wide = ("reason",)


class MergeForm(Form):
    """Which other customer is the same, and why."""

    number = forms.CharField(
        label=gettext_lazy("Number of the other customer"), max_length=12, widget=forms.TextInput(attrs=_PLAIN)
    )
    reason = reason()
    wide = ("reason",)


class RevealForm(Form):
    """What is to be shown in full, and what it is needed for; without a choice the main phone."""

    what = forms.ChoiceField(label=gettext_lazy("Show"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Needed to"), choices=Purpose.choices)

    def __init__(self, *args, choices: Sequence[tuple[str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = choices
