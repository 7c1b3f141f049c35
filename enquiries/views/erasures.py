"""Pages of erasures (R7.6): asking for one, the list, those whom the clock proposed, one with what became of it; the workbench tile."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from enquiries.forms.erasures import EraseForm, ErasureFilter, ProposedForm
from enquiries.models import Erasure
from enquiries.queries import erasures as query
from enquiries.services import erasures
from enquiries.views.customers import CustomerForm
from inventory.models import Project
from inventory.views.base import InProject
from salescontrol.core import clock, options, tables
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, ListPage

SHOWN = 8


class InErasures(InProject):
    """Mixin: a page of a project for who asks for erasures or decides them."""

    def prepare_in_project(self) -> None:
        if not self.request.access.can(Permission.CUSTOMER_ERASE, self.project_id):
            self.request.access.require(Permission.CUSTOMER_ERASE_DECIDE, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])


class CustomerErase(CustomerForm):
    """Ask that the customer be erased; a colleague decides."""

    permission = Permission.CUSTOMER_ERASE
    title = gettext_lazy("Erase the customer")
    submit_label = gettext_lazy("Ask for the erasure")
    success = gettext_lazy("Asked. The customer stays as they are until it is decided.")
    form_class = EraseForm

    def get_initial(self) -> dict:
        return {"wished_on": clock.today(self.project.zone)}

    def get_context(self) -> dict:
        sentence = _(
            "When the supervisor agrees, name, numbers, papers, address and everything written about the customer are "
            "erased for good, from every history as well. The number and what is counted stay."
        )
        return {**super().get_context(), "context_line": f"{super().get_context()['context_line']}. {sentence}"}

    def perform(self, form) -> Erasure:
        return erasures.ask(customer=self._customer, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Erasure) -> str:
        return self.address("erasure", result.number)


class ErasureList(InErasures, ListPage):
    """Every erasure of the project: open ones first, with the day by which they are to be decided."""

    title = gettext_lazy("Erasures")
    filterset_class = ErasureFilter
    default_order = ("turn", "due_on", "-pk")
    empty = gettext_lazy("No erasure was asked for. A customer who wishes it is erased from their page.")

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_columns(self):
        return (
            tables.Column("number", _("Erasure"), link=lambda row: self.address("erasure", row.number)),
            tables.Column("customer", _("Customer"), link=lambda row: self.address("customer", row.customer)),
            tables.Column("why", _("Reason"), wrap=True),
            tables.Column("asked_by", _("Asked by"), lambda row: row.asked_by or _("the clock"), minor=True),
            tables.Column("due_on", _("Due"), format="day", sort=("due_on",)),
            tables.Column("label", _("State"), self.state, tone=lambda row: "held" if row.overdue else row.tone),
            tables.Column("closed_at", _("Decided"), format="moment", sort=("closed_at",)),
            tables.Column("closed_by", _("Decided by"), minor=True),
            tables.Column("answer", _("Answer"), wrap=True, minor=True),
        )

    def state(self, row: query.ErasureCard) -> str:
        return _("%(state)s, overdue") % {"state": row.label} if row.overdue else row.label

    def page_of(self, rows) -> dict:
        return super().page_of(query.Cards(rows))

    @property
    def context_line(self) -> str:
        words = {"project": self.project.name, "days": options.value(erasures.DAYS, self.project_id)}
        return _("%(project)s. An erasure is decided within %(days)s days.") % words

    def get_context(self) -> dict:
        count = query.proposed(self.request.access, self.project).count()
        label = ngettext("Decide %(count)s proposed", "Decide %(count)s proposed", count) % {"count": count}
        may = count and self.request.access.can(Permission.CUSTOMER_ERASE_DECIDE, self.project_id)
        actions = [{"url": self.address("erasure_due"), "label": label, "style": "primary"}] if may else []
        return {"actions": actions}


class ErasureDue(InErasures, ListPage):
    """Those whom the clock proposed, to be erased or kept by the supervisor, as many at once as are ticked."""

    permission = Permission.CUSTOMER_ERASE_DECIDE
    title = gettext_lazy("Proposed erasures")
    default_order = ("due_on", "pk")
    empty = gettext_lazy("Nobody is proposed. Customers with whom nobody speaks for long appear here by themselves.")

    def get_rows(self):
        return query.proposed(self.request.access, self.project)

    def get_columns(self):
        return (
            tables.Column("customer", _("Customer"), link=lambda row: self.address("customer", row.customer)),
            tables.Column("entered_at", pgettext_lazy("moment", "Entered"), format="moment"),
            tables.Column("last_contact_at", _("Last contact"), format="moment"),
            tables.Column("asked_at", _("Proposed on"), format="moment", sort=("asked_at",), minor=True),
            tables.Column("due_on", _("Due"), format="day", sort=("due_on",)),
        )

    def page_of(self, rows) -> dict:
        return super().page_of(query.Cards(rows))

    @property
    def context_line(self) -> str:
        words = {"months": options.value(erasures.AFTER, self.project_id)}
        return _("No contact for %(months)s months. Tick the customers, and erase or keep them.") % words

    def get_context(self) -> dict:
        return {
            "bulk": {
                "url": self.request.get_full_path(), "template": "enquiries/erasures_bulk.html",
                "form": getattr(self, "form", None) or ProposedForm(), "chosen": self.chosen(),
            }
        }  # fmt: skip

    def chosen(self) -> set[int]:
        return ids(self.request.POST.getlist("chosen"))

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.form = ProposedForm(request.POST)
        if self.form.is_valid():
            try:
                self.tell(self.decide(self.form.cleaned_data["answer"]))
            except Refusal as refusal:
                self.form.add_refusal(refusal)
            else:
                return HttpResponseRedirect(request.get_full_path())
        response = self.get(request)
        response.status_code = 422
        return response

    def decide(self, answer: str) -> erasures.Decided:
        return erasures.decide_proposed(
            project=self.project, chosen=self.chosen(), agree=self.request.POST.get("act") == "erase", answer=answer,
            by=self.request.user,
        )  # fmt: skip

    def tell(self, decided: erasures.Decided) -> None:
        count = decided.done
        if count:
            said = ngettext("%(count)s customer was decided.", "%(count)s customers were decided.", count)
            messages.success(self.request, said % {"count": count})
        for why in decided.refused:
            messages.error(self.request, why)


class ErasurePage(InErasures, DetailPage):
    """One erasure: why, until when, who decided, and which exports may name the customer still."""

    template_name = "enquiries/erasure.html"

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        self._erasure = query.find(self.request.access, self.project, self.kwargs["number"])

    def get_title(self) -> str:
        return _("Erasure %(number)s") % {"number": self._erasure.number}

    def get_context(self) -> dict:
        shown = query.card(self._erasure)
        return {
            "card": shown,
            "project": self.project,
            "steps": query.steps(self._erasure),
            "exports": query.exports(self._erasure),
            "customer_url": self.address("customer", shown.customer),
            "approval_url": reverse("approval", args=[shown.approval_id]) if shown.approval_id else "",
        }


def tile(access: Access, project: Project | None) -> dict | None:
    """On the workbench: the open erasures, the next due first, overdue ones marked."""
    if project is None or not any(access.can(right, project.pk) for right in query.READERS):
        return None
    rows = query.waiting(access, project)
    lines = [_line(project, card) for card in query.Cards(rows)[:SHOWN]]
    url = reverse("enquiries:erasure_list", args=[project.code])
    return {"count": rows.count(), "lines": lines, "url": url} if lines else None


def _line(project: Project, card: query.ErasureCard) -> dict[str, Any]:
    return {
        "number": card.customer, "why": card.why, "due_on": card.due_on, "overdue": card.overdue,
        "url": reverse("enquiries:erasure", args=[project.code, card.number]),
    }  # fmt: skip


def count_due(access: Access, project: Project) -> int:
    """How many wait for a decision, beside the rail's entry."""
    return query.waiting(access, project).count()
