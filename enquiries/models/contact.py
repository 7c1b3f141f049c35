"""How a customer is reached and who they are on paper: every number encrypted, found by a blind index, once in a project (R7.3)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enquiries.models.customer import Customer
from enquiries.states import PaperKind
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class CustomerPhone(models.Model):
    """One of a customer's phone numbers; `tail_index` finds it by its last four digits, among visible customers only."""

    personal = ("number", "number_index", "tail_index", "history_change_reason")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name=_("project"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="phones", verbose_name=_("customer"))
    number = EncryptedTextField(_("phone"), blank=True)
    number_index = models.CharField(max_length=24, blank=True)
    tail_index = models.CharField(max_length=24, blank=True, db_index=True)
    is_main = models.BooleanField(_("main"), default=False)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["CustomerPhone"] = EveryManager()

    class Meta:
        verbose_name = _("phone")
        ordering = ["-is_main", "pk"]
        indexes = [models.Index(fields=["number_index"], name="customers_by_phone")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number_index"], condition=~Q(number_index=""), name="one_customer_for_each_phone"
            ),
            models.UniqueConstraint(fields=["customer"], condition=Q(is_main=True), name="one_main_phone"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class IdPaper(models.Model):
    """A paper that says who the customer is; a number belongs to one customer of a project."""

    personal = ("number", "number_index", "history_change_reason")

    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name=_("project"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="papers", verbose_name=_("customer"))
    kind = models.CharField(_("kind"), max_length=8, choices=PaperKind)
    number = EncryptedTextField(_("number"), blank=True)
    number_index = models.CharField(max_length=24, blank=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["IdPaper"] = EveryManager()

    class Meta:
        verbose_name = _("identity paper")
        ordering = ["pk"]
        indexes = [models.Index(fields=["number_index"], name="customers_by_paper")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number_index"], condition=~Q(number_index=""), name="one_customer_for_each_paper"
            ),
            models.CheckConstraint(name="paper_kind_valid", condition=Q(kind__in=PaperKind.values)),
        ]

    def __str__(self) -> str:
        return str(self.pk)
