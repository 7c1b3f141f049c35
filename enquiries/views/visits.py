"""Pages of visits: the sheet, the list with Excel, one visit, the section on a customer's page (R2.5)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.forms.visits import OriginForm, VisitFilter, VisitForm
from enquiries.models import Customer, PreReport, Visit
from enquiries.queries import pre_reports
from enquiries.queries import visits as query
from enquiries.queries.customers import OFFERED, customer_choices, matching
from enquiries.queries.present import sees_people
from enquiries.services import customers, looks, origins, visits
from enquiries.services.pre_reports import note_listed as note_reports
from enquiries.states import Line, Origin
from enquiries.views.lists import PersonalList, numbers_on
from enquiries.views.rotation import TakesTurns
from inventory.models import Project
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import clock, tables
from salescontrol.core.access import Access
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage

SHOWN = 8
COLUMNS = (
    tables.Column("number", gettext_lazy("Visit")),
    tables.Column("at", gettext_lazy("Came"), format="moment", sort=("at",)),
    tables.Column("name", gettext_lazy("Customer")),
    tables.Column("phone", gettext_lazy("Phone")),
    tables.Column("kind", gettext_lazy("Kind of visit"), sort=("kind",)),
    tables.Column("channel", gettext_lazy("Channel"), sort=("channel",)),
    tables.Column("origin", gettext_lazy("Origin"), sort=("origin",)),
    tables.Column("grade", gettext_lazy("Grade"), sort=("grade",)),
    tables.Column("wishes", gettext_lazy("Looks for"), wrap=True, minor=True),
    tables.Column("salesperson", gettext_lazy("Salesperson"), sort=("salesperson__name",)),
)
_APART = (
    "op_id", "customer", "new_name", "new_phone", "salesperson", "kind", "at", "late_reason", "carry", "in_turn", "origin",
    "origin_reason",
)  # fmt: skip


class InVisits(InProject):
    """Mixin: a page of a project for those who may read visits: the desk all of them, a salesperson their own."""

    def prepare_in_project(self) -> None:
        if not self.may(Permission.VISIT_SEE_OWN):
            self.request.access.require(Permission.VISIT_SEE_ALL, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)


class VisitList(InVisits, PersonalList):
    """The visits that the reader may see, phones masked; Excel of exactly that. Each showing is on record first."""

    title = gettext_lazy("Visits")
    filterset_class = VisitFilter
    default_order = ("-at", "-pk")
    empty = gettext_lazy("No visits yet. Log the first one when somebody comes.")

    @property
    def people(self) -> bool:
        return sees_people(self.request.access, self.project_id)

    def may_export(self) -> bool:
        """Who sees all, and a salesperson their own, as with customers."""
        return self.may(Permission.VISIT_SEE_ALL) or self.may(Permission.CUSTOMER_REVEAL)

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"people": query.salespeople(self.request.access, self.project) if self.people else None}

    def get_columns(self):
        first, *others = COLUMNS if self.people else COLUMNS[:-1]
        return [replace(first, link=lambda shown: self.address("visit", shown.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(query.Cards(self.request.access, rows))
        visits.note_listed(
            project=self.project,
            count=context["page"].paginator.count,
            shown=numbers_on(context),
            by=self.request.user,
        )
        return context

    def export(self, rows) -> HttpResponse:
        return super().export(query.Cards(self.request.access, rows))

    def get_context(self) -> dict:
        actions = []
        if self.may(Permission.VISIT_LOG):
            actions.append({"url": self.address("visit_new"), "label": _("Log a visit"), "style": "primary"})
        return {"actions": actions, "context_line": self.project.name}


class OneVisit(InVisits):
    """Mixin: one visit among those that the reader may see, or 404. Each showing of a page about it is on record first."""

    def prepare_in_project(self) -> None:
        self._visit = query.find(self.request.access, self.project, self.kwargs["number"])

    def show(self, status: int = 200, **extra) -> HttpResponse:
        visits.note_seen(visit=self._visit, by=self.request.user)
        return super().show(status, **extra)


class VisitPage(OneVisit, DetailPage):
    """One visit: who came, what they look for and what they said."""

    template_name = "enquiries/visit.html"

    def get_title(self) -> str:
        return _("Visit %(number)s") % {"number": self._visit.number}

    def get_context(self) -> dict:
        shown = query.card(self.request.access, self._visit)
        call = query.call_of(self.request.access, self._visit)
        return {
            "card": shown,
            "project": self.project,
            "customer_url": self.address("customer", shown.customer) if shown.customer else "",
            "call": call,
            "call_url": self.address("call", call) if call else "",
            "report_url": self.address("pre_report", shown.pre_report) if shown.pre_report else "",
            "judge_url": self.address("visit_judge", shown.number) if self.may(Permission.VISIT_JUDGE) else "",
            "judgements": query.judgements(self.request.access, self._visit) if shown.customer else [],
        }


class VisitJudge(OneVisit, FormPage):
    """How the visitor came, judged anew by the supervisor."""

    permission = Permission.VISIT_JUDGE
    title = gettext_lazy("Judge anew how the visitor came")
    submit_label = gettext_lazy("Judge anew")
    success = gettext_lazy("Judged anew. The history keeps what was judged before.")
    form_class = OriginForm

    def get_form_kwargs(self) -> dict:
        numbers = pre_reports.numbers_of(self._visit.customer)
        reports = pre_reports.matching(self.request.access, self.project, numbers, self._visit.at)
        return {"origins": [("", _("choose")), *origin_choices(self.project, reports)]}

    def get_context(self) -> dict:
        back = self.address("visit", self._visit.number)
        return {"context_line": f"{self.project.name} · {self._visit.number}", "back_url": back}

    def perform(self, form) -> Visit:
        values = form.cleaned_data
        return origins.judge_again(
            visit=self._visit, asked=values["origin"], reason=values["reason"], by=self.request.user
        )

    def get_success_url(self, result: Visit) -> str:
        return self.address("visit", result.number)


class VisitNew(InVisits, TakesTurns, FormPage):
    """A visit is written down on its day; the address may name the customer, of whom the kind is proposed.

    For the desk the sheet proposes who receives the visitor, and shows the pre-reports by which it judges how they came.
    """

    permission = Permission.VISIT_LOG
    template_name = "enquiries/visit_form.html"
    title = gettext_lazy("Log a visit")
    submit_label = gettext_lazy("Log the visit")
    success = gettext_lazy("Logged.")
    form_class = VisitForm
    line = Line.VISIT

    @property
    def desk(self) -> bool:
        return self.may(Permission.VISIT_SEE_ALL)

    @cached_property
    def choices(self):
        return customer_choices(self.request.access, self.project)

    @cached_property
    def visitor(self) -> Customer | None:
        """Who the sheet is about, as far as it says: the customer chosen, else the one of the new number."""
        asked = self.request.POST
        chosen = self.choices.filter(pk__in=ids([asked.get("customer", "")]))
        named = self.choices.filter(number=self.request.GET.get("customer", ""))
        typed = matching(asked.get("new_phone", "")) if self.typed_phone else Q(pk__in=[])
        return (chosen if asked else named).first() or self.choices.filter(typed).first()

    @property
    def typed_phone(self) -> str:
        return phones.read(self.request.POST.get("new_phone", "")[:30])

    @cached_property
    def reports(self) -> list:
        """The pre-reports of whom the sheet is about, for the desk."""
        if not self.desk or not self.numbers:
            return []
        return list(pre_reports.matching(self.request.access, self.project, self.numbers, self.arrived_at))

    @cached_property
    def numbers(self) -> list[str]:
        """The phone numbers of whom the sheet is about."""
        if self.visitor:
            return pre_reports.numbers_of(self.visitor)
        return [self.typed_phone] if self.typed_phone else []

    @cached_property
    def arrived_at(self) -> datetime:
        """When the visitor came, as far as the sheet says; else now."""
        now = clock.now()
        try:
            return min(VisitForm.base_fields["at"].clean(self.request.POST.get("at", "")) or now, now)
        except ValidationError:
            return now

    def origins(self) -> list[tuple[str, str]]:
        """The judgements to choose from; the first follows the pre-reports."""
        who = self.visitor or Customer(project=self.project)
        found = origins.proposed(who, self.numbers, self.arrived_at)
        named = found.report.agency if found.report else found.origin.label
        as_found = _("as the pre-reports say: %(origin)s") % {"origin": named}
        return [("", as_found), *origin_choices(self.project, self.reports)]

    def get_form_kwargs(self) -> dict:
        if not self.desk:
            return {"customers": self.choices, "salespeople": None, "late": False}
        return {
            "customers": self.choices,
            "salespeople": salespeople(self.project),
            "late": self.may(Permission.VISIT_LATE),
            "turn": self.turn_label(),
            "origins": self.origins(),
        }

    def get_initial(self) -> dict:
        customer = None if self.request.POST else self.visitor
        known = {"customer": customer.pk, "kind": visits.proposed(customer)[0]} if customer else {}
        return {"at": clock.now(), **({"salesperson": self.turn_initial()} if self.desk else {}), **known}

    def get_context(self) -> dict:
        context = {"context_line": self.project.name, "back_url": self.address("visit_list"), "desk": self.desk}
        if not self.desk:
            return context
        now = clock.now()
        cards = [pre_reports.card(self.request.access, row, now) for row in self.reports]
        return {**context, **self.turn_context(), "reports": cards, "asked_for": bool(self.visitor or self.typed_phone)}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        count = min(self.choices.count(), OFFERED)
        looks.note_listed(project=self.project, count=count, filtered_by=(), by=self.request.user)
        if self.reports:
            note_reports(project=self.project, count=len(self.reports), by=self.request.user)
        return super().show(status, **extra)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not self.desk or not {"look", "skip"} & set(request.POST):
            return super().post(request, *args, **kwargs)
        if "skip" in request.POST:
            self.skip()
        typed = self.get_form(request.POST)
        shown = self.get_form()
        shown.initial |= {name: typed[name].value() for name in typed.fields}
        shown.fields["customer"].named = typed.fields["customer"].named
        return self.show(form=shown)

    def perform(self, form) -> Visit:
        values = form.cleaned_data
        report = visits.Report(
            customer=self.customer_of(values), salesperson=values.get("salesperson"), kind=values["kind"], at=values["at"],
            late_reason=values.get("late_reason", ""), carry=values["carry"], in_turn=values["in_turn"],
            origin=values.get("origin", ""), origin_reason=values.get("origin_reason", ""),
            said={name: value for name, value in values.items() if name not in _APART},
        )  # fmt: skip
        return visits.log_visit(op_id=values["op_id"], project=self.project, report=report, by=self.request.user)

    def customer_of(self, values: dict) -> Customer:
        """The customer chosen or entered; entering has a transaction of its own, so that a look-up stays on record (abuse 21).

        The desk enters nobody's customer: whose they are follows from who receives them.
        """
        return values["customer"] or customers.find_or_enter(
            project=self.project, name=values["new_name"], phone=values["new_phone"], owner=None, channel=values["channel"],
            by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: Visit) -> str:
        return self.address("visit", result.number)


def origin_choices(project: Project, reports: Iterable[PreReport]) -> list[tuple[str, str]]:
    """Natural, and each of the pre-reports by its company and when it was made."""
    found: list[tuple[str, str]] = [(Origin.NATURAL, str(Origin.NATURAL.label))]
    for report in reports:
        at = f"{clock.local(report.reported_at, project.zone):%Y-%m-%d %H:%M}"
        words = {"agency": report.agency, "at": at, "number": report.number}
        found.append((report.number, _("Channel: %(agency)s, reported %(at)s (%(number)s)") % words))
    return found


def of_customer(access: Access, customer: Customer) -> dict | None:
    """The visits of a customer on their page."""
    readers = (Permission.VISIT_SEE_ALL, Permission.VISIT_SEE_OWN)
    if not any(access.can(right, customer.project_id) for right in readers):
        return None
    code = customer.project.code
    new = f"{reverse('enquiries:visit_new', args=[code])}?customer={customer.number}"
    return {
        "title": _("Visits"),
        "lines": [_line(access, code, row) for row in query.of_customer(access, customer)[:SHOWN]],
        "empty": _("No visit yet."),
        "url": new if access.can(Permission.VISIT_LOG, customer.project_id) else "",
        "all": _("Log a visit"),
    }


def _line(access: Access, code: str, visit: Visit) -> dict:
    shown = query.card(access, visit)
    return {
        "tag": shown.kind, "tone": "available", "number": shown.number, "what": shown.grade, "seller": shown.salesperson,
        "at": shown.at, "url": reverse("enquiries:visit", args=[code, shown.number]),
    }  # fmt: skip
