"""The group chat of a project: a messenger's robot that tells the room, in general sentences, that something happened (R1.8)."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.views.base import InProject
from salescontrol.core import outside
from salescontrol.core.models import NoticeWay, WayKind
from salescontrol.core.permissions import Permission
from salescontrol.core.ways import WayPage


class ProjectRobot(InProject, WayPage):
    """The robot of the room's group chat, and which messages of the project it tells of."""

    permission = Permission.PROJECT_SETTINGS
    title = gettext_lazy("Robot of the group chat")

    def prepare_in_project(self) -> None:
        self.way = outside.way_of(WayKind.ROBOT, project_id=self.project.pk)

    def get_context(self) -> dict:
        intro = _("%(project)s: the chat reads a general sentence and a link, never what the message says.")
        line = intro % {"project": self.project.name}
        return {**super().get_context(), "back_url": self.url("project_settings"), "context_line": line}

    def get_success_url(self, result: NoticeWay) -> str:
        return self.url("project_robot")
