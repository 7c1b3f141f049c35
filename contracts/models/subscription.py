"""A subscription 认购书, by small or full deposit, and the checklist of its documents (R3.1, domain B6)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.models.claim import Claim
from contracts.models.quotation import Quotation
from contracts.models.trade import Buyer, Trade
from contracts.states import CloseReason, Moment, PaymentMethod, SubscriptionKind, SubscriptionState, new_number
from inventory.models import Project, Unit
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Subscription(models.Model):
    """What was agreed with the deposit. Drawn up as a draft; active when the deposit is received and the unit claimed by it.

    `code` is its address on pages; `number` the office's own (`RSC-2026-RG-00001`), given when it becomes active, never again.
    The prices are those of its quotation. `due_on` is the last day to sign the contract, `top_up_on` that to top a small
    deposit up; `warned_on` and `ended_on` are the days on which the notice to sign and the notice of termination were sent.
    """

    State = SubscriptionState
    personal = ("receipt", "close_note", "history_change_reason")

    code = models.CharField(max_length=12, unique=True, default=new_number)
    number = models.CharField(_("number"), max_length=60, blank=True)
    project = models.ForeignKey(Project, models.PROTECT, related_name="subscriptions", verbose_name=_("project"))
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="subscriptions", verbose_name=_("trade"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="subscriptions", verbose_name=_("unit"))
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="subscriptions", verbose_name=_("claim"))
    quotation = models.ForeignKey(
        Quotation, models.PROTECT, null=True, related_name="subscriptions", verbose_name=_("quotation")
    )
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="next", verbose_name=_("comes from"))
    kind = models.CharField(_("kind"), max_length=5, choices=SubscriptionKind, default=SubscriptionKind.FULL)
    method = models.CharField(_("payment method"), max_length=10, choices=PaymentMethod)
    area = AreaField(_("area"))
    list_total = MoneyField(_("list price"), null=True)
    total = MoneyField(_("deal price"))
    unit_price = MoneyField(_("deal unit price"))
    deposit = MoneyField(_("deposit"))
    paid = MoneyField(_("received of it"), default=0)
    receipt = models.CharField(_("receipt no."), max_length=60, blank=True)
    signed_on = models.DateField(_("subscribed on"), null=True)
    top_up_on = models.DateField(_("to be topped up by"), null=True)
    due_on = models.DateField(_("contract to be signed by"), null=True)
    extensions = models.PositiveSmallIntegerField(_("extensions"), default=0)
    warned_on = models.DateField(_("notice to sign sent"), null=True)
    ended_on = models.DateField(_("notice of termination sent"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=SubscriptionState, default=SubscriptionState.DRAFT)
    close_reason = models.CharField(_("closed by"), max_length=10, choices=CloseReason, blank=True)
    close_note = models.CharField(_("note"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    version = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Subscription"] = EveryManager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "state", "due_on"]),
            models.Index(fields=["project", "-made_at"]),
            models.Index(fields=["unit"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], condition=~Q(number=""), name="one_subscription_per_number"
            ),
            models.UniqueConstraint(
                fields=["claim"], condition=Q(state=SubscriptionState.ACTIVE), name="one_active_subscription_per_claim"
            ),
            models.CheckConstraint(
                name="subscription_active_has_claim_and_number",
                condition=~Q(state=SubscriptionState.ACTIVE) | Q(claim__isnull=False) & ~Q(number=""),
            ),
            models.CheckConstraint(
                name="subscription_closed_has_reason",
                condition=Q(state=SubscriptionState.CLOSED, closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(state=SubscriptionState.CLOSED) & Q(close_reason="", closed_at__isnull=True),
            ),
            # Of a sale that was brought along nobody may know the deposit any more.
            models.CheckConstraint(
                name="subscription_deposit_in_bounds",
                condition=Q(deposit__gt=0, paid__gte=0) | Q(deposit=0, paid=0, state=SubscriptionState.CLOSED),
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.code


class Document(models.Model):
    """One line of the checklist of a trade: what has to be there before the subscription or the contract, and what is.

    `kind` is a key of the checklist's table. `waived_at` needs an approval; who waived it is who decided there.
    """

    personal = ("note", "history_change_reason")

    trade = models.ForeignKey(Trade, models.PROTECT, related_name="documents", verbose_name=_("trade"))
    moment = models.CharField(_("needed"), max_length=10, choices=Moment)
    kind = models.CharField(_("document"), max_length=40)
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, related_name="documents", verbose_name=_("buyer"))
    copies_needed = models.PositiveSmallIntegerField(_("copies needed"), default=1)
    copies = models.PositiveSmallIntegerField(_("copies received"), default=0)
    original_needed = models.BooleanField(_("original to be seen"), default=False)
    original_seen = models.BooleanField(_("original seen"), default=False)
    received_at = models.DateTimeField(_("received"), null=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("received by")
    )
    waived_at = models.DateTimeField(_("waived"), null=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("waived by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=0)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Document"] = EveryManager()

    class Meta:
        verbose_name = _("document of the checklist")
        ordering = ["trade", "moment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trade", "moment", "kind", "buyer"], name="one_line_per_document_and_buyer"
            ),
            models.UniqueConstraint(
                fields=["trade", "moment", "kind"], condition=Q(buyer__isnull=True), name="one_line_per_document"
            ),
            models.CheckConstraint(
                name="document_waived_at_and_by",
                condition=Q(waived_at__isnull=True, waived_by__isnull=True)
                | Q(waived_at__isnull=False, waived_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
