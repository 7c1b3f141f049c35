"""Pages of a customer's numbers and papers, and of whose they are: pass on, claim, merge."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.forms.details import DisputeForm, MergeForm, PaperForm, PhoneForm, TransferForm
from enquiries.models import Customer
from enquiries.queries.numbers import papers_of, phones_of
from enquiries.services import merging, numbers, transfer
from enquiries.services.rows import require_desk
from enquiries.views.customers import CustomerForm, InCustomers
from inventory.services.assignment import salespeople
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.models import Approval
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, FormPage


class PhoneAdd(CustomerForm):
    """A further phone number."""

    title = gettext_lazy("Add a phone")
    submit_label = gettext_lazy("Add")
    success = gettext_lazy("Added.")
    form_class = PhoneForm

    def perform(self, form) -> Any:
        return numbers.add_phone(customer=self._customer, by=self.request.user, **form.cleaned_data)


class PaperAdd(PhoneAdd):
    """An identity paper."""

    title = gettext_lazy("Add an identity paper")
    form_class = PaperForm

    def perform(self, form) -> Any:
        return numbers.add_paper(customer=self._customer, by=self.request.user, **form.cleaned_data)


class NumberAction(CustomerForm, ActionPage):
    """Something done with one number of the customer, named in the address, or 404."""

    template_name = ActionPage.template_name
    form_class = Form

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        if not self.rows().filter(pk=self.kwargs["pk"]).exists():
            raise NotVisible("")

    def rows(self) -> Any:
        return phones_of(self._customer)

    def get_back_url(self) -> str:
        return self.home()

    def get_context(self) -> dict:
        return {**ActionPage.get_context(self), **CustomerForm.get_context(self)}


class PhoneMain(NumberAction):
    """Make a number the main one."""

    title = gettext_lazy("Make it the main phone")
    submit_label = gettext_lazy("Make it the main phone")

    def get_sentence(self) -> str:
        return _("This number is shown in lists from now on, and called first.")

    def perform(self, form) -> Any:
        return numbers.make_main(customer=self._customer, phone_id=self.kwargs["pk"], by=self.request.user)


class PhoneRemove(NumberAction):
    """Forget a further number."""

    title = gettext_lazy("Remove the phone")
    submit_label = gettext_lazy("Remove")
    success = gettext_lazy("Removed.")

    def get_sentence(self) -> str:
        return _("The customer is not found by this number any more. The history keeps that it was there.")

    def perform(self, form) -> Any:
        return numbers.remove_phone(customer=self._customer, phone_id=self.kwargs["pk"], by=self.request.user)


class PaperRemove(PhoneRemove):
    """Forget a paper that was entered by mistake."""

    title = gettext_lazy("Remove the paper")

    def rows(self) -> Any:
        return papers_of(self._customer)

    def perform(self, form) -> Any:
        return numbers.remove_paper(customer=self._customer, paper_id=self.kwargs["pk"], by=self.request.user)


class Transfer(CustomerForm):
    """A salesperson asks that a colleague looks after their customer (abuse 20)."""

    title = gettext_lazy("Pass on a customer")
    submit_label = gettext_lazy("Ask the supervisor")
    success = gettext_lazy("Asked. The customer stays yours until the supervisor has decided.")
    form_class = TransferForm

    def get_form_kwargs(self) -> dict:
        return {"salespeople": [person for person in salespeople(self.project) if person != self.request.user]}

    def perform(self, form) -> Approval:
        return transfer.ask_transfer(customer=self._customer, by=self.request.user, **form.cleaned_data)


class Dispute(InCustomers, FormPage):
    """A salesperson claims the customer of a number without learning whose they are."""

    permission = Permission.CUSTOMER_ENTER
    title = gettext_lazy("Claim a customer")
    submit_label = gettext_lazy("Ask the supervisor")
    success = gettext_lazy("Asked. You are told what the supervisor decides.")
    form_class = DisputeForm

    def get_context(self) -> dict:
        return {"back_url": self.address("customer_list"), "context_line": self.project.name}

    def perform(self, form) -> Approval:
        return transfer.raise_dispute(project=self.project, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any) -> str:
        return self.address("customer_list")


class Merge(CustomerForm):
    """The desk makes two customers one."""

    title = gettext_lazy("Merge another customer into this one")
    submit_label = gettext_lazy("Merge")
    success = gettext_lazy("Merged. The other number leads here from now on.")
    form_class = MergeForm

    def prepare_in_project(self) -> None:
        super().prepare_in_project()
        require_desk(self.request.access, self.project_id)

    def perform(self, form) -> Customer:
        return merging.merge(kept=self._customer, by=self.request.user, **form.cleaned_data)
