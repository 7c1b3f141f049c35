"""The application for an asynchronous server. Not used by our own processes: the live board is polled (adr/0007)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

application = get_asgi_application()
