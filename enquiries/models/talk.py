"""What callers are told: talking points 说辞, facts of the project, courtesy (R2.2)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enquiries.states import Talk
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class TalkingPoint(models.Model):
    """One answer that everybody gives alike, as long as it is valid. `version` tells an outdated form from a current one."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="talking_points", verbose_name=_("project"))
    kind = models.CharField(_("kind"), max_length=10, choices=Talk)
    title = models.CharField(_("title"), max_length=80)
    title_keys = models.CharField(max_length=1200, blank=True)
    text = models.CharField(_("text"), max_length=2000)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    history = tracked(excluded=("title_keys",))
    objects = GuardedManager()
    every: EveryManager["TalkingPoint"] = EveryManager()

    class Meta:
        verbose_name = _("talking point")
        verbose_name_plural = _("talking points")
        ordering = ["kind", "title", "pk"]
        indexes = [models.Index(fields=["project", "kind"], name="talk_by_kind")]
        constraints = [
            models.CheckConstraint(name="talk_kind_valid", condition=Q(kind__in=Talk.values)),
            models.CheckConstraint(
                name="talk_valid_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.title
