"""Who is on duty when (decisions 33), and the secret addresses of calendars."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models import Project
from salescontrol.core.history import tracked


class DutyShift(models.Model):
    """The hours that a salesperson works on a day in a project; times by the project's clock."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="shifts", verbose_name=_("project"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    on = models.DateField(_("day"))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))
    history = tracked()

    class Meta:
        verbose_name = _("shift")
        ordering = ["on", "salesperson_id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "salesperson", "on"], name="one_shift_a_day"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="shift_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.starts:%H:%M}–{self.ends:%H:%M}"


class CalendarLink(models.Model):
    """The secret address of somebody's calendar, of which only the digest is kept; a new one ends the one before."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("since"), db_default=Now())
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    history = tracked(excluded=["digest"])

    class Meta:
        verbose_name = _("calendar address")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(revoked_at=None), name="one_calendar_address"),
        ]

    def __str__(self) -> str:
        return f"{self.user}"
