"""How the room answers the phone: tables, each with plain bars; every figure leads to its rows (R2.1)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from enquiries.forms.measures import PeriodForm
from enquiries.queries.conversion import conversion
from enquiries.queries.measures import Line, measures
from enquiries.views.calls import InCalls
from salescontrol.core import clock, panels
from salescontrol.core.permissions import Permission
from salescontrol.core.views import Page


class CallMeasures(InCalls, Page):
    """The figures of a period, by default of the last thirty days."""

    permission = Permission.MEASURES_SEE
    template_name = "enquiries/measures.html"
    title = _("Measures of calls")

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        today = clock.today()
        asked = bool(request.GET.get("since") or request.GET.get("until"))
        form = PeriodForm(request.GET if asked else None)
        since, until = form.period(today)
        if not form.is_bound:
            form = PeriodForm(initial={"since": since, "until": until})
        found = measures(request.access, self.project, since, until)
        became = conversion(request.access, self.project, since, until)
        period = {"project": self.project, "since": since, "until": until}
        return self.show(
            form=form, found=found, tables=self.tables(found), list_url=self.address("call_list"), project=self.project,
            days=found.whole.asked, context_line=f"{self.project.name} · {since} – {until}",
            became=became, conversions=((_("By who answered"), became.by_person), (_("By channel"), became.by_channel)),
            sections=panels.sections("call_measures", request.access, period),
        )  # fmt: skip

    def tables(self, found: Any) -> list[dict]:
        """Each table with the length of its longest bar."""
        named: tuple[tuple[Any, tuple[Line, ...]], ...] = (
            (_("By hour"), found.by_hour), (_("By who answered"), found.by_person), (_("By channel"), found.by_channel)
        )  # fmt: skip
        return [
            {"title": title, "lines": lines, "top": max((line.total for line in lines), default=1)} for title, lines in named
        ]  # fmt: skip
