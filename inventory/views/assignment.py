"""The supervisor assigns units to salespeople: one on its page, many from the list (decisions 3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.forms.assignment import AssignForm, AssignManyForm
from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services import assignment
from inventory.views.units import OneUnit, UnitRows
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, ListPage


class UnitAssign(OneUnit, ActionPage):
    """Assign one unit."""

    permission = Permission.UNIT_ASSIGN
    form_class = AssignForm
    submit_label = gettext_lazy("Assign")
    success = gettext_lazy("The assignment was changed.")

    def get_title(self) -> str:
        return _("Assign %(unit)s") % {"unit": self.unit.number}

    def get_sentence(self) -> str:
        if self.unit.salesperson is None:
            return _("The unit is nobody's yet. Whoever gets it sees it from then on.")
        return _(
            "The unit is %(name)s's now, who will not see it any more unless a deal or viewing of theirs names it."
        ) % {"name": self.unit.salesperson.name}

    def get_form_kwargs(self) -> dict:
        return {"salespeople": assignment.salespeople(self.project)}

    def get_initial(self) -> dict:
        return {"salesperson": self.unit.salesperson_id or ""}

    def perform(self, form) -> list[Unit]:
        values = form.cleaned_data
        return assignment.assign_units(
            project=self.project,
            unit_ids=[self.unit.pk],
            visible=units_visible_to(self.request.access),
            salesperson=values["salesperson"],
            reason=values["reason"],
            by=self.request.user,
        )

    def get_success_url(self, result: list[Unit]) -> str:
        return self.get_back_url()


class AssignMany(UnitRows, ListPage):
    """The unit list with boxes to tick: the ticked ones, or all that match the filter, go to one salesperson."""

    permission = Permission.UNIT_ASSIGN
    title = gettext_lazy("Assign units")
    empty = gettext_lazy("No unit is here yet.")
    context_line = gettext_lazy("Filter, tick the units, and say below whose they are to be.")

    def get_form(self, data=None) -> AssignManyForm:
        return AssignManyForm(data, salespeople=assignment.salespeople(self.project))

    def get_context(self) -> dict:
        return {
            "bulk": {
                "url": self.request.get_full_path(),
                "template": "inventory/assign_bulk.html",
                "form": getattr(self, "form", None) or self.get_form(),
                "chosen": self.chosen(),
            }
        }

    def chosen(self) -> set[int]:
        return ids(self.request.POST.getlist("chosen"))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.form = self.get_form(request.POST)
        if self.form.is_valid():
            try:
                done = self.assign(self.form.cleaned_data)
            except Refusal as refusal:
                self.form.add_refusal(refusal)
            else:
                count = len(done)
                messages.success(
                    request,
                    ngettext("%(count)s unit was assigned.", "%(count)s units were assigned.", count)
                    % {"count": count},
                )
                return HttpResponseRedirect(request.get_full_path())
        response = self.get(request)
        response.status_code = 422
        return response

    def assign(self, values: dict) -> list[Unit]:
        matching = self.get_filtered().order_by()
        ids = set(matching.values_list("pk", flat=True)) if values["everything"] else self.chosen()
        return assignment.assign_units(
            project=self.project,
            unit_ids=ids,
            visible=units_visible_to(self.request.access),
            salesperson=values["salesperson"],
            reason=values["reason"],
            by=self.request.user,
        )
