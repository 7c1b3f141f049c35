"""What every page of a project shares: the project named in the address, or 404."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from inventory.queries.scope import projects_visible_to


class InProject:
    """Mixin before a base view: finds `self.project` by its code among the projects this user may see.

    `remembers = False`: what a script asks for is no visit, so that it does not become the project looked at last.
    """

    remembers = True

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Moments on the page, and those typed into it, are by the project's clock."""
        with timezone.override(None):
            return super().dispatch(request, *args, **kwargs)

    def prepare(self) -> None:
        project = projects_visible_to(self.request.access).filter(code=self.kwargs["code"]).first()
        if project is None:
            raise Http404
        self.project = self.request.project = project
        timezone.activate(project.zone)
        if self.remembers and self.request.session.get("project") != project.code:
            self.request.session["project"] = project.code
        self.prepare_in_project()

    def prepare_in_project(self) -> None:
        """Find what else the address names, within the project."""

    @property
    def project_id(self) -> int:
        return self.project.pk

    def url(self, name: str, *args) -> str:
        """The address of a page of this project."""
        return reverse(f"inventory:{name}", args=[self.project.code, *args])
