"""Celery carries due work to other processes when REDIS_URL is set; without it `manage.py work` does the same (adr/0002)."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

app = Celery("salescontrol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_log_lines(**_: Any) -> None:
    """A receiver keeps Celery from replacing the JSON lines that settings describe; there is nothing else to do."""
