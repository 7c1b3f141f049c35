"""What is entered to request a change of a sale, to decide what becomes of its unit, and to filter the list of changes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.forms.holds import ANY, CustomerField, ReasonForm
from contracts.models import Change, Quotation
from contracts.services.change_content import Entry, Money
from contracts.services.change_identity import Correction
from contracts.services.change_kinds import KINDS
from contracts.states import AgentKind, ChangeCause, ChangeKind, ChangeState, PaymentMethod, QuotationState, Release
from enquiries.models import Customer
from enquiries.services import identity
from enquiries.states import CustomerKind, PaperKind
from inventory.models import Unit
from salescontrol.core.forms import OnceForm
from salescontrol.core.templatetags import sales

BUYERS = 4
STAYS = _("stays as it is")
_KEPT = _("Leave it empty to keep it.")
_PLAIN = {"autocomplete": "off"}
YUAN = _("yuan")
Choices = Sequence[tuple[str, str]]
# Where a refusal about a field of the correction stands in the form.
_PLACES = {"kind": "customer_kind", "number": "paper_number"}


def _amount(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=15, decimal_places=2, required=False, **options)


class QuotationField(forms.ModelChoiceField):
    """A quotation with the unit and the price that it is for."""

    def label_from_instance(self, quotation: Quotation) -> str:
        return f"{quotation.number} · {quotation.unit.number} · {sales.amount(quotation.total)}"


class ChangeForm(OnceForm):
    """Reason, papers, and whatever the kind needs; the fields of other kinds are not there."""

    cause = forms.ChoiceField(label=_("Class of the reason"), choices=ChangeCause.choices)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Whoever decides reads it.")
    )  # fmt: skip
    target = forms.ModelChoiceField(
        queryset=Unit.objects.none(), label=_("Taken instead"), help_text=_("Free units of the project.")
    )
    quotation = QuotationField(
        queryset=Quotation.objects.none(), label=_("By quotation"), required=False,
        empty_label=_("by the list price"), help_text=_("Ready quotations of free units."),
    )  # fmt: skip
    method = forms.ChoiceField(label=_("Payment method"), choices=PaymentMethod.choices)
    total = _amount(_("New price"))
    main = _amount(_("Main contract"))
    decoration = _amount(_("Decoration contract"))
    supplement = _amount(_("Supplement"))
    surveyed = forms.DecimalField(
        label=_("Surveyed area"), min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )  # fmt: skip
    buyer = forms.ChoiceField(label=_("Whose identity"))
    name = forms.CharField(
        label=_("Name that is right"),
        max_length=60,
        required=False,
        help_text=_KEPT,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    customer_kind = forms.ChoiceField(
        label=_("Kind that is right"), choices=[("", STAYS), *CustomerKind.choices], required=False
    )  # fmt: skip
    paper = forms.ChoiceField(label=_("Paper that is wrong"), required=False)
    paper_gone = forms.BooleanField(label=_("This paper is not theirs: only remove it"), required=False)
    paper_kind = forms.ChoiceField(
        label=_("Paper that is right"), choices=[("", "–"), *PaperKind.choices], required=False
    )  # fmt: skip
    paper_number = forms.CharField(
        label=_("Number that is right"), max_length=40, required=False, widget=forms.TextInput(attrs=_PLAIN)
    )
    agent_kind = forms.ChoiceField(
        label=_("Acts for the buyer"), choices=[("", STAYS), *AgentKind.choices], required=False
    )  # fmt: skip
    agent_name = forms.CharField(
        label=_("Name of who acts"),
        max_length=60,
        required=False,
        help_text=_KEPT,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    agent_paper = forms.ChoiceField(
        label=_("Paper of who acts"), choices=[("", STAYS), *PaperKind.choices], required=False
    )  # fmt: skip
    agent_number = forms.CharField(
        label=_("Number of that paper"), max_length=40, required=False, help_text=_KEPT,
        widget=forms.TextInput(attrs=_PLAIN),
    )  # fmt: skip
    until = forms.DateField(label=_("Contract to be signed by"))
    keeps = forms.BooleanField(label=_("Beyond the tolerance: the buyer keeps the unit"), required=False)
    paid = _amount(_("Paid so far"))
    refundable = _amount(_("Refundable of it"))
    fee = _amount(_("Handling fee"))
    penalty_due = _amount(_("Penalty due"))
    penalty_received = _amount(_("Penalty received"))
    waiver = forms.CharField(label=_("Why the penalty is waived"), max_length=300, required=False)
    refund = _amount(_("Amount to refund"))
    release = forms.ChoiceField(
        label=_("The unit is afterwards"), choices=Release.choices,
        help_text=_("A proposal: whoever approves chooses."),
    )  # fmt: skip
    documents = forms.CharField(
        label=_("Documents received and missing"), max_length=600, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    form_signed = forms.BooleanField(label=_("The buyer signed the application form"), required=False)
    wide = ("reason", "waiver", "documents")
    units = dict.fromkeys(
        ("total", "main", "decoration", "supplement", "paid", "refundable", "fee", "penalty_due", "penalty_received",
         "refund"), YUAN,
    ) | {"surveyed": "㎡"}  # fmt: skip
    money = ("paid", "refundable", "fee", "penalty_due", "penalty_received", "waiver", "refund")
    # The fields that only some kinds have.
    own: dict[ChangeKind, tuple[str, ...]] = {
        ChangeKind.REFUND: (*money, "release"),
        ChangeKind.FORFEIT: (*money, "release"),
        ChangeKind.EXCHANGE: ("target", "quotation", *money, "release"),
        ChangeKind.TRANSFER: money,
        ChangeKind.BUYERS: (),
        ChangeKind.METHOD: ("method",),
        ChangeKind.PRICE: ("total",),
        ChangeKind.AMOUNT: ("main", "decoration", "supplement"),
        ChangeKind.AREA: ("surveyed", "keeps"),
        ChangeKind.IDENTITY: (
            "buyer",
            "name",
            "customer_kind",
            "paper",
            "paper_gone",
            "paper_kind",
            "paper_number",
            "agent_kind",
            "agent_name",
            "agent_paper",
            "agent_number",
        ),
        ChangeKind.REVIVE: ("until",),
    }
    always = ("op_id", "cause", "reason", "documents", "form_signed")

    def __init__(
        self, *args, kind: ChangeKind, customers: QuerySet[Customer], targets: QuerySet[Unit],
        quotations: QuerySet[Quotation], signed: bool, buyers: Choices = (), papers: Choices = (), **kwargs,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in [name for name in self.fields if name not in (*self.always, *self.own[kind])]:
            del self.fields[name]
        if signed:
            self.fields.pop("release", None)
        if "target" in self.fields:
            self.fields["target"].queryset = targets
            self.fields["quotation"].queryset = quotations.filter(state=QuotationState.READY)
        if kind == ChangeKind.IDENTITY:
            self.fields["buyer"].choices = list(buyers)
            self.fields["paper"].choices = [("", _("none: enter a further one")), *papers]
        if not KINDS[kind].form:
            del self.fields["form_signed"]
        if kind in (ChangeKind.TRANSFER, ChangeKind.BUYERS):
            self._add_buyers(customers)

    def _add_buyers(self, customers: QuerySet[Customer]) -> None:
        """Lines of buyer and share, before the papers."""
        for number in range(1, BUYERS + 1):
            name, share = f"buyer_{number}", f"share_{number}"
            field = CustomerField(
                queryset=customers, label=_("Buyer %(number)s") % {"number": number}, required=number == 1,
                empty_label=_("nobody"),
            )  # fmt: skip
            field.named = str(self.data.get(name) or self.initial.get(name, ""))
            self.fields[name] = field
            self.fields[share] = forms.DecimalField(
                label=_("Share"), min_value=Decimal("0.01"), max_value=100, max_digits=5, decimal_places=2,
                required=False,
            )  # fmt: skip
            for each, unit in ((name, ""), (share, "%")):
                self.fields[each].unit, self.fields[each].is_wide = unit, False
        last = ["documents", "form_signed"]
        self.order_fields([name for name in self.fields if name not in last] + last)

    def add_refusal(self, refusal) -> None:
        """What is refused about the shares stands at the first of them."""
        if "share" in refusal.fields:
            refusal.fields = {"share_1": refusal.fields["share"]}
        if self.kind == ChangeKind.IDENTITY:
            refusal.fields = {_PLACES.get(name, name): texts for name, texts in refusal.fields.items()}
        super().add_refusal(refusal)

    def clean(self) -> dict:
        values = super().clean() or {}
        target, quotation = values.get("target"), values.get("quotation")
        if target and quotation and quotation.unit_id != target.pk:
            self.add_error("quotation", _("This quotation is for another unit. Choose one of the unit taken instead."))
        for number in range(1, BUYERS + 1):
            if values.get(f"buyer_{number}") and not values.get(f"share_{number}"):
                self.add_error(f"share_{number}", _("Enter the share of this buyer."))
        return values

    def entry(self) -> Entry:
        """The request as the service takes it."""
        values = self.cleaned_data
        chosen = [
            (values[f"buyer_{number}"].number, values[f"share_{number}"])
            for number in range(1, BUYERS + 1)
            if values.get(f"buyer_{number}")
        ]
        zero = Decimal(0)
        amounts = {name: values.get(name) or zero for name in self.money if name != "waiver"}
        parts = {name: values.get(name) or zero for name in ("main", "decoration", "supplement") if name in values}
        quotation, target = values.get("quotation"), values.get("target")
        return Entry(
            kind=self.kind, cause=ChangeCause(values["cause"]), reason=values["reason"], money=Money(**amounts),
            waiver=values.get("waiver", ""), form_signed=values.get("form_signed", False), documents=values["documents"],
            release=Release(values.get("release") or Release.WITHHELD), target_id=target.pk if target else None,
            quotation=quotation.number if quotation else "", buyers=tuple(chosen), method=values.get("method", ""),
            total=quotation.total if quotation else values.get("total"), surveyed=values.get("surveyed"),
            keeps=values.get("keeps", False), identity=self._identity(), until=values.get("until"), **parts,
        )  # fmt: skip

    def _identity(self) -> Correction:
        """What is right about the buyer; nothing for other kinds of change."""
        values = self.cleaned_data
        of_customer = identity.Correction(
            values.get("name", ""), values.get("customer_kind", ""), int(values["paper"]) if values.get("paper") else None,
            values.get("paper_gone", False), values.get("paper_kind", ""), values.get("paper_number", ""),
        )  # fmt: skip
        agent = {name: values.get(name, "") for name in ("agent_kind", "agent_name", "agent_paper", "agent_number")}
        return Correction(values.get("buyer", ""), of_customer, **agent)


class VoidForm(ReasonForm):
    """Why the change is void; kept with its number."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept with the number."))


class ReleaseForm(OnceForm):
    """What becomes of the unit: the approver's choice."""

    release = forms.ChoiceField(label=_("The unit is afterwards"), choices=Release.choices)


class ChangeFilter(filters.FilterSet):
    """Changes by kind and state."""

    kind = filters.ChoiceFilter(label=_("Kind"), choices=ChangeKind.choices, empty_label=ANY)
    state = filters.ChoiceFilter(label=_("State"), choices=ChangeState.choices, empty_label=ANY)

    class Meta:
        model = Change
        fields = ()
