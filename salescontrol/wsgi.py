"""The application as the web server runs it (`deploy/web.py`)."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salescontrol.settings")

_django = get_wsgi_application()

from django.db import connection, connections  # noqa: E402

from salescontrol.core import middleware  # noqa: E402
from salescontrol.core.durability import refuse_unsafe  # noqa: E402 - it needs the settings that the line above has read
from salescontrol.core.keys import refuse_unreadable  # noqa: E402
from security import polls  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's answer, finished in the thread that made it; a poll that is told nothing does not even reach Django.

    Such polls, a hundred a second in a full office, are not logged: they would push everything else out of the log.
    The server sends what comes as a stream from another thread: there Django would give back that thread's connection to the
    database, and this thread would keep the one that the answer was made with.
    """
    if environ["PATH_INFO"].endswith(polls.ENDING):
        short = polls.answered(environ)
        connection.close_if_unusable_or_obsolete()
        if short:
            start_response("200 OK", [*short.headers.items(), (middleware.REQUEST_ID, middleware.new_id())])
            return [short.body]
    response = _django(environ, start_response)
    if response.streaming:
        connections.close_all()
        return response
    body = list(response)
    response.close()
    return body


refuse_unsafe()
refuse_unreadable()
connections.close_all()
