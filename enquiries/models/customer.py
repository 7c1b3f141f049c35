"""A customer of a project. Phone numbers are held encrypted and found by a blind index (R7.3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.states import new_number
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Customer(models.Model):
    """A person who asks or buys: name, phone, and the salesperson who looks after them.

    `number` is a random code: consecutive ones would tell how many customers there are (reliability 3.5).
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="customers", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    name = models.CharField(_("name"), max_length=60)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=24, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salesperson")
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Customer"] = EveryManager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-entered_at", "-pk"]
        indexes = [models.Index(fields=["project", "owner"]), models.Index(fields=["phone_index"])]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "phone_index"], condition=~Q(phone_index=""), name="one_customer_per_phone"
            )
        ]

    def __str__(self) -> str:
        return self.number
