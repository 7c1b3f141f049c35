"""Viewings by day and week, the reception's sheet of a day, a salesperson's day on a phone, and the calendar of others' devices."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.viewings import CalendarFilter
from enquiries.queries import roster
from enquiries.queries import viewings as query
from enquiries.queries.calendars import calendar_of, link_of, owner_of
from enquiries.services import calendars, looks
from enquiries.states import ViewingState
from enquiries.views.viewings import InViewings
from salescontrol.core import clock, files, navigation, panels
from salescontrol.core.forms import Form
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage


def day_of(request: HttpRequest, otherwise: date) -> date:
    """The day that the address asks for, if it is one in this century."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return otherwise
    return day if 2000 <= day.year <= 2099 else otherwise


class Calendar(InViewings, DetailPage):
    """The base of pages about the viewings of some days: `first` to `last`, and how far to leaf."""

    step = 1

    @property
    def day(self) -> date:
        return day_of(self.request, clock.today(self.project.zone))

    @property
    def first(self) -> date:
        return self.day

    @cached_property
    def filter(self) -> CalendarFilter:
        """The viewings of these days that match what is asked for."""
        access, last = self.request.access, self.first + timedelta(days=self.step - 1)
        people = query.salespeople_of(access, self.project) if self.sees_all else None
        return CalendarFilter(
            self.request.GET, queryset=query.between(access, self.project, self.first, last), salespeople=people
        )

    def shown(self) -> list[query.ViewingCard]:
        """The viewings of these days; that their customers are named is on record first."""
        cards = [query.card(self.request.access, row) for row in self.filter.qs]
        self.note_listed(len(cards))
        return cards

    def get_context(self) -> dict:
        return {
            "project": self.project,
            "people": self.sees_all,
            "filter": self.filter,
            "filtered": any(self.request.GET.get(name) for name in self.filter.form.fields),
            "day": self.first,
            "before": self.first - timedelta(days=self.step),
            "after": self.first + timedelta(days=self.step),
            "today": clock.today(self.project.zone),
            "actions": self.book_button,
            "context_line": self.project.name,
        }


class ViewingDay(Calendar):
    """The viewings of a day, by time."""

    template_name = "enquiries/viewing_day.html"
    title = gettext_lazy("Viewings")

    def get_context(self) -> dict:
        cards = self.shown()
        sheet = {"url": f"{self.address('viewing_sheet')}?day={self.day}", "label": _("Sheet for reception")}
        context = super().get_context()
        return {
            **context,
            "cards": cards,
            "actions": [sheet, *context["actions"]] if self.sees_all else context["actions"],
        }


class ViewingWeek(Calendar):
    """The viewings of a week, a column for each day."""

    template_name = "enquiries/viewing_week.html"
    title = gettext_lazy("Viewings")
    step = roster.DAYS

    @property
    def first(self) -> date:
        return roster.monday(self.day)

    def get_context(self) -> dict:
        cards, off = self.shown(), roster.days_off(self.first)
        days = [
            {"day": day, "off": off.get(day, ""), "cards": [card for card in cards if self.on(card) == day]}
            for day in roster.week(self.first)
        ]
        return {**super().get_context(), "days": days}

    def on(self, card: query.ViewingCard) -> date:
        return clock.local(card.starts_at, self.project.zone).date()


class ViewingSheet(Calendar):
    """Who is expected on a day, for reception, on paper: names, numbers and rooms, no phone numbers."""

    template_name = "enquiries/viewing_sheet.html"
    permission = Permission.VIEWING_SEE_ALL
    title = gettext_lazy("Expected visitors")

    def get_context(self) -> dict:
        gone = {ViewingState.CANCELLED.value, ViewingState.NO_SHOW.value}
        cards = [card for card in self.shown() if card.state not in gone]
        back = f"{self.address('viewing_day')}?day={self.day}"
        return {**super().get_context(), "cards": cards, "back_url": back, "printed_at": clock.now()}


class MyDay(DetailPage):
    """A salesperson's day on a phone: today's viewings, then what other parts of the house have for them."""

    template_name = "enquiries/my_day.html"
    title = gettext_lazy("My day")
    permission = Permission.VIEWING_SEE_OWN

    def get_context(self) -> dict:
        access, today = self.request.access, clock.today()
        rows = list(query.own_day(access, today))
        for row in rows:
            if query.sees_name(access, row):
                looks.note_seen(customer=row.customer, by=self.request.user)
        project = navigation.current_project(self.request)
        return {
            "today": today,
            "cards": [query.card(access, row) for row in rows],
            "sections": panels.sections("day", access, project),
        }


class CalendarMake(ActionPage):
    """A new secret address for one's own calendar; it is shown once."""

    title = gettext_lazy("Calendar on your devices")
    submit_label = gettext_lazy("Make the address")
    form_class = Form

    def prepare(self) -> None:
        calendars.require_calendar(self.request.access)

    def get_sentence(self) -> str:
        if link_of(self.request.user):
            return _("A new address is made. The one before opens nothing any more, on none of your devices.")
        return _("Whoever has the address reads times, project and rooms of your viewings, and no names.")

    def get_back_url(self) -> str:
        return reverse("security:me")

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        secret = calendars.make_calendar(by=request.user)
        link = request.build_absolute_uri(reverse("calendar_feed", args=[secret]))
        self.template_name = "enquiries/calendar_made.html"
        return self.show(link=link, form=Form())


class CalendarRevoke(ActionPage):
    """End the address of one's own calendar."""

    title = gettext_lazy("Revoke the calendar address")
    submit_label = gettext_lazy("Revoke")
    success = gettext_lazy("The address is revoked.")
    form_class = Form
    final = True

    def prepare(self) -> None:
        calendars.require_calendar(self.request.access)

    def get_sentence(self) -> str:
        return _("Devices that use the address get nothing more from it. A new address can be made at any time.")

    def get_back_url(self) -> str:
        return reverse("security:me")

    def perform(self, form) -> Any:
        return calendars.revoke_calendar(by=self.request.user)

    def get_success_url(self, result: Any) -> str:
        return reverse("security:me")


@method_decorator(login_not_required, name="dispatch")
class CalendarFeed(DetailPage):
    """What a device reads that knows the secret; anything else is 404."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        owner = owner_of(self.kwargs["secret"])
        if owner is None:
            raise Http404
        answer = HttpResponse(calendar_of(owner), content_type="text/calendar; charset=utf-8")
        answer["Content-Security-Policy"] = files.POLICY
        return answer
