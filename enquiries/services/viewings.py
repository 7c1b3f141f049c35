"""Viewings are booked, confirmed, moved, cancelled and reported on (R2.4, domain B5, decisions 31).

The quarters of an hour that a viewing takes are rows of their own, unique for each salesperson: of two bookings at one time the
database lets one through, on both engines, and the other is told what is free.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Customer, Viewing, ViewingItem, ViewingSlot
from enquiries.queries import roster
from enquiries.queries.scope import customers_visible_to, viewings_visible_to
from enquiries.services.rows import hold_still
from enquiries.states import OPEN_VIEWING, VIEWING_TABLE
from inventory.models import Layout, Project, Unit, UnitInterest
from inventory.queries.scope import units_visible_to
from inventory.queries.standing import standing
from inventory.services.assignment import salespeople
from inventory.states import FOR_SALE, Review
from salescontrol.core import clock, notices, options
from salescontrol.core.access import Access, access_of, deciding_users
from salescontrol.core.errors import Conflict, Forbidden, NotVisible, Refusal
from salescontrol.core.history import create_tracked, save_tracked
from salescontrol.core.operations import once
from salescontrol.core.permissions import Permission, Role
from salescontrol.core.transitions import check, move

INTEREST = "viewing"
# After the viewing the salesperson still sees the units for a day, to record how it was.
SIGHT = timedelta(days=1)
AHEAD = timedelta(days=180)
OFFERED = 4


@dataclass(frozen=True)
class Plan:
    """What is booked: who comes, to whom, when, to see what."""

    customer: Customer
    salesperson: Any
    starts_at: datetime
    party_size: int = 1
    units: Sequence[Unit] = ()
    layouts: Sequence[Layout] = ()
    source: str = ""
    note: str = ""


def book_viewing(*, op_id: uuid.UUID, project: Project, plan: Plan, by) -> Viewing:
    """Book a viewing; the same one for the same form. The salesperson is told and sees the units until it is over.

    Raises NotVisible, Forbidden, Refusal (`past`, `closed`, `off_duty`, `grid`, `no_salesperson`, `party`), Conflict `taken`
    with the next free times.
    """
    content = {
        "project": project.pk, "customer": plan.customer.pk, "salesperson": plan.salesperson.pk, "at": plan.starts_at.isoformat(),
        "party": plan.party_size, "units": [unit.pk for unit in plan.units], "layouts": [row.pk for row in plan.layouts],
        "source": plan.source, "note": plan.note,
    }  # fmt: skip
    reference = once(op_id=op_id, by=by, action="viewing.book", content=content, run=lambda: _book(project, plan, by))
    return Viewing.every.select_related("project").get(number=reference["viewing"])


@transaction.atomic
def confirm_viewing(*, viewing: Viewing, by) -> Viewing:
    """The salesperson (or the desk for them) confirms that the viewing takes place."""
    return _move(viewing, "viewing.confirm", by)


@transaction.atomic
def move_viewing(*, viewing: Viewing, starts_at: datetime, salesperson: Any, reason: str, by) -> Viewing:
    """Another time, or another salesperson; it waits to be confirmed again. Raises what booking raises, and `no_reason`."""
    access = access_of(by)
    former = _locked(viewing, access)
    _require_reason(reason)
    _require_seller(access, former.project, salesperson)
    ends_at = _require_time(former.project, salesperson, starts_at)
    ViewingSlot.objects.filter(viewing=former).delete()
    changes = {"starts_at": starts_at, "ends_at": ends_at, "salesperson": salesperson, "moves": former.moves + 1,
               "reminded_at": None, "notified_at": clock.now()}  # fmt: skip
    row = _move(viewing, "viewing.move", by, reason=reason, **changes)
    _take_slots(row)
    for person in {former.salesperson, salesperson}:
        _refresh_interest(_unit_ids(row), person)
    if former.salesperson != salesperson:
        _tell(row, "viewing.cancelled", by, to=former.salesperson)
    _tell(row, "viewing.moved", by)
    return row


@transaction.atomic
def cancel_viewing(*, viewing: Viewing, reason: str, by) -> Viewing:
    """The viewing does not take place; its time is free again."""
    _require_reason(reason)
    row = _closed(_move(viewing, "viewing.cancel", by, reason=reason))
    _tell(row, "viewing.cancelled", by)
    return row


@transaction.atomic
def miss_viewing(*, viewing: Viewing, by) -> Viewing:
    """Nobody came 爽约; can be said once the time has come."""
    if _locked(viewing, access_of(by)).starts_at > clock.now():
        raise Refusal(_("The viewing has not begun yet. If the customer called it off, cancel it."), code="early")
    return _closed(_move(viewing, "viewing.miss", by))


@transaction.atomic
def record_outcome(*, viewing: Viewing, outcome: str, opinions: Mapping[int, tuple[str, str]], by) -> Viewing:
    """The customer came: what came of it, and for each item what they thought (item id → opinion, feedback)."""
    if _locked(viewing, access_of(by)).starts_at - timedelta(hours=1) > clock.now():
        raise Refusal(_("The viewing has not begun yet. If the customer came earlier, move it first."), code="early")
    if not outcome.strip():
        message = _("Say what came of it.")
        raise Refusal(message, code="no_outcome", fields={"outcome": [message]})
    row = _move(viewing, "viewing.outcome", by, outcome=outcome.strip()[:500])
    for item in ViewingItem.objects.filter(viewing=row):
        if item.pk in opinions:
            item.liking, item.feedback = opinions[item.pk][0], opinions[item.pk][1].strip()[:300]
            save_tracked(item, action="viewing.outcome", by=by, fields=["liking", "feedback"])
    _refresh_interest(_unit_ids(row), row.salesperson)
    return row


def remind_due() -> int:
    """Remind salesperson and reception of viewings that begin soon, once for each; returns how many."""
    now, done = clock.now(), 0
    soon = Viewing.every.filter(
        state__in=OPEN_VIEWING, reminded_at=None, starts_at__gt=now, starts_at__lte=now + timedelta(days=1)
    )
    for pk, project_id, starts_at in list(
        soon.order_by("starts_at", "pk").values_list("pk", "project_id", "starts_at")
    ):
        if starts_at - clock.minutes(options.value("viewing.remind_minutes", project_id)) <= now:
            done += _remind(pk, now)
    return done


@transaction.atomic
def _remind(pk: int, now: datetime) -> int:
    row = Viewing.every.select_for_update(of=("self",)).select_related("project", "salesperson").get(pk=pk)
    if row.reminded_at is not None or row.state not in OPEN_VIEWING:
        return 0
    row.reminded_at = now
    save_tracked(row, action="viewing.remind", by=None, fields=["reminded_at"])
    people = {row.salesperson, *deciding_users([Role.SPECIALIST], row.project_id)}
    _notice(row, "viewing.soon", people)
    return 1


def not_for_sale(units: Sequence[Unit]) -> list[Unit]:
    """Those that cannot be bought now: they may be shown, with a warning."""
    now = clock.now()
    return [unit for unit in units if standing(unit, now) not in FOR_SALE]


def _book(project: Project, plan: Plan, by) -> dict:
    access = access_of(by)
    access.require(Permission.VIEWING_BOOK, project.pk)
    _require_seller(access, project, plan.salesperson)
    _require_of_project(access, project, plan)
    if not 1 <= plan.party_size <= 50:
        message = _("Enter how many people come, from 1 to 50.")
        raise Refusal(message, code="party", fields={"party_size": [message]})
    ends_at = _require_time(project, plan.salesperson, plan.starts_at)
    row = Viewing(
        project=project, customer=plan.customer, salesperson=plan.salesperson, starts_at=plan.starts_at, ends_at=ends_at,
        party_size=plan.party_size, source=plan.source, note=plan.note.strip()[:300], booked_by=by, notified_at=clock.now(),
    )  # fmt: skip
    save_tracked(row, action="viewing.book", by=by)
    _take_slots(row)
    items = [*(ViewingItem(viewing=row, unit=unit) for unit in plan.units)]
    items += [ViewingItem(viewing=row, layout=layout) for layout in plan.layouts]
    create_tracked(items, action="viewing.book", by=by)
    _refresh_interest([unit.pk for unit in plan.units], plan.salesperson)
    _tell(row, "viewing.booked", by)
    return {"viewing": row.number}


def _require_seller(access: Access, project: Project, salesperson: Any) -> None:
    if not access.can(Permission.VIEWING_SEE_ALL, project.pk) and salesperson != access.user:
        raise Forbidden(_("You book viewings for yourself. The desk can book them for others."), code="not_own")
    if salesperson not in salespeople(project):
        message = _("%(name)s is no salesperson of this project.") % {"name": salesperson}
        raise Refusal(message, code="no_salesperson", fields={"salesperson": [message]})


def _require_of_project(access: Access, project: Project, plan: Plan) -> None:
    """Raise NotVisible unless customer, units and layouts are of this project and the user may see them."""
    if not customers_visible_to(access).filter(project=project, pk=plan.customer.pk).exists():
        raise NotVisible(_("There is no such customer."))
    hold_still(plan.customer)
    seen = units_visible_to(access).filter(project=project, review=Review.APPROVED)
    if seen.filter(pk__in=[unit.pk for unit in plan.units]).count() != len(plan.units):
        raise NotVisible(_("There is no such unit."))
    if any(layout.project_id != project.pk for layout in plan.layouts):
        raise NotVisible(_("There is no such layout."))


def _require_time(project: Project, salesperson: Any, starts_at: datetime) -> datetime:
    """When a viewing that begins then ends; raises Refusal for a time at which none can begin."""
    now, ends_at = clock.now(), starts_at + roster.length(project)
    day = clock.local(starts_at, project.zone).date()
    first, last = roster.opening(project, day)
    if starts_at <= now:
        raise _at_time(_("This time is over. Choose a later one."), "past")
    if starts_at > now + AHEAD:
        raise _at_time(_("Viewings are booked at most half a year ahead."), "far")
    if (starts_at - first) % roster.GRID:
        raise _at_time(_("Viewings begin at a quarter of an hour. Choose one of the free times."), "grid")
    if starts_at < first or ends_at > last:
        hours = {"opens": f"{first:%H:%M}", "closes": f"{last:%H:%M}"}
        text = _(
            "The room is open from %(opens)s to %(closes)s, by the project's settings. Choose a time within these hours."
        )
        raise _at_time(text % hours, "closed")
    span = roster.duty(project, salesperson, day)
    if span is None or starts_at < span[0] or ends_at > span[1]:
        text = _("%(name)s is not on duty then. Choose another time or salesperson; the supervisor keeps the roster.")
        raise _at_time(text % {"name": salesperson.name}, "off_duty")
    return ends_at


def _at_time(message: str, code: str) -> Refusal:
    return Refusal(message, code=code, fields={"time": [message]})


def _take_slots(viewing: Viewing) -> None:
    """Take the salesperson's quarters of an hour, in order, or raise Conflict with what is free."""
    slots = [
        ViewingSlot(viewing=viewing, salesperson_id=viewing.salesperson_id, slot_start=start)
        for start in roster.quarters(viewing.starts_at, viewing.ends_at)
    ]
    try:
        with transaction.atomic():
            ViewingSlot.objects.bulk_create(slots)
    except IntegrityError:
        raise _taken(viewing) from None


