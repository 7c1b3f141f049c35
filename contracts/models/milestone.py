"""What is followed up after a contract was signed: expected when, done when (R3.3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.contract import Contract
from contracts.states import MilestoneKind
from salescontrol.core.fields import MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Milestone(models.Model):
    """One step of carrying a contract out. Made when the contract is signed; `actual_on` is entered when it has happened.

    `receipt` and `amount` belong to the first payment, without which nothing is signed (domain B2.4, T13).
    """

    personal = ("receipt", "note", "history_change_reason")

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="milestones", verbose_name=_("contract"))
    kind = models.CharField(_("milestone"), max_length=13, choices=MilestoneKind)
    expected_on = models.DateField(_("expected"), null=True)
    actual_on = models.DateField(_("done"), null=True)
    receipt = models.CharField(_("receipt no."), max_length=60, blank=True)
    amount = MoneyField(_("amount"), null=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Milestone"] = EveryManager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["contract", "pk"]
        indexes = [models.Index(fields=["expected_on"], condition=Q(actual_on__isnull=True), name="milestones_open")]
        constraints = [models.UniqueConstraint(fields=["contract", "kind"], name="one_milestone_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.contract} {self.get_kind_display()}"
