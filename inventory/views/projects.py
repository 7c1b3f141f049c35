"""The settings of a project: its switches and parts, each changed on a page of its own, all changes on record (decisions 33)."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.projects import BuildingForm, OpenProjectForm, PermitForm, PhaseForm, ProjectForm, TeamForm
from inventory.models import Project
from inventory.queries import projects as queries
from inventory.queries.review import labels
from inventory.services import projects as service
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage, ListPage


class ProjectSettings(InProject, DetailPage):
    """All settings of the project at a glance, and who changed what."""

    permission = Permission.PROJECT_SETTINGS
    template_name = "inventory/project_settings.html"
    title = gettext_lazy("Project settings")

    def get_context(self) -> dict:
        project = self.project
        return {
            "project": project,
            "relaxed": labels(project.optional_before_approval),
            "phases": project.phases.all(),
            "buildings": queries.buildings(project),
            "permits": project.permits.prefetch_related("buildings"),
            "teams": project.teams.select_related("lead").prefetch_related("members"),
            "records": queries.record(project),
        }


class SettingsForm(InProject, FormPage):
    """A form of the settings; `part` is the row of the address, None for a new one."""

    permission = Permission.PROJECT_SETTINGS
    parts = ""
    new_title: Any = ""
    edit_title: Any = ""
    fields: tuple[str, ...] = ()
    success = gettext_lazy("The settings were changed.")

    def prepare_in_project(self) -> None:
        self.part = None
        if "pk" in self.kwargs:
            self.part = getattr(self.project, self.parts).filter(pk=self.kwargs["pk"]).first()
            if self.part is None:
                raise Http404

    def get_title(self) -> Any:
        return self.edit_title % {"name": self.part} if self.part else self.new_title

    def get_initial(self) -> dict:
        return {name: getattr(self.part, name) for name in self.fields} if self.part else {}

    def get_context(self) -> dict:
        return {"back_url": self.url("project_settings")}

    def get_success_url(self, result: Any) -> str:
        return self.url("project_settings")


class ProjectEdit(SettingsForm):
    """The name and the sharing switch."""

    form_class = ProjectForm
    new_title = gettext_lazy("Change the project")

    def get_initial(self) -> dict:
        project = self.project
        return {"name": project.name, "city": project.city, "share_for_sale": project.share_for_sale}

    def perform(self, form) -> Project:
        return service.change_project(project=self.project, by=self.request.user, **form.cleaned_data)


class PhaseEdit(SettingsForm):
    form_class, parts, fields = PhaseForm, "phases", ("name", "position")
    new_title, edit_title = gettext_lazy("New phase"), gettext_lazy("Phase %(name)s")

    def perform(self, form) -> Any:
        return service.save_phase(project=self.project, phase=self.part, by=self.request.user, **form.cleaned_data)


class BuildingEdit(SettingsForm):
    form_class, parts, fields = BuildingForm, "buildings", ("name", "phase", "position")
    new_title, edit_title = gettext_lazy("New building"), gettext_lazy("Building %(name)s")

    def get_form_kwargs(self) -> dict:
        return {"phases": self.project.phases.all()}

    def perform(self, form) -> Any:
        return service.save_building(
            project=self.project, building=self.part, by=self.request.user, **form.cleaned_data
        )


class PermitEdit(SettingsForm):
    form_class, parts, fields = PermitForm, "permits", ("number", "issued_on")
    new_title, edit_title = gettext_lazy("New pre-sale permit"), gettext_lazy("Pre-sale permit %(name)s")

    def get_form_kwargs(self) -> dict:
        return {"buildings": self.project.buildings.all()}

    def get_initial(self) -> dict:
        return {**super().get_initial(), "buildings": list(self.part.buildings.all())} if self.part else {}

    def perform(self, form) -> Any:
        return service.save_permit(project=self.project, permit=self.part, by=self.request.user, **form.cleaned_data)


class TeamEdit(SettingsForm):
    form_class, parts, fields = TeamForm, "teams", ("name",)
    new_title, edit_title = gettext_lazy("New team"), gettext_lazy("Team %(name)s")

    def get_form_kwargs(self) -> dict:
        return {"people": salespeople(self.project)}

    def get_initial(self) -> dict:
        if self.part is None:
            return {}
        return {
            "name": self.part.name,
            "lead": self.part.lead_id or "",
            "members": [person.pk for person in self.part.members.all()],
        }

    def perform(self, form) -> Any:
        return service.save_team(project=self.project, team=self.part, by=self.request.user, **form.cleaned_data)


class ProjectList(ListPage):
    """The company's projects."""

    permission = Permission.PROJECT_OPEN
    title = gettext_lazy("Projects")
    template_name = "inventory/project_list.html"
    default_order = ("name",)
    empty = gettext_lazy("No project yet. Open the first one; then give its people their roles on the accounts pages.")
    columns = (
        tables.Column("code", gettext_lazy("Code"), sort=("code",)),
        tables.Column("name", gettext_lazy("Name"), sort=("name",)),
        tables.Column("city", gettext_lazy("City"), sort=("city",)),
        tables.Column("currency", gettext_lazy("Currency"), sort=("currency",)),
        tables.Column("unit_count", gettext_lazy("Approved units"), format="int", sort=("unit_count",)),
    )

    def get_rows(self):
        return queries.project_list(self.request.access)


class ProjectOpen(FormPage):
    """Open a new project."""

    permission = Permission.PROJECT_OPEN
    form_class = OpenProjectForm
    title = gettext_lazy("Open a project")
    submit_label = gettext_lazy("Open the project")

    def perform(self, form) -> Project:
        return service.open_project(by=self.request.user, **form.cleaned_data)

    def get_success(self, result: Project) -> str:
        return _("%(project)s is open. Give its people their roles next, on the accounts pages.") % {
            "project": result.name
        }

    def get_success_url(self, result: Project) -> str:
        return reverse("company:project_list")
