"""A salesperson asks the desk for a hold (decisions 4): on a unit they see, or by the customer's wish."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.claim import Claim
from contracts.states import RequestState, new_number
from enquiries.models import Customer
from inventory.models import Layout, Project, Unit
from salescontrol.core.fields import MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class HoldRequest(models.Model):
    """Who asks for whom, for which unit or which wish, and what the desk answered."""

    personal = ("reason", "answer", "history_change_reason")

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="hold_requests", verbose_name=_("project"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="hold_requests", verbose_name=_("unit"))
    layout = models.ForeignKey(Layout, models.PROTECT, null=True, related_name="+", verbose_name=_("layout"))
    floor_from = models.SmallIntegerField(_("floor from"), null=True)
    floor_to = models.SmallIntegerField(_("floor to"), null=True)
    budget = MoneyField(_("budget"), null=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="hold_requests", verbose_name=_("customer"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED)
    requested_at = models.DateTimeField(_("requested"), db_default=Now())
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="requests", verbose_name=_("claim"))
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["HoldRequest"] = EveryManager()

    class Meta:
        verbose_name = _("hold request")
        ordering = ["-requested_at", "-pk"]
        indexes = [models.Index(fields=["project", "state"]), models.Index(fields=["salesperson", "state"])]
        constraints = [
            models.CheckConstraint(
                name="request_placed_with_claim",
                condition=Q(state=RequestState.PLACED, claim__isnull=False)
                | (~Q(state=RequestState.PLACED) & Q(claim__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["unit", "customer", "salesperson"],
                condition=Q(state=RequestState.REQUESTED, unit__isnull=False),
                name="one_open_request",
            ),
        ]

    def __str__(self) -> str:
        return self.number
