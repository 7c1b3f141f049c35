"""Why a customer is to be erased, since when they wish it, and what the supervisor says of those whom the clock proposed."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from enquiries.models import Erasure
from enquiries.states import ErasureReason, ErasureState
from salescontrol.core.forms import Form

REASONS = (ErasureReason.WISH, ErasureReason.TERM, ErasureReason.MISTAKE)


class EraseForm(Form):
    """The reason, one of a list: what is written freely would outlive what it is about."""

    why = forms.ChoiceField(label=_("Reason"), choices=[(reason.value, reason.label) for reason in REASONS])
    wished_on = forms.DateField(
        label=_("Wished on"),
        required=False,
        help_text=_("The day on which the customer wished it; the term runs from then."),
    )


class ProposedForm(Form):
    """What is done with the ticked ones, and why they are kept."""

    answer = forms.CharField(
        label=_("Why they are kept"), max_length=250, required=False,
        help_text=_("Only for those who are kept; they are proposed again after another term."),
    )  # fmt: skip
    wide = ("answer",)


class ErasureFilter(filters.FilterSet):
    """By where they stand, and by why."""

    state = filters.ChoiceFilter(label=_("State"), choices=ErasureState, empty_label=_("any"))
    why = filters.ChoiceFilter(label=_("Reason"), choices=ErasureReason, empty_label=_("any"))

    class Meta:
        model = Erasure
        fields = ()
