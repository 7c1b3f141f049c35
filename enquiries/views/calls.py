"""Pages of calls: writing one down, the list with its drafts, one call, confirming it (R2.1, R2.3)."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries import phones
from enquiries.forms.calls import CallFilter, CallForm
from enquiries.models import Call
from enquiries.queries import calls as query
from enquiries.queries.answers import answers
from enquiries.queries.present import sees_people
from enquiries.services import calls, looks
from enquiries.states import CallState, Line
from enquiries.views.lists import PersonalList, numbers_on
from enquiries.views.rotation import TakesTurns
from inventory.models import Project
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import clock, panels, tables
from salescontrol.core.access import Access
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, Page

TONES = {CallState.DRAFT: "pending", CallState.LOGGED: "held", CallState.CONFIRMED: "available"}
COLUMNS = (
    tables.Column("number", gettext_lazy("Call")),
    tables.Column("at", gettext_lazy("Called"), format="moment", sort=("at",)),
    tables.Column("caller", gettext_lazy("Caller"), sort=("caller",)),
    tables.Column("phone", gettext_lazy("Phone")),
    tables.Column("rings", gettext_lazy("Rings"), sort=("rings",)),
    tables.Column("channel", gettext_lazy("Channel"), sort=("channel",), minor=True),
    tables.Column("asked", gettext_lazy("Asked"), wrap=True, minor=True),
    tables.Column(
        "state", gettext_lazy("State"), "state_label", sort=("state",), tone=lambda row: TONES[CallState(row.state)]
    ),
    tables.Column("taken_by", gettext_lazy("Answered by"), sort=("taken_by__name",), minor=True),
    tables.Column("salesperson", gettext_lazy("Salesperson"), sort=("salesperson__name",)),
)
_FIELDS = tuple(name for name in CallForm.base_fields if name not in ("op_id", "salesperson", "kept"))


class InCalls(InProject):
    """Mixin: a page of a project for those who may read calls: the desk all of them, a salesperson their own."""

    def prepare_in_project(self) -> None:
        if not self.may(Permission.CALL_SEE_OWN):
            self.request.access.require(Permission.CALL_SEE_ALL, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)


class OneCall(InCalls):
    """Mixin: one call among those that the reader may see, or 404. The row has a name that templates cannot reach."""

    def prepare_in_project(self) -> None:
        self._call = query.find(self.request.access, self.project, self.kwargs["number"])

    def home(self) -> str:
        return self.address("call", self._call.number)


class CallList(InCalls, PersonalList):
    """The calls that the reader may see, phones masked; Excel of exactly that. Each showing is on record first."""

    template_name = "enquiries/call_list.html"
    title = gettext_lazy("Calls")
    filterset_class = CallFilter
    default_order = ("-at", "-pk")
    export_permission = Permission.CALL_LOG

    @property
    def people(self) -> bool:
        return sees_people(self.request.access, self.project_id)

    @property
    def empty(self) -> str:
        if self.may(Permission.CALL_LOG):
            return _("No calls yet. Log the first one when the phone rings.")
        return _("No calls yet. The room logs them, and those that concern you appear here.")

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        access, roles = self.request.access, ("taken_by", "salesperson")
        return {"people": {role: query.people(access, self.project, role) for role in roles} if self.people else None}

    def get_columns(self):
        first, *others = COLUMNS if self.people else COLUMNS[:-2]
        return [replace(first, link=lambda shown: self.address("call", shown.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(query.Cards(self.request.access, rows))
        calls.note_listed(
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
        if self.may(Permission.CUSTOMER_IMPORT):
            actions.append({"url": self.address("intake_list"), "label": _("Imports")})
        if self.may(Permission.MEASURES_SEE):
            actions.append({"url": self.address("call_measures"), "label": _("Measures")})
        if self.may(Permission.CALL_LOG):
            actions.append({"url": self.address("call_new"), "label": _("Log a call"), "style": "primary"})
        return {"actions": actions, "context_line": self.project.name, "drafts": self.drafts()}

    def drafts(self) -> list[dict]:
        """The calls that were begun and not logged, each with the way back to it."""
        found = query.drafts(self.request.access, self.project)
        return [
            {"card": query.card(self.request.access, row), "url": self.address("call_resume", row.number)} for row in found
        ]  # fmt: skip


class CallPage(OneCall, DetailPage):
    """One call: what was said, who was told, and the button by which the salesperson confirms."""

    template_name = "enquiries/call.html"

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if self._call.state == CallState.DRAFT:
            raise NotVisible("")

    def get_title(self) -> str:
        return _("Call %(number)s") % {"number": self._call.number}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        calls.note_seen(call=self._call, by=self.request.user)
        return super().show(status, **extra)

    def get_context(self) -> dict:
        access, call = self.request.access, self._call
        waits = call.state == CallState.LOGGED and call.salesperson_id == self.request.user.pk
        seen = query.sees_customer(access, call)
        return {
            "card": query.card(access, call),
            "project": self.project,
            "tone": TONES[CallState(call.state)],
            "confirm_url": self.address("call_confirm", call.number) if waits else "",
            "customer_url": self.address("customer", call.customer.number) if seen and call.customer else "",
        }


class CallConfirm(OneCall, ActionPage):
    """The salesperson knows of the call now."""

    permission = Permission.CALL_SEE_OWN
    title = gettext_lazy("Confirm the call")
    submit_label = gettext_lazy("Confirm")
    success = gettext_lazy("Confirmed.")

    def get_form(self, data=None, files=None):
        return Form(data)

    def get_sentence(self) -> str:
        return _("You have read call %(number)s and look after the caller.") % {"number": self._call.number}

    def get_back_url(self) -> str:
        return self.home()

    def perform(self, form) -> Call:
        return calls.confirm_call(call=self._call, by=self.request.user)

    def get_success_url(self, result: Call) -> str:
        return self.home()


class CallNew(InCalls, TakesTurns, FormPage):
    """A call is written down while it lasts: the caller and the answers stand beside. Park keeps it as a draft."""

    line = Line.PHONE
    permission = Permission.CALL_LOG
    template_name = "enquiries/call_form.html"
    title = gettext_lazy("Log a call")
    submit_label = gettext_lazy("Log the call")
    success = gettext_lazy("Logged.")
    form_class = CallForm

    @property
    def kept_phone(self) -> str:
        """What is known of the number beside what stands in the form."""
        return ""

    def get_form_kwargs(self) -> dict:
        return {"salespeople": self.salespeople, "turn": self.turn_label()}

    @cached_property
    def salespeople(self) -> list:
        return salespeople(self.project)

    def get_initial(self) -> dict:
        return {"at": clock.now(), "salesperson": self.turn_initial()}

    def get_context(self) -> dict:
        return {
            **self.turn_context(),
            "context_line": self.project.name,
            "project": self.project,
            "urls": {name: self.address(name) for name in ("call_draft", "call_caller", "answers", "call_list")},
        }

    def show(self, status: int = 200, **extra) -> HttpResponse:
        form = extra["form"]
        typed = form["phone"].value() or self.kept_phone
        wished = {name: form.cleaned_data.get(name) for name in query.WISHES} if hasattr(form, "cleaned_data") else {}
        found = answers(self.request.access, self.project, wished, "")
        return super().show(status, **caller_of(self, typed), answers=found, **extra)

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not {"look", "park", "skip"} & set(request.POST):
            return super().post(request, *args, **kwargs)
        if "skip" in request.POST:
            self.skip()
        form = self.get_form(request.POST)
        form.is_valid()
        if "park" in request.POST:
            return self.park(form)
        shown = self.get_form()
        shown.initial |= {name: form[name].value() for name in form.fields}
        return self.show(form=shown)

    def park(self, form) -> HttpResponse:
        try:
            calls.save_draft(project=self.project, by=self.request.user, **written(form))
        except Refusal as refusal:
            form.add_refusal(refusal)
            return self.show(form=form, status=refusal.status)
        messages.success(self.request, _("Parked. It stands above the list of calls."))
        return HttpResponseRedirect(self.address("call_list"))

    def perform(self, form) -> Call:
        op_id = form.cleaned_data["op_id"]
        return calls.log_call(op_id=op_id, project=self.project, by=self.request.user, **written(form))

    def get_success_url(self, result: Call) -> str:
        return self.address("call", result.number)


class CallResume(CallNew):
    """A draft is taken up again, as it was left; a whole number is masked and kept."""

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        self._call = query.find(self.request.access, self.project, self.kwargs["number"])
        if self._call.state != CallState.DRAFT:
            raise NotVisible("")

    @property
    def kept_phone(self) -> str:
        """The draft's number when it is a whole one: shown masked only (decisions 30)."""
        return self._call.phone if self._call.phone_index else ""

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "masked": phones.masked(self.kept_phone)}

    def get_initial(self) -> dict:
        call = self._call
        found: dict[str, Any] = {name: getattr(call, name) for name in _FIELDS}
        if call.budget_to is not None:
            found["budget_to"] = f"{call.budget_to / 10_000:f}".rstrip("0").rstrip(".")
        if self.kept_phone:
            found |= {"phone": "", "kept": True}
        return {**found, "salesperson": call.salesperson_id or self.turn_initial()}

    def get_context(self) -> dict:
        return {**super().get_context(), "discard_url": self.address("call_discard", self._call.number)}