def _taken(viewing: Viewing) -> Conflict:
    project, seller = viewing.project, viewing.salesperson
    day = clock.local(viewing.starts_at, project.zone).date()
    free = roster.free_times(project, seller, day, moving=viewing)
    near = sorted(sorted(free, key=lambda start: abs(start - viewing.starts_at))[:OFFERED])
    words = {"name": seller.name, "times": ", ".join(f"{start:%H:%M}" for start in near)}
    text = _("%(name)s has another viewing at that time. Free that day: %(times)s.")
    if not near:
        text = _(
            "%(name)s has another viewing at that time, and no other is free that day. Choose another day or salesperson."
        )
    message = text % words
    return Conflict(message, code="taken", fields={"time": [message]})


def _require_reason(reason: str) -> None:
    if not reason.strip():
        message = _("Give the reason: it is kept with the viewing.")
        raise Refusal(message, code="no_reason", fields={"reason": [message]})


def _locked(viewing: Viewing, access: Access) -> Viewing:
    """The viewing, its row locked, if the user may know of it. Raises NotVisible."""
    visible = viewings_visible_to(access).select_for_update(of=("self",), no_key=True)
    row = visible.select_related("project", "salesperson").filter(pk=viewing.pk).first()
    if row is None:
        raise NotVisible("")
    return row


