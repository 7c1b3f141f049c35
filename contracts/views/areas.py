"""Surveyed areas settled together: handed over as a list, decided by one request, carried out, and a letter to each buyer."""

import io
import tempfile
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms.areas import AreaBatchForm
from contracts.models import AreaBatch, Change, Paper
from contracts.queries import areas as queries
from contracts.services import area_batches, area_file, papers
from contracts.states import ChangeState
from contracts.views.changes import TONES, InChanges
from salescontrol.core import approvals, files
from salescontrol.core.errors import Conflict
from salescontrol.core.forms import OnceForm
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.templatetags import sales
from salescontrol.core.views import ActionPage, DetailPage, FilePage, FormPage


class AreaBatchNew(InChanges, FormPage):
    """Hand the surveyor's list over."""

    permission = Permission.CHANGE_REQUEST
    title = gettext_lazy("Settle surveyed areas")
    submit_label = gettext_lazy("Submit for approval")
    success = gettext_lazy("Submitted. Whoever decides was told.")
    form_class = AreaBatchForm

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.at("change_list")}

    def perform(self, form) -> AreaBatch:
        values, upload = form.cleaned_data, form.cleaned_data["file"]
        with tempfile.NamedTemporaryFile(suffix=Path(upload.name).suffix[:10]) as kept:
            for chunk in upload.chunks():
                kept.write(chunk)
            kept.flush()
            rows = area_file.read_areas(
                project=self.project, path=Path(kept.name), name=upload.name, access=self.request.access
            )
        return area_batches.request_batch(
            op_id=values["op_id"], project=self.project, title=values["title"], reason=values["reason"], rows=rows,
            keeps=values["keeps"], by=self.request.user,
        )  # fmt: skip

    def get_success_url(self, result: AreaBatch) -> str:
        return self.at("area_batch", result.code)


class InBatch(InChanges):
    """Mixin: `self.batch` among those that the reader may read, or 404."""

    batch: AreaBatch

    def prepare_in_project(self) -> None:
        self.batch = queries.find(self.request.access, self.project, self.kwargs["batch"])

    def get_back_url(self) -> str:
        return self.at("area_batch", self.batch.code)

    def get_success_url(self, result: object) -> str:
        return self.get_back_url()


class AreaBatchPage(InBatch, DetailPage):
    """One list: each contract with what is settled, who decides, and the letters."""

    template_name = "contracts/area_batch.html"

    def get_title(self) -> str:
        return str(self.batch)

    def get_context(self) -> dict:
        batch, access = self.batch, self.request.access
        letters = queries.letters(batch)
        return {
            "batch": batch,
            "lines": [self.line(change, letters.get(change.pk)) for change in queries.lines(batch)],
            "names": access.can(Permission.CLAIM_SEE_ALL, self.project_id),
            "approval_url": approvals.page_url(batch.approval)
            if batch.approval and approvals.visible_to(access).filter(pk=batch.approval_id).exists()
            else "",
            "actions": self.actions(len(letters)),
        }  # fmt: skip

    def line(self, change: Change, letter: Paper | None) -> dict:
        content = change.content or {}
        return {
            "unit": change.unit.number,
            "contract": change.contract,
            "number": change.number,
            "state": change.get_state_display(),
            "tone": TONES[ChangeState(change.state)],
            "url": self.at("change", change.code),
            "agreed": sales.area(content["before"]["area"]) if content else "",
            "surveyed": sales.area(content["surveyed"]) if content else "",
            "settlement": sales.amount(Decimal(content["settlement"])) if content else "",
            "letter": self.at("paper", letter.code) if letter else "",
        }

    def actions(self, letters: int) -> list[dict]:
        approval, access = self.batch.approval, self.request.access
        if approval is None:
            return []
        done = approval.state == Approval.State.EXECUTED
        opens = papers.may_open(access, self.project_id)
        writes = access.can(Permission.DEAL_WRITE, self.project_id) and opens
        own = approval.state == Approval.State.PENDING and approval.requested_by_id == access.user.pk
        executes = approval.state == Approval.State.APPROVED and approvals.may_execute(approval, access)
        shown = [
            (executes, _("Execute"), "area_batch_execute", "seal"),
            (own, _("Withdraw the request"), "area_batch_withdraw", ""),
            (done and writes, _("Make the letters"), "area_batch_letters", "primary"),
            (done and opens and letters, _("Download the letters"), "area_batch_file", ""),
        ]
        return [
            {"label": label, "url": self.at(name, self.batch.code), "style": style}
            for on, label, name, style in shown
            if on
        ]


class AreaBatchAct(InBatch, ActionPage):
    """The base of what is done with a list."""

    form_class = OnceForm

    def get_title(self) -> str:
        return str(self.batch)


class AreaBatchWithdraw(AreaBatchAct):
    """Take one's own list back."""

    permission = Permission.CHANGE_REQUEST
    submit_label = gettext_lazy("Withdraw")
    success = gettext_lazy("Withdrawn. The numbers of its changes stay listed as void.")

    def get_sentence(self) -> str:
        return _("Nobody will decide this list any more, and the locks come off its units. You may hand it over again.")

    def perform(self, form) -> AreaBatch:
        return area_batches.withdraw(op_id=form.cleaned_data["op_id"], code=self.batch.code, by=self.request.user)


class AreaBatchExecute(AreaBatchAct):
    """Settle every contract of the list."""

    permission = Permission.CHANGE_EXECUTE
    submit_label = gettext_lazy("Execute")
    success = gettext_lazy("Every contract of the list is settled.")
    final = True

    def get_sentence(self) -> str:
        return _("What was approved takes effect now, for every contract of the list or for none.")

    def perform(self, form) -> AreaBatch:
        return area_batches.execute(op_id=form.cleaned_data["op_id"], code=self.batch.code, by=self.request.user)


class AreaBatchLetters(AreaBatchAct):
    """A letter for each settled contract that has none."""

    permission = Permission.DEAL_WRITE
    submit_label = gettext_lazy("Make the letters")
    success = gettext_lazy("The letters are there. Download them together, or open one from its line.")

    def get_sentence(self) -> str:
        return _(
            "Each settled contract that has no letter yet gets one, by the template in force, with its own number."
        )

    def perform(self, form) -> list:
        return area_batches.make_letters(code=self.batch.code, by=self.request.user)


class AreaBatchFile(InBatch, FilePage):
    """The letters together; each is on record as opened before anything leaves."""

    permission = Permission.CUSTOMER_REVEAL

    def get_file(self) -> HttpResponse:
        letters = queries.letters(self.batch)
        if not letters:
            raise Conflict(
                _("No letter was made yet. Once the list is carried out, the desk makes them."), code="no_letter"
            )
        stream = io.BytesIO()
        with ZipFile(stream, "w", ZIP_STORED) as archive:
            for paper in letters.values():
                kept = papers.open_paper(paper=paper, by=self.request.user)
                archive.writestr(f"{paper.number or paper.code}.docx", files.content_of(kept))
        answer = HttpResponse(stream.getvalue(), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="letters-{self.batch.code}.zip"'
        return answer
