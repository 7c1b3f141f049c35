"""Pages of past sales: hand a file over, look at what it would do, accept it (R3.3)."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.past_sales import PastSalesFilter, PastSalesForm
from contracts.models import SalesImport
from contracts.queries.scope import sales_imports_visible_to
from contracts.services import past_sales as service
from contracts.services.past_sales_problems import SaleProblem, labels_of, refusal, remark
from enquiries.queries.intake import STATE_TONES
from enquiries.states import IntakeState
from inventory.importing.refusals import SKIPPED_REASONS
from inventory.views.base import InProject
from inventory.views.imports import Accepting, Previewed, SeenVersion
from salescontrol.core import tables
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage

COLUMNS = (
    "building", "entrance", "floor", "room", "built_area", "layout", "total", "unit_price", "signed_on", "subscribed_on",
    "filed_on", "delivered_on", "contract_no", "subscription_no", "deposit", "method", "buyer", "phone", "salesperson",
)  # fmt: skip


class InPastSales(InProject):
    """Mixin: a page of a project for those who take past sales over."""

    permission = Permission.SALES_IMPORT

    def address(self, name: str, *args) -> str:
        return reverse(f"sales:{name}", args=[self.project.code, *args])


class PastImportList(InPastSales, ListPage):
    """The project's imports of past sales, newest first."""

    title = gettext_lazy("Past sales")
    empty = gettext_lazy(
        "No import yet. Take over the sales that were made before this system was used, with their true dates."
    )
    filterset_class = PastSalesFilter
    default_order = ("-made_at", "-pk")

    def get_rows(self):
        visible = sales_imports_visible_to(self.request.access).filter(project=self.project)
        return visible.select_related("made_by", "file")

    def get_columns(self):
        return (
            tables.Column("number", _("Import"), link=lambda row: self.address("past_import", row.pk), sort=("number",)),
            tables.Column("file", _("File"), "file.name"),
            tables.Column("new", _("New"), lambda row: row.outcome.get("counts", {}).get("new"), format="int"),
            tables.Column("refused", _("Refused"), lambda row: row.outcome.get("counts", {}).get("refused"), format="int"),
            tables.Column("made_by", _("Handed over by"), "made_by.name", sort=("made_by__name",)),
            tables.Column("made_at", _("Time"), format="moment", sort=("made_at",)),
            tables.Column(
                "state", _("State"), lambda row: row.get_state_display(), tone=lambda row: STATE_TONES[row.state], sort=("state",)
            ),
        )  # fmt: skip

    def get_context(self) -> dict:
        new = {"url": self.address("past_import_new"), "label": _("Take past sales over"), "style": "primary"}
        return {"actions": [new], "context_line": self.project.name}


class PastImportNew(InPastSales, FormPage):
    """Hand a file of past sales over."""

    title = gettext_lazy("Take past sales over")
    submit_label = gettext_lazy("Hand over")
    form_class = PastSalesForm
    template_name = "contracts/past_import_new.html"

    def get_context(self) -> dict:
        return {
            "back_url": self.address("past_import_list"),
            "context_line": self.project.name,
            "columns": labels_of(COLUMNS),
        }

    def perform(self, form) -> SalesImport:
        values = form.cleaned_data
        return service.submit_file(
            project=self.project, upload=values["file"], create_units=values["create_units"], note=values["note"],
            by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: SalesImport) -> str:
        return self.address("past_import", result.pk)


class InPastImport(InPastSales):
    """Mixin: `self.batch`, an import among those the user may see, or 404."""

    def prepare_in_project(self) -> None:
        visible = sales_imports_visible_to(self.request.access).filter(project=self.project, pk=self.kwargs["pk"])
        found = visible.select_related("made_by", "file", "project", "accepted_by").first()
        if found is None:
            raise Http404
        self.batch = found

    def get_title(self) -> str:
        return self.batch.number

    def get_success_url(self, result: SalesImport) -> str:
        return self.address("past_import", result.pk)

    def get_back_url(self) -> str:
        return self.address("past_import", self.batch.pk)


class PastImportPage(Previewed, InPastImport, DetailPage):
    """Where an import stands: being read, its preview with every bad row, why it was refused, what came in."""

    template_name = "contracts/past_import.html"

    def get_context(self) -> dict:
        row, outcome = self.batch, self.batch.outcome
        return {
            "sales_import": row,
            "batch": row,
            "counts": outcome.get("counts", {}),
            "tone": STATE_TONES[IntakeState(row.state)],
            "refusal": refusal(outcome["refused"], outcome["params"]) if "refused" in outcome else "",
            "remarks": [remark(code, params) for code, params in outcome.get("remarks", ())],
            "found": labels_of(name for name in COLUMNS if name in outcome.get("fields", ())),
            "problems": [_shown(problem) for problem in outcome.get("problems", ())],
            "more_problems": outcome.get("more_problems", 0),
            "skipped": [
                {"sheet": sheet, "row": number, "reason": SKIPPED_REASONS[reason], "text": text}
                for sheet, number, reason, text in outcome.get("skipped", ())
            ],
            "skipped_title": _("Rows that are no entries"),
            "blank_rows": outcome.get("blank_rows", 0),
            "working": row.state in (IntakeState.READING, IntakeState.WRITING),
            "progress_url": self.address("past_import_progress", row.pk),
            "home_url": self.get_back_url(),
            "list_url": self.address("past_import_list"),
            "accept_url": self.address("past_import_accept", row.pk),
            "actions": [*self.actions()],
            "form": None,
        }

    def actions(self) -> Iterator[dict]:
        if self.batch.state in service.OPEN:
            yield {"url": self.address("past_import_discard", self.batch.pk), "label": _("Discard")}
        if self.batch.state in (IntakeState.REFUSED, IntakeState.PREVIEW):
            yield {"url": self.address("past_import_new"), "label": _("Hand over a corrected file")}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        counts = self.batch.outcome.get("counts", {})
        if self.batch.state == IntakeState.PREVIEW and counts["new"] and not counts["refused"]:
            extra.setdefault("form", self.accept_form())
        return super().show(status, **extra)


def _shown(problem: dict) -> dict:
    found = SaleProblem.from_json(problem)
    place = {name: problem[name] for name in ("sheet", "row", "column")}
    return {**place, "text": found.message, "error": found.severity == "error"}


class PastImportProgress(InPastImport, DetailPage):
    """How far the work is, asked again and again by the waiting page; reloads that page when it is done."""

    template_name = "inventory/batch_progress.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        row = self.batch
        response = self.show(
            batch=row, progress_url=self.address("past_import_progress", row.pk), home_url=self.get_back_url()
        )
        if row.state not in (IntakeState.READING, IntakeState.WRITING):
            response["HX-Refresh"] = "true"
        return response


class PastImportAccept(Accepting, PastImportPage):
    """Accept the preview; a refusal is shown on the preview."""

    def accept(self, values: dict) -> None:
        service.accept(row=self.batch, version=values["version"], by=self.request.user)


class PastImportDiscard(SeenVersion, InPastImport, ActionPage):
    """Give the import up."""

    submit_label = gettext_lazy("Discard")

    def get_sentence(self) -> str:
        return _(
            "Nothing of this file is taken over, and what it says is forgotten. Who handed it over stays on record."
        )

    def perform(self, form) -> SalesImport:
        return service.discard(row=self.batch, version=form.cleaned_data["version"], by=self.request.user)
