"""What is done with a subscription and the papers of its checklist: one page each."""

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.subscriptions import DayForm, ExtendForm, LapseForm, PaperForm, ReceiptForm, TopUpForm, WhyForm
from contracts.models import Document, Subscription
from contracts.queries import checklists
from contracts.services import deadlines, documents, subscription_ends, subscriptions
from contracts.states import CloseReason, SubscriptionKind
from contracts.views.subscriptions import InSubscription
from salescontrol.core.errors import NotVisible
from salescontrol.core.money import capitals
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage


class SubscriptionAction(InSubscription, ActionPage):
    """The base: the desk's act on one subscription."""

    permission = Permission.DEAL_WRITE

    def get_context(self) -> dict:
        return {**super().get_context(), "context_line": self.row.unit.number}

    def given(self, form) -> dict:
        """What every service asks for."""
        return {"op_id": form.cleaned_data["op_id"], "code": self.row.code, "by": self.request.user}


class SubscriptionActivate(SubscriptionAction):
    """T9, T10: the deposit is there, the unit is claimed."""

    title = gettext_lazy("Activate the subscription")
    submit_label = gettext_lazy("Activate")
    form_class = ReceiptForm

    def get_form_kwargs(self) -> dict:
        return {"may_override": self.request.access.can(Permission.DEAL_DECIDE, self.project_id)}

    def get_initial(self) -> dict:
        return {} if self.row.kind == SubscriptionKind.SMALL else {"received": self.row.deposit}

    def get_sentence(self) -> str:
        return _("%(kind)s on %(unit)s at %(total)s (%(capitals)s). From now on the unit is this trade's; the number is given.") % {
            "kind": self.row.get_kind_display(), "unit": self.row.unit.number, "total": f"{self.row.total:,.2f}",
            "capitals": capitals(self.row.total),
        }  # fmt: skip

    def perform(self, form) -> Subscription:
        values = form.cleaned_data
        return subscriptions.activate(
            receipt=values["receipt"], received=values["received"], override=values.get("override", ""),
            **self.given(form),
        )  # fmt: skip

    def get_success(self, result: Subscription) -> str:
        return _("Subscription %(number)s is active.") % {"number": result.number}


class SubscriptionTopUp(SubscriptionAction):
    """T11: the rest of the deposit."""

    title = gettext_lazy("Top the deposit up")
    submit_label = gettext_lazy("Top up")
    success = gettext_lazy("The deposit is complete. The signing deadline runs from today.")
    form_class = TopUpForm

    def get_initial(self) -> dict:
        return {"received": self.row.deposit - self.row.paid}

    def get_sentence(self) -> str:
        return _("The small deposit becomes a full subscription; the signing deadline runs from today.")

    def perform(self, form) -> Subscription:
        values = form.cleaned_data
        return subscription_ends.top_up(
            receipt=values["receipt"], received=values["received"], letter_back=values["letter_back"],
            **self.given(form),
        )  # fmt: skip


class SubscriptionDiscard(SubscriptionAction):
    """Throw a draft away."""

    title = gettext_lazy("Discard the draft")
    submit_label = gettext_lazy("Discard")
    success = gettext_lazy("The draft is discarded.")
    form_class = WhyForm

    def get_sentence(self) -> str:
        return _("Nobody was bound by it. The draft stays on record as discarded.")

    def perform(self, form) -> Subscription:
        return subscriptions.discard(reason=form.cleaned_data["reason"], **self.given(form))


class SubscriptionLapse(SubscriptionAction):
    """T12: a small deposit is refunded or forfeited."""

    permission = Permission.DEAL_DECIDE
    title = gettext_lazy("Let the small deposit lapse")
    submit_label = gettext_lazy("Lapse")
    success = gettext_lazy("The small deposit has lapsed.")
    form_class = LapseForm
    final = True

    def get_sentence(self) -> str:
        return _("The customer loses the unit. The number stays given; the trade is over.")

    def perform(self, form) -> Subscription:
        values = form.cleaned_data
        return subscription_ends.lapse(
            outcome=CloseReason(values["outcome"]), release=values["target"] == "available", reason=values["reason"],
            **self.given(form),
        )  # fmt: skip


