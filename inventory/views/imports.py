"""Pages of listing batches: hand over a file, choose columns, look at the preview, accept, submit for review (R1.1, R1.2)."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.forms.imports import AcceptForm, BatchFilter, ColumnsForm, UploadForm, VersionForm
from inventory.importing import read_grid
from inventory.importing.marked import marked_workbook
from inventory.models import ListingBatch
from inventory.queries import batches, review
from inventory.queries.scope import batches_visible_to
from inventory.services import imports
from inventory.services import review as review_service
from inventory.states import BatchState
from inventory.views.base import InProject
from salescontrol.core import audit, files, tables, xlsx
from salescontrol.core.errors import Forbidden, Refusal
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FilePage, FormPage, ListPage

UNDECIDED = (BatchState.READING, BatchState.MAPPING, BatchState.PREVIEW, BatchState.REFUSED)
LINES_PER_PAGE = 50


class BatchList(InProject, ListPage):
    """The project's batches, newest first; marketing sees its own."""

    permission = Permission.BATCH_SUBMIT
    title = gettext_lazy("Batches")
    empty = gettext_lazy("No batch yet. Hand over a price list to begin.")
    template_name = "inventory/batch_list.html"
    filterset_class = BatchFilter
    default_order = ("-made_at", "-pk")

    def get_rows(self):
        return (
            batches_visible_to(self.request.access)
            .filter(project=self.project)
            .select_related("made_by", "file", "project")
        )

    def get_columns(self):
        return (
            tables.Column("number", _("Batch"), link=lambda row: self.url("batch", row.pk), sort=("number",)),
            tables.Column("title", _("Title"), sort=("title",)),
            tables.Column("file", _("File"), lambda row: row.file.name if row.file else ""),
            tables.Column("made_by", _("Handed over by"), "made_by.name", sort=("made_by__name",)),
            tables.Column("made_at", _("Time"), format="moment", sort=("made_at",)),
            tables.Column(
                "state",
                _("State"),
                lambda row: row.get_state_display(),
                tone=lambda row: batches.STATE_TONES[row.state],
                sort=("state",),
            ),
        )

    def get_context(self) -> dict:
        drafts = {"url": self.url("drafts"), "label": _("Drafts to submit"), "style": ""}
        new = {"url": self.url("batch_new"), "label": _("Hand over a price list"), "style": "primary"}
        return {"actions": [drafts, new]}


class BatchNew(InProject, FormPage):
    """Hand a price list over."""

    permission = Permission.BATCH_SUBMIT
    title = gettext_lazy("Hand over a price list")
    submit_label = gettext_lazy("Hand over")
    form_class = UploadForm

    def get_context(self) -> dict:
        return {"back_url": self.url("batch_list"), "context_line": self.project.name}

    def perform(self, form) -> ListingBatch:
        values = form.cleaned_data
        return imports.submit_file(
            project=self.project,
            upload=values["file"],
            title=values["title"],
            note=values["note"],
            by=self.request.user,
        )

    def get_success_url(self, result: ListingBatch) -> str:
        return self.url("batch", result.pk)


class InBatch(InProject):
    """Mixin: `self.batch` by its number among those the user may see, or 404."""

    permission = Permission.BATCH_SUBMIT

    def prepare_in_project(self) -> None:
        visible = batches_visible_to(self.request.access).filter(project=self.project)
        found = visible.select_related("made_by", "file", "project").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.batch = found

    def get_title(self) -> str:
        return self.batch.title

    def get_success_url(self, result: ListingBatch) -> str:
        return self.url("batch", result.pk)

    def get_back_url(self) -> str:
        return self.url("batch", self.batch.pk)


class Previewed:
    """Mixin of a page about `self.batch`, something that was read from a file and waits to be accepted."""

    def accept_form(self, data=None) -> AcceptForm:
        refused = self.batch.outcome["counts"]["refused"]
        return AcceptForm(data, refused=refused, initial={"version": self.batch.version})


