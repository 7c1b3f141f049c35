"""What is written down of a visit, and what a list of visits is filtered by."""

from collections.abc import Sequence

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.forms.calls import WishForm
from enquiries.forms.customers import TURN, OwnerField
from enquiries.forms.viewings import CustomerField
from enquiries.models import Customer, Visit
from enquiries.queries.customers import matching
from enquiries.queries.scope import customers_visible_to
from enquiries.states import AgeBand, Channel, Employer, Grade, Motive, Origin, Party, Reaction, VisitKind
from salescontrol.core.forms import Form, OnceForm

ANY = gettext_lazy("any")
_DAY = forms.DateInput(attrs={"type": "date"})


def _choice(label, choices, nothing="–") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", nothing), *choices.choices])


def _words(label, length: int, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=length, widget=widget)


class VisitForm(WishForm, OnceForm):
    """The sheet of a visit 来访登记表; `salespeople` are offered to the desk, None to a salesperson, who logs their own visitors."""

    customer = CustomerField(
        queryset=Customer.objects.none(), required=False, label=gettext_lazy("Customer"),
        empty_label=gettext_lazy("choose, or enter a new one"),
        help_text=gettext_lazy("The list shows who was entered last. For anybody else enter name and phone, as for a new one."),
    )  # fmt: skip
    new_name = _words(gettext_lazy("New customer: name"), 60)
    new_phone = forms.CharField(
        label=gettext_lazy("New customer: phone"), max_length=24, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    kind = _choice(gettext_lazy("Kind of visit"), VisitKind, gettext_lazy("as earlier visits and calls say"))
    channel = _choice(gettext_lazy("Channel"), Channel)
    party = _choice(gettext_lazy("Came with"), Party)
    age_band = _choice(gettext_lazy("Age"), AgeBand)
    home_area = _words(gettext_lazy("Lives in"), 60)
    work_area = _words(gettext_lazy("Works in"), 60)
    employer = _choice(gettext_lazy("Employer"), Employer)
    occupation = _words(gettext_lazy("Occupation"), 60)
    use = _words(gettext_lazy("Use"), 60)
    motive = _choice(gettext_lazy("Wanted"), Motive)
    needs = _words(gettext_lazy("Special needs"), 500, 2)
    unit_price = _choice(gettext_lazy("On the unit price"), Reaction)
    total_price = _choice(gettext_lazy("On the total price"), Reaction)
    factors = _words(gettext_lazy("What counts for them"), 300, 2)
    objections = _words(gettext_lazy("Objections"), 300, 2)
    grade = _choice(gettext_lazy("Grade"), Grade)
    carry = forms.BooleanField(
        label=gettext_lazy("Take grade and wishes over to the customer"), required=False, initial=True
    )
    note = _words(gettext_lazy("Note"), 500, 2)
    salesperson = OwnerField(label=gettext_lazy("Salesperson"), required=False)
    origin = forms.ChoiceField(label=gettext_lazy("How the visitor came"), required=False)
    origin_reason = _words(gettext_lazy("Reason, when it is other than the pre-reports propose"), 250)
    at = forms.DateTimeField(label=gettext_lazy("Came"), required=False)
    late_reason = _words(gettext_lazy("Reason, when it was on an earlier day"), 250)
    field_order = (
        "customer", "new_name", "new_phone", "kind", "channel", "party", "age_band", "home_area", "work_area", "employer",
        "occupation", "use", "layout", "area_from", "area_to", "budget_to", "floor_from", "floor_to", "motive", "needs",
        "unit_price", "total_price", "factors", "objections", "grade", "carry", "note", "salesperson",
        "origin", "origin_reason", "at", "late_reason",
    )  # fmt: skip

    def __init__(
        self, *args, customers: QuerySet[Customer], salespeople: Sequence | None, late: bool,
        turn: str = "", origins: Sequence = (), **kwargs
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["customer"].queryset = customers
        self.fields["customer"].named = str(self.data.get("customer") or self.initial.get("customer", ""))
        if salespeople is None:
            for name in ("salesperson", "origin", "origin_reason"):
                del self.fields[name]
        else:
            self.fields["salesperson"].offer(salespeople, _("who looks after the customer"), turn)
            self.fields["origin"].choices = origins
        if not late:
            del self.fields["late_reason"]

    def clean(self) -> dict:
        values = super().clean() or {}
        customer, name, phone = (values.get(field) for field in ("customer", "new_name", "new_phone"))
        if customer and (name or phone):
            self.add_error("customer", _("Choose a customer or enter a new one, not both."))
        elif not customer and not (name and phone):
            self.add_error("customer", _("Choose a customer, or enter name and phone of a new one."))
        return {**values, "in_turn": "salesperson" in self.fields and self["salesperson"].value() == TURN}


class OriginForm(Form):
    """How the visitor came, judged anew, and why."""

    origin = forms.ChoiceField(label=gettext_lazy("How the visitor came"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("Kept with the visit.")
    )
    wide = ("reason",)

    def __init__(self, *args, origins: Sequence, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["origin"].choices = origins


class VisitFilter(filters.FilterSet):
    """By day, customer, kind, channel, origin, grade and salesperson; choices come from visible visits (abuse 27, 28)."""

    q = filters.CharFilter(
        label=gettext_lazy("Name, number, whole phone or its last four digits"), method="of_words", max_length=60
    )
    since = filters.DateFilter(label=gettext_lazy("From"), field_name="at", lookup_expr="date__gte", widget=_DAY)
    until = filters.DateFilter(
        label=pgettext_lazy("upper end of a range", "to"), field_name="at", lookup_expr="date__lte", widget=_DAY
    )
    kind = filters.ChoiceFilter(label=gettext_lazy("Kind of visit"), choices=VisitKind, empty_label=ANY)
    channel = filters.ChoiceFilter(label=gettext_lazy("Channel"), choices=Channel, empty_label=ANY)
    origin = filters.ChoiceFilter(label=gettext_lazy("How the visitor came"), choices=Origin, empty_label=ANY)
    grade = filters.ChoiceFilter(label=gettext_lazy("Grade"), choices=Grade, empty_label=ANY)
    salesperson = filters.ModelChoiceFilter(label=gettext_lazy("Salesperson"), queryset=None, empty_label=ANY)

    class Meta:
        model = Visit
        fields = ()

    def __init__(self, *args, people: QuerySet | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if people is None:
            del self.filters["salesperson"]
        else:
            self.filters["salesperson"].extra["queryset"] = people

    def of_words(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        known = customers_visible_to(self.request.access).filter(matching(words))
        return rows.filter(customer__in=known.values("pk")) | rows.filter(number=words.strip().upper())
