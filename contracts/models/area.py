"""Areas settled together 面积补差 after a survey (R3.1, domain B9): one request and one decision for the contracts of a list."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.states import new_number
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class AreaBatch(models.Model):
    """One list of surveyed areas. Each contract of it has a change of its own; where these stand, the approval says.

    `title` names the survey; `code` is the address.
    """

    code = models.CharField(max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="area_batches", verbose_name=_("project"))
    title = models.CharField(_("survey"), max_length=80)
    approval = models.ForeignKey(
        "core.Approval", models.PROTECT, null=True, related_name="+", verbose_name=_("approval")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    made_at = models.DateTimeField(_("requested"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["AreaBatch"] = EveryManager()

    class Meta:
        verbose_name = _("settlement of areas")
        verbose_name_plural = _("settlements of areas")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.title