class Accepting:
    """Mixin before a previewed page: `accept` takes the preview over; a refusal is shown on the preview."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if self.batch.state != self.batch.State.PREVIEW:
            return HttpResponseRedirect(self.get_back_url())
        form = self.accept_form(request.POST)
        if not form.is_valid():
            return self.show(422, form=form)
        try:
            self.accept(form.cleaned_data)
        except Refusal as refusal:
            form.add_refusal(refusal)
            return self.show(refusal.status, form=form)
        return HttpResponseRedirect(self.get_back_url())


class SeenVersion:
    """Mixin before an action page: the form says which version of `self.batch` was seen."""

    form_class = VersionForm

    def get_initial(self) -> dict:
        return {"version": self.batch.version}


class BatchPage(Previewed, InBatch, DetailPage):
    """Where a batch stands: being read, its columns, its preview, why it was refused, or what it entered."""

    template_name = "inventory/batch.html"

    def get_context(self) -> dict:
        batch, access = self.batch, self.request.access
        return {
            "batch": batch,
            "tone": batches.STATE_TONES[BatchState(batch.state)],
            "refusal": batches.refusal(batch),
            "remarks": batches.remarks(batch),
            "skipped": batches.skipped(batch),
            "blank_rows": batch.outcome.get("blank_rows", 0),
            "buildings": batch.outcome.get("buildings", []),
            "file_url": self.url("batch_file", batch.pk) if batches.may_read_file(batch, access) else "",
            "workbook_url": self.url("batch_workbook", batch.pk) if batches.may_read_file(batch, access) else "",
            "columns": batches.columns(batch, access) if batch.state == BatchState.MAPPING else [],
            "progress_url": self.url("batch_progress", batch.pk),
            "home_url": self.get_back_url(),
            "of_what": _("Unit"),
            "skipped_title": _("Rows that are no units"),
            "summary": review.summary(batch) if batch.state not in UNDECIDED else None,
            "actions": self.actions(),
            **self.lines(),
        }

    def lines(self) -> dict:
        wanted = self.request.GET.get("kind", "")
        page = Paginator(batches.lines(self.batch, wanted), LINES_PER_PAGE).get_page(self.request.GET.get("page"))
        tabs = [{**tab, "current": tab["key"] == wanted} for tab in batches.kinds(self.batch)]
        hidden = batches.hidden_fields(self.batch, self.request.access)
        return {"kinds": tabs, "page": page, "lines": [batches.line_view(line, hidden) for line in page.object_list]}

    def actions(self) -> list[dict]:
        batch = self.batch
        shown = {
            BatchState.READING: ["batch_discard"],
            BatchState.MAPPING: ["batch_columns", "batch_discard"],
            BatchState.PREVIEW: ["batch_columns", "batch_again", "batch_discard"],
            BatchState.REFUSED: ["batch_discard"],
            BatchState.DRAFT: ["batch_submit", "batch_review"],
            BatchState.RETURNED: ["batch_submit", "batch_review"],
            BatchState.SUBMITTED: ["batch_review"],
            BatchState.APPROVED: ["batch_review"],
        }.get(BatchState(batch.state), [])
        labels = {
            "batch_columns": _("Choose columns"),
            "batch_again": _("Read again"),
            "batch_discard": _("Discard"),
            "batch_submit": _("Submit for review"),
            "batch_review": _("Units of the batch"),
        }
        if batch.outcome.get("form") == "board":
            shown = [name for name in shown if name != "batch_columns"]
        return [
            {
                "url": self.url(name, batch.pk),
                "label": labels[name],
                "style": "primary" if name == "batch_submit" else "",
            }
            for name in shown
        ]

    def show(self, status: int = 200, **extra) -> HttpResponse:
        if self.batch.state == BatchState.PREVIEW and "form" not in extra:
            extra["form"] = self.accept_form()
        return super().show(status, **{"form": None, **extra})


class BatchProgress(InBatch, DetailPage):
    """How far the reading is, asked again and again by the waiting page; reloads that page when it is done."""

    template_name = "inventory/batch_progress.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        progress_url = self.url("batch_progress", self.batch.pk)
        response = self.show(batch=self.batch, progress_url=progress_url, home_url=self.get_back_url())
        if self.batch.state != BatchState.READING:
            response["HX-Refresh"] = "true"
        return response


class BatchAccept(Accepting, BatchPage):
    """Take the preview over; a refusal is shown on the preview."""

    def accept(self, values: dict) -> None:
        imports.accept_batch(
            batch=self.batch,
            version=values["version"],
            leave_out_all=values.get("leave_out", False),
            by=self.request.user,
        )


class BatchColumns(InBatch, FormPage):
    """Choose which column holds what; remembered for the project's next file with the same heads."""

    template_name = "inventory/batch_columns.html"
    submit_label = gettext_lazy("Read with these columns")

    def get_form(self, data=None, files=None) -> ColumnsForm:
        return ColumnsForm(data, columns=self.batch.outcome.get("columns", []), initial={"version": self.batch.version})

    def get_context(self) -> dict:
        return {"back_url": self.get_back_url()}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        form = extra["form"]
        columns = batches.columns(self.batch, self.request.access)
        rows = [
            {"letter": letter, "head": head, "samples": samples, "field": form[f"column_{letter}"] if head else None}
            for letter, head, _field, _unit, samples in columns
        ]
        return super().show(status, rows=rows, **extra)

    def perform(self, form) -> ListingBatch:
        return imports.choose_columns(
            batch=self.batch, columns=form.chosen(), version=form.cleaned_data["version"], by=self.request.user
        )


