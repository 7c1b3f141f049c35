"""Pages of the order of turns 轮接: who is next and why, what happened today, and what the desk does about it."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.customers import TURN
from enquiries.forms.rotation import PersonForm, ReasonForm, SwapForm
from enquiries.models import RotationTurn
from enquiries.queries import rotation as query
from enquiries.services import rotation
from enquiries.states import Line, SkipReason, TurnKind
from inventory.models import Project
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import clock, options
from salescontrol.core.errors import Refusal
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage

TONES = {
    TurnKind.TAKEN: "good", TurnKind.SKIPPED: "held", TurnKind.SWAPPED: "reserved", TurnKind.OUT: "muted", TurnKind.BACK: "pending",
}  # fmt: skip


class InRotation(InProject):
    """Mixin: a page of a project for who stands in the order or gives the turns, and for management."""

    def prepare_in_project(self) -> None:
        if not self.may(Permission.VISIT_SEE_OWN):
            self.request.access.require(Permission.VISIT_SEE_ALL, self.project_id)

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    @cached_property
    def people(self) -> list:
        return salespeople(self.project)


class RotationPage(InRotation, DetailPage):
    """Today's orders. Everybody in them reads the names; what was noted, and of which call or visit, only the desk."""

    template_name = "enquiries/rotation.html"
    title = gettext_lazy("Whose turn it is")

    def get_context(self) -> dict:
        desk = self.may(Permission.CALL_LOG)
        return {
            "project": self.project,
            "context_line": f"{self.project.name} · {clock.today(self.project.zone)}",
            "desk": desk,
            "orders": [self.order(line) for line in query.lines_of(self.project)],
            "turns": [self.turn(row, desk) for row in query.turns_of(self.project, clock.today(self.project.zone))],
            "keeps": options.value("rotation.keep", self.project_id),
            "actions": self.actions(desk),
        }

    def actions(self, desk: bool) -> list[dict]:
        links = (("rotation_out", _("Out")), ("rotation_back", _("Back")))
        found = [{"url": self.address(name), "label": label} for name, label in links] if desk else []
        if self.may(Permission.ROSTER_KEEP):
            found.append({"url": self.address("roster"), "label": _("Duty roster")})
        return found

    def order(self, line: Line) -> dict:
        places = [shown(place) for place in query.standing(self.project, line, self.people)]
        asked = f"?line={line.value}"
        return {
            "label": line.label,
            "places": places,
            "next": next((place for place in places if place["is_next"]), None),
            "skip_url": f"{self.address('rotation_skip')}{asked}",
            "swap_url": f"{self.address('rotation_swap')}{asked}",
        }

    def turn(self, row: RotationTurn, desk: bool) -> dict:
        found = {
            "at": row.at, "kind": row.get_kind_display(), "tone": TONES[TurnKind(row.kind)], "who": row.salesperson.name,
            "line": row.get_line_display(), "other": row.other.name if row.other else "", "out_of_turn": row.out_of_turn,
            "reason": row.get_reason_display(), "by": row.by.name, "note": "", "url": "", "number": "",
        }  # fmt: skip
        if desk:
            found |= {"note": row.note, **self.about(row)}
        return found

    def about(self, row: RotationTurn) -> dict:
        """The call or visit that the turn was taken with."""
        for name in ("call", "visit"):
            subject = getattr(row, name)
            if subject is not None:
                return {"number": subject.number, "url": self.address(name, subject.number)}
        return {}


class RotationAct(InRotation, FormPage):
    """The base of what the desk does about the order."""

    permission = Permission.CALL_LOG
    success = gettext_lazy("Noted.")

    @property
    def line(self) -> Line:
        """The order that the address names, if the project has it, else the project's first."""
        lines = query.lines_of(self.project)
        return next((line for line in lines if line == self.request.GET.get("line")), lines[0])

    def offered(self) -> list:
        return self.people

    def get_form_kwargs(self) -> dict:
        return {"people": self.offered()}

    def get_initial(self) -> dict:
        asked = ids([self.request.GET.get("who", "")])
        return {"salesperson": next(iter(asked), "")}

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("rotation")}

    def get_success_url(self, result: Any) -> str:
        return self.address("rotation")


