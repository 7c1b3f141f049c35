"""Word of a notice leaves the house: e-mail and robots of office messengers, through the outbox (R1.8, decisions 23).

Never what the notice says, only its group's sentence and a link. Never lost: a gateway that is away is tried again with growing
pauses for days. Usually once: the delivery's row says that it went; a key lets receivers drop the rare repeat.
"""

import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salescontrol.core import clock, gateways, jobs, notices
from salescontrol.core.errors import Refusal
from salescontrol.core.gateways import Away, Letter
from salescontrol.core.history import save_tracked
from salescontrol.core.models import Notice, NoticeDelivery, NoticeWay, OutboxMessage, WayKind

log = structlog.get_logger(__name__)
TOPIC, TEST = "notice.send", "notice.test"
# 1, 2, 4 … minutes, then every hour: more than three days.
TRIES, LONGEST = 80, timedelta(hours=1)
# One that is away costs one wait a minute in each process, however many letters are for it.
REST = 60.0
_away_until: dict[str, float] = {}
notices.register(TEST, gettext_lazy("This is a test message. Word of it goes to every way that you have set up."))


@notices.carried_by
def carry(rows: Sequence[Notice]) -> None:
    """Leave work for each way on which word of these notices (of one key) goes outside and has not been sent out before."""
    first = rows[0]
    ways = [way for way in _ways(rows) if _wanted(way, first)]
    if not ways:
        return
    ids = dict(Notice.objects.filter(key=first.key, to__in=[row.to_id for row in rows]).values_list("to", "pk"))
    NoticeDelivery.objects.bulk_create([NoticeDelivery(way=way, key=first.key) for way in ways], ignore_conflicts=True)
    payloads = [{"notice": ids.get(way.to_id or 0, min(ids.values())), "way": way.pk} for way in ways]
    OutboxMessage.objects.bulk_create([OutboxMessage(topic=TOPIC, payload=payload) for payload in payloads])


def _ways(rows: Sequence[Notice]) -> QuerySet[NoticeWay]:
    first = rows[0]
    whose = Q(to__in=[row.to_id for row in rows])
    if first.project_id is not None:
        whose |= Q(project_id=first.project_id)
    gone = NoticeDelivery.objects.filter(way=OuterRef("pk"), key=first.key)
    return NoticeWay.objects.filter(whose, ~Exists(gone))


def _wanted(way: NoticeWay, notice: Notice) -> bool:
    # That word could not be sent is not sent: it would go the same way.
    about_itself = notice.params.get("work") == TOPIC
    return (
        bool(way.address) and not about_itself and (notice.code == TEST or notices.group_of(notice.code) in way.groups)
    )


@jobs.handler(TOPIC)
def send(*, notice: int, way: int) -> None:
    """Hand word of one notice to one gateway; when that is away, try again later. Raises Away after the last try."""
    row = Notice.objects.select_related("to").filter(pk=notice).first()
    goal = NoticeWay.objects.select_related("to").filter(pk=way).first()
    if row is None or goal is None or not goal.address or (goal.to is not None and not goal.to.is_active):
        return
    delivery = NoticeDelivery.objects.get_or_create(way=goal, key=row.key)[0]
    if delivery.sent_at is not None:
        return
    gate = gateways.gateway(goal.kind, goal.address)
    if (rest := _away_until.get(gate, 0.0) - time.monotonic()) > 0:
        _later(row, goal, timedelta(seconds=rest))
        return
    try:
        gateways.hand_over(goal.kind, goal.address, letter(row, goal))
    except Away as away:
        _away_until[gate] = time.monotonic() + REST
        _failed(delivery, row, goal, away)
    else:
        NoticeDelivery.objects.filter(pk=delivery.pk).update(sent_at=clock.now(), tries=F("tries") + 1)


