"""Filters of the kernel's lists; a filter set is the allow-list of what may be asked (abuse 27)."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from salescontrol.core import approvals
from salescontrol.core.models import Approval


class ApprovalFilter(filters.FilterSet):
    """Approvals by state, kind and words of the subject."""

    state = filters.ChoiceFilter(label=_("State"), choices=Approval.State.choices, empty_label=_("any"))
    kind = filters.ChoiceFilter(
        label=_("Kind"),
        choices=lambda: [(code, kind.label) for code, kind in approvals.KINDS.items()],
        empty_label=_("any"),
    )
    subject = filters.CharFilter(label=_("Subject"), lookup_expr="icontains")

    class Meta:
        model = Approval
        fields = ("state", "kind", "subject")
