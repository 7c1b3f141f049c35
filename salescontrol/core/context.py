"""What the frame of every page needs: the rail, the projects to switch to, unread messages, languages."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from salescontrol.core import clock, jobs, navigation, notices


def frame(request: HttpRequest) -> dict:
    """Nothing is read from the database until the template asks for it."""
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    return {
        "languages": settings.LANGUAGES,
        "demo": settings.DEMO,
        "signed_in": signed_in,
        "rail": SimpleLazyObject(lambda: _rail(request) if signed_in else []),
        "unread": SimpleLazyObject(
            lambda: notices.inbox(user).filter(read_at__isnull=True).count() if signed_in else 0
        ),
        "delayed": SimpleLazyObject(lambda: signed_in and jobs.delayed(_instant(request))),
        "clock_went_back": signed_in and clock.went_back(),
        "current_project": SimpleLazyObject(lambda: navigation.current_project(request)) if signed_in else None,
        "project_choices": SimpleLazyObject(lambda: navigation.projects_of(request) if signed_in else []),
    }


def _instant(request: HttpRequest) -> datetime:
    """The database's time at which the request arrived, asked for already with the session."""
    return getattr(request, "arrived_at", None) or clock.now()


def _rail(request: HttpRequest) -> list[dict]:
    match = request.resolver_match
    return navigation.entries(request.access, navigation.current_project(request), match.view_name if match else "")
