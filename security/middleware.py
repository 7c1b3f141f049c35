"""What each request needs to know about its user: access, language, session limits, and duties before work."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, REDIRECT_FIELD_NAME, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from salescontrol.core import clock
from salescontrol.core.access import access_of
from salescontrol.core.middleware import client_ip
from security.models import EndReason, User
from security.services.sessions import close_session, note_request

SEEN_EVERY = timedelta(minutes=1)
DUTY_PAGES = {"password": "security:password"}
# What may be done before the duties are: leave, or choose the language.
FREE_PAGES = frozenset({"security:sign_out", "security:language"})


class SessionUser(AuthenticationMiddleware):
    """`request.user` from the session's own row, which was read with its user and the stamp of all rights: one query for all.

    Whatever is not plainly in order (another user, a stale proof) is left to Django's own judgement.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _user_of(request))


def _user_of(request: HttpRequest) -> User | AnonymousUser:
    session = request.session
    proof = session.get(HASH_SESSION_KEY, "")
    row = getattr(session, "row", None)
    user = row.user if row is not None else None
    plain = (
        user is not None
        and user.is_active
        and session.get(SESSION_KEY) == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(proof, user.get_session_auth_hash())
    )
    if not plain:
        return get_user(request)
    user.rights_stamp = row.rights_stamp
    return user


class RequestAccess:
    """`request.access`: the roles and permissions of this user, read once, when first asked for."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.access = SimpleLazyObject(lambda: access_of(request.user))
        return self.get_response(request)


class ChosenLanguage:
    """The language: the signed-in user's setting, else the one chosen in this browser, else the browser's own."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = request.session.get("language") or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class SessionLimits:
    """Ends a session that was idle or lasted too long, says why at the sign-in, and notes when and from where it is used.

    A view with `keeps_alive = False` (a poll) neither extends the session nor counts as being there (decisions 12).
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        row = getattr(request.session, "row", None)
        request.arrived_at = clock.came_with(row.read_at) if row is not None and row.user_id is not None else None
        if request.arrived_at and (reason := over(row, request.arrived_at)):
            close_session(session=row, by=None, reason=reason)
            request.session.flush()
            request.session.ended = reason
            request.user = AnonymousUser()
        ended = getattr(request.session, "ended", "")
        if ended and ended != EndReason.SIGNED_OUT:
            messages.info(request, EndReason(ended).label)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if request.arrived_at is None or not request.user.is_authenticated:
            return
        row = request.session.row
        device = request.headers.get("User-Agent", "")[:200]
        keeps_alive = getattr(getattr(view, "view_class", view), "keeps_alive", True)
        moved = device != (row.last_device or row.device)
        if moved or (keeps_alive and request.arrived_at - row.seen_at >= SEEN_EVERY):
            note_request(session=row, device=device, ip=client_ip(request))


def over(row: Any, now: datetime) -> str:
    """Why the session with these moments is over by now; empty when it is not."""
    if now - row.started_at >= timedelta(hours=settings.SESSION_HOURS):
        return EndReason.ABSOLUTE
    if now - row.seen_at >= timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return EndReason.IDLE
    return ""


class SignInRequired(LoginRequiredMiddleware):
    """Sends everybody who is not signed in to the sign-in page; a poll or a partial gets a short answer that says where to go.

    Whoever sent a form comes back to the page it stood on, because the form's own address may only take forms.
    """

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        if not _wants_part(request):
            back = request.get_full_path() if request.method in ("GET", "HEAD") else _page_of_form(request)
            return redirect_to_login(back, settings.LOGIN_URL)
        response = HttpResponse(_("You are signed out."), status=401, content_type="text/plain; charset=utf-8")
        response["HX-Redirect"] = reverse(settings.LOGIN_URL)
        return response


def _page_of_form(request: HttpRequest) -> str:
    came_from = urlsplit(request.headers.get("Referer", ""))
    here = came_from.netloc == request.get_host() and came_from.path
    return f"{came_from.path}?{came_from.query}" if here and came_from.query else came_from.path if here else "/"


def _wants_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" or request.headers.get("Accept", "").startswith(
        "application/json"
    )


class SignInDuties:
    """Before anything else: what the session still owes, such as a first password (quality S1)."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        page = request.resolver_match.view_name
        duties = [duty for duty in request.session.get("duties", ()) if duty in DUTY_PAGES]
        if not duties or page in FREE_PAGES or page == DUTY_PAGES[duties[0]]:
            return None
        query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()}) if request.method == "GET" else ""
        return HttpResponseRedirect(f"{reverse(DUTY_PAGES[duties[0]])}?{query}")
