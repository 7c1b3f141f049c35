"""Pages of pre-reports 报备: the list with Excel, entering one, one with its numbers masked, refusing it (domain B5)."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.forms.details import RevealForm
from enquiries.forms.pre_reports import RefuseForm, ReportFilter, ReportForm
from enquiries.models import Customer, PreReport
from enquiries.queries import pre_reports as query
from enquiries.services import looks, pre_reports
from enquiries.states import REPORT_TABLE, Finding
from enquiries.views.customers import InCustomers
from enquiries.views.lists import PersonalList
from salescontrol.core import clock, tables
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Permission
from salescontrol.core.transitions import allowed
from salescontrol.core.views import ActionPage, DetailPage, FormPage

SHOWN = 8
COLUMNS = (
    tables.Column("number", gettext_lazy("Pre-report")),
    tables.Column("reported_at", pgettext_lazy("pre-report", "Reported"), format="moment", sort=("reported_at",)),
    tables.Column("agency", gettext_lazy("Channel company"), sort=("agency",)),
    tables.Column("agent", gettext_lazy("Agent"), sort=("agent_name",), minor=True),
    tables.Column("name", pgettext_lazy("of a person", "Name"), sort=("name",)),
    tables.Column("phone", gettext_lazy("Phone")),
    tables.Column("expected_at", gettext_lazy("Comes"), format="moment", sort=("expected_at",), minor=True),
    tables.Column("valid_until", gettext_lazy("Valid until"), format="moment", sort=("valid_until",)),
    tables.Column("state", gettext_lazy("State"), "label", sort=("state",), tone=lambda row: row.tone),
    tables.Column("finding", gettext_lazy("Found at entry"), sort=("finding",), minor=True),
)


class OneReport(InCustomers):
    """Mixin: one pre-report among those that the reader may see, or 404. The row has a name that templates cannot reach."""

    def prepare_in_project(self) -> None:
        self._report = query.find(self.request.access, self.project, self.kwargs["number"])

    @cached_property
    def card(self) -> query.ReportCard:
        return query.card(self.request.access, self._report, clock.now())

    def home(self) -> str:
        return self.address("pre_report", self._report.number)

    def show(self, status: int = 200, **extra) -> HttpResponse:
        pre_reports.note_seen(report=self._report, by=self.request.user)
        return super().show(status, **extra)


class ReportList(InCustomers, PersonalList):
    """The pre-reports that the reader may see, phones masked; Excel of exactly that. Each showing is on record first."""

    title = gettext_lazy("Pre-reports")
    filterset_class = ReportFilter
    default_order = ("-reported_at", "-pk")
    export_permission = Permission.CUSTOMER_REVEAL

    @property
    def empty(self) -> str:
        if self.may(Permission.PRE_REPORT_ENTER):
            return _("No pre-report yet. Enter the first when a channel company announces a customer.")
        return _("No pre-report of a customer of yours. The desk enters them.")

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_columns(self):
        first, *others = COLUMNS
        return [replace(first, link=lambda shown: self.address("pre_report", shown.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(query.Cards(self.request.access, rows))
        pre_reports.note_listed(project=self.project, count=context["page"].paginator.count, by=self.request.user)
        return context

    def export(self, rows) -> HttpResponse:
        return super().export(query.Cards(self.request.access, rows))

    def get_context(self) -> dict:
        new = {"url": self.address("pre_report_new"), "label": _("Enter a pre-report"), "style": "primary"}
        return {
            "actions": [new] if self.may(Permission.PRE_REPORT_ENTER) else [],
            "context_line": self.project.name,
        }


class ReportNew(InCustomers, FormPage):
    """A channel company announces a customer."""

    permission = Permission.PRE_REPORT_ENTER
    title = gettext_lazy("Enter a pre-report")
    submit_label = gettext_lazy("Enter")
    form_class = ReportForm

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("pre_report_list")}

    def perform(self, form) -> PreReport:
        values = dict(form.cleaned_data)
        op_id = values.pop("op_id")
        announced = pre_reports.Announcement(**values)
        row = pre_reports.enter_report(op_id=op_id, project=self.project, announced=announced, by=self.request.user)
        if row.finding != Finding.CLEAR:
            text = _("The project knew this person already. Both entries are kept, and the first one counts.")
            messages.warning(self.request, text)
        return row

    def get_success(self, result: PreReport) -> str:
        until = clock.local(result.valid_until, self.project.zone)
        words = {"number": result.number, "until": f"{until:%Y-%m-%d %H:%M}"}
        return _("Pre-report %(number)s counts until %(until)s.") % words

    def get_success_url(self, result: PreReport) -> str:
        return self.address("pre_report", result.number)


class ReportPage(OneReport, DetailPage):
    """One pre-report: who is announced by whom, masked, what was found, and what became of it."""

    template_name = "enquiries/pre_report.html"

    def get_title(self) -> str:
        return _("Pre-report %(number)s") % {"number": self._report.number}

    def get_context(self) -> dict:
        access, card = self.request.access, self.card
        seen = query.sees_customer(access, self._report)
        return {
            "card": card,
            "project": self.project,
            "customer_url": self.address("customer", card.customer) if seen else "",
            "steps": query.steps(access, self._report),
            "actions": self.actions(),
            "reveal": self.reveal_form() if self.reveals and self.may(Permission.CUSTOMER_REVEAL) else None,
            "reveal_url": self.address("pre_report_reveal", card.number),
            "shown": "",
            "phone": "",
        }

    @property
    def reveals(self) -> list[tuple[str, str]]:
        """The numbers that are known whole: what each is asked for by, and how the choice is called."""
        known = (
            ("phone", _("Customer"), self.card.phone, not self.card.hidden),
            ("agent", _("Agent"), self.card.agent_phone, True),
        )
        return [(key, f"{label} {text}") for key, label, text, whole in known if text and whole]

    def reveal_form(self, data=None) -> RevealForm:
        return RevealForm(data, choices=self.reveals)

    def actions(self) -> list[dict]:
        open_to = allowed(REPORT_TABLE, self._report.state, self.request.access, self.project_id)
        refuse = {"url": self.address("pre_report_refuse", self._report.number), "label": _("Refuse")}
        return [refuse] if "pre_report.refuse" in open_to else []


class ReportReveal(ReportPage):
    """A number in full, for a purpose, on the page again."""

    http_method_names = ["post"]
    permission = Permission.CUSTOMER_REVEAL

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form, status, value = self.reveal_form(request.POST), 422, ""
        if form.is_valid():
            try:
                value = looks.reveal_reported(report=self._report, by=request.user, **form.cleaned_data)
                status = 200
            except Refusal as refusal:
                form.add_refusal(refusal)
                status = refusal.status
        return self.show(status, phone=value, shown=form.data.get("what", ""), reveal=None if value else form)


class ReportRefuse(OneReport, ActionPage):
    """The report does not count."""

    permission = Permission.PRE_REPORT_ENTER
    title = gettext_lazy("Refuse the pre-report")
    submit_label = gettext_lazy("Refuse")
    success = gettext_lazy("Refused.")
    form_class = RefuseForm

    def get_sentence(self) -> str:
        return _("The report of %(agency)s does not count for a visit any more. It is kept, with the reason.") % {
            "agency": self.card.agency
        }

    def get_back_url(self) -> str:
        return self.home()

    def perform(self, form) -> PreReport:
        return pre_reports.refuse_report(report=self._report, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any) -> str:
        return self.home()


def of_customer(access: Access, customer: Customer) -> dict | None:
    """The pre-reports of a customer on their page, when there are any."""
    rows = query.of_customer(access, customer)[:SHOWN]
    cards, code = [query.card(access, row, clock.now()) for row in rows], customer.project.code
    if not cards:
        return None
    return {
        "title": _("Pre-reports"), "empty": "", "url": "", "all": "",
        "lines": [
            {"tag": card.label, "tone": card.tone, "number": card.number, "what": card.agency, "seller": "",
             "at": card.reported_at, "url": reverse("enquiries:pre_report", args=[code, card.number])}
            for card in cards
        ],
    }  # fmt: skip
