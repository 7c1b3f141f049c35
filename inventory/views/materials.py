"""Materials: added, looked at, downloaded, taken away; the row is checked every time (quality U2, abuse 35)."""

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.materials import MaterialForm
from inventory.models import Layout, Material
from inventory.queries import materials
from inventory.queries.history import steps
from inventory.services import materials as service
from inventory.views.base import InProject
from inventory.views.units import OneUnit
from salescontrol.core import files
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FilePage, FormPage

SHOWN = 6


class UnitMaterialAdd(OneUnit, FormPage):
    """Add a file to one unit."""

    permission = Permission.MATERIAL_ADD
    form_class = MaterialForm
    submit_label = gettext_lazy("Add")
    success = gettext_lazy("The file was added.")

    def get_title(self) -> str:
        return _("Add a file to %(unit)s") % {"unit": self.unit.number}

    def get_context(self) -> dict:
        return {"back_url": self.get_back_url()}

    def perform(self, form) -> Material:
        values = form.cleaned_data
        return service.add_material(
            to=self.unit, kind=values["kind"], title=values["title"], upload=values["file"], by=self.request.user
        )

    def get_success_url(self, result: Material) -> str:
        return self.get_back_url()


class LayoutMaterialAdd(InProject, FormPage):
    """Add a file to a layout, and so to all its units."""

    permission = Permission.MATERIAL_ADD
    form_class = MaterialForm
    submit_label = gettext_lazy("Add")
    success = gettext_lazy("The file was added.")

    def prepare_in_project(self) -> None:
        self.layout = Layout.objects.filter(project=self.project, pk=self.kwargs["pk"]).first()
        if self.layout is None:
            raise Http404

    def get_title(self) -> str:
        return _("Add a file to layout %(layout)s") % {"layout": self.layout.code}

    def get_context(self) -> dict:
        return {"back_url": self.url("layout", self.layout.pk)}

    def perform(self, form) -> Material:
        values = form.cleaned_data
        return service.add_material(
            to=self.layout, kind=values["kind"], title=values["title"], upload=values["file"], by=self.request.user
        )

    def get_success_url(self, result: Material) -> str:
        return self.url("layout", self.layout.pk)


class OneMaterial(InProject):
    """Mixin before a base view: finds `self.material` among those of units and layouts that this user may see, or 404."""

    def prepare_in_project(self) -> None:
        visible = materials.visible_to(self.request.access, self.project).select_related("file", "unit", "layout")
        self.material = visible.filter(pk=self.kwargs["pk"]).first()
        if self.material is None:
            raise Http404

    def owner_url(self) -> str:
        if self.material.unit_id:
            return self.url("unit", self.material.unit_id)
        return self.url("layout", self.material.layout_id)


class MaterialRemove(OneMaterial, ActionPage):
    """Take a material off."""

    permission = Permission.MATERIAL_ADD
    form_class = Form
    title = gettext_lazy("Remove the file")
    submit_label = gettext_lazy("Remove")
    success = gettext_lazy("The file was removed.")

    def get_sentence(self) -> str:
        return _("“%(title)s” is not shown any more. The file and the record of who added it are kept.") % {
            "title": self.material.title
        }

    def get_back_url(self) -> str:
        return self.owner_url()

    def perform(self, form) -> Material:
        return service.remove_material(material=self.material, by=self.request.user)

    def get_success_url(self, result: Material) -> str:
        return self.owner_url()


class MaterialFile(OneMaterial, FilePage):
    """The file as a download."""

    permission = Permission.BOARD_SEE

    def get_file(self) -> HttpResponseBase:
        return files.hand_out(self.material.file, self.request, project_id=self.project_id)


class MaterialPicture(OneMaterial, FilePage):
    """The picture itself, whole or small, for the pages of this product."""

    permission = Permission.BOARD_SEE

    def get_file(self) -> HttpResponseBase:
        return files.show(self.material.file, small=self.request.GET.get("size") == "small")


def panel_materials(access, unit) -> dict:
    """The section of the unit panel: what there is to show a customer."""
    return {"materials": materials.shown(materials.of_unit(unit)), "project": unit.project}


def panel_history(access, unit) -> dict | None:
    """The section of the unit panel: the last steps of its life; None for who may not read them."""
    found = steps(access, unit)
    if found is None:
        return None
    url = reverse("inventory:unit", args=[unit.project.code, unit.pk])
    return {"steps": found[:SHOWN], "more": max(0, len(found) - SHOWN), "url": url}
