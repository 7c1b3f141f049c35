"""How often somebody knocked: counters in the database, so that every web process sees the same (quality S1, abuse 50)."""

from django.db import models


class AttemptCount(models.Model):
    """Sign-in attempts of one source (an address, or one account) within one slot of time."""

    source = models.CharField(max_length=80)
    slot = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "slot"], name="one_attempt_count_per_slot")]

    def __str__(self) -> str:
        return f"{self.source} {self.count}"
