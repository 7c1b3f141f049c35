"""A trade 交易: one sale from its first hold to its last change, and who buys (R3.1, domain B6, B7)."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.states import AgentKind, new_number
from enquiries.models import Customer
from enquiries.states import PaperKind
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Trade(models.Model):
    """What links claims, subscriptions, contracts and changes of one sale, so that its figures survive conversion and exchange.

    `unit` of the trade is that of its live claim, or of the last one. `migrated`: it was made before this system, and brought
    along; its dates are those of then.
    """

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="trades", verbose_name=_("project"))
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("salesperson")
    )
    migrated = models.BooleanField(_("brought along from before"), default=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("opened by")
    )
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Trade"] = EveryManager()

    class Meta:
        verbose_name = _("trade")
        verbose_name_plural = _("trades")
        ordering = ["-opened_at", "-pk"]
        indexes = [models.Index(fields=["project", "-opened_at"]), models.Index(fields=["salesperson"])]

    def __str__(self) -> str:
        return self.number


class Buyer(models.Model):
    """One buyer of a trade: the customer, their share in percent, and who acts for them. A row that ended stays (`until`).

    `corrected_at`: when the identity of the customer, or of who acts for them, was last corrected by a decided request.
    """

    personal = ("agent_name", "agent_number", "agent_phone", "history_change_reason")

    trade = models.ForeignKey(Trade, models.PROTECT, related_name="buyers", verbose_name=_("trade"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="purchases", verbose_name=_("customer"))
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    share = models.DecimalField(
        _("share"), max_digits=5, decimal_places=2, default=Decimal("100"),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal("100"))],
    )  # fmt: skip
    agent_kind = models.CharField(_("acts for the buyer"), max_length=14, choices=AgentKind, default=AgentKind.NONE)
    agent_name = EncryptedTextField(_("name of who acts"), blank=True)
    agent_paper = models.CharField(_("paper of who acts"), max_length=8, choices=PaperKind, blank=True)
    agent_number = EncryptedTextField(_("number of that paper"), blank=True)
    agent_phone = EncryptedTextField(_("phone of who acts"), blank=True)
    corrected_at = models.DateTimeField(_("identity corrected"), null=True)
    until = models.DateTimeField(_("until"), null=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Buyer"] = EveryManager()

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")
        ordering = ["trade", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trade", "customer"], condition=Q(until__isnull=True), name="one_buyer_once_in_a_trade"
            ),
            models.CheckConstraint(name="buyer_share_in_bounds", condition=Q(share__gt=0, share__lte=100)),
        ]

    def __str__(self) -> str:
        return str(self.pk)