class BatchAction(SeenVersion, InBatch, ActionPage):
    """The base of the batch's named actions: each states what it will do and which version of the batch was seen."""


class BatchAgain(BatchAction):
    """Compare the file with the units once more."""

    submit_label = gettext_lazy("Read again")

    def get_sentence(self) -> str:
        return _(
            "The file is compared with the units as they are now. Nothing is written before you accept the new preview."
        )

    def perform(self, form) -> ListingBatch:
        return imports.read_again(batch=self.batch, version=form.cleaned_data["version"], by=self.request.user)


class BatchDiscard(BatchAction):
    """Give the hand-over up."""

    submit_label = gettext_lazy("Discard")

    def get_sentence(self) -> str:
        return _("Nothing of this file is taken over. The file and who handed it over stay on record.")

    def perform(self, form) -> ListingBatch:
        return imports.discard_batch(batch=self.batch, version=form.cleaned_data["version"], by=self.request.user)


class BatchSubmit(BatchAction):
    """Hand the drafts to the supervisor."""

    submit_label = gettext_lazy("Submit for review")
    success = gettext_lazy("Submitted. The supervisor is told.")

    def get_sentence(self) -> str:
        return _("The supervisor reviews the batch. Until it is decided its units cannot be changed by another file.")

    def perform(self, form) -> ListingBatch:
        review_service.submit_batch(batch=self.batch, by=self.request.user)
        return self.batch


class BatchFile(InBatch, FilePage):
    """The file as it came."""

    def get_file(self) -> HttpResponse:
        self.require_file()
        return files.hand_out(self.batch.file, self.request, project_id=self.project.pk)

    def require_file(self) -> None:
        if self.batch.file is None:
            raise Http404
        if not batches.may_read_file(self.batch, self.request.access):
            raise Forbidden(_("The file holds floor prices. Ask the supervisor."), code="floor_price")


class BatchWorkbook(BatchFile):
    """The file's sheets with every problem marked in its cell."""

    def get_file(self) -> HttpResponse:
        self.require_file()
        audit.record("batch.workbook", by=self.request.user, project_id=self.project.pk, target=self.batch)
        problems = [
            {**problem, **batches.problem_view(problem)}
            for line in self.batch.lines.exclude(problems=[])
            for problem in line.problems
        ]
        grid = read_grid(files.path_of(self.batch.file), name=self.batch.file.name)
        book = marked_workbook(grid, problems=problems)
        return xlsx.response(book, _("%(title)s with problems") % {"title": self.batch.title})
