"""All addresses of the product, and an empty page behind its whole stack of middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from salescontrol.core.permissions import Permission
from salescontrol.urls import urlpatterns as product


def empty(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and whether they may see the board anywhere."""
    return HttpResponse(f"<!doctype html><title>Empty</title><p>{request.access.can(Permission.BOARD_SEE)}</p>")


urlpatterns = [*product, path("empty", empty, name="empty")]
