"""What is entered about a subscription: its terms and buyers, deposits, papers, notices, later deadlines, ends, filters."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.forms.holds import ANY, CustomerField
from contracts.models import Quotation, Subscription
from contracts.queries.subscriptions import overdue
from contracts.services.trades import Purchaser
from contracts.states import AgentKind, CloseReason, PaymentMethod, SubscriptionKind, SubscriptionState
from enquiries.models import Customer
from enquiries.states import PaperKind
from inventory.forms.discounts import Figure
from inventory.models import Project
from salescontrol.core import clock
from salescontrol.core.forms import OnceForm

MOST = 4
DECIMAL = {"inputmode": "decimal"}


def _money(label, **fields) -> Figure:
    return Figure(
        label=label, max_digits=13, decimal_places=2, min_value=0, widget=forms.TextInput(attrs=DECIMAL), **fields
    )  # fmt: skip


class TermsForm(OnceForm):
    """The terms of a draft and up to four buyers, each with a share and who acts for them.

    `customers`: those to choose from; `quotations`: the ready ones of the unit.
    """

    quotation = forms.ModelChoiceField(
        queryset=Quotation.objects.none(),
        label=_("Quotation"),
        required=False,
        empty_label=_("none: at the list price"),
    )
    method = forms.ChoiceField(label=_("Payment method"), choices=PaymentMethod.choices)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=SubscriptionKind.choices, initial=SubscriptionKind.FULL,
        help_text=_("A small deposit is a part of the deposit, to be topped up; it gives a provisional letter."),
    )  # fmt: skip
    deposit = _money(_("Deposit agreed"))
    salesperson = forms.ChoiceField(label=_("Salesperson"))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    units = {"deposit": _("yuan")}

    def __init__(
        self, *args, customers: QuerySet[Customer], salespeople: Sequence, quotations: QuerySet[Quotation], **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in salespeople}
        self.fields["salesperson"].choices = [(pk, f"{one.employee_no} {one.name}") for pk, one in self.people.items()]
        self.fields["quotation"].queryset = quotations
        for place in range(1, MOST + 1):
            self._add_buyer(place, customers)

    def _add_buyer(self, place: int, customers: QuerySet[Customer]) -> None:
        first = place == 1
        name = f"buyer{place}"
        kept = _("Left empty it stays as it is.") if self.initial.get(f"agent_name{place}") else ""
        field = CustomerField(
            queryset=customers, label=_("Customer"), required=first, empty_label=_("nobody"),
            error_messages={"required": _("Name the buyer.")},
        )  # fmt: skip
        field.named = str(self.data.get(name) or self.initial.get(name, ""))
        share = Figure(
            label=_("Share"), max_digits=5, decimal_places=2, min_value=0, max_value=100, required=first,
            initial=Decimal(100) if first else None, widget=forms.TextInput(attrs=DECIMAL),
        )  # fmt: skip
        share.unit = "%"
        added = {
            name: field,
            f"share{place}": share,
            f"agent_kind{place}": forms.ChoiceField(
                label=_("Somebody acts for the buyer"), choices=AgentKind.choices, required=False
            ),
            f"agent_name{place}": forms.CharField(label=_("Name"), max_length=60, required=False),
            f"agent_paper{place}": forms.ChoiceField(
                label=_("Paper"), choices=[("", "–"), *PaperKind.choices], required=False
            ),
            f"agent_number{place}": forms.CharField(
                label=_("Number of the paper"), max_length=30, required=False, help_text=kept
            ),
            f"agent_phone{place}": forms.CharField(label=_("Phone"), max_length=24, required=False, help_text=kept),
        }
        for key, one in added.items():
            one.unit, one.is_wide = getattr(one, "unit", ""), False
            self.fields[key] = one

    def blocks(self) -> Iterator[Mapping[str, Any]]:
        """The buyers one by one, for the page: the first is open, the others when something stands in them."""
        for place in range(1, MOST + 1):
            own = [self[name] for name in self.fields if name.endswith(str(place))]
            named = self.data.get(f"buyer{place}") or self.initial.get(f"buyer{place}")
            yield {"place": place, "open": place == 1 or bool(named) or any(f.errors for f in own), "fields": own}

    def general(self) -> list:
        """The fields that are no buyer's."""
        return [
            self[name] for name, field in self.fields.items() if not name[-1].isdigit() and not field.widget.is_hidden
        ]

    def clean_salesperson(self):
        return self.people.get(self.cleaned_data["salesperson"])

    def clean(self) -> dict:
        values = super().clean() or {}
        for place in range(2, MOST + 1):
            named, share = values.get(f"buyer{place}"), values.get(f"share{place}")
            if share and not named:
                self.add_error(f"buyer{place}", _("Name the buyer."))
            elif named and not share and not self.has_error(f"share{place}"):
                self.add_error(f"share{place}", _("Enter the share."))
        return values

    def purchasers(self) -> list[Purchaser]:
        """The buyers as entered, in their order."""
        values = self.cleaned_data
        return [
            Purchaser(
                customer=values[f"buyer{place}"], share=values[f"share{place}"],
                agent_kind=AgentKind(values[f"agent_kind{place}"] or AgentKind.NONE),
                **{f"agent_{part}": values[f"agent_{part}{place}"] for part in ("name", "paper", "number", "phone")},
            )
            for place in range(1, MOST + 1)
            if values.get(f"buyer{place}")
        ]  # fmt: skip

    def add_refusal(self, refusal) -> None:
        """What is refused about shares and agents stands at the first buyer's."""
        refusal.fields = {
            f"{name}1" if name in ("share", "agent_name") else name: texts for name, texts in refusal.fields.items()
        }
        super().add_refusal(refusal)


