"""Filters of the lists about people; each is the allow-list of what may be asked (abuse 27)."""

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.models import ProjectGrant
from salescontrol.core.permissions import COMPANY_ROLES, Permission, Role
from security.models import User


class AccountFilter(filters.FilterSet):
    """Accounts by words, role and whether they are open."""

    words = filters.CharFilter(label=_("Name or number"), method="by_words")
    role = filters.ChoiceFilter(label=_("Role"), choices=Role.choices, method="by_role", empty_label=_("any"))
    active = filters.ChoiceFilter(
        label=_("Account"),
        field_name="is_active",
        choices=[("True", _("open")), ("False", _("closed"))],
        empty_label=_("any"),
    )

    class Meta:
        model = User
        fields = ("words", "role", "active")

    def by_words(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(Q(name__icontains=value) | Q(employee_no__icontains=value))

    def by_role(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Only by roles that the reader may see, else the filter would tell of other projects."""
        if value in COMPANY_ROLES:
            return rows.filter(groups__name=value)
        seen = self.request.access.projects(Permission.ACCOUNT_SEE, "content_object_id")
        return rows.filter(
            pk__in=ProjectGrant.objects.filter(seen, permission__codename=Role(value).codename).values("user")
        )
