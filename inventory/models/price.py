"""Price lists (价格方案) and discount policies (优惠政策), with versions and effective time (domain B4)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.building import Building, Layout
from inventory.models.project import Project
from inventory.models.unit import Unit
from inventory.states import DiscountState, PriceListState
from salescontrol.core.fields import MoneyField
from salescontrol.core.guards import Guard
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class PriceKind(models.TextChoices):
    LIST = "LIST", _("List price")
    FLOOR = "FLOOR", _("Floor price")
    FILED = "FILED", _("Filed price")


class PriceList(models.Model):
    """Prices of many units decided together: number, kind, from when, why. Undecided, it locks its units."""

    Kind = PriceKind
    State = PriceListState

    project = models.ForeignKey(Project, models.PROTECT, related_name="price_lists")
    number = models.CharField(_("price list"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=80)
    kind = models.CharField(_("kind"), max_length=5, choices=PriceKind.choices, default=PriceKind.LIST)
    effective_from = models.DateTimeField(_("effective from"))
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=PriceListState.choices, default=PriceListState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    made_at = models.DateTimeField(_("proposed"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["PriceList"] = EveryManager()

    class Meta:
        verbose_name = _("price list")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class PriceLine(models.Model):
    """One unit's price in a list, beside what it was when the list was made."""

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="lines")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="price_lines")
    unit_price = MoneyField(_("unit price"))
    total = MoneyField(_("total"))
    old_unit_price = MoneyField(_("unit price before"), null=True)
    old_total = MoneyField(_("total before"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    applied_at = models.DateTimeField(_("in effect since"), null=True)
    guards = (
        Guard(
            "inventory.HistoricalPriceList",
            "r.id = it.price_list_id",
            columns=("price_list_id", "unit_id", "unit_price", "total", "old_unit_price", "old_total", "note"),
        ),
    )

    class Meta:
        verbose_name = _("price")
        ordering = ["unit__building__position", "unit__entrance", "unit__floor", "unit__stack"]
        constraints = [
            models.UniqueConstraint(fields=["price_list", "unit"], name="one_price_per_unit_and_list"),
            models.CheckConstraint(name="price_positive", condition=Q(unit_price__gt=0, total__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.price_list.number} · {self.unit}"


class DiscountKind(models.TextChoices):
    PERCENT = "PERCENT", _("Percent off")
    FIXED = "FIXED", _("Fixed amount off")
    PAYMENT = "PAYMENT", _("For the payment method")
    GROUP = "GROUP", _("Group purchase")
    REFERRAL = "REFERRAL", _("Referral by owner")
    STAFF = "STAFF", _("Staff")
    SPECIAL = "SPECIAL", _("Special approval")


class DiscountPolicy(models.Model):
    """A public or conditional discount: by how much, for which units, from when to when, in which order."""

    Kind = DiscountKind
    State = DiscountState

    project = models.ForeignKey(Project, models.PROTECT, related_name="discounts")
    name = models.CharField(_("discount policy"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=DiscountKind.choices)
    percent = models.DecimalField(_("percent off"), max_digits=5, decimal_places=2, null=True, blank=True)
    amount = MoneyField(_("amount off"), null=True, blank=True)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    buildings = models.ManyToManyField(Building, blank=True, verbose_name=_("buildings"))
    layouts = models.ManyToManyField(Layout, blank=True, verbose_name=_("layouts"))
    stackable = models.BooleanField(_("with others"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    needs_approval = models.BooleanField(_("each use needs approval"), default=False)
    conditions = models.CharField(_("conditions"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=DiscountState.choices, default=DiscountState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    made_at = models.DateTimeField(_("proposed"), db_default=Now())
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["DiscountPolicy"] = EveryManager()

    class Meta:
        verbose_name = _("discount policy")
        verbose_name_plural = _("discount policies")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="discount_percent_or_amount", condition=Q(percent__isnull=True) ^ Q(amount__isnull=True)
            ),
            models.CheckConstraint(
                name="discount_percent_in_bounds", condition=Q(percent__isnull=True) | Q(percent__gt=0, percent__lt=100)
            ),
            models.CheckConstraint(name="discount_amount_positive", condition=Q(amount__isnull=True) | Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name
