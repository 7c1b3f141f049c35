"""The form that names a deputy."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.models import Project
from salescontrol.core.forms import Form
from security.models import User


class PersonChoice(forms.ModelChoiceField):
    """People, by name and employee number."""

    def label_from_instance(self, obj: User) -> str:
        return gettext("%(name)s (%(number)s)") % {"name": obj.name, "number": obj.employee_no}


class DeputyForm(Form):
    """Who stands in, where, from when until when, and why."""

    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"), empty_label=None)
    deputy = PersonChoice(User.objects.none(), label=_("Deputy"))
    starts_at = forms.DateTimeField(label=_("From"))
    ends_at = forms.DateTimeField(label=_("Until"))
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Such as leave or a business trip."))
    wide = ("reason",)

    def __init__(self, *args, projects, people, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects
        self.fields["deputy"].queryset = people
