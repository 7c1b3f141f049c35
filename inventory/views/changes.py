"""The page that asks for an important change of an approved unit (R6.2)."""

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.changes import ChangeForm
from inventory.models import Layout
from inventory.queries.scope import units_visible_to
from inventory.services import changes
from inventory.states import CORRECTIONS
from inventory.views.units import OneUnit
from salescontrol.core import approvals
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import FormPage


class UnitChange(OneUnit, FormPage):
    """Present values, edited, with the reason; nothing changes before somebody else approves."""

    permission = Permission.UNIT_CHANGE_PROPOSE
    template_name = "inventory/change_form.html"
    form_class = ChangeForm
    submit_label = gettext_lazy("Ask for approval")
    success = gettext_lazy("Asked for. The unit is locked until it is decided.")

    def get_title(self) -> str:
        return _("Change %(unit)s") % {"unit": self.unit.number}

    @cached_property
    def texts(self) -> dict[str, str]:
        sees_floor = self.request.access.can(Permission.FLOOR_PRICE_SEE, self.project_id)
        return changes.current_texts(self.unit, floor_prices=sees_floor)

    def get_form_kwargs(self) -> dict:
        return {
            "names": list(self.texts),
            "layouts": list(Layout.objects.filter(project=self.project).values_list("code", flat=True)),
            "correctable": self.unit.status in CORRECTIONS,
            "currency": self.project.currency_unit,
        }

    def get_initial(self) -> dict:
        return {**self.texts, "version": self.unit.version}

    def get_context(self) -> dict:
        asked = approvals.visible_to(self.request.access).filter(kind=changes.KIND, target_id=self.unit.pk)
        return {
            "context_line": _("Nothing changes before somebody else approves it."),
            "back_url": self.get_back_url(),
            "requests": [
                {"approval": item, "url": approvals.page_url(item)}
                for item in asked.select_related("requested_by").order_by("-requested_at", "-pk")[:20]
            ],
        }

    def perform(self, form) -> Approval:
        values = form.cleaned_data
        return changes.request_change(
            unit_id=self.unit.pk,
            visible=units_visible_to(self.request.access),
            values=form.values(),
            status=values.get("status", ""),
            version=values["version"],
            reason=values["reason"],
            by=self.request.user,
        )

    def get_success_url(self, result: Approval) -> str:
        return approvals.page_url(result)
