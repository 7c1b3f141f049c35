"""What to stop, and why."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import Building, Layout, Project
from inventory.services.stops import scope_of
from salescontrol.core.forms import Form, OnceForm


class StopForm(OnceForm):
    """The scope and the reason of an emergency stop; `scopes`: what can be stopped, with units and units for sale."""

    scope = forms.ChoiceField(label=gettext_lazy("What to stop"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Everybody who may see these units reads it."),
    )
    wide = ("reason",)

    def __init__(self, *args, scopes: Sequence[tuple[Project | Building | Layout, int, int]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        parts = [(_parts(scope), scope, count, for_sale) for scope, count, for_sale in scopes]
        self.parts = {scope_of(**part): part for part, *_rest in parts}
        self.fields["scope"].choices = [
            (scope_of(**part), _label(scope, count, for_sale)) for part, scope, count, for_sale in parts
        ]

    def chosen(self) -> dict[str, Building | Layout | None]:
        """The part of the project to stop, as the service takes it."""
        return self.parts[self.cleaned_data["scope"]]


class ReopenForm(Form):
    """Why sales may go on."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("Whoever decides reads it.")
    )
    wide = ("reason",)


def _parts(scope: Project | Building | Layout) -> dict:
    return {
        "building": scope if isinstance(scope, Building) else None,
        "layout": scope if isinstance(scope, Layout) else None,
    }


def _label(scope: Project | Building | Layout, count: int, for_sale: int) -> str:
    """`Building 3#: 120 units, 42 for sale`."""
    kinds = {Project: _("The whole project"), Building: _("Building %(name)s"), Layout: _("Layout %(name)s")}
    words = {
        "scope": kinds[type(scope)] % {"name": scope},
        "count": count,
        "for_sale": for_sale,
    }
    return (
        ngettext(
            "%(scope)s: %(count)s unit, %(for_sale)s for sale",
            "%(scope)s: %(count)s units, %(for_sale)s for sale",
            count,
        )
        % words
    )
