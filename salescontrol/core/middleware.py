"""What happens around every request: its id and log line, its privacy headers, and refusals turned into pages."""

import os
import time

import structlog
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salescontrol.core import outages
from salescontrol.core.errors import Refusal, TooFast
from salescontrol.core.scoping import request_running

log = structlog.get_logger("request")
REQUEST_ID = "X-Request-ID"


def new_id() -> str:
    """The id of a request, in its log lines and in its answer."""
    return os.urandom(16).hex()


def client_ip(request: HttpRequest) -> str:
    """The caller's address: the peer's, or the one that the stated number of trusted proxies saw (abuse 42)."""
    if settings.TRUSTED_PROXIES:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(chain) >= settings.TRUSTED_PROXIES:
            return chain[-settings.TRUSTED_PROXIES][:45]
    return request.META.get("REMOTE_ADDR", "")


class RequestLog:
    """Gives the request an id and writes one line about it: route name, status, milliseconds; never the query or the form."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = new_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id, ip=client_ip(request))
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            route=match.view_name if match else "",
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000),
            user=getattr(getattr(request, "user", None), "pk", None),
        )
        response[REQUEST_ID] = request.id
        return response


class ScopedRows:
    """From here to the answer, guarded models read only what somebody was found to be allowed to see (`core.scoping`)."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with request_running():
            return self.get_response(request)


class PrivateAnswers:
    """Every answer that is not a static file stays out of caches and other origins (quality S4)."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class SecondRead:
    """A page whose database connection broke is read once more on a fresh one; a form never is (abuse 71)."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(response, "connection_lost", False) and request.method in ("GET", "HEAD"):
            connection.close()
            response = self.get_response(request)
        return response


class Refusals:
    """A refusal that reaches the top becomes a page (or, for htmx, the message area) with its own status."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal | OperationalError):
            return None
        try:
            refusal = outages.refusal(exception)
        except OperationalError:
            return None
        template = {404: "404.html", 403: "403.html"}.get(refusal.status, "refusal.html")
        answer = render(request, template, {"refusal": refusal.message}, status=refusal.status)
        if isinstance(refusal, TooFast):
            answer["Retry-After"] = str(refusal.seconds)
        return answer
