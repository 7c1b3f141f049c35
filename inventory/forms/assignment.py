"""To whom units are assigned, and why."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from salescontrol.core.forms import Form


class AssignForm(Form):
    """The salesperson, or nobody, and the reason. `salespeople`: those of the project."""

    salesperson = forms.ChoiceField(label=_("Salesperson"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args, salespeople: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in salespeople}
        names = [
            (pk, _("%(name)s (%(number)s)") % {"name": person.name, "number": person.employee_no})
            for pk, person in self.people.items()
        ]
        self.fields["salesperson"].choices = [
            ("", _("choose")),
            *names,
            ("nobody", _("Nobody: take the assignment away")),
        ]

    def clean_salesperson(self):
        return self.people.get(self.cleaned_data["salesperson"])


class AssignManyForm(AssignForm):
    """The same for the chosen rows, or for everything that matches the filter."""

    everything = forms.BooleanField(label=_("All units that match the filter, on every page"), required=False)
