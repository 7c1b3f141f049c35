"""The calendar that an address with a secret opens, and what is in it: times, project, rooms and numbers, nobody's name (R7.3)."""

import hashlib
from typing import Any

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from enquiries.models import CalendarLink, Viewing
from enquiries.queries.viewings import in_calendar
from enquiries.states import ViewingState
from salescontrol.core.access import access_of


def digest_of(secret: str) -> str:
    """What is kept of the secret in a calendar's address."""
    return hashlib.sha256(secret.encode()).hexdigest()


def link_of(user: Any) -> CalendarLink | None:
    """The address that is in force, if the person has made one."""
    return CalendarLink.objects.filter(user=user, revoked_at=None).first()


def owner_of(secret: str) -> Any:
    """Whose calendar this secret opens; None when there is none, it was revoked, or the account is closed."""
    link = CalendarLink.objects.filter(digest=digest_of(secret), revoked_at=None, user__is_active=True)
    found = link.select_related("user").first()
    return found.user if found else None


def calendar_of(user: Any) -> bytes:
    """The viewings that the person may know of, as an iCalendar file."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sales Control//Viewings//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Viewings"))
    for viewing in in_calendar(access_of(user)):
        calendar.add_component(_event(viewing))
    return calendar.to_ical()


def _event(viewing: Viewing) -> Event:
    rooms = ", ".join(str(item) for item in viewing.items.all())
    event = Event()
    event.add("uid", f"{viewing.number}@sales-control")
    event.add("dtstamp", viewing.booked_at)
    event.add("sequence", viewing.moves)
    event.add("dtstart", viewing.starts_at)
    event.add("dtend", viewing.ends_at)
    event.add("summary", _("Viewing %(number)s") % {"number": viewing.number})
    event.add("location", viewing.project.name)
    if rooms:
        event.add("description", rooms)
    event.add("status", "TENTATIVE" if viewing.state == ViewingState.PENDING else "CONFIRMED")
    return event
