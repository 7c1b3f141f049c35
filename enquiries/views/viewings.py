"""Pages of viewings: booked with a free time as a button, one viewing and what is done with it, and their list."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.viewings import BookForm, CancelForm, MoveForm, OutcomeForm, ViewingFilter
from enquiries.models import Customer, Viewing
from enquiries.queries import roster
from enquiries.queries import viewings as query
from enquiries.queries.customers import OFFERED, customer_choices
from enquiries.queries.present import sees_people
from enquiries.services import customers, looks, viewings
from enquiries.views.lists import numbers_on
from inventory.models import Unit
from inventory.queries.scope import units_visible_to
from inventory.services.assignment import salespeople
from inventory.states import Review
from inventory.views.base import InProject
from salescontrol.core import clock, tables
from salescontrol.core.forms import Form, ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage, FormPage, ListPage
from salescontrol.core.words import listed


class InViewings(InProject):
    """Mixin: a page of a project for those who may read viewings: the desk all of them, a salesperson their own."""

    def prepare_in_project(self) -> None:
        if not self.may(Permission.VIEWING_SEE_OWN):
            self.request.access.require(Permission.VIEWING_SEE_ALL, self.project_id)

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    def note_listed(self, count: int, shown: Sequence[str] | None = None) -> None:
        """This page names so many customers: on record before it is shown (A4); `shown` as in `looks.note_listed`."""
        if count and any(self.may(right) for right in (Permission.CUSTOMER_SEE_ALL, Permission.CUSTOMER_SEE_OWN)):
            looks.note_listed(project=self.project, count=count, filtered_by=(), by=self.request.user, shown=shown)

    @property
    def sees_all(self) -> bool:
        return self.may(Permission.VIEWING_SEE_ALL)

    @property
    def book_button(self) -> list[dict]:
        button = {"url": self.address("viewing_book"), "label": _("Book a viewing"), "style": "primary"}
        return [button] if self.may(Permission.VIEWING_BOOK) else []


class OneViewing(InViewings):
    """Mixin: one viewing among those that the reader may see, or 404; templates get its card."""

    def prepare_in_project(self) -> None:
        self._viewing = query.find(self.request.access, self.project, self.kwargs["number"])

    @cached_property
    def card(self) -> query.ViewingCard:
        return query.card(self.request.access, self._viewing)

    def home(self) -> str:
        return self.address("viewing", self._viewing.number)

    def get_back_url(self) -> str:
        return self.home()

    def get_success_url(self, result: Any) -> str:
        return self.home()

    def begins(self) -> str:
        return f"{clock.local(self._viewing.starts_at, self.project.zone):%Y-%m-%d %H:%M}"

    def show(self, status: int = 200, **extra) -> HttpResponse:
        """The page names the customer: on record before it is shown."""
        if query.sees_name(self.request.access, self._viewing):
            looks.note_seen(customer=self._viewing.customer, by=self.request.user)
        return super().show(status, **extra)


class ViewingList(InViewings, ListPage):
    """The viewings of the project, those to come first; Excel of exactly that."""

    title = gettext_lazy("Viewings")
    template_name = "enquiries/viewing_list.html"
    filterset_class = ViewingFilter
    default_order = ("-starts_at", "-pk")
    empty = gettext_lazy("No viewing yet. Book the first: customer, salesperson and a free time.")
    export_permission = Permission.CUSTOMER_REVEAL
    names_people = True

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        people = query.salespeople_of(self.request.access, self.project) if self.sees_all else None
        return {"salespeople": people}

    def get_columns(self):
        columns = [
            tables.Column("starts_at", _("Begins"), format="moment", sort=("starts_at",), link=self.way),
            tables.Column("label", _("State"), tone=lambda row: row.tone, sort=("state",)),
            tables.Column("customer", _("Customer"), sort=("customer__name",)),
            tables.Column("party_size", _("People"), format="int", sort=("party_size",), minor=True),
            tables.Column("what", _("To be seen"), wrap=True),
            tables.Column("salesperson", _("Salesperson"), sort=("salesperson__name",)),
            tables.Column("outcome", _("Outcome"), wrap=True, minor=True),
        ]
        return [column for column in columns if self.sees_all or column.key != "salesperson"]

    def way(self, row: query.ViewingCard) -> str:
        return self.address("viewing", row.number)

    def page_of(self, rows) -> dict:
        context = super().page_of(query.ViewingCards(self.request.access, rows))
        self.note_listed(len(context["rows"]), numbers_on(context))
        return context

    def export(self, rows) -> HttpResponse:
        return super().export(query.ViewingCards(self.request.access, rows))

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "actions": self.book_button, "project": self.project}


class ViewingPage(OneViewing, DetailPage):
    """One viewing: who comes when to see what, what happened with it, and what may be done now."""

    template_name = "enquiries/viewing.html"

    def get_title(self) -> str:
        return _("Viewing %(number)s") % {"number": self.card.number}

    def get_context(self) -> dict:
        seen = units_visible_to(self.request.access).filter(
            pk__in=[item.unit_id for item in self.card.items if item.is_unit]
        )
        return {
            "card": self.card,
            "project": self.project,
            "people": sees_people(self.request.access, self.project_id),
            "customer_url": self.customer_url(),
            "steps": query.steps(self.request.access, self._viewing),
            "actions": self.actions(),
            "items": self.items({*seen.values_list("pk", flat=True)}),
        }

    def items(self, seen: set[int]) -> list[dict]:
        board = self.url("board")
        return [
            {"item": item, "url": f"{board}?unit={item.unit_id}" if item.unit_id in seen else ""}
            for item in self.card.items
        ]

    def customer_url(self) -> str:
        if not query.sees_name(self.request.access, self._viewing):
            return ""
        return self.address("customer", self._viewing.customer.number)

    def actions(self) -> list[dict]:
        if not self.card.open or not self.may(Permission.VIEWING_BOOK):
            return []
        begun = self._viewing.starts_at <= clock.now()
        shown = [
            (self.card.state == "PENDING", _("Confirm"), "viewing_confirm", "primary"),
            (
                begun or self.card.state == "CONFIRMED",
                _("Record the outcome"),
                "viewing_outcome",
                "primary" if begun else "",
            ),
            (begun, _("No-show"), "viewing_miss", ""),
            (True, _("Move"), "viewing_move", ""),
            (True, _("Cancel the viewing"), "viewing_cancel", ""),
        ]
        number = self.card.number
        return [
            {"label": label, "url": self.address(name, number), "style": style}
            for on, label, name, style in shown
            if on
        ]


class TimesPage(FormPage):
    """The base of forms with free times as buttons: sent without a time they are shown again with the times of the day."""

    template_name = "enquiries/viewing_times.html"
    permission = Permission.VIEWING_BOOK
    moving: Viewing | None = None

    def seller_of(self, values: dict) -> Any:
        return values.get("salesperson") if self.sees_all else self.request.user

    def people(self) -> list | None:
        return salespeople(self.project) if self.sees_all else None

    def times(self, form) -> dict:
        """The free times of the day that the form names, if it names one and a salesperson."""
        values = getattr(form, "cleaned_data", None) or self.named(form)
        seller, day = self.seller_of(values), values.get("day")
        if not isinstance(day, date) or seller is None:
            return {"asked_day": None, "times": []}
        free = roster.free_times(self.project, seller, day, moving=self.moving)
        return {"asked_day": day, "times": [f"{start:%H:%M}" for start in free]}

    def named(self, form) -> dict:
        """What the form begins with: the day, and the salesperson by id."""
        people = {str(person.pk): person for person in self.people() or []}
        return {"day": form.initial.get("day"), "salesperson": people.get(str(form.initial.get("salesperson")))}

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = self.get_form(request.POST)
        if form.looking:
            return self.show(form=form, status=200 if form.is_valid() else 422)
        return super().post(request, *args, **kwargs)

    def starts_at(self, form) -> datetime:
        return roster.at(self.project, form.cleaned_data["day"], form.time)

    def show(self, status: int = 200, **extra) -> HttpResponse:
        if "form" in extra:
            extra.update(self.times(extra["form"]))
        return super().show(status, **extra)


class ViewingBook(InViewings, TimesPage):
    """A new viewing; the address may name customer, unit, salesperson and day."""

    title = gettext_lazy("Book a viewing")
    form_class = BookForm

    @cached_property
    def choices(self):
        return customer_choices(self.request.access, self.project)

    @cached_property
    def units(self):
        return units_visible_to(self.request.access).filter(project=self.project, review=Review.APPROVED)

    def get_form_kwargs(self) -> dict:
        return {
            "salespeople": self.people(),
            "customers": self.choices,
            "units": self.units,
            "layouts": self.project.layouts.order_by("code"),
        }

    def get_initial(self) -> dict:
        asked = self.request.GET
        customer = self.choices.filter(number=asked.get("customer", "")).first()
        unit = self.units.filter(pk__in=ids([asked.get("unit", "")])).first()
        return {
            "customer": customer.pk if customer else "",
            "rooms": unit.number if unit else "",
            "salesperson": self.first_seller(customer, unit),
            "day": clock.today(self.project.zone),
        }

    def first_seller(self, customer: Customer | None, unit: Unit | None) -> Any:
        """Whom the form proposes: whose customer it is, else whose unit."""
        owned = customer.owner_id if customer else None
        return owned or (unit.salesperson_id if unit and self.may(Permission.UNIT_SEE_PEOPLE) else None)

    def get_context(self) -> dict:
        return {"context_line": self.project.name, "back_url": self.address("viewing_day")}

    def show(self, status: int = 200, **extra) -> HttpResponse:
        self.note_listed(min(self.choices.count(), OFFERED))
        return super().show(status, **extra)

    def perform(self, form) -> Viewing:
        values = form.cleaned_data
        seller = self.seller_of(values)
        plan = viewings.Plan(
            customer=self.customer_of(values, seller), salesperson=seller, starts_at=self.starts_at(form),
            party_size=values["party_size"], units=values["rooms"], layouts=list(values["layouts"]),
            source=values["source"], note=values["note"],
        )  # fmt: skip
        row = viewings.book_viewing(op_id=values["op_id"], project=self.project, plan=plan, by=self.request.user)
        if unsold := viewings.not_for_sale(plan.units):
            rooms = listed([unit.number for unit in unsold])
            messages.warning(self.request, _("Not for sale at present, shown only: %(rooms)s") % {"rooms": rooms})
        return row

    def customer_of(self, values: dict, seller: Any) -> Customer:
        """The customer chosen or entered; entering has a transaction of its own, so that a look-up stays on record (abuse 21)."""
        if values["customer"]:
            return values["customer"]
        return customers.find_or_enter(
            project=self.project, name=values["new_name"], phone=values["new_phone"], owner=seller, by=self.request.user
        )

    def get_success(self, result: Viewing) -> str:
        begins = clock.local(result.starts_at, self.project.zone)
        return _("Viewing %(number)s is booked for %(at)s.") % {
            "number": result.number,
            "at": f"{begins:%Y-%m-%d %H:%M}",
        }

    def get_success_url(self, result: Viewing) -> str:
        return self.address("viewing", result.number)


class ViewingMove(OneViewing, TimesPage):
    """Another time or salesperson."""

    title = gettext_lazy("Move the viewing")
    form_class = MoveForm
    success = gettext_lazy("Moved. The salesperson confirms it again.")

    @property
    def moving(self) -> Viewing:
        return self._viewing

    def get_form_kwargs(self) -> dict:
        return {"salespeople": self.people()}

    def get_initial(self) -> dict:
        day = clock.local(self._viewing.starts_at, self.project.zone).date()
        return {"salesperson": self._viewing.salesperson_id, "day": max(day, clock.today(self.project.zone))}

    def get_context(self) -> dict:
        return {"back_url": self.home(), "context_line": f"{self.card.number} · {self.begins()}"}

    def perform(self, form) -> Viewing:
        values = form.cleaned_data
        return viewings.move_viewing(
            viewing=self._viewing, starts_at=self.starts_at(form), salesperson=self.seller_of(values),
            reason=values["reason"], by=self.request.user,
        )  # fmt: skip


class ViewingAction(OneViewing, ActionPage):
    """The base of what is done with a viewing."""

    permission = Permission.VIEWING_BOOK
    form_class = Form

    def get_context(self) -> dict:
        return {**super().get_context(), "context_line": f"{self.card.number} · {self.card.customer} · {self.begins()}"}


class ViewingConfirm(ViewingAction):
    """The salesperson confirms."""

    title = gettext_lazy("Confirm the viewing")
    submit_label = gettext_lazy("Confirm")
    success = gettext_lazy("Confirmed.")

    def get_sentence(self) -> str:
        return _("Reception counts on the customer at %(at)s.") % {"at": self.begins()}

    def perform(self, form) -> Viewing:
        return viewings.confirm_viewing(viewing=self._viewing, by=self.request.user)


class ViewingCancel(ViewingAction):
    """The viewing does not take place."""

    title = gettext_lazy("Cancel the viewing")
    submit_label = gettext_lazy("Cancel the viewing")
    success = gettext_lazy("Cancelled. The time is free again.")
    form_class = CancelForm

    def get_sentence(self) -> str:
        return _(
            "The time is free again, and the salesperson is told. A cancelled viewing is not opened again: book a new one."
        )

    def perform(self, form) -> Viewing:
        return viewings.cancel_viewing(viewing=self._viewing, reason=form.cleaned_data["reason"], by=self.request.user)


class ViewingMiss(ViewingAction):
    """Nobody came."""

    title = gettext_lazy("The customer did not come")
    submit_label = gettext_lazy("Note the no-show")
    success = gettext_lazy("Noted.")

    def get_sentence(self) -> str:
        return _("The viewing is closed as a no-show. If the customer comes after all, book a new one.")

    def perform(self, form) -> Viewing:
        return viewings.miss_viewing(viewing=self._viewing, by=self.request.user)


class ViewingOutcome(ViewingAction):
    """The customer came: what came of it."""

    title = gettext_lazy("Outcome of the viewing")
    submit_label = gettext_lazy("Record")
    success = gettext_lazy("Recorded.")
    form_class = OutcomeForm

    def get_form_kwargs(self) -> dict:
        return {"viewing": self.card}

    def perform(self, form) -> Viewing:
        return viewings.record_outcome(
            viewing=self._viewing, outcome=form.cleaned_data["outcome"], opinions=form.opinions(), by=self.request.user
        )
