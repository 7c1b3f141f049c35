"""Background work: what is to be done (outbox), what has run (slots), and who is alive (heartbeat). Decisions 23."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """Work asked for inside a business transaction; done at least once by the dispatcher, its handler is idempotent."""

    topic = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    due_at = models.DateTimeField(db_default=Now())
    taken_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at__isnull=True), name="outbox_open")]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class JobRun(models.Model):
    """One slot of one scheduled job: inserting the row is the lock, so a slot runs once however many dispatchers there are."""

    job = models.CharField(_("job"), max_length=60)
    slot = models.CharField(_("slot"), max_length=40)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.TextField(_("outcome"), blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="one_run_per_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"


class Heartbeat(models.Model):
    """When each kind of background process was last seen."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at}"
