"""The office's own templates: handed over, judged, kept as versions, one of each kind in force (R3.6)."""

import uuid
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from contracts.models import PaperTemplate
from contracts.papers import filling, guard
from contracts.papers.fields import example
from contracts.services.papers import content_of_template, digest
from contracts.states import PaperKind, TemplateState
from inventory.models import Project
from salescontrol.core import clock, files
from salescontrol.core.access import access_of
from salescontrol.core.errors import Conflict, NotVisible
from salescontrol.core.history import save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission


def upload_template(
    *, op_id: uuid.UUID, project: Project, kind: PaperKind, upload: Any, note: str = "", by: Any
) -> PaperTemplate:
    """Keep a template as the next version of its kind, as a draft, after it was judged and filled with a trade that never was.

    Raises Forbidden, and Refusal at `file` with what is wrong with it, in words.
    """
    access_of(by).require(Permission.PAPER_KEEP, project.pk)

    def run() -> dict:
        if not (upload.name or "").lower().endswith(".docx"):
            raise guard.refused(
                _("A template is a Word document (.docx). Save it in Word in this format."), "wrong_kind"
            )
        kept = files.take_in(upload, by=by, kinds=("document",))
        filling.try_out(files.path_of(kept).read_bytes())
        Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
        last = PaperTemplate.objects.filter(project=project, kind=kind).aggregate(last=Max("version"))["last"] or 0
        row = PaperTemplate(
            project=project, kind=kind, version=last + 1, file=kept, note=note.strip()[:300], uploaded_by=by
        )
        return {"pk": save_tracked(row, action="template.upload", by=by).pk}

    content = {"kind": kind, "note": note, "sha256": digest(upload)}
    reference = once(op_id=op_id, by=by, action="template.upload", content=content, run=run)
    return PaperTemplate.objects.get(pk=reference["pk"])


def put_in_force(*, op_id: uuid.UUID, template: PaperTemplate, by: Any) -> PaperTemplate:
    """From now on papers of this kind are made from this version; the one before is superseded. Raises Forbidden, Conflict."""
    access_of(by).require(Permission.PAPER_KEEP, template.project_id)

    def run() -> dict:
        filling.examine(content_of_template(template, PaperKind(template.kind)))
        rows = PaperTemplate.objects.select_for_update(of=("self",)).filter(
            project=template.project_id, kind=template.kind
        )
        versions = {row.pk: row for row in rows.order_by("pk")}
        if template.pk not in versions:
            raise NotVisible("")
        chosen = versions[template.pk]
        if chosen.state == TemplateState.IN_FORCE:
            raise Conflict(_("This version is in force already."), code="in_force")
        for row in versions.values():
            if row.state == TemplateState.IN_FORCE:
                row.state = TemplateState.SUPERSEDED
                save_tracked(row, action="template.supersede", by=by, fields=["state"])
        chosen.state, chosen.in_force_at, chosen.in_force_by = TemplateState.IN_FORCE, clock.now(), by
        fields = ["state", "in_force_at", "in_force_by"]
        return {"pk": save_tracked(chosen, action="template.enforce", by=by, fields=fields).pk}

    once(op_id=op_id, by=by, action="template.enforce", content={"template": template.pk}, run=run)
    return PaperTemplate.objects.get(pk=template.pk)


def preview(*, template: PaperTemplate | None, kind: PaperKind) -> bytes:
    """The template filled with a trade that never was; without a template the product's own."""
    return filling.fill(content_of_template(template, kind), example())


def held_by(template: PaperTemplate) -> filling.Found:
    """What the template prints. Raises NotVisible when its file is gone, Refusal when the rules have changed since."""
    return filling.examine(content_of_template(template, PaperKind(template.kind)))
