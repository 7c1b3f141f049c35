"""What happened to each unit's status: append-only, numbered, the source of every report (decisions 15)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.unit import Unit
from inventory.states import BROUGHT_TABLE, Status
from salescontrol.core.scoping import EveryManager, GuardedManager


class UnitEvent(models.Model):
    """One change of status: number n of its unit, from → to, the action, who (and for whom), why, when. Never changed.

    Without an actor it was the clock (a hold ran out). `claim` is the number of the claim that the event belongs to, and
    `ends_at` when that claim ends by itself from here on: the events alone tell what the board showed at any moment.
    """

    append_only = True
    # Actions whose time may lie before the record of it: what was brought along from before this system was used.
    brought = frozenset(BROUGHT_TABLE)
    personal = ("reason",)

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField(_("number"))
    op_id = models.UUIDField(default=uuid.uuid4, unique=True)
    action = models.CharField(_("action"), max_length=40)
    from_status = models.CharField(_("from"), max_length=14, choices=Status.choices)
    to_status = models.CharField(_("to"), max_length=14, choices=Status.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("on behalf of")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    approval = models.ForeignKey(
        "core.Approval", models.PROTECT, null=True, related_name="+", verbose_name=_("approval")
    )
    claim = models.CharField(_("claim"), max_length=12, blank=True, default="")
    ends_at = models.DateTimeField(_("until"), null=True)
    at = models.DateTimeField(_("time"), db_default=Now())
    business_date = models.DateField(_("business date"))

    objects = GuardedManager()
    every: EveryManager["UnitEvent"] = EveryManager()

    class Meta:
        verbose_name = _("unit event")
        ordering = ["unit", "seq"]
        constraints = [models.UniqueConstraint(fields=["unit", "seq"], name="one_event_per_number")]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.unit} {self.seq}: {self.from_status} → {self.to_status}"
