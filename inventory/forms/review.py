"""Forms around the review: filters of a batch's units, comments, reasons."""

import django_filters as filters
from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Building, Unit
from inventory.states import Review
from salescontrol.core.forms import Form


class ReviewFilter(filters.FilterSet):
    """The units of a batch by building, by review, and those that lack something.

    `missing`: ids of the units that lack a fact; `project`: whose buildings are offered.
    """

    building = filters.ModelChoiceFilter(label=_("Building"), queryset=None, empty_label=_("any"))
    review = filters.ChoiceFilter(label=_("Review"), choices=Review.choices, empty_label=_("any"))
    missing = filters.BooleanFilter(
        label=_("Only those that lack something"), method="that_lack", widget=forms.CheckboxInput
    )

    class Meta:
        model = Unit
        fields = ("building", "review")

    def __init__(self, *args, project, missing, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["building"].extra["queryset"] = Building.objects.filter(project=project)
        self.lacking = missing

    def that_lack(self, rows, _name: str, wanted: bool):
        return rows.filter(pk__in=self.lacking) if wanted else rows


class CommentForm(Form):
    """A comment that may be left empty."""

    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReturnForm(Form):
    """Why something is returned; the author reads it."""

    comment = forms.CharField(
        label=_("Comment"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The author reads it."),
    )


class NoteForm(Form):
    """What the supervisor should know about a hand-over."""

    note = forms.CharField(label=_("Note for the supervisor"), required=False, max_length=300)
    wide = ("note",)


class RelaxForm(Form):
    """What units of the project may lack when they are approved, and why (decisions 10)."""

    facts = forms.MultipleChoiceField(
        label=_("May be missing at approval"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=200,
        help_text=_("Kept with the project; needed when anything is relaxed."),
    )
    wide = ("facts", "reason")

    def __init__(self, *args, choices, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facts"].choices = choices
