"""Pages of customers: the list, one customer, entering, changing, giving to a salesperson, unmasking the phone number."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.forms.customers import ChangeForm, CustomerFilter, EnterForm, OwnerForm
from enquiries.forms.details import FactsForm, RevealForm
from enquiries.models import Customer
from enquiries.queries import customers as query
from enquiries.queries import erasures
from enquiries.queries.follow_ups import notes
from enquiries.queries.life import steps
from enquiries.queries.present import Cards, card, contacts, sees_people
from enquiries.services import customers, facts, identity, looks, ownership
from enquiries.services.rows import require_desk
from enquiries.views.lists import PersonalList, numbers_on
from inventory.services.assignment import salespeople
from inventory.views.base import InProject
from salescontrol.core import panels, tables
from salescontrol.core.access import Access
from salescontrol.core.errors import Refusal
from salescontrol.core.permissions import Permission
from salescontrol.core.views import DetailPage, FormPage

COLUMNS = (
    tables.Column("number", gettext_lazy("Customer"), sort=("number",)),
    tables.Column("name", pgettext_lazy("of a person", "Name"), sort=("name",)),
    tables.Column("phone", gettext_lazy("Phone")),
    tables.Column("grade", gettext_lazy("Grade"), sort=("grade",)),
    tables.Column("entered", pgettext_lazy("moment", "Entered"), "entered_at", format="moment", sort=("entered_at",)),
    tables.Column("owner", gettext_lazy("Salesperson"), sort=("owner__name",)),
)


class InCustomers(InProject):
    """Mixin: a page of a project for those who may read customers: the desk all of them, a salesperson their own."""

    def prepare_in_project(self) -> None:
        if not self.request.access.can(Permission.CUSTOMER_SEE_OWN, self.project_id):
            self.request.access.require(Permission.CUSTOMER_SEE_ALL, self.project_id)

    def address(self, name: str, *args) -> str:
        return reverse(f"enquiries:{name}", args=[self.project.code, *args])

    def may(self, permission: Permission) -> bool:
        return self.request.access.can(permission, self.project_id)

    @property
    def desk(self) -> bool:
        return self.may(Permission.CUSTOMER_SEE_ALL) and self.may(Permission.CUSTOMER_ENTER)


class OneCustomer(InCustomers):
    """Mixin: one customer among those that the reader may see, or 404. Each showing of a page about them is on record first.

    The row has a name that templates cannot reach; they get the card.
    """

    def prepare_in_project(self) -> None:
        self._customer = query.find(self.request.access, self.project, self.kwargs["number"])
        self._customer.project = self.project

    @cached_property
    def card(self):
        return card(self.request.access, self._customer)

    def home(self) -> str:
        return self.address("customer", self._customer.number)

    def show(self, status: int = 200, **extra) -> HttpResponse:
        looks.note_opened(customer=self._customer, by=self.request.user)
        return super().show(status, **extra)


class CustomerList(InCustomers, PersonalList):
    """The customers whom the reader may see, phones masked; Excel of exactly that. Each showing is on record first."""

    title = gettext_lazy("Customers")
    filterset_class = CustomerFilter
    default_order = ("-entered_at", "-pk")
    export_permission = Permission.CUSTOMER_REVEAL

    @property
    def people(self) -> bool:
        return sees_people(self.request.access, self.project_id)

    @property
    def empty(self) -> str:
        if self.may(Permission.CUSTOMER_ENTER):
            return _("No customers yet. Enter the first one: name and phone are enough.")
        return _("No customers yet. The room enters them, and they appear here.")

    def get_rows(self):
        return query.listed(self.request.access, self.project)

    def get_filterset_kwargs(self) -> dict:
        return {"owners": query.owners(self.request.access, self.project) if self.people else None}

    def get_columns(self):
        first, *others = COLUMNS if self.people else COLUMNS[:-1]
        return [replace(first, link=lambda shown: self.address("customer", shown.number)), *others]

    def page_of(self, rows) -> dict:
        context = super().page_of(Cards(self.request.access, rows))
        count, names = context["page"].paginator.count, self.filterset.form.fields
        looks.note_listed(
            project=self.project,
            count=count,
            filtered_by=[name for name in names if self.request.GET.get(name)],
            by=self.request.user,
            shown=numbers_on(context),
        )
        return context

    def export(self, rows) -> HttpResponse:
        return super().export(Cards(self.request.access, rows))

    def get_context(self) -> dict:
        return {"actions": list(self.actions()), "context_line": self.project.name}

    def actions(self) -> Iterator[dict]:
        yield {"url": self.address("follow_ups_due"), "label": _("Due today")}
        if self.may(Permission.CUSTOMER_IMPORT):
            yield {"url": self.address("intake_list"), "label": _("Imports")}
        if self.may(Permission.CUSTOMER_ENTER):
            if not self.desk:
                yield {"url": self.address("customer_dispute"), "label": _("Claim a customer")}
            yield {"url": self.address("customer_enter"), "label": _("Enter a customer"), "style": "primary"}


class CustomerPage(OneCustomer, DetailPage):
    """One customer: masked, whose they are, what happened, and what other parts of the house know of them."""

    template_name = "enquiries/customer.html"
    _erased: erasures.Erased | None = None

    def prepare_in_project(self) -> None:
        self._erased = erasures.erased(self.request.access, self.project, self.kwargs["number"])
        if self._erased is None:
            super().prepare_in_project()

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if self._erased is None:
            return super().get(request, *args, **kwargs)
        left = {"title": self._erased.number, "view": self, "project": self.project, "erased": self._erased}
        return render(request, "enquiries/erased.html", left)

    def get_title(self) -> str:
        return self.card.name

    def get_context(self) -> dict:
        access = self.request.access
        return {
            "card": self.card,
            "people": sees_people(access, self.project_id),
            "project": self.project,
            "steps": steps(access, self._customer),
            "notes": notes(access, self._customer),
            "may_change": self.may(Permission.CUSTOMER_ENTER),
            "ends_at": ownership.ends_at(self._customer) if self.card.owner else None,
            "sections": panels.sections("customer", access, self._customer),
            "actions": self.actions(),
            **self.reveal_context(),
        }

    def reveal_context(self) -> dict:
        """What the lines of phones, papers and address need."""
        lines = self.contacts
        return {
            "lines": lines,
            "shown": "",
            "phone": "",
            "reveal": self.reveal_form() if lines and self.may(Permission.CUSTOMER_REVEAL) else None,
            "reveal_url": self.address("customer_reveal", self.card.number),
            "project": self.project,
            "card": self.card,
            "may_change": self.may(Permission.CUSTOMER_ENTER),
        }

    @cached_property
    def contacts(self) -> list:
        return contacts(self._customer)

    def reveal_form(self, data=None) -> RevealForm:
        return RevealForm(data, choices=[(line.key, f"{line.label} {line.text}") for line in self.contacts])

    def actions(self) -> list[dict]:
        number = self.card.number
        found = []
        if self.desk:
            found.append({"url": self.address("customer_owner", number), "label": _("Give to a salesperson")})
            found.append({"url": self.address("customer_merge", number), "label": _("Merge")})
        elif self._customer.owner_id == self.request.user.pk and self.may(Permission.CUSTOMER_ENTER):
            found.append({"url": self.address("customer_transfer", number), "label": _("Pass on")})
        found += [{"url": url, "label": label} for label, url in identity.ways(self.request.access, self._customer)]
        if self.may(Permission.CUSTOMER_ERASE):
            found.append({"url": self.address("customer_erase", number), "label": _("Erase")})
        if self.may(Permission.CUSTOMER_ENTER):
            found.append({"url": self.address("follow_up", number), "label": _("Write a follow-up")})
            found.append({"url": self.address("customer_facts", number), "label": _("Facts and wishes")})
            found.append({"url": self.address("customer_change", number), "label": _("Change"), "style": "primary"})
        return found


class CustomerReveal(CustomerPage):
    """A number or the address in full, for a purpose: on the page again, or in its line alone when the page is open (htmx)."""

    http_method_names = ["post"]
    permission = Permission.CUSTOMER_REVEAL
    prepare_in_project = OneCustomer.prepare_in_project

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form, status, value = self.reveal_form(request.POST), 422, ""
        if form.is_valid():
            try:
                value = looks.reveal(customer=self._customer, by=request.user, **form.cleaned_data)
                status = 200
            except Refusal as refusal:
                form.add_refusal(refusal)
                status = refusal.status
        main = next((line.key for line in self.contacts if line.main), "")
        shown = {"phone": value, "shown": form.data.get("what") or main, "reveal": None if value else form}
        if request.htmx:
            line = {**self.reveal_context(), **shown}
            return render(request, "enquiries/customer_phone.html", line, status=status)
        return self.show(status, **shown)


class CustomerEnter(InCustomers, FormPage):
    """A new customer: a salesperson's own, or by the desk for one of them."""

    permission = Permission.CUSTOMER_ENTER
    title = gettext_lazy("Enter a customer")
    submit_label = gettext_lazy("Enter")
    success = gettext_lazy("Entered.")
    form_class = EnterForm

    def get_form_kwargs(self) -> dict:
        return {"salespeople": salespeople(self.project) if self.desk else None}

    def get_context(self) -> dict:
        return {"back_url": self.address("customer_list"), "context_line": self.project.name}

    def perform(self, form) -> Customer:
        values = {"owner": None, **form.cleaned_data}
        return customers.enter_customer(project=self.project, by=self.request.user, **values)

    def get_success_url(self, result: Customer) -> str:
        return self.address("customer", result.number)


