"""A contract 合同 made from a subscription (R3.3, domain B7)."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.models.claim import Claim
from contracts.models.subscription import Subscription
from contracts.models.trade import Trade
from contracts.states import CloseReason, ContractState, PaymentMethod, new_number
from inventory.models import Project, Unit
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Contract(models.Model):
    """What was signed. `code` is its address on pages; `number` the office's own (`RSC-2026-HT-00001`), given with the draft,
    so that it can be printed on the paper that is signed.

    `total` is the price that counts in every figure; main, decoration and supplement amounts say how the papers divide it.
    """

    State = ContractState
    personal = ("close_note", "note", "history_change_reason")

    code = models.CharField(max_length=12, unique=True, default=new_number)
    number = models.CharField(_("number"), max_length=60, blank=True)
    project = models.ForeignKey(Project, models.PROTECT, related_name="contracts", verbose_name=_("project"))
    trade = models.ForeignKey(Trade, models.PROTECT, related_name="contracts", verbose_name=_("trade"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="contracts", verbose_name=_("unit"))
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="contracts", verbose_name=_("claim"))
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, null=True, related_name="contracts", verbose_name=_("subscription")
    )
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="next", verbose_name=_("comes from"))
    method = models.CharField(_("payment method"), max_length=10, choices=PaymentMethod)
    area = AreaField(_("area"))
    total = MoneyField(_("contract price"))
    unit_price = MoneyField(_("unit price"))
    main_amount = MoneyField(_("main contract"))
    decoration_amount = MoneyField(_("decoration contract"), default=Decimal(0))
    supplement_amount = MoneyField(_("supplement"), default=Decimal(0))
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=5, decimal_places=2, default=Decimal(9))
    draft_no = models.CharField(_("draft no."), max_length=60, blank=True)
    online_no = models.CharField(_("online-signing no."), max_length=60, blank=True)
    online_on = models.DateField(_("signed online"), null=True)
    filing_no = models.CharField(_("filing no."), max_length=60, blank=True)
    filed_on = models.DateField(_("filed"), null=True)
    signed_on = models.DateField(_("signed"), null=True)
    credit_on = models.DateField(_("credited on"), null=True)
    hand_over_on = models.DateField(_("to be handed over"), null=True)
    delivered_on = models.DateField(pgettext_lazy("sale", "handed over"), null=True)
    loan_bank = models.CharField(_("bank of the loan"), max_length=60, blank=True)
    loan_amount = MoneyField(_("loan"), null=True)
    fund_bank = models.CharField(_("bank of the provident fund"), max_length=60, blank=True)
    fund_amount = MoneyField(_("provident fund loan"), null=True)
    fund_years = models.PositiveSmallIntegerField(_("years of the provident fund loan"), null=True)
    surveyed_area = AreaField(_("surveyed area"), null=True)
    settlement = MoneyField(_("area settlement"), null=True)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    copies = models.PositiveSmallIntegerField(_("copies"), default=4)
    contents = models.JSONField(_("contents ticked"), default=list)
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ContractState, default=ContractState.DRAFT)
    close_reason = models.CharField(_("closed by"), max_length=10, choices=CloseReason, blank=True)
    close_note = models.CharField(_("reason"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    version = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Contract"] = EveryManager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "state", "signed_on"]),
            models.Index(fields=["project", "-made_at"]),
            models.Index(fields=["unit"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], condition=~Q(number=""), name="one_contract_per_number"
            ),
            models.UniqueConstraint(
                fields=["claim"],
                condition=Q(state__in=[ContractState.DRAFT, ContractState.SIGNED, ContractState.DELIVERED]),
                name="one_open_contract_per_claim",
            ),
            models.UniqueConstraint(
                fields=["project", "filing_no"],
                condition=~Q(filing_no="") & ~Q(close_reason=CloseReason.VOID),
                name="one_contract_per_filing_no",
            ),
            models.CheckConstraint(
                name="contract_signed_has_its_day",
                condition=~Q(state__in=[ContractState.SIGNED, ContractState.DELIVERED]) | Q(signed_on__isnull=False),
            ),
            models.CheckConstraint(
                name="contract_closed_has_reason",
                condition=Q(state=ContractState.CLOSED, closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(state=ContractState.CLOSED) & Q(close_reason="", closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="contract_adds_up",
                condition=Q(
                    total=models.F("main_amount") + models.F("decoration_amount") + models.F("supplement_amount")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.code
