"""Emergency stop 封盘: from its instant no new claim on the units it covers (R1.7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.building import Building, Layout
from inventory.models.project import Project
from salescontrol.core.history import tracked


class SalesStop(models.Model):
    """Stops a project, one of its buildings or one of its layouts; lifted by an approval only."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="stops", verbose_name=_("project"))
    building = models.ForeignKey(Building, models.PROTECT, null=True, related_name="+", verbose_name=_("building"))
    layout = models.ForeignKey(Layout, models.PROTECT, null=True, related_name="+", verbose_name=_("layout"))
    scope = models.CharField(
        max_length=30, help_text="project, building:ID or layout:ID, so that one scope has one stop."
    )
    reason = models.CharField(_("reason"), max_length=300)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    stopped_at = models.DateTimeField(_("since"), db_default=Now())
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by")
    )
    approval = models.ForeignKey(
        "core.Approval", models.PROTECT, null=True, related_name="+", verbose_name=_("approval")
    )
    history = tracked()

    class Meta:
        verbose_name = _("sales stop")
        ordering = ["-stopped_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="stop_names_one_scope", condition=Q(building__isnull=True) | Q(layout__isnull=True)
            ),
            models.CheckConstraint(
                name="stop_lifted_at_and_by",
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["project", "scope"], condition=Q(lifted_at__isnull=True), name="one_stop_of_a_scope"
            ),
        ]

    def __str__(self) -> str:
        return str(self.building or self.layout or self.project)
