"""What viewings put on other pages: the workbench, a customer, the unit panel, one's own page, the search."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from enquiries.models import Customer, Viewing
from enquiries.queries import viewings as query
from enquiries.queries.calendars import link_of
from inventory.models import Project, Unit
from inventory.states import Review
from salescontrol.core import clock
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

SHOWN = 8
READERS = (Permission.VIEWING_SEE_ALL, Permission.VIEWING_SEE_OWN)


def _reads(access: Access, project_id: int) -> bool:
    return any(access.can(right, project_id) for right in READERS)


def _address(project: Project, name: str, *args) -> str:
    return reverse(f"enquiries:{name}", args=[project.code, *args])


def _line(access: Access, viewing: Viewing) -> dict:
    """By the customer's number: what names nobody needs no record of who looked."""
    card = query.card(access, viewing)
    return {
        "tag": card.label,
        "tone": card.tone,
        "number": viewing.customer.number,
        "what": card.what,
        "seller": card.salesperson if viewing.salesperson_id != access.user.pk else "",
        "at": card.starts_at,
        "url": _address(viewing.project, "viewing", viewing.number),
    }


def tile(access: Access, project: Project | None) -> dict | None:
    """Today's viewings on the workbench."""
    if project is None or not _reads(access, project.pk):
        return None
    today = clock.today(project.zone)
    rows = query.between(access, project, today, today)
    return {
        "title": _("Today's viewings"),
        "count": rows.count(),
        "lines": [_line(access, row) for row in rows[:SHOWN]],
        "empty": _("Nobody is expected today."),
        "url": _address(project, "viewing_day"),
        "all": _("All viewings"),
    }


def of_customer(access: Access, customer: Customer) -> dict | None:
    """The viewings of a customer on their page."""
    if not _reads(access, customer.project_id):
        return None
    book = f"{_address(customer.project, 'viewing_book')}?customer={customer.number}"
    return {
        "title": _("Viewings"),
        "lines": [_line(access, row) for row in query.of_customer(access, customer)[:SHOWN]],
        "empty": _("No viewing yet."),
        "url": book if access.can(Permission.VIEWING_BOOK, customer.project_id) else "",
        "all": _("Book a viewing"),
    }


def of_unit(access: Access, unit: Unit) -> dict | None:
    """Who comes to see the unit, in its panel."""
    if unit.review != Review.APPROVED or not _reads(access, unit.project_id):
        return None
    book = f"{_address(unit.project, 'viewing_book')}?unit={unit.pk}"
    return {
        "lines": [_line(access, row) for row in query.of_unit(access, unit)[:SHOWN]],
        "book_url": book if access.can(Permission.VIEWING_BOOK, unit.project_id) else "",
    }


def found(access: Access, words: str) -> dict | None:
    """A viewing by its number."""
    lines = [_line(access, row) for row in query.found(access, words)]
    return {"title": _("Viewings"), "lines": lines} if lines else None


def calendar(access: Access, user: Any) -> dict | None:
    """One's calendar address, on one's own page."""
    if not any(access.can(right) for right in READERS):
        return None
    link = link_of(user)
    return {
        "since": link.made_at if link else None,
        "make_url": reverse("calendar_make"),
        "revoke_url": reverse("calendar_revoke") if link else "",
    }
