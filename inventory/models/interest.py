"""Who has business with a unit: a live hold, deal, viewing or enquiry of theirs names it (decisions 3)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models.unit import Unit


class UnitInterest(models.Model):
    """Written by the apps above; gives the user sight of the unit until `until` (for good when empty)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="interests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="unit_interests")
    kind = models.CharField(_("kind"), max_length=20)
    until = models.DateTimeField(_("until"), null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "unit"])]
        constraints = [models.UniqueConstraint(fields=["unit", "user", "kind"], name="one_interest_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit}"
