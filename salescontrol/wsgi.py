"""The application as gunicorn serves it (`deploy/gunicorn.conf.py`)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

application = get_wsgi_application()

from django.db import connection  # noqa: E402

from salescontrol.core.durability import refuse_unsafe  # noqa: E402 - it needs the settings that the line above has read

refuse_unsafe()
connection.close()
