"""A quotation 算价单: what a unit costs this customer in this way of paying, and whose consent that needs (R3.1, domain B4)."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from contracts.states import Consent, PaymentMethod, QuotationState, new_number
from enquiries.models import Customer
from inventory.models import Project, Unit
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Quotation(models.Model):
    """Prices as they were counted, with everything that they were counted from; nothing of it changes later.

    `discounts`: in order, each `{"policy": id or null, "name", "percent" or "amount"}` as text; the last one may be a special one
    that only this quotation has. `floor_total` was the floor price on that day: nobody reads it here who may not read it
    elsewhere.
    """

    State = QuotationState
    personal = ("reason", "evidence", "history_change_reason")

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    project = models.ForeignKey(Project, models.PROTECT, related_name="quotations", verbose_name=_("project"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="quotations", verbose_name=_("unit"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="quotations", verbose_name=_("customer")
    )
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("salesperson")
    )
    method = models.CharField(_("payment method"), max_length=10, choices=PaymentMethod)
    area = AreaField(_("area"))
    list_unit_price = MoneyField(_("list unit price"))
    list_total = MoneyField(_("list price"))
    floor_total = MoneyField(_("floor price"), null=True)
    discounts = models.JSONField(_("discounts"), default=list)
    total = MoneyField(_("deal price"))
    unit_price = MoneyField(_("deal unit price"))
    first_payment = MoneyField(_("first payment"))
    loan = MoneyField(_("loan"), default=Decimal(0))
    loan_years = models.PositiveSmallIntegerField(_("years of the loan"), null=True)
    loan_rate = models.DecimalField(_("yearly interest"), max_digits=5, decimal_places=2, null=True)
    monthly = MoneyField(_("monthly payment, estimated"), null=True)
    valid_until = models.DateField(_("valid until"))
    consent = models.CharField(_("consent needed"), max_length=10, choices=Consent, default=Consent.NONE)
    reason = models.CharField(_("reason of the special discount"), max_length=300, blank=True)
    evidence = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, related_name="+", verbose_name=_("attachment")
    )
    state = models.CharField(_("state"), max_length=10, choices=QuotationState, default=QuotationState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["Quotation"] = EveryManager()

    class Meta:
        verbose_name = _("quotation")
        verbose_name_plural = _("quotations")
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "-made_at"]),
            models.Index(fields=["unit", "-made_at"]),
            models.Index(fields=["salesperson", "state"]),
        ]
        constraints = [
            models.CheckConstraint(name="quotation_state_valid", condition=Q(state__in=QuotationState.values)),
            models.CheckConstraint(
                name="quotation_adds_up", condition=Q(first_payment=models.F("total") - models.F("loan"))
            ),
        ]

    def __str__(self) -> str:
        return self.number
