"""A timed look beyond one's rights: asked for, approved, over by itself (decisions 2, R7.2)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.unit import Unit
from salescontrol.core.history import tracked


class AccessGrant(models.Model):
    """Lets one user see one unit whole until `until`; joined in the scoping query, so its end needs no job."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="access_grants", verbose_name=_("user")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="access_grants", verbose_name=_("unit"))
    purpose = models.CharField(_("purpose"), max_length=300)
    since = models.DateTimeField(_("since"), db_default=Now())
    until = models.DateTimeField(_("until"))
    approval = models.ForeignKey(
        "core.Approval", models.PROTECT, null=True, related_name="+", verbose_name=_("approval")
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    history = tracked()

    class Meta:
        verbose_name = _("access grant")
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["user", "unit"])]
        constraints = [models.CheckConstraint(name="grant_ends_after_start", condition=Q(until__gt=models.F("since")))]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"