class CallDiscard(OneCall, ActionPage):
    """A draft that leads nowhere is thrown away."""

    permission = Permission.CALL_LOG
    title = gettext_lazy("Throw the draft away")
    submit_label = gettext_lazy("Throw away")
    success = gettext_lazy("Thrown away.")

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if self._call.state != CallState.DRAFT:
            raise NotVisible("")

    def get_form(self, data=None, files=None):
        return Form(data)

    def get_sentence(self) -> str:
        return _("What was written down of call %(number)s disappears from the list of drafts.") % {
            "number": self._call.number
        }

    def get_back_url(self) -> str:
        return self.address("call_list")

    def perform(self, form) -> Call:
        return calls.discard_draft(call=self._call, by=self.request.user)

    def get_success_url(self, result: Call) -> str:
        return self.address("call_list")


class CallDraft(InCalls, Page):
    """What is written so far is kept, every few seconds while something changes; answers with a line that says so."""

    permission = Permission.CALL_LOG
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = CallForm(request.POST, salespeople=salespeople(self.project), turn=_("in turn"))
        form.is_valid()
        if "sheet" not in form.cleaned_data:
            return render(request, "enquiries/call_saved.html", {"saved_at": None}, status=422)
        calls.save_draft(project=self.project, by=request.user, **written(form))
        return render(request, "enquiries/call_saved.html", {"saved_at": clock.now()})