class SubscriptionVoid(SubscriptionAction):
    """T20: a wrong entry of today is undone."""

    permission = Permission.DEAL_VOID
    title = gettext_lazy("Make the entry void")
    submit_label = gettext_lazy("Make void")
    success = gettext_lazy("The entry is void.")
    form_class = WhyForm
    final = True

    def get_sentence(self) -> str:
        return _(
            "Only for a wrong entry of today. A top-up goes back to the small deposit; else the unit is for sale again and the number void."
        )

    def perform(self, form) -> Subscription:
        return subscription_ends.void(reason=form.cleaned_data["reason"], **self.given(form))


class SubscriptionWarn(SubscriptionAction):
    """The notice to sign was sent."""

    title = gettext_lazy("Notice to sign")
    submit_label = gettext_lazy("Record")
    success = gettext_lazy("The notice to sign is recorded.")
    form_class = DayForm

    def get_sentence(self) -> str:
        return _("The signing deadline has passed: record the day on which the notice to sign was sent.")

    def perform(self, form) -> Subscription:
        return deadlines.warn(on=form.cleaned_data["on"], **self.given(form))


class SubscriptionEnd(SubscriptionAction):
    """The notice of termination was sent."""

    title = gettext_lazy("Notice of termination")
    submit_label = gettext_lazy("Record")
    success = gettext_lazy("The notice of termination is recorded.")
    form_class = DayForm

    def get_sentence(self) -> str:
        return _("Record the day on which it was sent. What becomes of deposit and unit is decided by a change.")

    def perform(self, form) -> Subscription:
        return deadlines.end(on=form.cleaned_data["on"], **self.given(form))


class SubscriptionExtend(SubscriptionAction):
    """Ask for a later signing deadline, or for longer to top a small deposit up."""

    submit_label = gettext_lazy("Ask for it")
    success = gettext_lazy("The later deadline is asked for.")
    form_class = ExtendForm

    def get_title(self) -> str:
        return _("Longer to top the deposit up") if self.small else _("Extend the signing deadline")

    @property
    def small(self) -> bool:
        return self.row.kind == SubscriptionKind.SMALL

    def get_form_kwargs(self) -> dict:
        return {"small": self.small}

    def get_sentence(self) -> str:
        return _("The supervisor decides; further from the first deadline management too, and finance beyond that.")

    def perform(self, form) -> Subscription:
        values = form.cleaned_data
        return deadlines.ask_extension(until=values["until"], reason=values["reason"], **self.given(form))


class PaperAction(SubscriptionAction):
    """The base of what is done about one paper of the checklist."""

    form_class = WhyForm

    @cached_property
    def paper(self) -> Document:
        for line in checklists.lines(self.request.access, self.row.trade):
            if line.pk == self.kwargs["pk"]:
                return line
        raise NotVisible("")

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        assert self.paper

    def get_sentence(self) -> str:
        return documents.named(self.paper)

    def given(self, form) -> dict:
        return {**super().given(form), "document_id": self.paper.pk}


class DocumentReceive(PaperAction):
    """Tick a paper off."""

    title = gettext_lazy("Paper received")
    submit_label = gettext_lazy("Received")
    success = gettext_lazy("The paper is ticked off.")
    form_class = PaperForm

    def get_initial(self) -> dict:
        return {"copies": self.paper.copies or self.paper.copies_needed, "original_seen": self.paper.original_seen}

    def perform(self, form) -> Document:
        values = form.cleaned_data
        return documents.receive(copies=values["copies"], original_seen=values["original_seen"], **self.given(form))


class DocumentUndo(PaperAction):
    """Take a tick back."""

    title = gettext_lazy("Paper not received after all")
    submit_label = gettext_lazy("Undo")
    success = gettext_lazy("The paper counts as missing again.")

    def perform(self, form) -> Document:
        return documents.undo(reason=form.cleaned_data["reason"], **self.given(form))


class DocumentWaive(PaperAction):
    """Ask the supervisor to go on without a paper."""

    title = gettext_lazy("Ask for a waiver")
    submit_label = gettext_lazy("Ask for it")
    success = gettext_lazy("The supervisor is asked.")

    def perform(self, form) -> Document:
        return documents.ask_waiver(reason=form.cleaned_data["reason"], **self.given(form))
