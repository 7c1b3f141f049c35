"""Imports of the customers and calls that an office brings along (R2.5). Whatever a file says of people is held encrypted (R7.3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from enquiries.models.call import Call
from enquiries.models.customer import Customer
from enquiries.models.handed import HandedOver
from enquiries.states import IntakeContent, IntakeKind, IntakeState
from inventory.models import Project
from salescontrol.core.fields import EncryptedJSONField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Intake(HandedOver):
    """One file handed over: who, when, what it holds, how it was read, and its state.

    `outcome`: counts, remarks and skipped rows as the reading found them. The file is kept sealed; its content and that of the
    rows are forgotten some time after the end (`dropped_at`), who did what stays.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="intakes", verbose_name=_("project"))
    content = models.CharField(_("content"), max_length=10, choices=IntakeContent)
    history = tracked(excluded=["outcome", "progress"])
    objects = GuardedManager()
    every: EveryManager["Intake"] = EveryManager()

    class Meta(HandedOver.Meta):
        verbose_name = _("import of customers")
        verbose_name_plural = _("imports of customers")
        constraints = [
            models.CheckConstraint(name="intake_state_valid", condition=models.Q(state__in=IntakeState.values))
        ]


class IntakeLine(models.Model):
    """One row of the file: where it stood, what becomes of it, and whom or which call it became.

    `content`: `values` that are written, and `problems`. `customer`: whom the row is about already, with the version that was seen.
    """

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="lines")
    sheet = models.CharField(_("sheet"), max_length=60, blank=True)
    row = models.PositiveIntegerField(_("row"))
    kind = models.CharField(_("kind"), max_length=10, choices=IntakeKind)
    content = EncryptedJSONField(default=dict, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+", verbose_name=_("customer"))
    customer_version = models.PositiveIntegerField(default=0)
    call = models.ForeignKey(Call, models.PROTECT, null=True, related_name="+", verbose_name=_("call"))

    class Meta:
        verbose_name = _("line")
        ordering = ["pk"]
        indexes = [models.Index(fields=["intake", "kind"], name="intake_lines_by_kind")]

    def __str__(self) -> str:
        return f"{self.intake_id} · {self.row}"
