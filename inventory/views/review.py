"""Pages of the review: a batch's units beside what was there before, approve, return, submit drafts (R1.4)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.forms.review import CommentForm, NoteForm, RelaxForm, ReturnForm, ReviewFilter
from inventory.queries import batches, review
from inventory.queries.scope import units_visible_to
from inventory.services import review as service
from inventory.states import BatchState, Review
from inventory.views.base import InProject
from inventory.views.imports import InBatch
from inventory.views.units import REVIEW_TONES
from salescontrol.core import approvals, tables
from salescontrol.core.errors import Conflict, Refusal
from salescontrol.core.forms import ids
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage, ListPage
from salescontrol.core.words import listed

CHANGES_PER_PAGE = 50
ORDER = ("building__position", "entrance", "-floor", "stack", "pk")


def unit_columns(view, missing: dict[int, list[str]]) -> tuple[tables.Column, ...]:
    """What a reviewer compares, with what is missing."""
    return (
        tables.Column("number", _("Unit"), link=lambda unit: view.url("unit", unit.pk), sort=ORDER[:4]),
        tables.Column(
            "missing",
            _("Missing"),
            lambda unit: listed(review.labels(missing.get(unit.pk, ()))),
            tone=lambda unit: "warn" if unit.pk in missing else "",
            wrap=True,
        ),
        tables.Column("layout", _("Layout"), "layout.code", sort=("layout__code",)),
        tables.Column("orientation", _("Orientation"), lambda unit: unit.get_orientation_display()),
        tables.Column("built_area", _("Built area"), format="area", sort=("built_area",)),
        tables.Column("inner_area", _("Inner area"), format="area"),
        tables.Column("list_unit_price", _("List unit price"), format="money", sort=("list_unit_price",)),
        tables.Column("list_total", _("List price"), format="money", sort=("list_total",)),
        tables.Column("entered_by", _("Entered by"), "entered_by.name"),
        tables.Column(
            "review", _("Review"), lambda unit: unit.get_review_display(), tone=lambda unit: REVIEW_TONES[unit.review]
        ),
        tables.Column("review_comment", _("Comment"), wrap=True),
    )


class BatchReview(InBatch, ListPage):
    """The units of a batch with what they lack, and its changes of approved units beside what was there before."""

    template_name = "inventory/review_batch.html"
    filterset_class = ReviewFilter
    default_order = ORDER
    empty = gettext_lazy("This batch brings no new units.")

    @cached_property
    def missing(self) -> dict[int, list[str]]:
        undecided = review.units_of(self.batch).exclude(review=Review.APPROVED)
        return review.missing_for_approval(self.project, list(undecided))

    @cached_property
    def approval(self) -> Approval | None:
        """The request that waits for this user's decision."""
        waiting = approvals.waiting_for(self.request.access)
        return waiting.filter(kind=service.KIND, target_id=self.batch.pk).first()

    def get_rows(self):
        rows = units_visible_to(self.request.access).filter(batch=self.batch)
        return rows.select_related("layout", "entered_by", "building")

    def get_filterset_kwargs(self) -> dict:
        return {"project": self.project, "missing": self.missing}

    def get_columns(self):
        return unit_columns(self, self.missing)

    def get_context(self) -> dict:
        batch, changes = self.batch, review.waiting_changes(self.batch).order_by("pk")
        page = Paginator(changes, CHANGES_PER_PAGE).get_page(self.request.GET.get("changes"))
        return {
            "batch": batch,
            "tone": batches.STATE_TONES[BatchState(batch.state)],
            "summary": review.summary(batch),
            "lacking": len(self.missing),
            "relaxed": review.labels(self.project.optional_before_approval),
            "relaxed_reason": self.project.optional_reason,
            "changes": [{"line": line, "differences": review.differences(line)} for line in page.object_list],
            "changes_page": page,
            "actions": self.actions(),
            "bulk": self.bulk() if self.approval and batch.state == BatchState.SUBMITTED else None,
        }

    def bulk(self) -> dict:
        return {
            "url": self.url("batch_return_units", self.batch.pk),
            "template": "inventory/review_return.html",
            "form": ReturnForm(),
        }

    def actions(self) -> list[dict]:
        batch, access = self.batch, self.request.access
        found = [{"url": self.url("batch", batch.pk), "label": _("The hand-over"), "style": ""}]
        if access.can(Permission.PROJECT_SETTINGS, self.project.pk):
            found.append({"url": self.url("review_rules"), "label": _("What may be missing"), "style": ""})
        if self.approval:
            found.append({"url": self.url("batch_return", batch.pk), "label": _("Return the batch"), "style": ""})
            found.append({"url": self.url("batch_approve", batch.pk), "label": _("Approve the batch"), "style": "seal"})
        elif batch.state in (BatchState.DRAFT, BatchState.RETURNED) or self.correctable():
            label = _("Submit for review")
            found.append({"url": self.url("batch_submit", batch.pk), "label": label, "style": "primary"})
        return found

    def correctable(self) -> bool:
        """An approved batch can be submitted again for units that were returned."""
        open_units = review.units_of(self.batch).filter(review__in=review.OPEN)
        return self.batch.state == BatchState.APPROVED and open_units.exists()


