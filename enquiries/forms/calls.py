"""What is written down of a call, and what a list of calls is filtered by."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries import phones
from enquiries.forms.customers import TURN, OwnerField
from enquiries.models import Call
from enquiries.queries.calls import answered_as
from enquiries.queries.conversion import came_to
from enquiries.queries.customers import LONGEST_CODE
from enquiries.states import CallState, Channel, Invited, Motive, Rings
from inventory.rules.numbers import parse_number
from inventory.rules.problems import Problem
from inventory.rules.text import narrow
from salescontrol.core.forms import Form, OnceForm

ANSWERS = (
    ("in_time", gettext_lazy("Within three rings")),
    ("late", gettext_lazy("Later")),
    ("missed", gettext_lazy("Missed")),
    ("unknown", pgettext_lazy("rings of a phone", "Unknown")),
)
# How far who called for the first time has come since.
STAGES = (
    ("first", gettext_lazy("of customers who called for the first time")),
    ("visited", gettext_lazy("of those, who then visited")),
    ("held", gettext_lazy("of those, for whom a unit was then held")),
)
_TEXT = forms.Textarea(attrs={"rows": 2})


class Figure(forms.CharField):
    """A number as people type it, with full-width digits, separators and 万 (decisions 9), from zero to below `top`."""

    def __init__(self, *, top: int, whole: bool = False, scale: int = 1, **kwargs) -> None:
        super().__init__(required=False, max_length=20, **kwargs)
        self.top, self.whole, self.scale = top, whole, scale
        self.widget.attrs.update(inputmode="decimal", autocomplete="off")

    def clean(self, value) -> Any:
        text = super().clean(value)
        if not text:
            return None
        number = parse_number(narrow(text).rstrip("万萬元层樓楼F㎡ "), "")
        if isinstance(number, Problem) or not 0 <= number < self.top or (self.whole and number != int(number)):
            raise forms.ValidationError(_("Enter a number below %(top)s.") % {"top": f"{self.top:,}"}, code="number")
        return int(number) if self.whole else (number * self.scale).quantize(Decimal("0.01"))


class WishForm(Form):
    """What somebody is looking for, and words of what they ask."""

    layout = forms.CharField(label=gettext_lazy("Layout"), max_length=40, required=False)
    area_from = Figure(label=gettext_lazy("Area from"), top=100_000)
    area_to = Figure(label=gettext_lazy("Area to"), top=100_000)
    budget_to = Figure(label=gettext_lazy("Budget up to"), top=1_000_000, scale=10_000)
    floor_from = Figure(label=gettext_lazy("Floor from"), top=300, whole=True)
    floor_to = Figure(label=gettext_lazy("Floor to"), top=300, whole=True)
    units = {
        "area_from": "㎡",
        "area_to": "㎡",
        "budget_to": pgettext_lazy("ten thousand behind an amount", "10,000"),
    }


class AnswerForm(WishForm):
    """The answer desk's question: what is looked for, and words of what is asked."""

    q = forms.CharField(
        label=gettext_lazy("Words of the question"), max_length=60, required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip


class CallForm(WishForm, OnceForm):
    """The sheet of a call. Fields stand in the order in which a call goes."""

    sheet = forms.UUIDField(
        widget=forms.HiddenInput, initial=uuid.uuid4, error_messages={"required": gettext_lazy("Open this form anew.")}
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=30, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "autofocus": True}),
    )  # fmt: skip
    rings = forms.ChoiceField(
        label=gettext_lazy("Rings"), choices=Rings, initial=Rings.UNKNOWN, help_text=gettext_lazy("Type the digit.")
    )
    caller = forms.CharField(
        label=gettext_lazy("Caller"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False, choices=[("", "–"), *Channel.choices])
    motive = forms.ChoiceField(label=gettext_lazy("Wanted"), required=False, choices=[("", "–"), *Motive.choices])
    needs = forms.CharField(label=gettext_lazy("Special needs"), max_length=500, required=False, widget=_TEXT)
    asked = forms.CharField(label=gettext_lazy("Asked"), max_length=1000, required=False, widget=_TEXT)
    answered = forms.CharField(label=gettext_lazy("Answer given"), max_length=1000, required=False, widget=_TEXT)
    invited = forms.ChoiceField(label=gettext_lazy("Invitation"), required=False, choices=[("", "–"), *Invited.choices])
    next_on = forms.DateField(label=gettext_lazy("Next contact"), required=False)
    salesperson = OwnerField(label=gettext_lazy("Salesperson"), required=False)
    at = forms.DateTimeField(label=gettext_lazy("Called"), required=False)
    outsider = forms.BooleanField(label=gettext_lazy("No customer: an agent, a survey, a wrong number"), required=False)
    kept = forms.BooleanField(required=False, widget=forms.HiddenInput)
    field_order = (
        "phone", "rings", "caller", "channel", "layout", "area_from", "area_to", "budget_to", "floor_from", "floor_to", "motive",
        "needs", "asked", "answered", "invited", "next_on", "salesperson", "at", "outsider",
    )  # fmt: skip

    def __init__(self, *args, salespeople: Sequence, masked: str = "", turn: str = "", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if masked:
            self.fields["phone"].help_text = _("Leave it empty to keep %(phone)s.") % {"phone": masked}
        self.fields["salesperson"].offer(salespeople, _("who looks after the caller"), turn)

    def clean(self) -> dict:
        values = super().clean() or self.cleaned_data
        return {**values, "in_turn": self["salesperson"].value() == TURN}


class CallFilter(filters.FilterSet):
    """By day, number, who answered and how soon, channel and salesperson; choices come from visible calls (abuse 27, 28)."""

    q = filters.CharFilter(label=gettext_lazy("Name, number or whole phone"), method="of_words", max_length=60)
    since = filters.DateFilter(
        label=gettext_lazy("From"), field_name="at", lookup_expr="date__gte", widget=forms.DateInput(attrs={"type": "date"})
    )  # fmt: skip
    until = filters.DateFilter(
        label=pgettext_lazy("upper end of a range", "to"), field_name="at", lookup_expr="date__lte",
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    hour = filters.ChoiceFilter(
        label=gettext_lazy("Hour"), field_name="at", lookup_expr="hour", choices=[(str(h), f"{h:02}") for h in range(24)],
        empty_label=gettext_lazy("any"),
    )  # fmt: skip
    answer = filters.ChoiceFilter(
        label=gettext_lazy("Rings before the answer"),
        choices=ANSWERS,
        method="of_answer",
        empty_label=gettext_lazy("any"),
    )
    state = filters.ChoiceFilter(
        label=gettext_lazy("State"), method="of_state", empty_label=gettext_lazy("any"),
        choices=(("open", gettext_lazy("not confirmed")), (CallState.CONFIRMED, CallState.CONFIRMED.label)),
    )  # fmt: skip
    became = filters.ChoiceFilter(
        label=gettext_lazy("First calls"), choices=STAGES, method="of_stage", empty_label=gettext_lazy("any")
    )
    channel = filters.ChoiceFilter(
        label=gettext_lazy("Channel"), choices=Channel, empty_label=gettext_lazy("any"), null_label="–", null_value="none",
        method="of_channel",
    )  # fmt: skip
    taken_by = filters.ModelChoiceFilter(
        label=gettext_lazy("Answered by"), queryset=None, empty_label=gettext_lazy("any")
    )
    salesperson = filters.ModelChoiceFilter(
        label=gettext_lazy("Salesperson"), queryset=None, empty_label=gettext_lazy("any"), null_label=gettext_lazy("nobody yet"),
        null_value="none",
    )  # fmt: skip

    class Meta:
        model = Call
        fields = ()

    def __init__(self, *args, people: dict[str, QuerySet] | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("taken_by", "salesperson"):
            if people is None:
                del self.filters[name]
            else:
                self.filters[name].extra["queryset"] = people[name]

    def of_words(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        digits, text = phones.read(words), words.strip()
        if len(digits) > LONGEST_CODE:
            return rows.filter(phone_index=phones.index(digits))
        found = rows.filter(caller__icontains=text) | rows.filter(number=text.upper())
        return found | rows.filter(phone_index=phones.index(digits)) if digits else found

    def of_answer(self, rows: QuerySet, _name: str, answer: str) -> QuerySet:
        return rows.filter(answered_as(answer))

    def of_state(self, rows: QuerySet, _name: str, state: str) -> QuerySet:
        told = rows.filter(state=CallState.LOGGED, salesperson__isnull=False)
        return told if state == "open" else rows.filter(state=state)

    def of_stage(self, rows: QuerySet, _name: str, stage: str) -> QuerySet:
        return came_to(self.request.access, rows, stage)

    def of_channel(self, rows: QuerySet, _name: str, channel: str) -> QuerySet:
        return rows.filter(channel="" if channel == "none" else channel)
