"""The erasure of a customer's personal data 删除个人信息 (R7.6, quality P7): asked for, decided, done, and kept without the person."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.customer import Customer
from enquiries.states import ErasureReason, ErasureState, new_number
from inventory.models import Project
from salescontrol.core.history import tracked
from salescontrol.core.models import Approval
from salescontrol.core.scoping import EveryManager, GuardedManager


class Erasure(models.Model):
    """One request to erase a customer, by somebody or (`asked_by` empty) by the clock; who decided, when, and what was done.

    It outlives the customer's data, so it holds none: the reason is one of a list, only an answer is written freely, and that
    goes with the data. `noted_at`: when it was written into the ledger outside the database (reliability 3.10).
    """

    personal = ("answer", "history_change_reason")

    project = models.ForeignKey(Project, models.PROTECT, related_name="erasures", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="erasures", verbose_name=_("customer"))
    why = models.CharField(_("reason"), max_length=8, choices=ErasureReason)
    wished_on = models.DateField(_("wished on"), null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    due_on = models.DateField(_("due"))
    state = models.CharField(_("state"), max_length=9, choices=ErasureState, default=ErasureState.REQUESTED)
    approval = models.OneToOneField(Approval, models.PROTECT, null=True, related_name="+", verbose_name=_("approval"))
    closed_at = models.DateTimeField(_("decided"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    answer = models.CharField(_("answer"), max_length=250, blank=True)
    noted_at = models.DateTimeField(null=True)
    history = tracked(excluded=["noted_at"])
    objects = GuardedManager()
    every: EveryManager["Erasure"] = EveryManager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "state", "due_on"], name="erasures_by_state"),
            models.Index(
                fields=["closed_at"], condition=Q(state=ErasureState.DONE, noted_at=None), name="erasures_to_note"
            ),
        ]
        constraints = [
            models.CheckConstraint(name="erasure_why_valid", condition=Q(why__in=ErasureReason.values)),
            models.CheckConstraint(name="erasure_state_valid", condition=Q(state__in=ErasureState.values)),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[ErasureState.PROPOSED, ErasureState.REQUESTED]),
                name="one_open_erasure",
            ),
            models.CheckConstraint(
                name="erasure_closed_or_open",
                condition=Q(state__in=[ErasureState.PROPOSED, ErasureState.REQUESTED], closed_at__isnull=True)
                | Q(
                    state__in=[ErasureState.DONE, ErasureState.REFUSED, ErasureState.WITHDRAWN], closed_at__isnull=False
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number