class OfLine(RotationAct):
    """The base of what is done in one of the orders."""

    def get_context(self) -> dict:
        return {**super().get_context(), "context_line": f"{self.project.name} · {self.line.label}"}


class RotationSkip(OfLine):
    """Who is next does not take this one."""

    title = gettext_lazy("Skip who is next")
    submit_label = gettext_lazy("Skip")
    form_class = ReasonForm

    def offered(self) -> list:
        return [place.person for place in query.standing(self.project, self.line, self.people) if not place.is_out]

    def get_initial(self) -> dict:
        first = query.next_up(self.project, self.line, self.people)
        return {"salesperson": first.person.pk if first else ""}

    def perform(self, form) -> RotationTurn:
        return rotation.skip_turn(project=self.project, line=self.line, by=self.request.user, **form.cleaned_data)


class RotationSwap(OfLine):
    """Two people change places."""

    title = gettext_lazy("Swap two people")
    submit_label = gettext_lazy("Swap")
    form_class = SwapForm

    def perform(self, form) -> RotationTurn:
        return rotation.swap_turns(project=self.project, line=self.line, by=self.request.user, **form.cleaned_data)


class RotationOut(RotationAct):
    """Somebody is passed over until they are back."""

    title = gettext_lazy("Out: is passed over for now")
    submit_label = gettext_lazy("Note that they are out")
    form_class = ReasonForm

    def offered(self) -> list:
        out = query.out_today(self.project)
        return [person for person in self.people if person.pk not in out]

    def perform(self, form) -> RotationTurn:
        return rotation.go_out(project=self.project, by=self.request.user, **form.cleaned_data)


class RotationBack(RotationAct):
    """Somebody stands in the order again."""

    title = gettext_lazy("Back in the order")
    submit_label = gettext_lazy("Note that they are back")
    form_class = PersonForm

    def offered(self) -> list:
        out = query.out_today(self.project)
        return [person for person in self.people if person.pk in out]

    def perform(self, form) -> RotationTurn:
        return rotation.come_back(project=self.project, by=self.request.user, **form.cleaned_data)


def shown(place: query.Place) -> dict:
    """A place as pages get it: the salesperson by name and id."""
    facts = {
        field: getattr(place, field) for field in ("minutes", "turns", "is_out", "out_reason", "passed", "is_next")
    }
    return {"name": place.person.name, "pk": place.person.pk, **facts}


class TakesTurns:
    """Mixin of a sheet on which somebody is proposed by the order `line`: the choice, and skipping who is next."""

    line: Line
    project: Project
    request: HttpRequest

    @cached_property
    def next_up(self) -> query.Place | None:
        people = salespeople(self.project)
        return query.next_up(self.project, query.line_for(self.project, self.line), people)

    def turn_label(self) -> str:
        """What leaving it to the order is called in the list of salespeople."""
        if self.next_up is None:
            return _("in turn: nobody is on duty now")
        words = {"name": self.next_up.person.name, "minutes": self.next_up.minutes}
        if options.value("rotation.owner_first", self.project.pk):
            return _("their salesperson, else in turn: %(name)s, waited %(minutes)s min") % words
        return _("in turn: %(name)s, waited %(minutes)s min") % words

    def turn_initial(self) -> str:
        return TURN if self.next_up else ""

    def turn_context(self) -> dict:
        return {
            "next_up": shown(self.next_up) if self.next_up else None,
            "skip_reasons": SkipReason.choices,
            "rotation_url": self.rotation_url(),
        }

    def rotation_url(self) -> str:
        return reverse("enquiries:rotation", args=[self.project.code])

    def skip(self) -> None:
        """Skip who was shown as next; a refusal is said above the sheet. Sent twice, the second finds somebody else in front."""
        asked = ids([self.request.POST.get("skip", "")])
        person = next((person for person in salespeople(self.project) if person.pk in asked), None)
        try:
            if person is not None:
                rotation.skip_turn(
                    op_id=uuid4(), project=self.project, line=query.line_for(self.project, self.line), salesperson=person,
                    reason=self.request.POST.get("skip_reason", ""), note=self.request.POST.get("skip_note", "")[:200],
                    by=self.request.user,
                )  # fmt: skip
        except Refusal as refusal:
            messages.warning(self.request, refusal.message)
