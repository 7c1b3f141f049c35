"""Pages of imports of customers and calls: hand over a list, look at the preview, accept it, the workbook with the problems (R2.5)."""

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.intake import HandOverForm, IntakeFilter
from enquiries.intake.problems import refusal
from enquiries.intake.template import template_workbook
from enquiries.models import Intake
from enquiries.queries import intake as query
from enquiries.queries.scope import intakes_visible_to
from enquiries.services import intake as service
from enquiries.states import IntakeContent, IntakeKind, IntakeState
from inventory.importing import read_grid_of
from inventory.importing.marked import marked_workbook
from inventory.queries import batches
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from inventory.views.imports import Accepting, Previewed, SeenVersion
from salescontrol.core import tables, xlsx
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FilePage, FormPage, ListPage

LINES_PER_PAGE = 50


class InIntakes(InProject):
    """Mixin: a page of a project for those who take lists over."""

    permission = Permission.CUSTOMER_IMPORT

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])


class IntakeList(InIntakes, ListPage):
    """The project's imports, newest first."""

    title = gettext_lazy("Imports of customers and calls")
    empty = gettext_lazy(
        "No import yet. Take over the customers and calls that the office has kept in a workbook; the template shows how."
    )
    filterset_class = IntakeFilter
    default_order = ("-made_at", "-pk")

    def get_rows(self):
        visible = intakes_visible_to(self.request.access).filter(project=self.project)
        return visible.select_related("made_by", "file")

    def get_columns(self):
        return (
            tables.Column("number", _("Import"), link=lambda row: self.address("intake", row.pk), sort=("number",)),
            tables.Column("content", _("The file holds"), lambda row: row.get_content_display(), sort=("content",)),
            tables.Column("file", _("File"), "file.name"),
            tables.Column("new", _("New"), lambda row: query.counted(row, "new"), format="int"),
            tables.Column("refused", _("Refused"), lambda row: query.counted(row, "refused"), format="int"),
            tables.Column("made_by", _("Handed over by"), "made_by.name", sort=("made_by__name",)),
            tables.Column("made_at", _("Time"), format="moment", sort=("made_at",)),
            tables.Column(
                "state", _("State"), lambda row: row.get_state_display(), tone=lambda row: query.STATE_TONES[row.state],
                sort=("state",),
            ),
        )  # fmt: skip

    def get_context(self) -> dict:
        new = {"url": self.address("intake_new"), "label": _("Take a list over"), "style": "primary"}
        return {"actions": [new], "context_line": self.project.name}


class IntakeNew(InIntakes, FormPage):
    """Hand a list over."""

    title = gettext_lazy("Take a list over")
    submit_label = gettext_lazy("Hand over")
    form_class = HandOverForm
    template_name = "enquiries/intake_new.html"

    def get_context(self) -> dict:
        template = self.address("intake_template")
        templates = [
            {"url": f"{template}?of={content.value.lower()}", "label": label}
            for content, label in (
                (IntakeContent.CUSTOMERS, _("Template for customers")),
                (IntakeContent.CALLS, _("Template for calls")),
            )
        ]
        return {"back_url": self.address("intake_list"), "context_line": self.project.name, "templates": templates}

    def perform(self, form) -> Intake:
        values = form.cleaned_data
        return service.submit_file(
            project=self.project, content=values["content"], upload=values["file"], note=values["note"], by=self.request.user
        )  # fmt: skip

    def get_success_url(self, result: Intake) -> str:
        return self.address("intake", result.pk)


class IntakeTemplate(InIntakes, FilePage):
    """An empty list with the heads that are understood, what belongs under each, and choices as lists (R6.1)."""

    def get_file(self) -> HttpResponse:
        asked = self.request.GET.get("of", "").upper()
        content = IntakeContent(asked) if asked in IntakeContent.values else IntakeContent.CUSTOMERS
        book = template_workbook(content, salespeople(self.project))
        return xlsx.response(book, _("%(list)s of %(project)s") % {"list": content.label, "project": self.project.name})


class InIntake(InIntakes):
    """Mixin: `self.batch`, an import among those the user may see, or 404."""

    def prepare_in_project(self) -> None:
        visible = intakes_visible_to(self.request.access).filter(project=self.project, pk=self.kwargs["pk"])
        found = visible.select_related("made_by", "file", "project", "accepted_by").first()
        if found is None:
            raise Http404
        self.batch = found

    def get_title(self) -> str:
        return self.batch.number

    def get_success_url(self, result: Intake) -> str:
        return self.address("intake", result.pk)

    def get_back_url(self) -> str:
        return self.address("intake", self.batch.pk)


