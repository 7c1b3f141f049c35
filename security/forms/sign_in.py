"""Forms of the pages around signing in."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salescontrol.core.forms import Form
from security import passwords


def _password(label, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=passwords.LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class SignInForm(Form):
    """Employee number and password."""

    employee_no = forms.CharField(
        label=_("Employee number"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "characters", "autofocus": True}),
    )
    password = _password(_("Password"), "current-password")
    wide = ("employee_no", "password")


class NewPasswordForm(Form):
    """A new password, typed twice."""

    new = _password(_("New password"), "new-password")
    again = _password(_("New password once more"), "new-password")
    wide = ("new", "again")

    def clean(self) -> dict:
        data = super().clean() or {}
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", _("The two are not the same. Type it again."))
        return data


class ChangePasswordForm(NewPasswordForm):
    """The present password and a new one."""

    present = _password(_("Present password"), "current-password")
    wide = ("present", "new", "again")
    field_order = ("present", "new", "again")


class CodeForm(Form):
    """Six digits from the phone; full-width digits and blanks are accepted."""

    code = forms.CharField(
        label=pgettext_lazy("of the second factor", "Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )
    wide = ("code",)

    def clean_code(self) -> str:
        digits = "".join(str(int(char)) for char in self.cleaned_data["code"] if char.isdecimal())
        if len(digits) != 6:
            raise forms.ValidationError(_("Type the six digits that the phone shows."))
        return digits


class EnrolForm(CodeForm):
    """The first code of a new second factor and, inside a session, the password once more."""

    present = _password(_("Present password"), "current-password")
    wide = ("present", "code")
    field_order = ("present", "code")


class ConfirmForm(Form):
    """The password once more."""

    present = _password(_("Present password"), "current-password")
    wide = ("present",)
