"""Looks at customers' data are on record before the data leaves, and those that could be milked are limited (A4; abuse 21, 40).

When the record cannot be written, nothing is shown: the error ends the request. A record of a look has a transaction of its
own, so that it stays although what follows is refused.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enquiries.models import Customer, PreReport
from enquiries.queries.numbers import papers_of, phones_of
from enquiries.queries.scope import customers_visible_to, pre_reports_visible_to
from enquiries.services import pace
from enquiries.states import Purpose
from inventory.models import Project
from salescontrol.core import audit, clock, notices
from salescontrol.core.access import access_of
from salescontrol.core.errors import NotVisible, Refusal
from salescontrol.core.models import AuditEvent
from salescontrol.core.permissions import Permission

REVEALS_PER_HOUR = 30
PROBES_PER_HOUR = 20
HOUR = timedelta(hours=1)


def note_seen(*, customer: Customer, by) -> None:
    """A page about this customer is about to be shown."""
    audit.record("customer.see", by=by, project_id=customer.project_id, target=customer)


def note_opened(*, customer: Customer, by) -> None:
    """The customer's own page is about to be shown. Raises TooFast when they are opened quickly one after the other."""
    pace.note("customer.see", [customer.number], project=customer.project, by=by, target=customer)


def note_listed(
    *, project: Project, count: int, filtered_by: Collection[str], by, shown: Collection[str] | None = None
) -> None:
    """A list of so many customers is about to be shown; of the filter only its fields are kept, what was typed is personal data.

    `shown`: the numbers of the rows on this page, when it is a list to read and no choice in a form; then raises TooFast.
    """
    detail = {"count": count, "filter": sorted(filtered_by)}
    if shown is None:
        audit.record("customer.list", by=by, project_id=project.pk, detail=detail)
    else:
        pace.note("customer.list", shown, project=project, by=by, detail=detail)


def note_found(*, customers: Iterable[Customer], by) -> None:
    """A search is about to show these customers: one record for each project. Raises TooFast."""
    found: dict[Project, list[str]] = defaultdict(list)
    for customer in customers:
        found[customer.project].append(customer.number)
    for project, numbers in found.items():
        pace.note("customer.search", numbers, project=project, by=by, detail={"count": len(numbers)})


def note_calling(*, customer: Customer, by) -> None:
    """Who is calling is about to be shown; however often the phone rings."""
    audit.record("customer.search", by=by, project_id=customer.project_id, detail={"count": 1})


def reveal_phone(*, customer: Customer, purpose: str, by) -> str:
    """The whole main phone number. Raises what `reveal` raises."""
    return reveal(customer=customer, what="", purpose=purpose, by=by)


def reveal(*, customer: Customer, what: str, purpose: str, by) -> str:
    """A number or the address in full, for a purpose of the list; on record before it is given, 30 an hour for each user in all
    (decisions 30, abuse 40). `what`: empty for the main phone, `address`, `phone-ID`, `paper-ID`.

    Raises NotVisible, Forbidden, Refusal (`no_purpose`; `too_many`, of which the supervisor is told).
    """
    access = access_of(by)
    row = customers_visible_to(access).select_related("project").filter(pk=customer.pk).first()
    if row is None:
        raise NotVisible("")
    access.require(Permission.CUSTOMER_REVEAL, row.project_id)
    _require_purpose(purpose)
    value, detail = _secret(row, what), {"purpose": purpose, **({"what": what} if what else {})}
    _count_reveal(row.project, row, detail, by)
    return value


def reveal_reported(*, report: PreReport, what: str, purpose: str, by) -> str:
    """A number of a pre-report in full, under the same record and limit: `phone` of who is announced, `agent` of the agent.

    Raises NotVisible (also for what was never told), Forbidden, Refusal (`no_purpose`, `too_many`).
    """
    access = access_of(by)
    row = pre_reports_visible_to(access).select_related("project").filter(pk=report.pk).first()
    value = {"phone": row.phone, "agent": row.agent_phone}.get(what, "") if row else ""
    if row is None or not value or "*" in value:
        raise NotVisible("")
    access.require(Permission.CUSTOMER_REVEAL, row.project_id)
    _require_purpose(purpose)
    _count_reveal(row.project, row, {"purpose": purpose, "what": what}, by)
    return value


def _require_purpose(purpose: str) -> None:
    if purpose not in Purpose.values:
        message = _("Choose what you need the number for.")
        raise Refusal(message, code="no_purpose", fields={"purpose": [message]})


def _count_reveal(project: Project, target: Customer | PreReport, detail: dict, by) -> None:
    """Put it on record that a number is given, or refuse it as one too many."""
    if not _within("customer.reveal", REVEALS_PER_HOUR, project, by, target=target, detail=detail):
        raise Refusal(
            _(
                "You have asked for personal data %(count)s times within an hour, which is the limit. The supervisor has been told; "
                "try later."
            )
            % {"count": REVEALS_PER_HOUR},
            code="too_many",
        )  # fmt: skip


def _secret(row: Customer, what: str) -> str:
    """What is asked for, in full, from what the user sees of this customer."""
    kind, _dash, pk = what.partition("-")
    if kind in ("phone", "paper") and pk.isascii() and pk.isdecimal() and len(pk) < 19:
        rows: QuerySet = phones_of(row) if kind == "phone" else papers_of(row)
        found = rows.filter(pk=int(pk)).first()
        if found is not None:
            return found.number
    elif what in ("", "address"):
        return row.address if what else row.phone
    raise NotVisible("")


def require_probe(*, project: Project, by) -> None:
    """A salesperson's look whether a phone number is known: 20 an hour, hit or not. Who sees every customer is not counted.

    Raises Refusal `too_many`, the same for every number, of which the supervisor is told (abuse 21).
    """
    if access_of(by).can(Permission.CUSTOMER_SEE_ALL, project.pk):
        return
    if not _within("customer.probe", PROBES_PER_HOUR, project, by):
        raise Refusal(
            _("You have entered %(count)s phone numbers within an hour, which is the limit. The supervisor has been told; ask the desk.")
            % {"count": PROBES_PER_HOUR},
            code="too_many",
        )  # fmt: skip


@transaction.atomic
def _within(action: str, limit: int, project: Project, by, *, target=None, detail: dict | None = None) -> bool:
    """Put the act on record, or its refusal when it was done `limit` times within the hour. The user's row is locked meanwhile,
    so that many at once are counted one by one."""
    get_user_model().objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    now = clock.now()
    within = AuditEvent.objects.filter(actor=by, action=action, at__gt=now - HOUR).count() < limit
    audit.record(
        action if within else f"{action}_refused", by=by, project_id=project.pk, target=target, detail=detail or {}
    )
    if not within:
        pace.tell_who_decides(f"{action}_refused", project, by, f"{now:%Y%m%d%H}")
    return within


notices.register(
    "customer.reveal_refused",
    gettext_lazy("%(who)s asked for customers' personal data too often within an hour and was refused."),
)
notices.register(
    "customer.probe_refused", gettext_lazy("%(who)s entered too many phone numbers within an hour and was refused.")
)
