"""The stock of blank forms: what is there, taken in, given out, and what became of each (domain B7)."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from contracts.forms.blanks import FormFilter, GiveOutForm, MarkForm, TakeInForm
from contracts.models import BlankForm, BlankRange
from contracts.queries import blanks as queries
from contracts.services import blanks as service
from contracts.states import FormKind, FormState
from contracts.views.papers import InSales
from salescontrol.core import tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import FormPage, ListPage

TONES = {
    FormState.LEFT: "good", FormState.OUT: "held", FormState.USED: "plain", FormState.VOID: "seal",
    FormState.RETURNED: "withheld",
}  # fmt: skip


class FormList(InSales, ListPage):
    """Every form that was ever in the stock, and above them what is left."""

    template_name = "contracts/form_list.html"
    title = gettext_lazy("Blank forms")
    permission = Permission.CLAIM_SEE_ALL
    filterset_class = FormFilter
    default_order = ("kind", "serial")
    empty = gettext_lazy("No blank forms were entered yet. Take in the first by the serials printed on them.")

    def get_rows(self):
        return queries.forms(self.project)

    def get_columns(self):
        return [
            tables.Column("serial", _("Serial no."), sort=("serial",)),
            tables.Column("kind", _("Form"), lambda row: row.get_kind_display(), sort=("kind",)),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: TONES[FormState(row.state)]),
            tables.Column("taken_on", _("Received on"), "range.taken_on", format="day", sort=("range__taken_on",), minor=True),
            tables.Column("holder", _("Given to"), "holder.name", sort=("holder__name",)),
            tables.Column("given_on", _("Given out on"), format="day", sort=("given_on",), minor=True),
            tables.Column("trade", _("Trade"), "trade.number", link=self._trade_url),
            tables.Column("reason", _("Reason"), wrap=True),
            tables.Column("marked_at", pgettext("moment", "Marked"), format="moment", sort=("marked_at",), minor=True),
        ]  # fmt: skip

    def _trade_url(self, row: BlankForm) -> str:
        return self.address("paper_list", row.trade.number) if row.trade else ""

    def get_context(self) -> dict:
        acts = [
            (_("Take in"), "form_take_in", "primary"), (_("Give out"), "form_give_out", ""), (_("Mark"), "form_mark", ""),
        ]  # fmt: skip
        writes = self.request.access.can(Permission.DEAL_WRITE, self.project_id)
        return {
            "context_line": self.project.name,
            "stock": queries.stock(self.project),
            "actions": [
                {"label": label, "url": self.address(name), "style": style} for label, name, style in acts if writes
            ],
        }


class FormWork(InSales, FormPage):
    """The base of what the desk does with the stock."""

    permission = Permission.DEAL_WRITE

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("form_list")}

    def about(self, form) -> dict:
        """Which forms, and who does it, as services name them."""
        values = form.cleaned_data
        return {
            "op_id": values["op_id"], "project": self.project, "kind": FormKind(values["kind"]), "first": values["first"],
            "last": values["last"], "by": self.request.user,
        }  # fmt: skip

    def get_success_url(self, result) -> str:
        return reverse("sales:form_list", args=[self.project.code])


class FormTakeIn(FormWork):
    """Forms come into the stock."""

    form_class = TakeInForm
    title = gettext_lazy("Take in blank forms")
    submit_label = gettext_lazy("Take in")

    def perform(self, form) -> BlankRange:
        values = form.cleaned_data
        return service.take_in(**self.about(form), taken_on=values["taken_on"], note=values["note"])

    def get_success(self, result: BlankRange) -> str:
        return _("Taken in: %(range)s.") % {"range": result}


class FormGiveOut(FormWork):
    """Somebody takes forms along."""

    form_class = GiveOutForm
    title = gettext_lazy("Give out blank forms")
    submit_label = gettext_lazy("Give out")

    def get_form_kwargs(self) -> dict:
        return {"people": service.people(self.project)}

    def perform(self, form) -> int:
        return service.give_out(**self.about(form), holder=form.cleaned_data["holder"])

    def get_success(self, result: int) -> str:
        return ngettext("%(count)s form was given out.", "%(count)s forms were given out.", result) % {"count": result}


class FormMark(FormWork):
    """What became of forms."""

    form_class = MarkForm
    title = gettext_lazy("Mark blank forms")
    submit_label = gettext_lazy("Mark")

    def perform(self, form) -> int:
        values = form.cleaned_data
        return service.mark(
            **self.about(form), state=FormState(values["state"]), trade=values["trade"], reason=values["reason"]
        )

    def get_success(self, result: int) -> str:
        return ngettext("%(count)s form was marked.", "%(count)s forms were marked.", result) % {"count": result}
