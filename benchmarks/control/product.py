"""The product with one page more: empty, signed in, with role and project at hand (V16)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "benchmarks.control.product_urls"
application = get_wsgi_application()
