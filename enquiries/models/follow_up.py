"""A follow-up 跟进: when somebody spoke with a customer, how, about what, and when next (domain B5)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.customer import Customer
from enquiries.states import Way
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class FollowUp(models.Model):
    """One contact with a customer; of several the latest says when the next is due."""

    personal = ("content", "history_change_reason")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="follow_ups", verbose_name=_("customer"))
    at = models.DateTimeField(_("when"), db_default=Now())
    way = models.CharField(_("way"), max_length=8, choices=Way)
    content = models.CharField(_("content"), max_length=1000)
    next_on = models.DateField(_("next on"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["FollowUp"] = EveryManager()

    class Meta:
        verbose_name = _("follow-up")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["customer", "-at"]), models.Index(fields=["next_on"])]
        constraints = [models.CheckConstraint(name="follow_up_way_valid", condition=Q(way__in=Way.values))]

    def __str__(self) -> str:
        return str(self.pk)
