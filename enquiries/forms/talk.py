"""What is entered about a talking point, and what the list of them is filtered by."""

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from enquiries.models import TalkingPoint
from enquiries.queries.talk import holding
from enquiries.states import Talk
from salescontrol.core.forms import Form


class PointForm(Form):
    """Kind, title, text and how long it is valid; `version` tells whether somebody else was faster."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Talk)
    title = forms.CharField(label=_("Title"), max_length=80)
    text = forms.CharField(label=_("Text"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
    valid_from = forms.DateField(label=_("Valid from"))
    valid_until = forms.DateField(label=_("Valid until"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class PointFilter(filters.FilterSet):
    """By words of title and text, by pinyin or initials of the title, and by kind."""

    q = filters.CharFilter(label=_("Words"), method="of_words", max_length=60)
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Talk, empty_label=_("any"))

    class Meta:
        model = TalkingPoint
        fields = ()

    def of_words(self, rows: QuerySet, _name: str, words: str) -> QuerySet:
        for word in words.split()[:6]:
            rows = rows.filter(holding(word))
        return rows
