"""The kernel's own pages: workbench, approvals, inbox, search."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import approvals, clock, navigation, notices, panels, tables
from salescontrol.core.filters import ApprovalFilter
from salescontrol.core.forms import DecisionForm, Form, ids
from salescontrol.core.models import Approval
from salescontrol.core.views import ActionPage, DetailPage, ListPage, Page


class Home(DetailPage):
    """The workbench of the role: what needs me, today's figures, what is new."""

    template_name = "core/home.html"

    def get_title(self) -> str:
        hour = clock.local(clock.now()).hour
        greeting = (
            _("Good morning, %(name)s")
            if hour < 12
            else _("Good afternoon, %(name)s")
            if hour < 18
            else _("Good evening, %(name)s")
        )
        return greeting % {"name": self.request.user.name}

    def get_context(self) -> dict:
        project = navigation.current_project(self.request)
        waiting = approvals.waiting_for(self.request.access).select_related("requested_by")
        return {
            "project": project,
            "today": clock.today(),
            "sections": panels.sections("workbench", self.request.access, project),
            "waiting": [
                {"approval": item, "kind": approvals.KINDS[item.kind].label, "url": approvals.page_url(item)}
                for item in waiting[:10]
            ],
            "news": [{"notice": item, "text": notices.sentence(item)} for item in notices.inbox(self.request.user)[:8]],
        }


def _kind(approval: Approval):
    return approvals.KINDS[approval.kind].label


class ApprovalList(ListPage):
    """One inbox of everything that waits for a decision, and the record of what was decided."""

    title = gettext_lazy("Approvals")
    template_name = "core/approval_list.html"
    filterset_class = ApprovalFilter
    empty = gettext_lazy("Nothing waits for a decision. Requests for important changes appear here.")
    columns = (
        tables.Column("subject", gettext_lazy("Subject"), link=approvals.page_url, sort=("subject",)),
        tables.Column("kind", gettext_lazy("Kind"), _kind, sort=("kind",)),
        tables.Column("reason", gettext_lazy("Reason")),
        tables.Column("requested_by", gettext_lazy("Requested by"), "requested_by.name", sort=("requested_by__name",)),
        tables.Column("requested_at", gettext_lazy("Time"), format="moment", sort=("requested_at",)),
        tables.Column(
            "state",
            gettext_lazy("State"),
            lambda row: row.get_state_display(),
            tone=lambda row: TONES[row.state],
            sort=("state",),
        ),
    )

    def get_rows(self):
        return approvals.visible_to(self.request.access).select_related("requested_by")

    def get_context(self) -> dict:
        access = self.request.access
        waiting = approvals.waiting_for(access).select_related("requested_by")
        shown = list(waiting[:SHOWN])
        approvals.read_targets(shown)
        return {
            "waiting": [_line(item, access) for item in shown],
            "waiting_count": waiting.count(),
            "form": getattr(self, "form", None) or DecisionForm(),
            "chosen": getattr(self, "chosen", ()),
        }


SHOWN = 100
TONES = {
    "PENDING": "pending",
    "APPROVED": "held",
    "EXECUTED": "good",
    "RETURNED": "bad",
    "STALE": "warn",
    "WITHDRAWN": "withheld",
}


def _line(approval: Approval, access) -> dict:
    kind = approvals.KINDS[approval.kind]
    return {
        "approval": approval,
        "kind": kind.label,
        "lines": kind.present(approval, access)[:4],
        "url": approvals.page_url(approval),
    }


class InApproval:
    """Mixin: `self.approval` among those that the user may read or decide, or 404."""

    def prepare(self) -> None:
        access, pk = self.request.access, self.kwargs["pk"]
        found = (
            approvals.visible_to(access).filter(pk=pk).first() or approvals.waiting_for(access).filter(pk=pk).first()
        )
        if found is None:
            raise Http404
        self.approval = found


