"""Layouts and their drawings: the list, one layout, and its form (R1.3)."""

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.projects import LayoutForm
from inventory.models import Layout
from inventory.queries import materials
from inventory.queries import projects as queries
from inventory.services.layouts import save_layout
from inventory.views.base import InProject
from salescontrol.core import tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage, ListPage

FIELDS = ("code", "description", "bedrooms", "living_rooms", "bathrooms", "built_area")


class LayoutList(InProject, ListPage):
    """Every layout with its units and drawings."""

    permission = Permission.MATERIAL_ADD
    title = gettext_lazy("Layouts and materials")
    default_order = ("code", "pk")
    empty = gettext_lazy("No layout yet. An import enters them; or enter the first one here.")

    def get_rows(self):
        return queries.layouts(self.project)

    def get_columns(self):
        base = self.url("layout_list")
        return (
            tables.Column("code", _("Layout"), sort=("code",), link=lambda layout: f"{base}{layout.pk}/"),
            tables.Column("description", _("Rooms"), sort=("description",)),
            tables.Column("built_area", _("Built area, ㎡"), format="area", sort=("built_area",)),
            tables.Column("unit_count", _("Units"), format="int", sort=("unit_count",)),
            tables.Column("drawing_count", _("Drawings and files"), format="int", sort=("drawing_count",)),
        )

    def get_context(self) -> dict:
        return {"actions": [{"url": self.url("layout_new"), "label": _("Enter a layout"), "style": "primary"}]}


class OneLayout(InProject):
    """Mixin before a base view: finds `self.layout` of the address within the project, or 404; None for a new one."""

    def prepare_in_project(self) -> None:
        self.layout = None
        if "pk" in self.kwargs:
            self.layout = self.project.layouts.filter(pk=self.kwargs["pk"]).first()
            if self.layout is None:
                raise Http404


class LayoutPage(OneLayout, DetailPage):
    """One layout: its rooms, its drawings, and what changed."""

    permission = Permission.MATERIAL_ADD
    template_name = "inventory/layout.html"

    def get_title(self) -> str:
        return self.layout.code

    def get_context(self) -> dict:
        return {
            "project": self.project,
            "layout": self.layout,
            "unit_count": queries.count_units(self.request.access, self.layout),
            "materials": materials.shown(materials.of_layout(self.layout)),
            "may_add": True,
            "records": queries.layout_record(self.layout),
        }


class LayoutEdit(OneLayout, FormPage):
    """Enter or change a layout."""

    permission = Permission.UNIT_ENTER
    form_class = LayoutForm
    success = gettext_lazy("The layout was saved.")

    def get_title(self) -> str:
        return _("Layout %(layout)s") % {"layout": self.layout.code} if self.layout else _("Enter a layout")

    def get_initial(self) -> dict:
        return {name: getattr(self.layout, name) for name in FIELDS} if self.layout else {}

    def get_context(self) -> dict:
        return {"back_url": self.url("layout", self.layout.pk) if self.layout else self.url("layout_list")}

    def perform(self, form) -> Layout:
        return save_layout(project=self.project, layout=self.layout, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Layout) -> str:
        return self.url("layout", result.pk)
