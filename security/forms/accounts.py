"""Forms about accounts: every one of them ends in a proposal, but for the emergency."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inventory.models import Project
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Role
from security.models import User
from security.roles import DESCRIPTIONS

COMPANY = "company"


class ScopeField(forms.TypedChoiceField):
    """Where a role is held: in one project, or company-wide (None)."""

    def __init__(self, **kwargs) -> None:
        super().__init__(coerce=lambda value: None if value == COMPANY else int(value), empty_value=None, **kwargs)

    def offer(self, projects) -> None:
        self.choices = [(COMPANY, _("Whole company")), *((str(project.pk), project.name) for project in projects)]


def role_field(*, required: bool = False) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=_("Roles"),
        coerce=Role,
        choices=[(role.value, role.label) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=required,
        help_text=_("Management and system administrator are company-wide, all others are held by project."),
    )


def reason_field(text) -> forms.CharField:
    return forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text=text)


class PersonForm(Form):
    """Who somebody is."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=60)
    phone = forms.RegexField(
        r"^[0-9+() -]{0,20}$", label=_("Phone"), max_length=20, required=False,
        error_messages={"invalid": _("Type digits, with a country code when it is abroad.")},
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)


class AccountForm(PersonForm):
    """A new account with its first roles; `projects` are those in which a role can be given."""

    employee_no = forms.CharField(
        label=_("Employee number"), max_length=20, validators=User._meta.get_field("employee_no").validators
    )
    project = ScopeField(label=_("Where"))
    roles = role_field(required=True)
    reason = reason_field(_("Read by whoever decides."))
    field_order = ("employee_no", "name", "phone", "email", "project", "roles", "reason")
    wide = ("roles",)

    def __init__(self, *args, projects: list[Project], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].offer(projects)


class RolesForm(Form):
    """The roles of an account in one place; what is ticked is what will be held there."""

    roles = role_field()
    reason = reason_field(_("Read by whoever decides."))
    wide = ("roles",)

    def __init__(self, *args, company: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offered = [
            role
            for role in Role
            if (role in DESCRIPTIONS) and company == (role in (Role.MANAGEMENT, Role.ADMINISTRATOR))
        ]
        self.fields["roles"].choices = [(role.value, role.label) for role in offered]
        self.fields["roles"].help_text = ""


class ReasonForm(Form):
    """Only a reason."""

    reason = reason_field("")
