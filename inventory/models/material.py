"""What shows a unit or layout to a customer: floor plans, renderings, other files (R1.3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.building import Layout
from inventory.models.unit import Unit
from salescontrol.core.history import tracked
from salescontrol.core.models import Attachment
from salescontrol.core.scoping import EveryManager, GuardedManager


class MaterialKind(models.TextChoices):
    FLOOR_PLAN = "FLOOR_PLAN", _("Floor plan")
    RENDERING = "RENDERING", _("Rendering")
    FILE = "FILE", _("Other file")


class Material(models.Model):
    """A file on one unit or on one layout (and so on all its units)."""

    Kind = MaterialKind

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="materials")
    layout = models.ForeignKey(Layout, models.PROTECT, null=True, blank=True, related_name="materials")
    kind = models.CharField(_("kind"), max_length=10, choices=MaterialKind.choices)
    title = models.CharField(_("title"), max_length=80)
    file = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), db_default=Now())
    removed_at = models.DateTimeField(_("removed"), null=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Material"] = EveryManager()

    class Meta:
        verbose_name = _("material")
        ordering = ["kind", "pk"]
        constraints = [
            models.CheckConstraint(
                name="material_of_one_thing", condition=Q(unit__isnull=True) ^ Q(layout__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.title
