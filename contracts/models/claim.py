"""The one live claim on a unit, whatever its stage (reliability 3.1). Its history are the unit's events that bear its number."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.states import ClaimState, Evidence, HoldKind, Stage, new_number
from enquiries.models import Customer
from inventory.models import Project, Unit
from salescontrol.core.fields import MoneyField
from salescontrol.core.guards import Guard
from salescontrol.core.scoping import EveryManager, GuardedManager


class Claim(models.Model):
    """Who has the unit, on what ground, until when, and at which price (the one valid when the claim began: decisions 11).

    Live while `released_at` is empty; a hold whose `expires_at` has passed counts as over even before anybody writes that down
    (decisions 14). `event_seq` is the last event of the unit that belongs to this claim. Without a customer it was brought
    back from the journal and is to be completed (decisions 18).
    """

    personal = ("reason", "release_reason")

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="claims", verbose_name=_("project"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="claims", verbose_name=_("unit"))
    stage = models.CharField(_("stage"), max_length=14, choices=Stage.choices, default=Stage.HOLD)
    kind = models.CharField(_("kind"), max_length=10, choices=HoldKind.choices, default=HoldKind.CUSTOMER)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="claims", verbose_name=_("customer"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("salesperson")
    )
    trade = models.ForeignKey(
        "contracts.Trade", models.PROTECT, null=True, related_name="claims", verbose_name=_("trade")
    )
    reason = models.CharField(_("reason"), max_length=300)
    evidence = models.CharField(_("evidence"), max_length=10, choices=Evidence.choices)
    list_unit_price = MoneyField(_("list unit price"), null=True)
    list_total = MoneyField(_("list price"), null=True)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("placed by")
    )
    placed_at = models.DateTimeField(_("placed"), db_default=Now())
    expires_at = models.DateTimeField(_("until"), null=True)
    extensions = models.PositiveSmallIntegerField(_("extensions"), default=0)
    event_seq = models.PositiveIntegerField()
    state = models.CharField(_("state"), max_length=10, choices=ClaimState.choices, default=ClaimState.ACTIVE)
    released_at = models.DateTimeField(_("over since"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    release_reason = models.CharField(_("reason of the end"), max_length=300, blank=True)
    guards = (
        Guard(
            "inventory.UnitEvent",
            "r.unit_id = it.unit_id AND r.seq = it.event_seq AND r.claim = it.number AND TG_OP <> 'DELETE'",
        ),
    )

    objects = GuardedManager()
    every: EveryManager["Claim"] = EveryManager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-placed_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "-placed_at"]),
            models.Index(fields=["salesperson", "released_at"]),
            models.Index(fields=["customer", "-placed_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(released_at__isnull=True), name="one_live_claim_per_unit"
            ),
            models.CheckConstraint(name="claim_stage_valid", condition=Q(stage__in=Stage.values)),
            models.CheckConstraint(name="claim_kind_valid", condition=Q(kind__in=HoldKind.values)),
            models.CheckConstraint(
                name="claim_live_or_over",
                condition=Q(state=ClaimState.ACTIVE, released_at__isnull=True)
                | Q(state__in=[state for state in ClaimState if state != ClaimState.ACTIVE], released_at__isnull=False),
            ),
            models.CheckConstraint(
                name="claim_hold_ends", condition=~Q(stage=Stage.HOLD) | Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number
