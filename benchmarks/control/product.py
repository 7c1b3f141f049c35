"""The product with one page more: empty, signed in, with role and project at hand (V16)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

from django.conf import settings

from salescontrol.wsgi import application  # noqa: F401

settings.ROOT_URLCONF = "benchmarks.control.product_urls"
