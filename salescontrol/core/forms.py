"""Forms: labels above, units inside the field, the error under its field, nothing typed is lost (ui.md)."""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django import forms
from django.core.validators import EmailValidator
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from salescontrol.core.errors import Refusal


def ids(values: Iterable[str]) -> set[int]:
    """The ids among what a page sent for its chosen rows; what no database could hold as an id is left out."""
    return {int(text) for text in values if text.isascii() and text.isdecimal() and len(text) < 19}


class Renderer(TemplatesSetting):
    """Every form of the product is laid out by these templates."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class Form(forms.Form):
    """The base of all forms: `units` names the unit shown inside a field, `wide` the fields that take the whole line."""

    units: dict[str, object] = {}
    wide: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for name, field in self.fields.items():
            field.unit = self.units.get(name, "")
            field.is_wide = name in self.wide or isinstance(field.widget, forms.Textarea)
            if isinstance(field, forms.DateField) and not isinstance(field, forms.DateTimeField):
                field.widget = DateInput(attrs=field.widget.attrs)
            elif isinstance(field, forms.DateTimeField):
                field.widget = DateTimeInput(attrs=field.widget.attrs)

    def add_refusal(self, refusal: Refusal) -> None:
        """Show a service's refusal: at the fields it is about, else on top of the form, with what leads on."""
        placed, self.links = False, tuple(refusal.links)
        for name, messages in refusal.fields.items():
            if name in self.fields:
                placed = True
                for message in messages:
                    self.add_error(name, str(message))
        if not placed:
            self.add_error(None, str(refusal.message))


class OnceForm(Form):
    """A form with one effect (decisions 19): the server makes its `op_id`; after a refusal the next attempt is a new operation."""

    op_id = forms.UUIDField(
        widget=forms.HiddenInput, initial=uuid.uuid4, error_messages={"required": _("Open this form anew.")}
    )

    def add_refusal(self, refusal: Refusal) -> None:
        super().add_refusal(refusal)
        renewed: Any = self.data.copy()
        renewed[self.add_prefix("op_id")] = str(uuid.uuid4())
        self.data = renewed


class DateInput(forms.DateInput):
    """The browser's own date picker, which can be typed into as well."""

    input_type = "date"

    def format_value(self, value):
        return value.isoformat() if hasattr(value, "isoformat") else value


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class DecisionForm(Form):
    """The answer to a request: approve, or return with a comment."""

    answer = forms.ChoiceField(
        label=_("Answer"), choices=[("approve", _("Approve")), ("return", _("Return"))], widget=forms.HiddenInput
    )
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class WayForm(Form):
    """Where word of messages goes outside the inbox, and about which of them; a robot's present address is never in the form."""

    address = forms.CharField(label=_("Address"), max_length=320, required=False)
    groups = forms.MultipleChoiceField(
        label=_("Send word of"), required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )
    off = forms.BooleanField(label=_("Switch off and forget the address"), required=False)
    test = forms.BooleanField(label=_("Send a test message now"), required=False)
    wide = ("address", "groups")

    def __init__(self, *args, groups: Iterable[tuple[str, Any]], email: bool, masked: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        address = self.fields["address"]
        address.widget.attrs["autocomplete"] = "off"
        if email:
            address.validators.append(EmailValidator())
        else:
            address.help_text = _("The address that WeCom, DingTalk or Feishu shows for the robot of a group.")
        if masked and not email:
            address.help_text = _("Leave it empty to keep %(address)s.") % {"address": masked}
        self.fields["groups"].choices = list(groups)
        if not masked:
            del self.fields["off"]

    def clean(self) -> dict[str, Any]:
        """`address` as the service takes it: None to keep the present one, empty to switch off."""
        values = super().clean() or {}
        off, typed = values.pop("off", False), values.get("address", "").strip()
        values["address"] = "" if off else typed or None
        return values


class _Offered(ModelChoiceIterator):
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield "", self.field.empty_label
        for row in self.field.offer(self.queryset, ids([self.field.named])):
            yield self.choice(row)


class OfferedField(forms.ModelChoiceField):
    """One of very many rows, of which the list shows those that `offer(rows, named)` picks; every one of `queryset` is valid.

    `named` is the id that was sent or comes with the address: the list always shows it.
    """

    iterator = _Offered
    named = ""
    offer: Callable[[QuerySet, Collection[int]], QuerySet]
