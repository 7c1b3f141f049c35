"""Pages of timed access: one's own grants, the desk's list of all, asking, ending; and the note on a unit seen by one."""

from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.grants import AccessForm
from inventory.models import AccessGrant, Unit
from inventory.queries.grants import grants_visible_to
from inventory.services import grants as service
from inventory.views.base import InProject
from salescontrol.core import approvals, clock, options, tables
from salescontrol.core.access import Access
from salescontrol.core.forms import Form
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage, ListPage


class AccessList(InProject, ListPage):
    """My access: one's own grants and requests; for who decides, all of the project, each with the way to end it."""

    template_name = "inventory/access.html"
    default_order = ("-until", "-pk")

    def prepare_in_project(self) -> None:
        if not self.decides:
            self.request.access.require(Permission.ACCESS_REQUEST, self.project_id)

    @cached_property
    def decides(self) -> bool:
        return self.request.access.can(Permission.ACCESS_DECIDE, self.project_id)

    @cached_property
    def now(self):
        return clock.now()

    def get_title(self) -> str:
        return _("Access beyond one's rights") if self.decides else _("My access")

    @property
    def empty(self) -> str:
        if self.decides:
            return _("Nobody was granted a look beyond their rights.")
        return _("Nothing was granted to you. Ask when you need to see a unit that is not yours.")

    def get_rows(self):
        return grants_visible_to(self.request.access, self.project)

    def get_columns(self):
        user = tables.Column("user", _("User"), "user.name", sort=("user__name",))
        return (
            tables.Column("unit", _("Unit"), "unit.number", link=self.unit_url, sort=("unit__number",)),
            *([user] if self.decides else []),
            tables.Column("purpose", _("Purpose"), wrap=True),
            tables.Column("since", _("Since"), format="moment", sort=("since",)),
            tables.Column("until", _("Until"), lambda row: row.ended_at or row.until, format="moment", sort=("until",)),
            tables.Column("state", _("State"), self.state, tone=lambda row: "good" if self.runs(row) else "withheld"),
            tables.Column("end", _("End early"), lambda row: _("End now") if self.runs(row) else "",
                          link=lambda row: self.url("access_end", row.pk) if self.runs(row) else ""),
        )  # fmt: skip

    def runs(self, grant: AccessGrant) -> bool:
        return grant.ended_at is None and grant.until > self.now

    def unit_url(self, grant: AccessGrant) -> str:
        return self.url("unit", grant.unit_id) if self.runs(grant) else ""

    def state(self, grant: AccessGrant) -> str:
        if self.runs(grant):
            return _("running")
        return _("ended by %(name)s") % {"name": grant.ended_by.name} if grant.ended_by else _("over")

    def get_context(self) -> dict:
        asked = Approval.objects.filter(
            kind=service.KIND, project_id=self.project_id, requested_by=self.request.user, state=Approval.State.PENDING
        )
        may_ask = self.request.access.can(Permission.ACCESS_REQUEST, self.project_id)
        button = {"url": self.url("access_ask"), "label": _("Ask for access"), "style": "primary"}
        return {
            "actions": [button] if may_ask else [],
            "asked": [{"approval": item, "url": approvals.page_url(item)} for item in asked.order_by("-pk")],
        }


class AccessAsk(InProject, FormPage):
    """Ask to see one unit for some hours."""

    permission = Permission.ACCESS_REQUEST
    title = gettext_lazy("Ask to see a unit")
    submit_label = gettext_lazy("Ask for access")
    success = gettext_lazy("Requested. You are told when it is decided.")
    form_class = AccessForm

    def get_initial(self) -> dict:
        return {"hours": options.value("access.grant_hours", self.project_id)}

    def get_context(self) -> dict:
        return {"back_url": self.url("access"), "context_line": self.project.name}

    def perform(self, form) -> Approval:
        values = form.cleaned_data
        return service.request_access(
            project=self.project, number=values["number"], purpose=values["reason"], hours=values["hours"],
            by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: Approval) -> str:
        return self.url("access")


class AccessEnd(InProject, ActionPage):
    """End a grant before its time."""

    title = gettext_lazy("End access now")
    submit_label = gettext_lazy("End now")
    success = gettext_lazy("Ended.")
    form_class = Form

    def prepare_in_project(self) -> None:
        found = grants_visible_to(self.request.access, self.project).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.grant = found

    def get_sentence(self) -> str:
        return _("%(user)s does not see %(unit)s any more.") % {
            "user": self.grant.user.name,
            "unit": self.grant.unit.number,
        }

    def get_back_url(self) -> str:
        return self.url("access")

    def perform(self, form) -> AccessGrant:
        return service.end_access(project=self.project, grant_id=self.grant.pk, by=self.request.user)

    def get_success_url(self, result: AccessGrant) -> str:
        return self.url("access")


def granted(access: Access, unit: Unit) -> dict | None:
    """The note on a unit that is seen by a grant: until when, what for. Showing it is on record first."""
    grant = service.note_view(access=access, unit=unit)
    return {"grant": grant} if grant else None
