"""A customer of a project (domain B5). Phone numbers are held encrypted and found by a blind index (R7.3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enquiries.models.wishes import Wishes
from enquiries.names import called
from enquiries.states import Channel, CustomerKind, Grade, new_number
from inventory.models import Project
from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked
from salescontrol.core.scoping import EveryManager, GuardedManager


class Customer(Wishes):
    """A person or company who asks or buys, and the salesperson who looks after them.

    `phone` is the main one of their `CustomerPhone` rows, which keep the numbers of a project apart; only services write both.
    Whose a customer is runs from `owner_since` or the last contact, whichever is later; `visited` says which of the two terms
    counts. A customer who was merged into another has `merged_into`; `version` guards what two people type at once.

    `number` is a random code: consecutive ones would tell how many customers there are (reliability 3.5).

    An erased customer (`erased_at`, R7.6) is a number without a person: nobody finds, chooses or changes it any more.
    """

    personal = (
        "name", "name_keys", "phone", "phone_index", "address", "referrer", "note", "history_change_reason",
        *Wishes.personal,
    )  # fmt: skip

    project = models.ForeignKey(Project, models.PROTECT, related_name="customers", verbose_name=_("project"))
    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number)
    kind = models.CharField(_("kind"), max_length=8, choices=CustomerKind, default=CustomerKind.PERSON)
    name = models.CharField(_("name"), max_length=60)
    name_keys = models.CharField(max_length=600, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=24, blank=True)
    address = EncryptedTextField(_("address"), blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, blank=True)
    referrer = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="referred", verbose_name=_("referred by")
    )
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("salesperson")
    )
    owner_since = models.DateTimeField(_("with the salesperson since"), null=True, blank=True)
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True)
    visited = models.BooleanField(_("has visited"), default=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    erased_at = models.DateTimeField(_("erased"), null=True)
    version = models.PositiveIntegerField(default=0)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), db_default=Now())
    history = tracked(excluded=("name_keys", "last_contact_at", "visited"))
    objects = GuardedManager()
    every: EveryManager["Customer"] = EveryManager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-entered_at", "-pk"]
        indexes = [
            models.Index(fields=["project", "owner"]),
            models.Index(fields=["phone_index"]),
            models.Index(fields=["project", "owner_since"]),
            models.Index(
                fields=["project", "-entered_at", "-id"],
                condition=Q(merged_into__isnull=True),
                name="customers_by_entry",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "phone_index"], condition=~Q(phone_index=""), name="one_customer_per_phone"
            ),
            models.CheckConstraint(name="customer_kind_valid", condition=Q(kind__in=CustomerKind.values)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def called(self) -> str:
        """The name as pages show it; of an erased customer a word that says so."""
        return str(pgettext_lazy("customer", "erased")) if self.erased_at else called(self.name)
