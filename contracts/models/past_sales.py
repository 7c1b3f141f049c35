"""Imports of the sales that an office made before it used this system (R3.3). What a file says of people is held encrypted (R7.3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from enquiries.models.handed import HandedOver
from enquiries.states import IntakeState
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class SalesImport(HandedOver):
    """One file handed over: who, when, how it was read, and its state. The file is kept sealed, and forgotten with what was read
    of it when the import ends (`dropped_at`); who did what, and how many sales came in, stays.

    `outcome`: counts, problems, remarks and skipped rows as the reading found them.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="sales_imports", verbose_name=_("project"))
    create_units = models.BooleanField(_("units are made from the file"), default=False)
    history = tracked(excluded=["outcome", "progress"])
    objects = GuardedManager()
    every: EveryManager["SalesImport"] = EveryManager()

    class Meta(HandedOver.Meta):
        verbose_name = _("import of past sales")
        verbose_name_plural = _("imports of past sales")
        constraints = [
            models.CheckConstraint(name="sales_import_state_valid", condition=models.Q(state__in=IntakeState.values))
        ]
