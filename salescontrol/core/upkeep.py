"""What the kernel clears away by itself, once a night: traces that nobody needs any more. No record of business is among them."""

from datetime import timedelta

from salescontrol.core import clock, jobs
from salescontrol.core.models import JobRun, Operation, OutboxMessage

KEPT = timedelta(days=30)
RUNS_KEPT = timedelta(days=365)


@jobs.every("upkeep.clear", jobs.daily(3, 30))
def clear(slot: str) -> str:
    """Delete finished messages and operation ids after 30 days (decisions 19), runs of jobs after a year."""
    now = clock.now()
    messages = OutboxMessage.objects.filter(done_at__lt=now - KEPT).delete()[0]
    operations = Operation.objects.filter(at__lt=now - KEPT).delete()[0]
    runs = JobRun.objects.filter(started_at__lt=now - RUNS_KEPT).delete()[0]
    return f"cleared {messages} messages, {operations} operations, {runs} runs"