class CallCaller(InCalls, Page):
    """Who is calling, as soon as the number stands there. The number travels in the body, never in an address."""

    permission = Permission.CALL_LOG
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        context = {"project": self.project, **caller_of(self, request.POST.get("phone", "")[:30])}
        return render(request, "enquiries/call_caller.html", context)


class CallWaiting(InCalls, Page):
    """The tile of the workbench anew when something came or went, asked by the open page; a poll is no visit."""

    keeps_alive = remembers = False
    http_method_names = ["get", "head"]

    def prepare_in_project(self) -> None:
        if not self.may(Permission.CALL_SEE_OWN):
            self.request.access.require(Permission.CALL_LOG, self.project_id)

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        section = call_tile(request.access, self.project)
        if section is None or section["mark"] == request.GET.get("seen"):
            return HttpResponse(status=204)
        return render(request, "enquiries/tile_calls.html", {"section": section})


def written(form: CallForm) -> dict[str, Any]:
    """Sheet and content of a form, as far as it can be read."""
    values = {name: value for name, value in form.cleaned_data.items() if name != "op_id"}
    return {"sheet": values.pop("sheet"), "content": calls.Content(**values)}


def caller_of(view: InCalls, typed: str) -> dict:
    """What the house knows of this number, on record before it is shown: the customer, the last calls, what others know."""
    access, digits = view.request.access, phones.read(typed)
    customer = query.of_phone(access, view.project, digits)
    if customer is not None:
        customer.project = view.project
        looks.note_calling(customer=customer, by=view.request.user)
    return {
        "asked_for": bool(digits),
        "caller": query.caller(access, customer) if customer else None,
        "caller_url": view.address("customer", customer.number) if customer else "",
        "last_calls": query.last_calls(access, view.project, digits),
        "caller_sections": panels.sections("caller", access, customer) if customer else [],
    }


def call_tile(access: Access, project: Project | None) -> dict | None:
    """On the workbench: for the desk drafts and what is not confirmed, for a salesperson the calls that wait for them."""
    if project is None or not (
        access.can(Permission.CALL_SEE_OWN, project.pk) or access.can(Permission.CALL_LOG, project.pk)
    ):
        return None
    desk = access.can(Permission.CALL_LOG, project.pk)
    open_calls, begun = query.unconfirmed(access, project), query.drafts(access, project)
    rows, count = [*begun[:4], *open_calls[:4]], open_calls.count() + (begun.count() if desk else 0)
    return {
        "title": _("Calls not finished") if desk else _("Calls for you"),
        "count": count,
        "mark": f"{count}-{'-'.join(row.number for row in rows)}",
        "live_url": reverse("enquiries:call_waiting", args=[project.code]),
        "lines": [_line(access, project, row) for row in rows],
        "empty": _("Every call is logged and confirmed.") if desk else _("No call waits for you."),
        "url": reverse("enquiries:call_list", args=[project.code]),
        "new_url": reverse("enquiries:call_new", args=[project.code]) if desk else "",
    }


def _line(access: Access, project: Project, call: Call) -> dict:
    name = "enquiries:call_resume" if call.state == CallState.DRAFT else "enquiries:call"
    shown = query.card(access, call)
    return {
        "tag": shown.state_label, "tone": TONES[CallState(call.state)], "text": call.number,
        "url": reverse(name, args=[project.code, call.number]), "seller": shown.salesperson, "at": call.at,
    }  # fmt: skip


def calls_due(access: Access, project: Project) -> int:
    """The count beside the rail's entry: what is not confirmed yet."""
    return query.unconfirmed(access, project).count()
