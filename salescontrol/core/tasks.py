"""Celery's entry points into the dispatcher."""

from celery import shared_task

from salescontrol.core import jobs


@shared_task(name="salescontrol.core.tasks.run_due")
def run_due() -> int:
    return jobs.run_due()


@shared_task(name="salescontrol.core.tasks.run_message")
def run_message(pk: int) -> None:
    jobs.run_message(pk)
