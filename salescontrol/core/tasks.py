"""Celery's entry points into the dispatcher. They carry numbers only: whatever counts is read again (abuse 70)."""

from salescontrol.celery import app
from salescontrol.core import jobs


@app.task(name="salescontrol.core.tasks.run_due")
def run_due() -> int:
    return jobs.run_due()


@app.task(name="salescontrol.core.tasks.run_message")
def run_message(pk: int, attempts: int) -> None:
    jobs.run_message(pk, attempts)
