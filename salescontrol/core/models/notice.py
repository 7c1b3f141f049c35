"""The inbox: one row per reader, made in the transaction that it tells of; and the ways on which word of it goes outside."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salescontrol.core.fields import EncryptedTextField
from salescontrol.core.history import tracked


class Notice(models.Model):
    """A message to one user: a code with parameters (rendered in the reader's language), a link, when it was read."""

    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("to"))
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    project_id = models.BigIntegerField(null=True)
    key = models.CharField(
        max_length=120, help_text="One notice per reader and key, so that a repeated job tells once."
    )
    created_at = models.DateTimeField(_("time"), db_default=Now())
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notice")
        indexes = [models.Index(fields=["to", "-created_at"]), models.Index(fields=["key"])]
        constraints = [models.UniqueConstraint(fields=["to", "key"], name="one_notice_per_key")]

    def __str__(self) -> str:
        return f"{self.code} → {self.to}"


class WayKind(models.TextChoices):
    """How word of a notice leaves the house."""

    EMAIL = "EMAIL", _("E-mail")
    ROBOT = "ROBOT", _("Robot of an office messenger")


class NoticeWay(models.Model):
    """Where word of notices goes outside the inbox: a person's e-mail or robot, or the robot of a project's group chat.

    `address` empty: switched off. Whoever has a robot's address can write into its chat, so it is kept encrypted.
    """

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="notice_ways", verbose_name=_("to")
    )
    project_id = models.BigIntegerField(_("project"), null=True)
    kind = models.CharField(_("way"), max_length=8, choices=WayKind)
    address = EncryptedTextField(_("address"), blank=True)
    groups = models.JSONField(_("messages"), default=list)
    history = tracked()

    class Meta:
        verbose_name = _("way of notices")
        constraints = [
            models.UniqueConstraint(fields=["to", "kind"], name="one_way_per_person_and_kind"),
            models.UniqueConstraint(fields=["project_id", "kind"], name="one_way_per_project_and_kind"),
            models.CheckConstraint(
                condition=Q(to__isnull=False, project_id__isnull=True) | Q(to__isnull=True, project_id__isnull=False),
                name="way_of_a_person_or_a_project",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class NoticeDelivery(models.Model):
    """That a key went, or is to go, a way: one row, so that it usually goes once; and what became of the tries."""

    way = models.ForeignKey(NoticeWay, models.CASCADE, related_name="deliveries", verbose_name=_("way"))
    key = models.CharField(max_length=120)
    tries = models.PositiveSmallIntegerField(_("attempts"), default=0)
    failed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("delivery of a notice")
        constraints = [models.UniqueConstraint(fields=["way", "key"], name="one_delivery_per_way")]

    def __str__(self) -> str:
        return f"{self.way} {self.key}"
