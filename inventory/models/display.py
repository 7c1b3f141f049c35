"""Wall displays: screens that show the board without anybody being signed in (decisions 12)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.project import Project
from salescontrol.core.history import tracked


class WallDisplay(models.Model):
    """One screen: a name, and the digest of the secret in its address. Revoking it darkens the screen at its next poll."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="displays", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    prices = models.BooleanField(_("shows prices"), default=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    made_at = models.DateTimeField(_("since"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("revoked by")
    )
    history = tracked(excluded=["digest", "seen_at"])

    class Meta:
        verbose_name = _("wall display")
        ordering = ["revoked_at", "name", "pk"]

    def __str__(self) -> str:
        return self.name
