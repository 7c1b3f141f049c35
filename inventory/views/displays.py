"""Wall displays (decisions 12): the pages to keep them, and what a display itself asks for, without anybody being signed in."""

import segno
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.displays import DisplayForm
from inventory.models import WallDisplay
from inventory.queries.displays import access_of_display, display_of, displays_of
from inventory.services import displays as service
from inventory.views.base import InProject
from inventory.views.board import BoardWall
from inventory.views.live import BoardChanges
from inventory.views.tokens import read_token
from salescontrol.core import tables
from salescontrol.core.access import Access
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage, ListPage


class DisplayList(InProject, ListPage):
    """The displays of the project: which are on, since when, and the way to darken each."""

    permission = Permission.DISPLAY_KEEP
    title = gettext_lazy("Wall displays")
    default_order = ("revoked_at", "name", "pk")
    empty = gettext_lazy("No display yet. A display shows the board on a screen where nobody is signed in.")

    def get_rows(self):
        return displays_of(self.project)

    def get_columns(self):
        return (
            tables.Column("name", _("Name"), sort=("name",)),
            tables.Column("state", _("State"), _state, tone=lambda row: "bad" if row.revoked_at else "good"),
            tables.Column("prices", _("Prices"), lambda row: _("shown") if row.prices else _("not shown")),
            tables.Column("seen_at", _("Last seen"), format="moment", sort=("seen_at",)),
            tables.Column("made_at", _("Since"), format="moment", sort=("made_at",)),
            tables.Column("made_by", _("By"), "made_by.name", sort=("made_by__name",)),
            tables.Column(
                "revoke", _("Revoke"), lambda row: "" if row.revoked_at else _("Revoke"), link=self.way_to_revoke
            ),
        )

    def way_to_revoke(self, row: WallDisplay) -> str:
        return "" if row.revoked_at else self.url("display_revoke", row.pk)

    def get_context(self) -> dict:
        button = {"url": self.url("display_new"), "label": _("Add a display"), "style": "primary"}
        return {"context_line": self.project.name, "actions": [button]}


def _state(display: WallDisplay) -> str:
    return _("revoked") if display.revoked_at else _("on")


class DisplayNew(InProject, FormPage):
    """A new display: its address is shown once, to type or to scan on the screen."""

    permission = Permission.DISPLAY_KEEP
    title = gettext_lazy("Add a wall display")
    submit_label = gettext_lazy("Make the address")
    form_class = DisplayForm

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.url("displays")}

    def perform(self, form) -> tuple[WallDisplay, str]:
        return service.add_display(project=self.project, by=self.request.user, **form.cleaned_data)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.get_form(request.POST)
        if not form.is_valid():
            return self.show(form=form, status=422)
        display, secret = self.perform(form)
        link = request.build_absolute_uri(reverse("display", args=[secret]))
        self.template_name = "inventory/display_made.html"
        picture = segno.make(link, error="m").svg_data_uri(scale=5, border=2)
        return self.show(link=link, picture=picture, context_line=display.name)


class DisplayRevoke(InProject, ActionPage):
    """Darken one display."""

    permission = Permission.DISPLAY_KEEP
    title = gettext_lazy("Revoke the display")
    submit_label = gettext_lazy("Revoke")
    success = gettext_lazy("The display is revoked; its screen goes dark within seconds.")
    form_class = Form
    final = True

    def prepare_in_project(self) -> None:
        self.display = displays_of(self.project).filter(pk=self.kwargs["pk"]).first()
        if self.display is None:
            raise Http404

    def get_sentence(self) -> str:
        return _("%(name)s goes dark. Its address never works again; a new display has a new one.") % {
            "name": self.display.name
        }

    def get_back_url(self) -> str:
        return self.url("displays")

    def perform(self, form) -> WallDisplay:
        return service.revoke_display(display=self.display, by=self.request.user)

    def get_success_url(self, result: WallDisplay) -> str:
        return self.url("displays")


class ByDisplay:
    """Mixin before a view of the board: whoever knows the secret of a display sees what the display may show, and no more."""

    permission = None

    def prepare(self) -> None:
        display = display_of(self.kwargs["secret"])
        if display is None:
            raise Http404
        self.display, self.project = display, display.project
        self.shows = access_of_display(display)

    @property
    def access(self) -> Access:
        return self.shows

    @property
    def reader(self) -> str:
        return f"display-{self.display.pk}"

    @property
    def prices(self) -> bool:
        return self.display.prices


@method_decorator(login_not_required, name="dispatch")
class DisplayWall(ByDisplay, BoardWall):
    """The wall of a display."""

    def ways(self) -> dict:
        return {"changes_url": reverse("display_changes", args=[self.kwargs["secret"]]), "back_url": ""}


@method_decorator(login_not_required, name="dispatch")
class DisplayChanges(ByDisplay, BoardChanges):
    """What changed on it; each look asks anew whether there is such a display, and says that the screen is on."""

    def prepare(self) -> None:
        super().prepare()
        self.known = read_token(self.reader, self.request.GET.get("token", ""))

    def find(self) -> None:
        """It was found already, with the display."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        service.note_display(display=self.display)
        return super().get(request, *args, **kwargs)
