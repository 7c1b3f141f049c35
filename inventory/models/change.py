"""What the live board reads: which unit changed, in the order of commits (decisions 12)."""

from django.db import models
from django.db.models.functions import Now


class BoardChange(models.Model):
    """A unit's cell changed. Written by the database itself (`inventory.feed`) whenever a unit or an interest in it changes;
    kept for a day.

    Not a record of what happened (that is `UnitEvent` and the histories), only the bell that says: look again. `unit_id` 0
    means all of the project's units. `place` says that where units stand may have changed, not only how they stand.
    """

    project_id = models.BigIntegerField()
    unit_id = models.BigIntegerField()
    place = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["project_id", "id"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.at}"
