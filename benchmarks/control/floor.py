"""The floor F: a stock Django page with session and user rows, nothing else; and the same page without a session.

Run by gunicorn (`gunicorn.conf.py` beside this file), on a database of its own in the same cluster. DATABASE_URL names it.
"""

import os
from urllib.parse import urlsplit

import django
from django.conf import settings

_url = urlsplit(os.environ["DATABASE_URL"])
if not settings.configured:
    settings.configure(
        SECRET_KEY="measured, not kept",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="benchmarks.control.floor",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": _url.path.lstrip("/"),
                "USER": _url.username,
                "HOST": _url.hostname,
                "PORT": _url.port,
                "CONN_MAX_AGE": None,
            }
        },
    )
    django.setup()

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

PAGE = "<!doctype html><title>Floor</title><p>%s</p>"


def signed_in(request) -> HttpResponse:
    """The empty page of somebody who is signed in."""
    return HttpResponse(PAGE % request.user.get_username())


def nobody(request) -> HttpResponse:
    """The empty page of nobody: no session, no user, no query."""
    return HttpResponse(PAGE % "nobody")


urlpatterns = [path("signed-in", signed_in), path("nobody", nobody)]
application = get_wsgi_application()


def prepare() -> str:
    """Make the tables and one session; returns the cookie."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("floor")
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store.create()
    return f"sessionid={store.session_key}"


if __name__ == "__main__":
    print(prepare())
