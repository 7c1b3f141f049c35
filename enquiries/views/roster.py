"""The duty roster of a week: one field from, one to, for each salesperson and day; the week before can be copied."""

from datetime import date, time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enquiries.queries import roster as query
from enquiries.services import roster
from enquiries.views.calendar import day_of
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import clock
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage


class Roster(InProject, DetailPage):
    """Who works when in the week; POST sets the hours, or copies the week before."""

    permission = Permission.ROSTER_KEEP
    template_name = "enquiries/roster.html"
    title = gettext_lazy("Duty roster")

    @property
    def first(self) -> date:
        return query.monday(day_of(self.request, clock.today(self.project.zone)))

    def address(self) -> str:
        return f"{reverse('enquiries:roster', args=[self.project.code])}?day={self.first}"

    def get_context(self, typed: Any = None) -> dict:
        people, off = salespeople(self.project), query.days_off(self.first)
        opens, closes = query.opening_times(self.project)
        days = query.week(self.first)
        return {
            "project": self.project, "first": self.first, "last": days[-1],
            "before": query.monday(days[0] - query.GRID * 96), "after": query.monday(days[0] + query.GRID * 96 * query.DAYS),
            "days": [{"day": day, "off": off.get(day, "")} for day in days],
            "lines": [self.line(line, days, typed) for line in query.lines(self.project, people, self.first)],
            "hours": f"{opens:%H:%M}–{closes:%H:%M}",
            "history": [*query.shift_changes(self.project, self.first)],
            "refusal": "",
        }  # fmt: skip

    def line(self, line: query.Line, days: list[date], typed: Any) -> dict:
        return {
            "name": line.person.name,
            "cells": [self.cell(line.person, day, shift, typed) for day, shift in zip(days, line.shifts, strict=True)],
        }

    def cell(self, person: Any, day: date, shift: Any, typed: Any) -> dict:
        """The two fields of a day: what was typed, else what is planned."""
        name = f"{person.pk}-{day}"
        planned = {"from": f"{shift.starts:%H:%M}", "to": f"{shift.ends:%H:%M}"} if shift else {"from": "", "to": ""}
        if typed is not None:
            planned = {part: typed.get(f"{part}-{name}", planned[part])[:8] for part in planned}
        return {"name": name, "day": day, "starts": planned["from"], "ends": planned["to"]}

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            if "copy" in request.POST:
                changed = roster.copy_week(project=self.project, first=self.first, by=request.user)
            else:
                changed = roster.keep_roster(project=self.project, hours=self.hours(), by=request.user)
        except Refusal as refusal:
            return self.show(refusal.status, **{**self.get_context(request.POST), "refusal": refusal.message})
        text = ngettext("%(count)s shift changed.", "%(count)s shifts changed.", changed)
        messages.success(request, text % {"count": changed})
        return HttpResponseRedirect(self.address())

    def hours(self) -> dict:
        """Salesperson and day → hours, of every pair of fields that was sent. Raises Refusal for what is no time."""
        found = {}
        for person in salespeople(self.project):
            for day in query.week(self.first):
                texts = [self.request.POST.get(f"{part}-{person.pk}-{day}") for part in ("from", "to")]
                if None not in texts:
                    found[person.pk, day] = self.span(person, day, [str(text).strip() for text in texts])
        if not found:
            raise Refusal(_("Enter the hours of at least one salesperson, such as 09:00 and 18:00."), code="nothing")
        return found

    def span(self, person: Any, day: date, texts: list[str]) -> tuple[time, time] | None:
        if texts == ["", ""]:
            return None
        try:
            return time.fromisoformat(texts[0]), time.fromisoformat(texts[1])
        except ValueError:
            words = {"name": person.name, "day": day}
            message = _("%(name)s, %(day)s: enter both times, such as 09:00 and 18:00, or neither.") % words
            raise Refusal(message, code="time") from None
