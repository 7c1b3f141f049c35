"""A phone call 来电登记 (R2.1, domain B5): from the draft written while it lasts to the salesperson's confirmation."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.models.customer import Customer
from enquiries.models.wishes import Wishes
from enquiries.states import CallState, Channel, Invited, Rings, new_number
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Call(Wishes):
    """One call: who rang, how soon they were answered, what they asked and were told, and who was to learn of it.

    `sheet` is the form it was written on: a draft saved again, or sent twice, is the same call. A draft's number may be half a
    number; then it has no index. `outsider`: no customer (an agent, a survey, a wrong number), so that nobody is entered.
    """

    personal = ("caller", "phone", "phone_index", "asked", "answered", "history_change_reason", *Wishes.personal)

    project = models.ForeignKey(Project, models.PROTECT, related_name="calls", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    sheet = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=CallState, default=CallState.DRAFT)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="calls", verbose_name=_("customer")
    )
    outsider = models.BooleanField(_("no customer"), default=False)
    caller = models.CharField(_("caller"), max_length=60, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=24, blank=True)
    at = models.DateTimeField(_("called"), db_default=Now())
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("answered by")
    )
    rings = models.CharField(_("rings"), max_length=1, choices=Rings, default=Rings.UNKNOWN)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, blank=True)
    asked = models.CharField(_("asked"), max_length=1000, blank=True)
    answered = models.CharField(_("answered"), max_length=1000, blank=True)
    invited = models.CharField(_("invitation"), max_length=8, choices=Invited, blank=True)
    next_on = models.DateField(_("next contact"), null=True, blank=True)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salesperson")
    )
    informed_at = models.DateTimeField(_("salesperson told"), null=True)
    escalated_at = models.DateTimeField(_("supervisor told"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Call"] = EveryManager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["project", "-at"], name="calls_by_time"),
            models.Index(fields=["project", "phone_index"], name="calls_by_phone"),
            models.Index(fields=["salesperson", "state"], name="calls_by_salesperson"),
            models.Index(fields=["project", "taken_by"], name="calls_by_answerer"),
            models.Index(fields=["project", "salesperson"], name="calls_of_salesperson"),
            models.Index(fields=["project", "-at"], condition=Q(state=CallState.DRAFT), name="calls_in_draft"),
            models.Index(
                fields=["project", "informed_at"], condition=Q(state=CallState.LOGGED, salesperson__isnull=False),
                name="calls_to_confirm",
            ),
            models.Index(
                fields=["informed_at"], condition=Q(state=CallState.LOGGED, escalated_at__isnull=True), name="calls_to_escalate"
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(name="call_state_valid", condition=Q(state__in=CallState.values)),
            models.CheckConstraint(name="call_rings_valid", condition=Q(rings__in=Rings.values)),
            models.CheckConstraint(
                name="call_confirmed_by_somebody",
                condition=Q(state=CallState.CONFIRMED, confirmed_at__isnull=False, confirmed_by__isnull=False)
                | ~Q(state=CallState.CONFIRMED) & Q(confirmed_at__isnull=True, confirmed_by__isnull=True),
            ),
            models.CheckConstraint(
                name="call_told_somebody", condition=Q(informed_at__isnull=True) | Q(salesperson__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number
