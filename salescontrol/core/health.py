"""The product's own state: alive, ready, what the background work does, and what became of a form whose answer was lost."""

import shutil
import sys
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import server_error
from django.views.generic import View

from salescontrol.core import background, clock, jobs, journal, outages
from salescontrol.core.errors import NotVisible
from salescontrol.core.forms import Form
from salescontrol.core.models import JobRun, Operation, OutboxMessage
from salescontrol.core.permissions import Permission
from salescontrol.core.views import ActionPage, DetailPage
from salescontrol.core.words import listed


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


class Readiness(View):
    """Whether work can be done: database, migrations, background work without delay, journal, disk.

    No details beyond the names (abuse 41).
    """

    def get(self, request: HttpRequest) -> JsonResponse:
        checks = {"database": False, "migrations": False, "background": False, "journal": False, "disk": self.disk()}
        try:
            checks["migrations"] = not self.pending()
            checks["background"] = not jobs.delayed(clock.now())
            checks["journal"] = not journal.state().alarm
            checks["database"] = True
        except DatabaseError:
            pass
        ready = all(checks.values())
        return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)

    def pending(self) -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    def disk(self) -> bool:
        return shutil.disk_usage(settings.VAR_DIR).free >= settings.DISK_LOW_MB * 1024 * 1024


readyz = login_not_required(Readiness.as_view())


class Background(DetailPage):
    """What the background work does and owes, for those who keep the product running; no business data (domain B16)."""

    permission = Permission.CONSISTENCY_SEE
    title = gettext_lazy("Background work")
    template_name = "core/background.html"

    def get_context(self) -> dict:
        now = clock.now()
        return {
            "delayed": jobs.delayed(now),
            "dispatcher": background.dispatcher(),
            "waiting": background.open_by_topic(),
            "given_up": [{"message": item, "error": _kind(item.error)} for item in background.given_up()],
            "failed": [_run_line(run, now) for run in background.failed_runs(now)],
            "latest": [_run_line(run, now) for run in background.latest_runs()],
            "missed": background.missed_slots(now),
        }


def _kind(error: str) -> str:
    """The kind of a failure without its words, which may quote what somebody typed."""
    return error.partition(":")[0]


def _run_line(run: JobRun, now: datetime) -> dict:
    state, tone = _run_state(run, now)
    end = run.finished_at
    return {
        "run": run,
        "state": state,
        "tone": tone,
        "seconds": f"{(end - run.started_at).total_seconds():.1f}" if end else "",
        "outcome": run.outcome if end else _kind(run.outcome),
    }


def _run_state(run: JobRun, now: datetime) -> tuple[Any, str]:
    if run.finished_at:
        return _("Done"), "good"
    if run.outcome:
        again = run.tries < jobs.ATTEMPTS and run.taken_until > now
        return (_("Failed, will be tried again"), "warn") if again else (_("Failed"), "bad")
    return (_("Running"), "pending") if run.taken_until > now else (_("Stopped on the way"), "bad")


class BackgroundAgain(ActionPage):
    """Try a message again that was given up."""

    permission = Permission.CONSISTENCY_SEE
    title = gettext_lazy("Try again")
    submit_label = gettext_lazy("Try again")
    success = gettext_lazy("It will be tried again at once.")
    form_class = Form

    def get_sentence(self) -> str:
        return _("This work was given up after several failures. It will be tried again from the beginning.")

    def get_back_url(self) -> str:
        return reverse("background")

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not OutboxMessage.objects.filter(pk=self.kwargs["pk"], given_up_at__isnull=False).exists():
            raise NotVisible(_("There is nothing to try again. Perhaps somebody else has done so."))
        return super().get(request, *args, **kwargs)

    def perform(self, form) -> OutboxMessage:
        return jobs.try_again(message_id=self.kwargs["pk"], by=self.request.user)

    def get_success_url(self, result: OutboxMessage) -> str:
        return reverse("background")


class OperationPage(DetailPage):
    """What became of one's own form (abuse 71): done, refused, or nothing; somebody else's looks like nothing."""

    title = gettext_lazy("What became of a form")
    template_name = "core/operation.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        operation = Operation.objects.filter(op_id=self.kwargs["op_id"], by=request.user).first()
        made = listed(operation.reference.values()) if operation and not operation.refused else ""
        return self.show(200 if operation else 404, operation=operation, number=self.kwargs["op_id"], numbers=made)


def failed(request: HttpRequest) -> HttpResponse:
    """The page for what nobody expected; that the database cannot be reached is a page of its own (abuse 71)."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _database_away(request)
    return server_error(request)


def _database_away(request: HttpRequest) -> HttpResponse:
    """Without a frame, for that needs the database. A form's outcome is unknown: the page says where to look before sending again."""
    language = getattr(request, "LANGUAGE_CODE", "") or translation.get_language_from_request(request)
    context = {"sent": request.method == "POST", "number": _operation_of(request)}
    with translation.override(language):
        response = HttpResponse(render_to_string("503.html", context), status=503, headers={"Retry-After": "5"})
    response.connection_lost = outages.lost(sys.exc_info()[1])
    return response


def _operation_of(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get("op_id", ""))
    except ValueError:
        return None
