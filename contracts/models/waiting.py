"""The waiting list of a unit: when it comes free, the next in line is offered it for some hours (domain B3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.claim import Claim
from contracts.states import WaitingState, new_number
from enquiries.models import Customer
from inventory.models import Project, Unit
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class WaitingEntry(models.Model):
    """A customer who waits for a unit, in the order of `placed_at`; `offer` is the hold that keeps it for them meanwhile."""

    personal = ("note", "history_change_reason")

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="waiting", verbose_name=_("project"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="waiting", verbose_name=_("unit"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="waiting", verbose_name=_("customer"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=WaitingState.choices, default=WaitingState.WAITING)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("placed by")
    )
    placed_at = models.DateTimeField(_("placed"), db_default=Now())
    offer = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="+", verbose_name=_("offer"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["WaitingEntry"] = EveryManager()

    class Meta:
        verbose_name = _("waiting entry")
        ordering = ["placed_at", "pk"]
        indexes = [models.Index(fields=["unit", "state"]), models.Index(fields=["salesperson", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "customer"],
                condition=Q(state__in=[WaitingState.WAITING, WaitingState.OFFERED]),
                name="one_place_per_customer",
            )
        ]

    def __str__(self) -> str:
        return self.number