class CustomerForm(OneCustomer, FormPage):
    """The base of forms about one customer."""

    permission = Permission.CUSTOMER_ENTER
    success = gettext_lazy("Saved.")

    def get_context(self) -> dict:
        return {"back_url": self.home(), "context_line": f"{self.card.name} · {self.card.number}"}

    def get_success_url(self, result: Any) -> str:
        return self.home()


class CustomerChange(CustomerForm):
    """Correct name, phone number or note."""

    title = gettext_lazy("Change the customer")
    form_class = ChangeForm

    def get_form_kwargs(self) -> dict:
        return {"masked": self.card.phone or "–"}

    def get_initial(self) -> dict:
        return {"name": self._customer.name, "note": self.card.note, "version": self.card.version}

    def perform(self, form) -> Customer:
        return customers.change_customer(customer=self._customer, by=self.request.user, **form.cleaned_data)


class CustomerOwner(CustomerForm):
    """Give the customer to a salesperson."""

    title = gettext_lazy("Give to a salesperson")
    submit_label = gettext_lazy("Give")
    success = gettext_lazy("Given. Both salespeople are told.")
    form_class = OwnerForm

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        require_desk(self.request.access, self.project_id)

    def get_form_kwargs(self) -> dict:
        return {"salespeople": salespeople(self.project)}

    def perform(self, form) -> Customer:
        return customers.assign_owner(customer=self._customer, by=self.request.user, **form.cleaned_data)


