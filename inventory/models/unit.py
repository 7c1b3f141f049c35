"""Units: everything that is sold one by one (domain B2)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.building import Building, Layout
from inventory.models.project import Project
from inventory.states import Lock, Review, Status
from salescontrol.core.fields import AreaField, MoneyField
from salescontrol.core.guards import Guard
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class PropertyType(models.TextChoices):
    HOME = "HOME", _("Home")
    APARTMENT = "APARTMENT", _("Apartment")
    SHOP = "SHOP", _("Shop")
    OFFICE = "OFFICE", _("Office unit")
    PARKING = "PARKING", _("Parking space")
    STORAGE = "STORAGE", _("Storage room")
    OTHER = "OTHER", _("Other")


ATTACHED_TYPES = (PropertyType.PARKING, PropertyType.STORAGE)


class Orientation(models.TextChoices):
    SOUTH = "S", _("South")
    NORTH = "N", _("North")
    EAST = "E", _("East")
    WEST = "W", _("West")
    SOUTH_NORTH = "SN", _("South and north")
    EAST_WEST = "EW", _("East and west")
    SOUTH_EAST = "SE", _("South-east")
    SOUTH_WEST = "SW", _("South-west")
    NORTH_EAST = "NE", _("North-east")
    NORTH_WEST = "NW", _("North-west")


class Finish(models.TextChoices):
    BARE = "BARE", _("Bare")
    FINISHED = "FINISHED", _("Finished")


class PricingMode(models.TextChoices):
    BUILT = "BUILT", _("By built area")
    INNER = "INNER", _("By inner area")
    UNIT = "UNIT", _("By unit")


class Unit(models.Model):
    """One unit: its place, facts, prices, and where it stands in review and sale.

    `key` is the normalised place and unique in the project (decisions 8). `version` guards facts and prices against stale
    requests; `event_seq` is the number of its last status event: two different counters (decisions 16).
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="units")
    building = models.ForeignKey(Building, models.PROTECT, related_name="units", verbose_name=_("building"))
    entrance = models.CharField(_("entrance"), max_length=20, blank=True)
    floor = models.SmallIntegerField(
        _("floor"), help_text=_("Sort order: basements below zero, roofs above the top floor.")
    )
    floor_label = models.CharField(_("floor"), max_length=12)
    floor_to = models.SmallIntegerField(_("up to floor"), null=True, blank=True)
    room = models.CharField(_("room"), max_length=20)
    number = models.CharField(_("unit"), max_length=60)
    key = models.CharField(max_length=100)
    stack = models.CharField(_("column"), max_length=20)
    property_type = models.CharField(
        _("property type"), max_length=10, choices=PropertyType.choices, default=PropertyType.HOME
    )
    layout = models.ForeignKey(
        Layout, models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("layout")
    )
    orientation = models.CharField(_("orientation"), max_length=2, choices=Orientation.choices, blank=True)
    built_area = AreaField(_("built area"))
    inner_area = AreaField(_("inner area"), null=True, blank=True)
    shared_area = AreaField(_("shared area"), null=True, blank=True)
    surveyed_built_area = AreaField(_("surveyed built area"), null=True, blank=True)
    surveyed_inner_area = AreaField(_("surveyed inner area"), null=True, blank=True)
    surveyed_shared_area = AreaField(_("surveyed shared area"), null=True, blank=True)
    pricing_mode = models.CharField(
        _("pricing mode"), max_length=5, choices=PricingMode.choices, default=PricingMode.BUILT
    )
    list_unit_price = MoneyField(_("list unit price"), null=True, blank=True)
    list_total = MoneyField(_("list price"), null=True, blank=True)
    floor_unit_price = MoneyField(_("floor unit price"), null=True, blank=True)
    floor_total = MoneyField(_("floor price"), null=True, blank=True)
    filed_unit_price = MoneyField(_("filed unit price"), null=True, blank=True)
    filed_total = MoneyField(_("filed price"), null=True, blank=True)
    finish = models.CharField(_("finish"), max_length=8, choices=Finish.choices, blank=True)
    mortgaged = models.BooleanField(_("mortgaged"), default=False)
    sealed = models.BooleanField(_("sealed by a court"), default=False)
    contractor_owned = models.BooleanField(_("given to a contractor"), default=False)
    no_discount = models.BooleanField(
        _("no discount policy"),
        default=False,
        help_text=_("Stated on purpose: no discount policy applies to this unit."),
    )
    attached_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="attached", verbose_name=_("belongs to")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salesperson")
    )
    batch = models.ForeignKey(
        "inventory.ListingBatch", models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("batch")
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.DRAFT)
    review_comment = models.CharField(_("comment"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, default=Status.DRAFT)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True)
    status_at = models.DateTimeField(_("since"), db_default=Now())
    locks = models.CharField(
        _("locks"),
        max_length=60,
        blank=True,
        help_text="Codes of the overlay locks that are on, comma-separated, as the board shows them.",
    )
    claim_ends_at = models.DateTimeField(_("until"), null=True)
    event_seq = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    history = tracked(excluded=["status", "status_reason", "status_at", "locks", "claim_ends_at", "event_seq"])
    guards = (
        Guard(
            "inventory.UnitEvent",
            "r.unit_id = it.id AND r.seq = it.event_seq AND r.to_status = it.status"
            " AND r.ends_at IS NOT DISTINCT FROM it.claim_ends_at",
            columns=("status", "event_seq", "claim_ends_at"),
            free="TG_OP = 'DELETE' OR (TG_OP = 'INSERT' AND it.status = 'DRAFT' AND it.event_seq = 0)",
        ),
    )

    objects = GuardedManager()
    every: EveryManager["Unit"] = EveryManager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["building__position", "entrance", "-floor", "stack", "pk"]
        indexes = [
            models.Index(fields=["project", "status"]),
            models.Index(fields=["project", "salesperson"]),
            models.Index(fields=["building", "entrance", "floor", "stack"]),
            models.Index(
                fields=["project", "claim_ends_at"], condition=Q(status=Status.HELD), name="unit_holds_by_end"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_unit_per_place"),
            models.CheckConstraint(name="unit_status_valid", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="unit_review_valid", condition=Q(review__in=Review.values)),
            models.CheckConstraint(
                name="unit_sold_only_when_approved", condition=Q(review=Review.APPROVED) ^ Q(status=Status.DRAFT)
            ),
            models.CheckConstraint(name="unit_built_area_positive", condition=Q(built_area__gt=0)),
            models.CheckConstraint(
                name="unit_inner_within_built",
                condition=Q(inner_area__isnull=True) | Q(inner_area__gt=0, inner_area__lte=F("built_area")),
            ),
            models.CheckConstraint(
                name="unit_prices_positive",
                condition=(Q(list_total__isnull=True) | Q(list_total__gt=0))
                & (Q(floor_total__isnull=True) | Q(floor_total__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def lock_codes(self) -> list[str]:
        return [code for code in self.locks.split(",") if code]


class UnitLock(models.Model):
    """One overlay lock on one unit: why, by whom (nobody: the nightly check), since when, and (when off) until when (domain B2.3)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="overlay_locks")
    kind = models.CharField(_("lock"), max_length=10, choices=Lock.choices)
    reason = models.CharField(_("reason"), max_length=300)
    reference = models.CharField(max_length=60, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    set_at = models.DateTimeField(_("since"), db_default=Now())
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    history = tracked()
    objects = GuardedManager()
    every: EveryManager["UnitLock"] = EveryManager()

    class Meta:
        verbose_name = _("lock")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind"], condition=Q(lifted_at__isnull=True), name="one_lock_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.get_kind_display()}"
