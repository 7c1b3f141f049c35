"""What is entered of a pre-report 报备, and what a list of them is filtered by."""

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, pgettext_lazy

from enquiries.models import PreReport
from enquiries.queries.pre_reports import in_state, of_words
from enquiries.states import ReportState
from salescontrol.core import clock
from salescontrol.core.forms import Form, OnceForm

_PLAIN = forms.TextInput(attrs={"autocomplete": "off"})
_DIGITS = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
_DAY = forms.DateInput(attrs={"type": "date"})


class ReportForm(OnceForm):
    """Who is announced by whom, and when they come."""

    agency = forms.CharField(label=gettext_lazy("Channel company"), max_length=80, widget=_PLAIN)
    agent_name = forms.CharField(label=gettext_lazy("Agent"), max_length=60, widget=_PLAIN)
    agent_phone = forms.CharField(label=gettext_lazy("Agent's phone"), max_length=30, required=False, widget=_DIGITS)
    name = forms.CharField(label=gettext_lazy("Customer's name"), max_length=60, widget=_PLAIN)
    phone = forms.CharField(
        label=gettext_lazy("Customer's mobile"), max_length=30, widget=_DIGITS,
        help_text=gettext_lazy("The whole number, or with its middle hidden as it was told: 138****5678."),
    )  # fmt: skip
    expected_at = forms.DateTimeField(label=gettext_lazy("Comes"), required=False)


class RefuseForm(Form):
    """Why the report does not count."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("Kept with the pre-report.")
    )
    wide = ("reason",)


class ReportFilter(filters.FilterSet):
    """By words, days and state; one that ran out is found as expired at once."""

    q = filters.CharFilter(
        label=gettext_lazy("Name, company, agent, number or whole phone"), method="of_words", max_length=60
    )
    since = filters.DateFilter(
        label=gettext_lazy("From"), field_name="reported_at", lookup_expr="date__gte", widget=_DAY
    )
    until = filters.DateFilter(
        label=pgettext_lazy("upper end of a range", "to"),
        field_name="reported_at",
        lookup_expr="date__lte",
        widget=_DAY,
    )
    state = filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=ReportState, method="of_state", empty_label=gettext_lazy("any")
    )

    class Meta:
        model = PreReport
        fields = ()

    def of_words(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        return rows.filter(of_words(words))

    def of_state(self, rows: QuerySet, _name: str, state: str) -> QuerySet:
        return rows.filter(in_state(state, clock.now()))
