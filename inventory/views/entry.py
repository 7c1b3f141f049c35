"""Units typed in by form, corrected while they are drafts, and filled in column by column (R1.2)."""

from urllib.parse import urlencode

from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.forms.entry import StackForm, UnitForm, as_typed
from inventory.models import Unit
from inventory.queries import units
from inventory.queries.scope import units_visible_to
from inventory.services import entry
from inventory.states import Review
from inventory.views.base import InProject
from inventory.views.units import OneUnit
from salescontrol.core.errors import Conflict
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage


class UnitFormPage(FormPage):
    """What entering and correcting share."""

    permission = Permission.UNIT_ENTER
    form_class = UnitForm
    template_name = "inventory/unit_form.html"

    def get_form_kwargs(self) -> dict:
        access, project = self.request.access, self.project
        return {
            "project_names": [project.name],
            "currency": project.currency_unit,
            "layouts": list(project.layouts.values_list("code", flat=True)[:12]),
            "units": units_visible_to(access).filter(project=project),
        }

    def tell(self, form) -> None:
        for notice in form.notices():
            messages.warning(self.request, notice)

    def get_context(self) -> dict:
        return {"back_url": self.get_back_url()}


class UnitEnter(InProject, UnitFormPage):
    """Enter one unit; it becomes a draft of the author's open batch."""

    title = gettext_lazy("Enter a unit")
    submit_label = gettext_lazy("Save as draft")

    def get_initial(self) -> dict:
        place = {name: self.request.GET.get(name, "")[:40] for name in ("building", "entrance", "floor")}
        return {"property_type": "HOME", "pricing_mode": "BUILT", **place}

    def get_back_url(self) -> str:
        return self.url("unit_list")

    def perform(self, form) -> Unit:
        unit = entry.enter_unit(project=self.project, place=form.place, values=form.values(), by=self.request.user)
        self.tell(form)
        return unit

    def get_success(self, result: Unit) -> str:
        return _("%(unit)s was entered as a draft of batch %(batch)s.") % {
            "unit": result.number,
            "batch": result.batch.number,
        }

    def get_success_url(self, result: Unit) -> str:
        if "another" in self.request.POST:
            building, entrance, floor = result.building.name, result.entrance, result.floor_label
            return f"{self.url('unit_enter')}?{_query(building=building, entrance=entrance, floor=floor)}"
        return self.url("unit", result.pk)

    def get_context(self) -> dict:
        return {**super().get_context(), "another": True}


def _query(**values: str) -> str:
    return urlencode({name: value for name, value in values.items() if value})


class DraftOnly(OneUnit):
    """Mixin: the unit of the address as long as it is a draft; what is approved changes by request."""

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        self.request.access.require(Permission.UNIT_ENTER, self.project_id)
        if self.unit.review not in (Review.DRAFT, Review.RETURNED):
            raise Conflict(
                _(
                    "%(unit)s is “%(state)s”, so it is not changed here. Once approved, a change is proposed on its page."
                )
                % {"unit": self.unit.number, "state": self.unit.get_review_display()}
            )


class UnitEdit(DraftOnly, UnitFormPage):
    """Correct a draft or a returned unit."""

    success = gettext_lazy("The draft was changed.")

    def get_title(self) -> str:
        return _("Edit %(unit)s") % {"unit": self.unit.number}

    def get_initial(self) -> dict:
        return dict(as_typed(self.unit))

    def perform(self, form) -> Unit:
        version = form.cleaned_data["version"] or 0
        done = entry.edit_unit(
            unit=self.unit, version=version, place=form.place, values=form.values(), by=self.request.user
        )
        self.tell(form)
        return done

    def get_success_url(self, result: Unit) -> str:
        return self.url("unit", result.pk)


class UnitDiscard(DraftOnly, ActionPage):
    """Take back a draft that was entered by mistake."""

    permission = Permission.UNIT_ENTER
    form_class = Form
    title = gettext_lazy("Discard the draft")
    submit_label = gettext_lazy("Discard")
    final = True

    def get_sentence(self) -> str:
        return _(
            "The draft of %(unit)s is taken out of the project. The record that it was entered and discarded is kept."
        ) % {"unit": self.unit.number}

    def perform(self, form) -> str:
        return entry.discard_unit(unit=self.unit, by=self.request.user)

    def get_success(self, result: str) -> str:
        return _("The draft of %(unit)s was discarded.") % {"unit": result}

    def get_success_url(self, result: str) -> str:
        return self.url("unit_list")


class StackFill(DraftOnly, FormPage):
    """Layout, orientation and "no discount" for all drafts of a column at once."""

    permission = Permission.UNIT_ENTER
    form_class = StackForm
    submit_label = gettext_lazy("Fill in")

    def get_title(self) -> str:
        return _("Fill in the column of %(unit)s") % {"unit": self.unit.number}

    def rooms(self):
        column = units.stack_of(self.request.access, self.unit).filter(review__in=entry.OPEN)
        return column.select_related("layout", "project").order_by("-floor", "pk")

    def get_form_kwargs(self) -> dict:
        return {"rooms": list(self.rooms())}

    def get_initial(self) -> dict:
        return {"rooms": [room.pk for room in self.rooms()]}

    def get_context(self) -> dict:
        return {"back_url": self.get_back_url()}

    def perform(self, form) -> list[Unit]:
        values = form.cleaned_data
        return entry.fill_stack(
            unit_ids=values["rooms"],
            visible=self.rooms(),
            values=values,
            replace=values["replace"],
            by=self.request.user,
        )

    def get_success(self, result: list[Unit]) -> str:
        return ngettext("%(count)s unit was filled in.", "%(count)s units were filled in.", len(result)) % {
            "count": len(result)
        }

    def get_success_url(self, result: list[Unit]) -> str:
        return self.get_back_url()