class CustomerFacts(CustomerForm):
    """Who the customer is, how they came, what they look for."""

    title = gettext_lazy("Facts and wishes")
    form_class = FactsForm

    def get_initial(self) -> dict:
        row = self._customer
        return {**{name: getattr(row, name) for name in facts.PLAIN if name != "address"}, "version": row.version}

    def get_form(self, data=None, files=None):
        """The address is typed anew, never shown; a referrer stays unless another is named."""
        form = super().get_form(data, files)
        for name, kept in (("address", self._customer.address), ("referrer", self._customer.referrer_id)):
            if kept:
                form.fields[name].help_text = _("Known. Leave it empty to keep it.")
        return form

    def perform(self, form) -> Customer:
        values = {
            name: value for name, value in form.cleaned_data.items() if value or name not in ("address", "referrer")
        }
        return customers.change_customer(
            customer=self._customer,
            name=self._customer.name,
            phone="",
            note=self.card.note,
            by=self.request.user,
            **values,
        )


def found_customers(access: Access, words: str) -> dict | None:
    """Customers by name, number or whole phone number, each a link to their page; on record before they are shown."""
    found = query.found(access, words)
    if not found:
        return None
    looks.note_found(customers=found, by=access.user)
    return {"customers": [_line(access, customer) for customer in found]}


def _line(access: Access, customer: Customer) -> dict:
    url = reverse("enquiries:customer", args=[customer.project.code, customer.number])
    return {"card": card(access, customer), "project": customer.project.name, "url": url}
