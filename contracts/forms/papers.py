"""What is entered to make a paper, to bring it back signed, and to hand over a template."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.states import PaperKind
from salescontrol.core.forms import OnceForm


class MakeForm(OnceForm):
    """Which paper, and what it says beyond what the trade says. `kinds`: those that may be made here."""

    kind = forms.ChoiceField(label=pgettext_lazy("sale", "Paper"))
    text = forms.CharField(
        label=_("Text"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For a change agreement what is agreed; in other papers a paragraph of its own. Empty: nothing."),
    )  # fmt: skip
    amount = forms.DecimalField(
        label=_("Amount"), required=False, min_value=0, max_digits=14, decimal_places=2,
        help_text=_("What is demanded in a dunning letter, or what a change costs."),
    )  # fmt: skip
    until = forms.DateField(label=_("To be done by"), required=False)

    def __init__(self, *args, kinds: Sequence[PaperKind], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]


class SignForm(OnceForm):
    """The signed paper as it came back. `has_scan`: one is kept already, so the file may stay away."""

    file = forms.FileField(label=_("Scan of the signed paper"), required=False, help_text=_("PDF, PNG, JPEG or WebP."))
    pages = forms.IntegerField(label=_("Pages"), min_value=1, max_value=999)
    complete = forms.BooleanField(
        label=_("Looked through, and complete: every page there, signed and sealed"), required=False
    )


class TemplateForm(OnceForm):
    """A template of the office for one kind of paper."""

    kind = forms.ChoiceField(label=pgettext_lazy("sale", "Paper"), choices=PaperKind.choices)
    file = forms.FileField(
        label=_("Word document"), help_text=_("A .docx without macros. Its fields are checked before it is kept.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300, help_text=_("What is new in this version."))