class IntakePage(Previewed, InIntake, DetailPage):
    """Where an import stands: being read, its preview, why it was refused, what it entered. Each showing is on record first."""

    template_name = "enquiries/intake.html"

    def get_context(self) -> dict:
        intake = self.batch
        return {
            "intake": intake,
            "batch": intake,
            "of_what": _("Customer") if intake.content == IntakeContent.CUSTOMERS else _("Caller"),
            "skipped_title": _("Rows that are no entries"),
            "counts": intake.outcome.get("counts", {}),
            "tone": query.STATE_TONES[IntakeState(intake.state)],
            "refusal": refusal(intake.outcome, intake.content),
            "remarks": query.remarks(intake),
            "skipped": query.skipped(intake),
            "blank_rows": intake.outcome.get("blank_rows", 0),
            "working": intake.state in (IntakeState.READING, IntakeState.WRITING),
            "progress_url": self.address("intake_progress", intake.pk),
            "home_url": self.get_back_url(),
            "list_url": self.address("intake_list"),
            "accept_url": self.address("intake_accept", intake.pk),
            "workbook_url": self.workbook_url(),
            "actions": [*self.actions()],
            "form": None,
            **self.lines(),
        }

    def workbook_url(self) -> str:
        may = self.request.access.can(Permission.CUSTOMER_REVEAL, self.project_id)
        read = self.batch.state in (IntakeState.PREVIEW, IntakeState.DONE) and self.batch.dropped_at is None
        return self.address("intake_workbook", self.batch.pk) if may and read else ""

    def lines(self) -> dict:
        wanted = self.request.GET.get("kind", "")
        page = Paginator(
            batches.lines(self.batch, wanted, IntakeKind).select_related("customer"), LINES_PER_PAGE
        ).get_page(self.request.GET.get("page"))
        tabs = [{**tab, "current": tab["key"] == wanted} for tab in batches.kinds(self.batch, IntakeKind)]
        shown = query.line_views(self.batch, page.object_list)
        for item in shown:
            number = item["line"]["customer"]
            item["url"] = self.address("customer", number) if number else ""
        return {"kinds": tabs, "page": page, "lines": shown}

    def actions(self) -> Iterator[dict]:
        pk, state = self.batch.pk, self.batch.state
        if state == IntakeState.PREVIEW:
            yield {"url": self.address("intake_again", pk), "label": _("Read again")}
        if state in service.OPEN:
            yield {"url": self.address("intake_discard", pk), "label": _("Discard")}
        if state == IntakeState.REFUSED:
            yield {"url": self.address("intake_new"), "label": _("Hand over a corrected file"), "style": "primary"}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        service.note_seen(intake=self.batch, by=self.request.user)
        if self.batch.state == IntakeState.PREVIEW:
            extra.setdefault("form", self.accept_form())
        return super().show(status, **extra)


class IntakeProgress(InIntake, DetailPage):
    """How far the work is, asked again and again by the waiting page; reloads that page when it is done."""

    template_name = "inventory/batch_progress.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        intake = self.batch
        response = self.show(
            batch=intake, progress_url=self.address("intake_progress", intake.pk), home_url=self.get_back_url()
        )
        if intake.state not in (IntakeState.READING, IntakeState.WRITING):
            response["HX-Refresh"] = "true"
        return response


class IntakeAccept(Accepting, IntakePage):
    """Accept the preview; a refusal is shown on the preview."""

    def accept(self, values: dict) -> None:
        service.accept(
            intake=self.batch, version=values["version"], leave_out=values.get("leave_out", False), by=self.request.user
        )


class IntakeAction(SeenVersion, InIntake, ActionPage):
    """The base of the import's named actions: each states what it will do and which version was seen."""


class IntakeAgain(IntakeAction):
    """Compare the file with the project once more."""

    submit_label = gettext_lazy("Read again")

    def get_sentence(self) -> str:
        return _(
            "The file is compared with the customers as they are now. Nothing is written before you accept the new preview."
        )

    def perform(self, form) -> Intake:
        return service.read_again(intake=self.batch, version=form.cleaned_data["version"], by=self.request.user)


class IntakeDiscard(IntakeAction):
    """Give the import up."""

    submit_label = gettext_lazy("Discard")

    def get_sentence(self) -> str:
        return _(
            "Nothing of this file is taken over, and what it says is forgotten. Who handed it over stays on record."
        )

    def perform(self, form) -> Intake:
        return service.discard(intake=self.batch, version=form.cleaned_data["version"], by=self.request.user)


class IntakeWorkbook(InIntake, FilePage):
    """The file's sheets with every problem marked in its cell; it holds whole numbers, so that who takes it is on record."""

    def get_file(self) -> HttpResponse:
        if self.batch.state not in (IntakeState.PREVIEW, IntakeState.DONE):
            raise Http404
        content = service.take_out(intake=self.batch, by=self.request.user)
        book = marked_workbook(read_grid_of(content, name=self.batch.file.name), problems=query.problems(self.batch))
        return xlsx.response(book, _("%(title)s with problems") % {"title": self.batch.number})
