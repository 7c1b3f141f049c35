"""What the pages of claims share: the project, the unit or the claim they are about, and whom they may name."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse

from contracts.models import Claim
from contracts.queries import holds
from contracts.queries.people import sees_name
from enquiries.models import Customer
from enquiries.queries.customers import OFFERED, customer_choices
from enquiries.services import customers, looks
from inventory.models import Unit
from inventory.queries.units import find_unit
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core.permissions import Permission


class InClaims(InProject):
    """Mixin: a page of a project for those who may read claims: the desk all of them, a salesperson their own."""

    def address(self, name: str, *args) -> str:
        return reverse(f"contracts:{name}", args=[self.project.code, *args])

    def board_url(self, unit_id: int) -> str:
        """The board with this unit's panel open."""
        return f"{self.url('board')}?unit={unit_id}"

    def note_seen(self, customer: Customer | None) -> None:
        """This page names the customer: on record before it is shown (R7.5, A4)."""
        if customer is not None and sees_name(self.request.access, customer):
            looks.note_seen(customer=customer, by=self.request.user)

    def note_listed(self, count: int, filtered_by: Collection[str] = ()) -> None:
        """This page names so many customers: on record before it is shown."""
        seen = (Permission.CUSTOMER_SEE_ALL, Permission.CUSTOMER_SEE_OWN)
        if count and any(self.request.access.can(permission, self.project.pk) for permission in seen):
            looks.note_listed(project=self.project, count=count, filtered_by=filtered_by, by=self.request.user)

    def require_reader(self) -> None:
        """Raise Forbidden for readers who have nothing to do with claims."""
        if not self.request.access.can(Permission.CLAIM_SEE_OWN, self.project.pk):
            self.request.access.require(Permission.CLAIM_SEE_ALL, self.project.pk)

    @property
    def desk(self) -> bool:
        return self.request.access.can(Permission.HOLD_PLACE, self.project.pk)

    @property
    def may_override(self) -> bool:
        return self.request.access.can(Permission.HOLD_OVERRIDE, self.project.pk)


class NamedRows:
    """Mixin before a list whose rows name customers: that they were shown is on record first."""

    names_people = True

    def page_of(self, rows) -> dict:
        context = super().page_of(rows)
        asked = [name for name in self.filterset.form.fields if self.request.GET.get(name)]
        self.note_listed(len(context["rows"]), asked)
        return context


class InUnit(InClaims):
    """Mixin: `self.unit` among those that the reader may see, or 404."""

    unit: Unit

    def prepare_in_project(self) -> None:
        self.unit = find_unit(self.request.access, self.project, self.kwargs["pk"])

    def get_back_url(self) -> str:
        return self.board_url(self.unit.pk)


class InHold(InClaims):
    """Mixin: `self.claim` among those that the reader may know of, or 404."""

    claim: Claim

    def prepare_in_project(self) -> None:
        self.claim = holds.find(self.request.access, self.project, self.kwargs["number"])

    def get_back_url(self) -> str:
        return self.address("hold", self.claim.number)

    def get_success_url(self, result: Claim) -> str:
        return self.board_url(result.unit_id)


class WithCustomer:
    """Mixin for forms about a customer: who may be chosen, and a new one entered with name and phone."""

    @property
    def customers(self) -> QuerySet[Customer]:
        return customer_choices(self.request.access, self.project)

    def show(self, status: int = 200, **extra) -> HttpResponse:
        """The form names those who may be chosen: on record before it is shown (A4)."""
        self.note_listed(min(self.customers.count(), OFFERED))
        return super().show(status, **extra)

    def people(self) -> dict:
        """What the forms need to offer customers and salespeople."""
        return {"customers": self.customers, "salespeople": salespeople(self.project)}

    def customer_of(self, form) -> Customer | None:
        """The customer chosen or entered. Entering has a transaction of its own: that somebody looked a phone number up
        stays on record although what was asked for the customer is refused (abuse 21)."""
        values = form.cleaned_data
        if values["customer"] or not values.get("new_name"):
            return values["customer"]
        return customers.find_or_enter(
            project=self.project,
            name=values["new_name"],
            phone=values["new_phone"],
            owner=values.get("salesperson") or self.request.user,
            by=self.request.user,
        )
