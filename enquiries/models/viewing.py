"""Viewings 预约看房 (R2.4, domain B5): who comes when, to whom, to see what; and how it was."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enquiries.models.customer import Customer
from enquiries.states import Channel, Liking, ViewingState, new_number
from inventory.models import Layout, Project, Unit
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Viewing(models.Model):
    """One appointment of a customer with a salesperson. `number` is a random code (reliability 3.5)."""

    personal = ("note", "outcome", "history_change_reason")

    project = models.ForeignKey(Project, models.PROTECT, related_name="viewings", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="viewings", verbose_name=_("customer"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    party_size = models.PositiveSmallIntegerField(
        _("people who come"), default=1, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    source = models.CharField(_("source channel"), max_length=12, choices=Channel, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=ViewingState, default=ViewingState.PENDING)
    moves = models.PositiveSmallIntegerField(_("times moved"), default=0)
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    notified_at = models.DateTimeField(_("salesperson told"), null=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("booked by")
    )
    booked_at = models.DateTimeField(pgettext_lazy("moment", "booked"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Viewing"] = EveryManager()

    class Meta:
        verbose_name = _("viewing")
        verbose_name_plural = _("viewings")
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["project", "starts_at"]),
            models.Index(fields=["salesperson", "starts_at"]),
            models.Index(fields=["starts_at"], condition=Q(reminded_at=None), name="viewings_to_remind_of"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="viewing_ends_after_start"),
            models.CheckConstraint(condition=Q(party_size__gte=1, party_size__lte=50), name="viewing_party_size"),
        ]

    def __str__(self) -> str:
        return self.number


class ViewingItem(models.Model):
    """What is to be seen: one unit, or a layout when any unit of it will do; and what the customer thought of it."""

    personal = ("feedback", "history_change_reason")

    viewing = models.ForeignKey(Viewing, models.CASCADE, related_name="items", verbose_name=_("viewing"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("unit"))
    layout = models.ForeignKey(Layout, models.PROTECT, null=True, related_name="+", verbose_name=_("layout"))
    liking = models.CharField(_("opinion"), max_length=12, choices=Liking, blank=True)
    feedback = models.CharField(_("feedback"), max_length=300, blank=True)
    history = tracked()

    class Meta:
        verbose_name = _("unit to be seen")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, layout__isnull=True) | Q(unit__isnull=True, layout__isnull=False),
                name="viewing_item_is_unit_or_layout",
            ),
            models.UniqueConstraint(fields=["viewing", "unit"], name="unit_once_in_a_viewing"),
            models.UniqueConstraint(fields=["viewing", "layout"], name="layout_once_in_a_viewing"),
        ]

    def __str__(self) -> str:
        return str(self.unit or self.layout)


class ViewingSlot(models.Model):
    """A quarter of an hour that a viewing takes of its salesperson: nobody is booked twice for one (decisions 31).

    Follows from the viewing, which has the history; rows go when it is moved, cancelled or missed.
    """

    viewing = models.ForeignKey(Viewing, models.CASCADE, related_name="slots")
    salesperson = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    slot_start = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["salesperson", "slot_start"], name="one_viewing_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.viewing_id} {self.slot_start:%Y-%m-%d %H:%M}"