def _move(viewing: Viewing, action: str, by, *, reason: str = "", **changes: Any) -> Viewing:
    row = _locked(viewing, access_of(by))
    check(VIEWING_TABLE, action, row, state=row.state, by=by, project_id=row.project_id)
    return move(VIEWING_TABLE, action, row, by=by, project_id=row.project_id, reason=reason, **changes)


def _closed(viewing: Viewing) -> Viewing:
    """What follows when a viewing does not take place: its time is free, the units are no longer shown for it."""
    ViewingSlot.objects.filter(viewing=viewing).delete()
    _refresh_interest(_unit_ids(viewing), viewing.salesperson)
    return viewing


def _unit_ids(viewing: Viewing) -> list[int]:
    return [*ViewingItem.objects.filter(viewing=viewing, unit__isnull=False).values_list("unit_id", flat=True)]


def _refresh_interest(unit_ids: Sequence[int], person: Any) -> None:
    """The salesperson sees each unit as long as an open viewing of theirs names it, and a day longer (decisions 3)."""
    for unit_id in unit_ids:
        mine = Viewing.every.filter(items__unit=unit_id, salesperson=person, state__in=OPEN_VIEWING)
        last = mine.aggregate(last=Max("ends_at"))["last"]
        if last is None:
            UnitInterest.objects.filter(unit_id=unit_id, user=person, kind=INTEREST).delete()
            continue
        shown = UnitInterest(unit_id=unit_id, user=person, kind=INTEREST, until=last + SIGHT)
        UnitInterest.objects.bulk_create(
            [shown], update_conflicts=True, unique_fields=["unit", "user", "kind"], update_fields=["until"]
        )


def _tell(viewing: Viewing, code: str, by, *, to: Any = None) -> None:
    """The salesperson hears of it, unless they did it themselves."""
    person = to or viewing.salesperson
    if person != by:
        _notice(viewing, code, [person])


def _notice(viewing: Viewing, code: str, people) -> None:
    """By number and time only (abuse 31)."""
    begins = clock.local(viewing.starts_at, viewing.project.zone)
    notices.tell(
        people,
        code,
        key=f"{code}-{viewing.number}-{viewing.moves}",
        url=reverse("enquiries:viewing", args=[viewing.project.code, viewing.number]),
        project_id=viewing.project_id,
        number=viewing.number,
        at=f"{begins:%Y-%m-%d %H:%M}",
    )


notices.register(
    "viewing.booked", gettext_lazy("A viewing was booked with you: %(number)s, %(at)s. Please confirm it.")
)
notices.register("viewing.moved", gettext_lazy("Viewing %(number)s was moved to %(at)s. Please confirm it."))
notices.register("viewing.cancelled", gettext_lazy("Viewing %(number)s is no longer yours to conduct."))
notices.register("viewing.soon", gettext_lazy("Viewing %(number)s begins at %(at)s."))
