"""What the office decides for itself: defaults of the trade (domain B15) and the calendar (decisions 31, 33)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from salescontrol.core.history import tracked


class Setting(models.Model):
    """One value that differs from its default, for one project or (project empty) for the company."""

    project_id = models.BigIntegerField(_("project"), null=True)
    key = models.CharField(_("setting"), max_length=60)
    value = models.JSONField(_("value"))
    history = tracked()

    class Meta:
        verbose_name = _("setting")
        constraints = [
            models.UniqueConstraint(fields=["project_id", "key"], name="one_setting_per_project"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(project_id__isnull=True), name="one_company_setting"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Holiday(models.Model):
    """A day on which the calendar differs from Monday–Friday: a day off, or a weekend day that is worked."""

    day = models.DateField(_("day"), unique=True)
    working = models.BooleanField(_("worked"), default=False)
    name = models.CharField(_("name"), max_length=60)
    history = tracked()

    class Meta:
        verbose_name = _("holiday")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
