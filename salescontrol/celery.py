"""Celery carries due work to other processes when REDIS_URL is set; without it `manage.py work` does the same (decisions 23)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

app = Celery("salescontrol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