def letter(notice: Notice, way: NoticeWay) -> Letter:
    """What leaves the house about the notice, in the reader's language; a group chat is told in the office's language."""
    group = notices.GROUPS[notices.group_of(notice.code)]
    with translation.override((way.to.language if way.to else "") or settings.NOTICE_LANGUAGE):
        said = _("This is a test message.") if notice.code == TEST else str(group.sentence)
        link = f" {settings.PUBLIC_URL}{reverse('inbox')}" if settings.PUBLIC_URL else ""
        text = _("%(sentence)s Sign in to Sales Control to read it.") % {"sentence": said}
        return Letter(_key(notice, way), str(settings.PRODUCT_NAME), text + link)


def _key(notice: Notice, way: NoticeWay) -> str:
    return hashlib.sha256(f"{way.pk}\0{notice.key}".encode()).hexdigest()[:12]


@transaction.atomic
def _failed(delivery: NoticeDelivery, notice: Notice, way: NoticeWay, away: Away) -> None:
    log.warning("letter_not_taken", way=way.pk, notice=notice.pk, tries=delivery.tries + 1, why=str(away))
    if delivery.tries + 1 >= TRIES:
        raise away
    mine = NoticeDelivery.objects.filter(pk=delivery.pk)
    mine.update(tries=F("tries") + 1, failed_at=clock.now())
    _later(notice, way, min(timedelta(minutes=2**delivery.tries if delivery.tries < 6 else 60), LONGEST))


def _later(notice: Notice, way: NoticeWay, pause: timedelta) -> None:
    jobs.enqueue(TOPIC, due_at=clock.now() + pause, notice=notice.pk, way=way.pk)


def way_of(kind: str, *, user: Any = None, project_id: int | None = None) -> NoticeWay:
    """The person's or the project's way of this kind; one that is not saved yet when there is none."""
    found = NoticeWay.objects.filter(kind=kind, to=user, project_id=project_id).first()
    return found or NoticeWay(kind=kind, to=user, project_id=project_id)


def masked(way: NoticeWay) -> str:
    """The address as a page may show it: an e-mail address whole, of a robot the host and the last four signs."""
    if way.kind == WayKind.EMAIL or not way.address:
        return way.address
    return f"{gateways.gateway(way.kind, way.address)} … {way.address[-4:]}"


@transaction.atomic
def set_up(*, way: NoticeWay, address: str | None, groups: Collection[str], test: bool, by) -> NoticeWay:
    """Set where word goes and about which groups (`way.save`); `address` None keeps it, empty switches the way off.

    `test` sends a test message at once. A person's way is their own; the caller checks the right to a project's.
    Raises Refusal `robot`, `no_mail`, and `no_address` for a test without an address.
    """
    if address is not None:
        _check(way, address)
        way.address = address
    way.groups = [code for code in notices.GROUPS if code in groups]
    save_tracked(way, action="way.save", by=by)
    if test:
        _send_test(way, by)
    return way


def _check(way: NoticeWay, address: str) -> None:
    if address and way.kind == WayKind.ROBOT:
        gateways.read_robot(address)
    elif address and not settings.EMAIL_HOST:
        message = _("No mail server is set. Ask whoever runs the system to set %(setting)s.") % {"setting": "EMAIL_URL"}
        raise Refusal(message, code="no_mail", fields={"address": [message]})


def _send_test(way: NoticeWay, by) -> None:
    """A test message to oneself, which goes every way that is set up; at most one a minute."""
    if not way.address:
        message = _("Enter an address; then a test message can be sent.")
        raise Refusal(message, code="no_address", fields={"address": [message]})
    key = f"test-{by.pk}-{way.pk}-{clock.now():%Y%m%d%H%M}"
    notices.tell([by], TEST, key=key, url=reverse("notice_ways"), project_id=way.project_id)


def state_of(ways: Iterable[NoticeWay]) -> dict[int, NoticeDelivery]:
    """The last delivery of each way that was tried."""
    tried = NoticeDelivery.objects.filter(way__in=[way.pk for way in ways if way.pk], tries__gt=0).order_by("pk")
    return {delivery.way_id: delivery for delivery in tried}