class ApprovalPage(InApproval, DetailPage):
    """One request: what, old → new, why, by whom, its effect, who decided what; and the buttons of whoever may decide."""

    template_name = "core/approval.html"

    def get_title(self) -> str:
        return self.approval.subject

    def get_context(self) -> dict:
        approval, access, user = self.approval, self.request.access, self.request.user
        kind = approvals.KINDS[approval.kind]
        pending = approval.state == Approval.State.PENDING
        return {
            "approval": approval,
            "kind": kind.label,
            "tone": TONES[approval.state],
            "lines": kind.present(approval, access),
            "target_url": kind.url(approval),
            "stages": approval.stages.select_related("decision__decided_by", "decision__on_behalf_of"),
            "may_decide": approvals.waiting_for(access).filter(pk=approval.pk).exists(),
            "may_withdraw": pending and approval.requested_by_id == user.pk,
            "may_execute": approval.state == Approval.State.APPROVED and approvals.may_execute(approval, access),
            "form": getattr(self, "form", None) or DecisionForm(),
        }

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Decide this one request; a refusal is shown here, with the comment kept (abuse 11: out of date is a 409)."""
        self.form = DecisionForm(request.POST)
        if not self.form.is_valid():
            return self.show(422)
        values = self.form.cleaned_data
        try:
            done = approvals.decide(
                approval_id=self.approval.pk,
                by=request.user,
                agree=values["answer"] == "approve",
                comment=values["comment"],
            )
        except approvals.Refusal as refusal:
            self.form.add_refusal(refusal)
            self.approval.refresh_from_db()
            return self.show(refusal.status)
        self.approval = done
        if done.state == Approval.State.STALE:
            messages.warning(
                request, _("What this is about changed meanwhile, so it cannot be decided. It must be requested again.")
            )
            return self.show(409)
        messages.success(request, _decided(done))
        return HttpResponseRedirect(reverse("approval", args=[done.pk]))


def _decided(approval: Approval) -> str:
    return _("%(subject)s: %(state)s") % {"subject": approval.subject, "state": approval.get_state_display()}


class ApprovalDecide(ApprovalList):
    """Approve or return many at once; each answer is told by name, and what could not be decided stays on the list."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        self.form = DecisionForm(request.POST)
        self.chosen = ids(request.POST.getlist("approval")[:SHOWN])
        if not self.form.is_valid():
            return self.again(422)
        if not self.chosen:
            messages.warning(request, _("Choose at least one request first."))
            return self.again(422)
        failed = {pk for pk in sorted(self.chosen) if not self.decide(pk, self.form.cleaned_data)}
        if failed:
            self.chosen = failed
            return self.again(409)
        return HttpResponseRedirect(reverse("approval_list"))

    def again(self, status: int) -> HttpResponse:
        response = self.get(self.request)
        response.status_code = status
        return response

    def decide(self, pk: int, values: dict) -> bool:
        try:
            done = approvals.decide(
                approval_id=pk, by=self.request.user, agree=values["answer"] == "approve", comment=values["comment"]
            )
        except approvals.Refusal as refusal:
            messages.error(self.request, self.named(pk, refusal.message))
            return False
        tell = messages.warning if done.state == Approval.State.STALE else messages.success
        tell(self.request, _decided(done))
        return True

    def named(self, pk: int, message) -> str:
        """The refusal with the name of the request, if this user may know it."""
        subject = approvals.visible_to(self.request.access).filter(pk=pk).values_list("subject", flat=True).first()
        return _("%(subject)s: %(state)s") % {"subject": subject, "state": message} if subject else str(message)


class ApprovalExecute(InApproval, ActionPage):
    """Carry out what others approved."""

    title = gettext_lazy("Execute")
    submit_label = gettext_lazy("Execute")
    success = gettext_lazy("Executed.")
    form_class = Form
    final = True

    def get_sentence(self) -> str:
        return _("What was approved takes effect now.")

    def get_back_url(self) -> str:
        return reverse("approval", args=[self.kwargs["pk"]])

    def perform(self, form) -> Approval:
        return approvals.execute(approval_id=self.kwargs["pk"], by=self.request.user)

    def get_success_url(self, result: Approval) -> str:
        return approvals.page_url(result)


class ApprovalWithdraw(ApprovalExecute):
    """Take one's own request back."""

    title = gettext_lazy("Withdraw the request")
    submit_label = gettext_lazy("Withdraw")
    success = gettext_lazy("Withdrawn.")
    final = False

    def get_sentence(self) -> str:
        return _("Nobody will decide this request any more. You may make it again.")

    def perform(self, form) -> Approval:
        return approvals.withdraw(approval_id=self.kwargs["pk"], by=self.request.user)


class Inbox(ListPage):
    """What the system told this user."""

    title = gettext_lazy("Inbox")
    template_name = "core/inbox.html"
    default_order = ("-created_at", "-pk")
    empty = gettext_lazy("No messages yet. Decisions, finished imports and new tasks are told here.")

    def get_rows(self):
        return notices.inbox(self.request.user)

    def page_of(self, rows) -> dict:
        context = super().page_of(rows)
        context["items"] = [{"notice": item["row"], "text": notices.sentence(item["row"])} for item in context["rows"]]
        return context


class InboxRead(Page):
    """Mark one message, or all, as read, and go where it points."""

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        notices.mark_read(by=request.user, pk=pk)
        notice = notices.inbox(request.user).filter(pk=pk).first() if pk else None
        return HttpResponseRedirect(notice.url if notice and notice.url else reverse("inbox"))


class Search(DetailPage):
    """One box for everything: each app answers with what this user may see."""

    title = gettext_lazy("Search")
    template_name = "core/search.html"

    def get_context(self) -> dict:
        words = self.request.GET.get("q", "").replace("\0", "").strip()[:60]
        return {"words": words, "sections": panels.sections("search", self.request.access, words) if words else []}
