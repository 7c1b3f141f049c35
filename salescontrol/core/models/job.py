"""Background work: what is to be done (outbox), what has run (slots), and who is alive (heartbeat). Decisions 23."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """Work asked for inside a business transaction; done at least once by the dispatcher, its handler is idempotent.

    `taken_until`: until then somebody has it (handed to a worker, or doing it). Whoever begins counts `attempts` up from
    the number they were given, so that of several copies of one attempt only one begins.
    """

    topic = models.CharField(_("work"), max_length=60)
    payload = models.JSONField(default=dict)
    due_at = models.DateTimeField(_("due"), db_default=Now())
    taken_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    done_at = models.DateTimeField(_("done"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("background task")
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(done_at__isnull=True), name="outbox_open"),
            models.Index(fields=["done_at"], condition=models.Q(done_at__isnull=False), name="outbox_done"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class JobRun(models.Model):
    """One slot of one scheduled job: inserting the row is the lock, so a slot runs once however many dispatchers there are.

    `taken_until`: until then nobody else touches the slot; renewed while it runs, set ahead after a failure. `tries` names
    the present try, as `attempts` does for a message.
    """

    job = models.CharField(_("job"), max_length=60)
    slot = models.CharField(_("slot"), max_length=40)
    started_at = models.DateTimeField(_("started"), db_default=Now(), db_index=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    taken_until = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(_("tries"), default=1)
    outcome = models.TextField(_("outcome"), blank=True)

    class Meta:
        verbose_name = _("job run")
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="one_run_per_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"


class Heartbeat(models.Model):
    """When each kind of background process was last seen, and since when without a break."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()
    since = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at}"
