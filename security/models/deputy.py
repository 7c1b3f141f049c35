"""Deputies: who decides for a supervisor, where, from when until when (decisions 5)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from salescontrol.core.history import tracked


class Deputy(models.Model):
    """`deputy` decides for `supervisor` in the project from `starts_at` until `ends_at`; requester ≠ approver still holds."""

    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deputies", verbose_name=_("supervisor")
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deputyships", verbose_name=_("deputy")
    )
    project_id = models.BigIntegerField(_("project"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    cancelled_at = models.DateTimeField(_("ended early"), null=True)
    history = tracked()

    class Meta:
        verbose_name = _("deputy")
        constraints = [
            models.CheckConstraint(name="deputy_is_somebody_else", condition=~models.Q(supervisor=models.F("deputy"))),
            models.CheckConstraint(
                name="deputy_time_runs_forward", condition=models.Q(ends_at__gt=models.F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} ← {self.supervisor}"
