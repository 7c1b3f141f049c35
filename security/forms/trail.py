"""Filters of the audit trail; each is the allow-list of what may be asked (abuse 27)."""

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.models import Project
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission
from security.queries import trail


def _projects(request) -> QuerySet[Project]:
    return Project.objects.filter(request.access.projects(Permission.AUDIT_SEE, "pk")).order_by("name")


class TrailFilter(filters.FilterSet):
    """Acts by time, person, act, object and project."""

    since = filters.DateFilter(label=_("From"), field_name="at", lookup_expr="date__gte")
    until = filters.DateFilter(label=_("Until"), field_name="at", lookup_expr="date__lte")
    who = filters.CharFilter(label=_("Who"), method="by_person", max_length=60)
    action = filters.ChoiceFilter(label=_("Act"), choices=trail.kinds_of_act, empty_label=_("any"))
    object = filters.CharFilter(label=_("Number of unit, customer or claim"), method="by_object", max_length=60)
    project = filters.ModelChoiceFilter(
        label=_("Project"), field_name="project_id", queryset=_projects, method="by_project", empty_label=_("any")
    )

    class Meta:
        model = AuditEvent
        fields = ("since", "until", "who", "action", "object", "project")

    def by_person(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return rows.filter(Q(actor__name__icontains=value) | Q(actor__employee_no__iexact=value))

    def by_object(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return trail.about(rows, value)

    def by_project(self, rows: QuerySet[AuditEvent], name: str, value: Project) -> QuerySet[AuditEvent]:
        return rows.filter(project_id=value.pk)


class SeenFilter(filters.FilterSet):
    """Whose seeing is asked for."""

    object = filters.CharFilter(label=_("Number of customer or unit"), method="keep", max_length=60)

    class Meta:
        model = AuditEvent
        fields = ("object",)

    def keep(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """The rows are those of the number already: the query looks it up first."""
        return rows
