"""What every file handed over to be read, looked at and taken over has in common; what it says of people is held encrypted (R7.3)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enquiries.states import IntakeState
from salescontrol.core.fields import EncryptedJSONField
from salescontrol.core.models import Attachment


class HandedOver(models.Model):
    """Who handed what file over, when, how it was read, and its state. The file is kept sealed; its content is forgotten some time
    after the end (`dropped_at`), who did what stays. `outcome`: counts, remarks and skipped rows as the reading found them."""

    State = IntakeState

    number = models.CharField(_("number"), max_length=40, unique=True)
    file = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name=_("file"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=IntakeState, default=IntakeState.READING)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    outcome = EncryptedJSONField(_("outcome"), default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    made_at = models.DateTimeField(_("handed over"), db_default=Now())
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accepted by")
    )
    done_at = models.DateTimeField(_("taken over"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("content forgotten"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.number
