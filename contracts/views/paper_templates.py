"""The office's templates and the fields that may stand in them; kept by the supervisor (R3.6)."""

from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contracts.forms.papers import TemplateForm
from contracts.models import PaperTemplate
from contracts.papers import defaults
from contracts.papers.fields import FIELDS, GROUPS
from contracts.queries import papers as queries
from contracts.services import paper_templates as service
from contracts.states import PaperKind, TemplateState
from contracts.views.papers import InSales
from salescontrol.core import files, tables
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import OnceForm
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FilePage, FormPage, ListPage

TONES = {TemplateState.DRAFT: "warn", TemplateState.IN_FORCE: "good", TemplateState.SUPERSEDED: "withheld"}


class KeepsTemplates(InSales):
    """Mixin: for whoever keeps the templates."""

    permission = Permission.PAPER_KEEP


class TemplateList(KeepsTemplates, ListPage):
    """Every version of every template."""

    template_name = "contracts/template_list.html"
    title = gettext_lazy("Templates of papers")
    default_order = ("kind", "-version")
    empty = gettext_lazy("The office has no templates of its own yet: papers are made from those of the product.")

    def get_rows(self):
        return queries.templates(self.project)

    def get_columns(self):
        return [
            tables.Column("kind", pgettext("sale", "Paper"), lambda row: row.get_kind_display(), sort=("kind",),
                          link=lambda row: self.address("template", row.pk)),
            tables.Column("version", _("Version"), format="int", sort=("version",)),
            tables.Column("state", _("State"), lambda row: row.get_state_display(), sort=("state",),
                          tone=lambda row: TONES[TemplateState(row.state)]),
            tables.Column("note", _("Note"), wrap=True),
            tables.Column("uploaded_at", pgettext("moment", "Uploaded"), format="moment", sort=("uploaded_at",)),
            tables.Column("uploaded_by", _("By"), "uploaded_by.name", minor=True),
        ]  # fmt: skip

    def get_context(self) -> dict:
        return {
            "context_line": self.project.name,
            "own": [
                {"label": kind.label, "url": self.address("template_own", kind.value.lower())} for kind in PaperKind
            ],
            "actions": [
                {"label": _("Upload a template"), "url": self.address("template_upload"), "style": "primary"},
                {"label": _("Fields"), "url": self.address("template_fields"), "style": ""},
            ],
        }


class FieldList(KeepsTemplates, DetailPage):
    """The names that may stand in a template, each with what it means and how it looks."""

    template_name = "contracts/template_fields.html"
    title = gettext_lazy("Fields of templates")

    def get_context(self) -> dict:
        groups = [{"label": label, "fields": fields} for label, fields in GROUPS]
        return {"groups": groups, "back_url": self.address("template_list")}


class TemplateUpload(KeepsTemplates, FormPage):
    """Hand over a template: it is judged before it is kept."""

    form_class = TemplateForm
    title = gettext_lazy("Upload a template")
    submit_label = gettext_lazy("Check and keep")
    success = gettext_lazy("The template was checked and kept as a draft. Look at the preview, then put it in force.")

    def get_initial(self) -> dict:
        return {"kind": self.request.GET.get("kind", "")}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("template_list")}

    def perform(self, form) -> PaperTemplate:
        values = form.cleaned_data
        return service.upload_template(
            op_id=values["op_id"], project=self.project, kind=PaperKind(values["kind"]), upload=values["file"],
            note=values["note"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: PaperTemplate) -> str:
        return self.address("template", result.pk)


class OneTemplate(KeepsTemplates):
    """Mixin: `self.template`, a version of this project's, or 404."""

    template: PaperTemplate

    def prepare_in_project(self) -> None:
        found = queries.templates(self.project).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.template = found

    def get_title(self) -> str:
        words = {"paper": self.template.get_kind_display(), "version": self.template.version}
        return _("%(paper)s, version %(version)s") % words


class TemplatePage(OneTemplate, DetailPage):
    """One version: what it prints, what it lacks, and whether it is in force."""

    template_name = "contracts/template.html"

    def get_context(self) -> dict:
        used, missing, problem = [], [], ""
        try:
            found = service.held_by(self.template)
            names = {name.partition(".")[0] for name in found.fields}
            used = [field for name, field in FIELDS.items() if name in names]
            missing = [FIELDS[name] for name in found.missing(PaperKind(self.template.kind))]
        except Refusal as refusal:
            problem = refusal.message
        return {
            "template": self.template, "tone": TONES[TemplateState(self.template.state)], "used": used, "missing": missing,
            "problem": problem, "list_url": self.address("template_list"), "actions": self.actions(bool(problem)),
        }  # fmt: skip

    def actions(self, broken: bool) -> list[dict]:
        shown = [
            (
                self.template.state != TemplateState.IN_FORCE and not broken,
                _("Put in force"),
                "template_enforce",
                "primary",
            ),
            (not broken, _("Preview"), "template_preview", ""),
            (True, _("Word document"), "template_file", ""),
        ]
        return [
            {"label": label, "url": self.address(name, self.template.pk), "style": style}
            for on, label, name, style in shown
            if on
        ]


class TemplateFile(OneTemplate, FilePage):
    """The template as it was handed over."""

    def get_file(self) -> HttpResponseBase:
        return files.hand_out(self.template.file, self.request, project_id=self.project_id)


class TemplatePreview(OneTemplate, FilePage):
    """The template filled with a trade that never was."""

    def get_file(self) -> HttpResponseBase:
        kind = PaperKind(self.template.kind)
        content = service.preview(template=self.template, kind=kind)
        return files.as_download(content, f"preview-{kind.value.lower()}-{self.template.version}.docx")


class TemplateEnforce(OneTemplate, ActionPage):
    """From now on papers of this kind are made from this version."""

    form_class = OnceForm
    submit_label = gettext_lazy("Put in force")

    def get_sentence(self) -> str:
        return _(
            "From now on papers of this kind are made from this version. Papers that were made before stay as they are."
        )

    def get_back_url(self) -> str:
        return self.address("template", self.template.pk)

    def perform(self, form) -> PaperTemplate:
        return service.put_in_force(op_id=form.cleaned_data["op_id"], template=self.template, by=self.request.user)

    def get_success(self, result: PaperTemplate) -> str:
        return _("In force: %(template)s.") % {"template": self.get_title()}

    def get_success_url(self, result: PaperTemplate) -> str:
        return self.address("template", result.pk)


class OwnTemplate(KeepsTemplates, FilePage):
    """The product's own template of a kind, to start from in Word."""

    def get_file(self) -> HttpResponseBase:
        kind = self.kwargs["kind"].upper()
        if kind not in PaperKind.values:
            raise Http404
        return files.as_download(defaults.template(PaperKind(kind)), f"{kind.lower()}.docx")
