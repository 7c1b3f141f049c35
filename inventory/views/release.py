"""Pages that put units on sale and withhold them: one from its own page, many from a list (R1.5, domain T3, T4)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.forms.release import ManyReasonForm, ReasonForm, ReleaseFilter
from inventory.queries.scope import units_visible_to
from inventory.services import release
from inventory.states import SALE_TABLE, Status
from inventory.views.units import OneUnit, UnitRows
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, ListPage


class SaleAction:
    """Mixin: which of the two actions, and whether this user acts or proposes."""

    permission = Permission.UNIT_RELEASE_PROPOSE
    action = release.RELEASE

    @property
    def direct(self) -> bool:
        return self.request.access.can(SALE_TABLE[self.action].permission, self.project_id)

    def perform_on(self, unit_ids, reason: str) -> release.Outcome:
        act = release.release_units if self.action == release.RELEASE else release.withhold_units
        return act(
            project=self.project,
            unit_ids=unit_ids,
            visible=units_visible_to(self.request.access),
            reason=reason,
            by=self.request.user,
        )

    def told(self, outcome: release.Outcome) -> str:
        if outcome.approval is not None:
            return _("Proposed. The supervisor decides.")
        count = len(outcome.moved)
        if self.action == release.RELEASE:
            text = ngettext("%(count)s unit is on sale now.", "%(count)s units are on sale now.", count)
        else:
            text = ngettext("%(count)s unit is withheld now.", "%(count)s units are withheld now.", count)
        return text % {"count": count}


class UnitRelease(SaleAction, OneUnit, ActionPage):
    """Put one unit on sale."""

    title = gettext_lazy("Put on sale")
    form_class = ReasonForm

    def get_title(self) -> str:
        return _("Put %(unit)s on sale") % {"unit": self.unit.number}

    @property
    def submit_label(self) -> str:
        return _("Put on sale") if self.direct else _("Propose")

    def get_sentence(self) -> str:
        why = release.obstacles([self.unit], self.action).get(self.unit.pk)
        if why:
            return _("Not possible now: %(reason)s.") % {"reason": why}
        return (
            _("The unit can be held and sold from now on.")
            if self.direct
            else _("The supervisor decides. Until then the unit stays withheld.")
        )

    def perform(self, form) -> release.Outcome:
        return self.perform_on([self.unit.pk], form.cleaned_data["reason"])

    def get_success(self, result: release.Outcome) -> str:
        return self.told(result)

    def get_success_url(self, result: release.Outcome) -> str:
        return self.get_back_url()


class UnitWithhold(UnitRelease):
    """Withhold one unit."""

    action = release.WITHHOLD

    def get_title(self) -> str:
        return _("Withhold %(unit)s") % {"unit": self.unit.number}

    @property
    def submit_label(self) -> str:
        return _("Withhold") if self.direct else _("Propose")

    def get_sentence(self) -> str:
        why = release.obstacles([self.unit], self.action).get(self.unit.pk)
        if why:
            return _("Not possible now: %(reason)s.") % {"reason": why}
        return (
            _("Nobody can hold or buy the unit until it is put on sale again.")
            if self.direct
            else _("The supervisor decides. Until then the unit stays for sale.")
        )


class Release(SaleAction, UnitRows, ListPage):
    """Withheld units, to be put on sale: the chosen ones or all that match the filter."""

    title = gettext_lazy("Put units on sale")
    template_name = "inventory/release_many.html"
    filterset_class = ReleaseFilter
    source = Status.WITHHELD
    url_name = "release"
    empty = gettext_lazy("No unit is withheld. Units arrive here when their batch is approved.")

    def get_rows(self):
        return super().get_rows().filter(status=self.source)

    def get_columns(self):
        left_out = {"review", "status", "property_type"}
        return [column for column in super().get_columns() if column.key not in left_out]

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple({*super().hidden, "status", "review"})

    def get_context(self) -> dict:
        query = self.request.GET.urlencode()
        other = (
            ("withhold", _("Withhold units")) if self.action == release.RELEASE else ("release", _("Put units on sale"))
        )
        return {
            "context_line": self.project.name,
            "actions": [{"url": self.url(other[0]), "label": other[1], "style": ""}],
            "bulk": {
                "url": f"{self.url(self.url_name)}?{query}",
                "template": "inventory/release_form.html",
                "form": getattr(self, "form", None) or ManyReasonForm(),
                "chosen": getattr(self, "chosen", ()),
                "label": self.button(),
            },
        }

    def button(self) -> str:
        return _("Put on sale") if self.direct else _("Propose to put on sale")

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.form = ManyReasonForm(request.POST)
        self.chosen = ids(request.POST.getlist("chosen"))
        status = 422
        if self.form.is_valid():
            wanted = self.chosen
            if self.form.cleaned_data["everything"]:
                wanted = set(self.get_filtered().values_list("pk", flat=True))
            try:
                outcome = self.perform_on(wanted, self.form.cleaned_data["reason"])
            except Refusal as refusal:
                self.form.add_refusal(refusal)
                status = refusal.status
            else:
                messages.success(request, self.told(outcome))
                return HttpResponseRedirect(self.url(self.url_name))
        response = self.get(request)
        response.status_code = status
        return response


class Withhold(Release):
    """Units for sale, to be withheld."""

    title = gettext_lazy("Withhold units")
    action = release.WITHHOLD
    source = Status.AVAILABLE
    url_name = "withhold"
    empty = gettext_lazy("No unit is available.")

    def button(self) -> str:
        return _("Withhold") if self.direct else _("Propose to withhold")