class BatchReturnUnits(BatchReview):
    """Return the chosen units with a comment; the rest stays. A refusal is shown on the review page."""

    permission = Permission.UNIT_REVIEW
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.form, self.chosen = ReturnForm(request.POST), ids(request.POST.getlist("chosen"))
        if not self.form.is_valid():
            return self.again(422)
        try:
            returned = service.return_units(
                batch=self.batch, unit_ids=self.chosen, by=request.user, comment=self.form.cleaned_data["comment"]
            )
        except Refusal as refusal:
            self.form.add_refusal(refusal)
            return self.again(refusal.status)
        text = ngettext("%(count)s unit returned.", "%(count)s units returned.", len(returned))
        messages.success(request, text % {"count": len(returned)})
        return HttpResponseRedirect(self.url("batch_review", self.batch.pk))

    def again(self, status: int) -> HttpResponse:
        response = self.get(self.request)
        response.status_code = status
        return response

    def bulk(self) -> dict:
        return {**super().bulk(), "form": self.form, "chosen": self.chosen}


class BatchDecision(InBatch, ActionPage):
    """The base of approving and returning a batch as a whole."""

    permission = Permission.UNIT_REVIEW

    def get_back_url(self) -> str:
        return self.url("batch_review", self.batch.pk)

    def get_success_url(self, result: Approval) -> str:
        return self.get_back_url()


class BatchApprove(BatchDecision):
    """Approve the batch: its units become withheld stock, its changes take effect."""

    title = gettext_lazy("Approve the batch")
    submit_label = gettext_lazy("Approve")
    success = gettext_lazy("Approved. The units are withheld until they are put on sale.")
    form_class = CommentForm
    final = True

    def get_title(self) -> str:
        return _("Approve %(batch)s") % {"batch": self.batch}

    def get_sentence(self) -> str:
        found = review.summary(self.batch)
        return _(
            "%(new)s new units enter the stock as withheld, and %(changes)s changes of approved units take effect. "
            "All or nothing: a unit that lacks something stops the whole."
        ) % {"new": found.submitted, "changes": found.changes}

    def perform(self, form) -> Approval:
        done = service.approve_batch(batch=self.batch, by=self.request.user, comment=form.cleaned_data["comment"])
        if done.state == Approval.State.STALE:
            raise Conflict(
                _("The batch changed after it was submitted, so its request has ended. It must be submitted again."),
                code="stale",
            )
        return done


class BatchReturn(BatchDecision):
    """Return the whole batch with a comment."""

    submit_label = gettext_lazy("Return")
    success = gettext_lazy("Returned. The author is told.")
    form_class = ReturnForm

    def get_title(self) -> str:
        return _("Return %(batch)s") % {"batch": self.batch}

    def get_sentence(self) -> str:
        return _("Nothing of the batch is approved. Its units can be corrected and submitted again.")

    def perform(self, form) -> Approval:
        return service.return_batch(batch=self.batch, by=self.request.user, comment=form.cleaned_data["comment"])


class Drafts(InProject, ListPage):
    """Drafts that can be handed to the supervisor: typed in by form, or corrected after a return."""

    permission = Permission.BATCH_SUBMIT
    title = gettext_lazy("Drafts to submit")
    template_name = "inventory/review_drafts.html"
    filterset_class = ReviewFilter
    default_order = ORDER
    empty = gettext_lazy("No draft is open. Units that are entered by form or returned by the supervisor appear here.")

    def get_rows(self):
        rows = units_visible_to(self.request.access).filter(project=self.project, review__in=review.OPEN)
        return rows.select_related("layout", "entered_by", "building", "batch")

    @cached_property
    def missing(self) -> dict[int, list[str]]:
        return review.missing_for_approval(self.project, list(self.get_rows()))

    def get_filterset_kwargs(self) -> dict:
        return {"project": self.project, "missing": self.missing}

    def get_columns(self):
        return (*unit_columns(self, self.missing), tables.Column("batch", _("Batch"), "batch.number"))

    def get_context(self, form: NoteForm | None = None) -> dict:
        return {
            "context_line": self.project.name,
            "bulk": {
                "url": self.url("drafts"),
                "template": "inventory/review_submit.html",
                "form": getattr(self, "form", None) or NoteForm(),
                "chosen": getattr(self, "chosen", ()),
            },
        }

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.form = NoteForm(request.POST)
        self.chosen = ids(request.POST.getlist("chosen"))
        if self.form.is_valid():
            try:
                made = service.submit_units(
                    project=self.project,
                    unit_ids=self.chosen,
                    visible=units_visible_to(request.access),
                    note=self.form.cleaned_data["note"],
                    by=request.user,
                )
            except Refusal as refusal:
                self.form.add_refusal(refusal)
            else:
                text = ngettext("%(count)s batch submitted.", "%(count)s batches submitted.", len(made))
                messages.success(request, text % {"count": len(made)})
                return HttpResponseRedirect(self.url("batch_review", made[0].target_id))
        response = self.get(request)
        response.status_code = 422
        return response


class ReviewRules(InProject, FormPage):
    """What units of the project may lack when they are approved, with the reason (decisions 10)."""

    permission = Permission.PROJECT_SETTINGS
    title = gettext_lazy("What may be missing at approval")
    form_class = RelaxForm
    success = gettext_lazy("Saved.")

    def get_form_kwargs(self) -> dict:
        return {"choices": [(code, review.FACTS[code]) for code in review.RELAXABLE]}

    def get_initial(self) -> dict:
        return {"facts": self.project.optional_before_approval, "reason": self.project.optional_reason}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.url("batch_list")}

    def perform(self, form):
        values = form.cleaned_data
        return service.relax_review(
            project=self.project, facts=values["facts"], reason=values["reason"], by=self.request.user
        )

    def get_success_url(self, result) -> str:
        return reverse("inventory:review_rules", args=[self.project.code])
