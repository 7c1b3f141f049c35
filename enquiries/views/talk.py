"""Pages of talking points 说辞, and the answer desk (R2.2)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.forms.calls import AnswerForm
from enquiries.forms.talk import PointFilter, PointForm
from enquiries.models import TalkingPoint
from enquiries.queries import talk as query
from enquiries.queries.answers import answers
from enquiries.services import talk
from enquiries.states import Talk
from inventory.views.base import InProject
from salescontrol.core import clock, tables
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage, Page

STANDING = {
    "valid": pgettext_lazy("talking point", "Valid"),
    "later": pgettext_lazy("talking point", "Not yet valid"),
    "over": pgettext_lazy("talking point", "No longer valid"),
}
TONES = {"valid": "available", "later": "pending", "over": "withheld"}


class InTalk(InProject):
    """Mixin: a page of a project for everybody who works on its board."""

    def prepare_in_project(self) -> None:
        self.request.access.require(Permission.BOARD_SEE, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    @property
    def keeps(self) -> bool:
        return self.request.access.can(Permission.TALK_KEEP, self.project_id)


class OnePoint(InTalk):
    """Mixin: one talking point among those that the reader may see, or 404."""

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        self._point = query.find(self.request.access, self.project, self.kwargs["pk"])


class AnswerDesk(InTalk, Page):
    """Units that fit and what to say: a page of its own, or its result alone beside a call (htmx)."""

    template_name = "enquiries/answers.html"
    title = gettext_lazy("Answers")

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = AnswerForm(request.GET)
        form.is_valid()
        found = answers(request.access, self.project, form.cleaned_data, form.cleaned_data.get("q", ""))
        if request.htmx:
            return render(request, "enquiries/answers_found.html", {"project": self.project, "answers": found})
        return self.show(form=form, answers=found, project=self.project, context_line=self.project.name)


class TalkList(InTalk, ListPage):
    """What callers are told; who keeps the points sees the ended ones too."""

    title = gettext_lazy("Talking points")
    filterset_class = PointFilter
    default_order = ("kind", "title", "pk")

    @property
    def empty(self) -> str:
        if self.keeps:
            return _("No talking points yet. Write what callers are told about prices, schools and fees.")
        return _("No talking points yet. The supervisor writes them.")

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_columns(self):
        return (
            tables.Column(
                "title", gettext_lazy("Title"), sort=("title",), link=lambda row: self.address("talk", row.pk)
            ),
            tables.Column("kind", gettext_lazy("Kind"), sort=("kind",), choices=dict(Talk.choices)),
            tables.Column("text", gettext_lazy("Text"), wrap=True),
            tables.Column("valid_until", gettext_lazy("Valid until"), format="day", sort=("valid_until",), minor=True),
            tables.Column("standing", gettext_lazy("State"), choices=STANDING, tone=lambda row: TONES[row.standing]),
        )

    def get_context(self) -> dict:
        button = {"url": self.address("talk_new"), "label": _("Write one"), "style": "primary"}
        return {"actions": [button] if self.keeps else [], "context_line": self.project.name}


class TalkPage(OnePoint, DetailPage):
    """One talking point, and for who keeps it what was said before."""

    template_name = "enquiries/talk.html"

    def get_title(self) -> str:
        return self._point.title

    def get_context(self) -> dict:
        point = self._point
        actions = [
            {"url": self.address("talk_end", point.pk), "label": _("End it")},
            {"url": self.address("talk_change", point.pk), "label": _("Change"), "style": "primary"},
        ]
        return {
            "project": self.project,
            "shown": {
                "kind": point.get_kind_display(), "text": point.text, "valid_from": point.valid_from,
                "valid_until": point.valid_until, "version": point.version, "standing": STANDING[point.standing],
                "tone": TONES[point.standing],
            },
            "actions": actions if self.keeps and point.ended_at is None else [],
            "steps": query.steps(point) if self.keeps else [],
        }  # fmt: skip


class TalkNew(InTalk, FormPage):
    """A new talking point."""

    permission = Permission.TALK_KEEP
    title = gettext_lazy("Write a talking point")
    success = gettext_lazy("Saved.")
    form_class = PointForm

    def get_initial(self) -> dict:
        return {"valid_from": clock.today(self.project.zone), "version": 0}

    def get_context(self) -> dict:
        return {"back_url": self.address("talk_list"), "context_line": self.project.name}

    def perform(self, form) -> TalkingPoint:
        values = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        return talk.write_point(project=self.project, by=self.request.user, **values)

    def get_success_url(self, result: Any) -> str:
        return self.address("talk", result.pk)


class TalkChange(OnePoint, TalkNew):
    """Say it differently from now on."""

    title = gettext_lazy("Change the talking point")

    def get_initial(self) -> dict:
        return {name: getattr(self._point, name) for name in PointForm.base_fields}

    def perform(self, form) -> TalkingPoint:
        values = {**form.cleaned_data, "version": form.cleaned_data["version"] or 0}
        return talk.change_point(point=self._point, by=self.request.user, **values)


class TalkEnd(OnePoint, ActionPage):
    """Nobody says it any more."""

    permission = Permission.TALK_KEEP
    title = gettext_lazy("End the talking point")
    submit_label = gettext_lazy("End it")
    success = gettext_lazy("Ended.")

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if self._point.ended_at is not None and self.keeps:
            raise NotVisible("")

    def get_form(self, data=None, files=None):
        return Form(data)

    def get_sentence(self) -> str:
        return _("“%(title)s” is shown to nobody from now on. Its history stays.") % {"title": self._point.title}

    def get_back_url(self) -> str:
        return self.address("talk", self._point.pk)

    def perform(self, form) -> TalkingPoint:
        return talk.end_point(point=self._point, by=self.request.user)

    def get_success_url(self, result: Any) -> str:
        return self.address("talk_list")