class ReceiptForm(OnceForm):
    """The receipt of the deposit and the sum on it. `may_override`: the supervisor's own field."""

    receipt = forms.CharField(label=_("Receipt no."), max_length=28)
    received = _money(_("Amount received"))
    override = forms.CharField(
        label=_("Reason for taking less than the least"), max_length=300, required=False,
        help_text=_("Only for a small deposit; it is put on record."),
    )  # fmt: skip
    units = {"received": _("yuan")}
    wide = ("override",)

    def __init__(self, *args, may_override: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not may_override:
            del self.fields["override"]


class TopUpForm(OnceForm):
    """The rest of the deposit, and that the provisional letter came back."""

    receipt = forms.CharField(label=_("Receipt no."), max_length=28)
    received = _money(_("Amount received"))
    letter_back = forms.BooleanField(label=_("The provisional letter was taken back"), required=False)
    units = {"received": _("yuan")}


class WhyForm(OnceForm):
    """Why; kept with the subscription."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the subscription."))
    wide = ("reason",)


class LapseForm(WhyForm):
    """What becomes of a small deposit and of the unit."""

    outcome = forms.ChoiceField(
        label=_("The deposit is"), choices=[(CloseReason.REFUND, _("refunded")), (CloseReason.FORFEIT, _("forfeited"))]
    )
    target = forms.ChoiceField(
        label=_("The unit is then"), choices=[("withheld", _("withheld")), ("available", _("for sale again"))]
    )
    field_order = ("outcome", "target", "reason")


class DayForm(OnceForm):
    """The day on which a notice was sent."""

    on = forms.DateField(label=_("Sent on"), initial=lambda: clock.today())


class ExtendForm(WhyForm):
    """Until when, and why."""

    until = forms.DateField(label=_("Contract to be signed by"))
    field_order = ("until", "reason")

    def __init__(self, *args, small: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if small:
            self.fields["until"].label = _("To be topped up by")


class PaperForm(OnceForm):
    """How many copies are there, and whether the original was seen."""

    copies = forms.IntegerField(label=_("Copies received"), min_value=0, max_value=99)
    original_seen = forms.BooleanField(label=_("Original seen"), required=False)


class SubscriptionFilter(filters.FilterSet):
    """Subscriptions by state, kind, and whether their deadline has passed."""

    state = filters.ChoiceFilter(label=_("State"), choices=SubscriptionState.choices, empty_label=ANY)
    kind = filters.ChoiceFilter(label=_("Kind"), choices=SubscriptionKind.choices, empty_label=ANY)
    overdue = filters.ChoiceFilter(
        label=_("Deadline"), choices=[("passed", _("passed"))], empty_label=ANY, method="only_overdue"
    )

    class Meta:
        model = Subscription
        fields = ()

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def only_overdue(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(overdue(clock.today(self.project.zone)))
