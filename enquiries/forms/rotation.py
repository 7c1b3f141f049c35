"""What is entered about turns: who is skipped, swapped, goes out or comes back, and why."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.customers import OwnerField
from enquiries.states import SkipReason
from salescontrol.core.forms import OnceForm

REASONS = [("", gettext_lazy("choose")), *SkipReason.choices]


class PersonForm(OnceForm):
    """The base: which of these people."""

    salesperson = OwnerField(label=gettext_lazy("Salesperson"))

    def __init__(self, *args, people: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["salesperson"].offer(people, _("choose"))


class ReasonForm(PersonForm):
    """Which of these people, and why."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=REASONS)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)
    wide = ("note",)


class SwapForm(OnceForm):
    """Two people who stand in each other's place from now on."""

    first = OwnerField(label=gettext_lazy("Salesperson"))
    second = OwnerField(label=gettext_lazy("Changes places with"))
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)
    wide = ("note",)

    def __init__(self, *args, people: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            self.fields[name].offer(people, _("choose"))
