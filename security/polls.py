"""The short way of a poll that is told nothing (quality V5): one statement instead of the whole stack.

A view that answered "nothing changed" leaves with its answer how the next look can be asked for (`core.polls.Quiet`). It is kept
in this process with everything that the answer depended on: the session's row, the account's proof, the stamp of all rights, what
the browser said about itself. One statement reads all of that again together with what changed. Only when nothing of it is
different is the answer given here, with the headers of the first; anything else goes the long way, which alone decides.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from salescontrol.core import clock
from salescontrol.core.polls import Quiet
from security.middleware import over

MOST = 5000
_KEPT: OrderedDict[tuple, "_Kept"] = OrderedDict()
# SQLite compares moments as text: with as many digits as they are stored with, or one of just this millisecond is never told.
_NOW = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now') || '000'"}
_SAID = (
    "HTTP_HOST",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_HX_REQUEST",
)
_ASK = """
WITH moment AS (SELECT {now} AS at)
SELECT s.session_data, s.user_id, s.device, s.last_device, s.started_at, s.seen_at, s.expire_date, s.ended_at,
       u.password, u.auth_epoch, u.is_active, (SELECT stamp FROM security_rights WHERE id = 1), moment.at, rung.*
  FROM security_session s JOIN security_user u ON u.id = s.user_id CROSS JOIN moment CROSS JOIN {source}
 WHERE s.session_key = %(session_key)s
"""


class _State(NamedTuple):
    """What has to be exactly as it was."""

    session_data: str
    user_id: int
    device: str
    last_device: str
    started_at: datetime
    seen_at: datetime
    expire_date: datetime
    ended_at: datetime | None
    password: str
    auth_epoch: int
    is_active: bool
    stamp: str


class _Reader(NamedTuple):
    """Who asked, for the log."""

    pk: int


class _Kept(NamedTuple):
    quiet: Quiet
    state: _State
    match: Any
    headers: Mapping[str, str]
    sql: str


class QuietPolls:
    """Answers a poll of which nothing is different from the last by one statement; everything else goes on as usual."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request)
        kept = _KEPT.get(key) if key else None
        if kept is not None and (short := _answer(request, kept)):
            return short
        response = self.get_response(request)
        if key:
            _keep(key, request, response)
        return response


def _key(request: HttpRequest) -> tuple | None:
    """Whose poll of what: the session's key, the address without its query, and what the browser says about itself."""
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not session_key or request.method != "GET":
        return None
    return (session_key, request.path, request.scheme, *map(request.META.get, _SAID))


def _answer(request: HttpRequest, kept: _Kept) -> HttpResponse | None:
    asked = kept.quiet.ask(request)
    if asked is None:
        return None
    try:
        with connection.cursor() as cursor:
            key = request.COOKIES[settings.SESSION_COOKIE_NAME]
            cursor.execute(kept.sql, {**asked.values, "session_key": key})
            row = cursor.fetchone()
    except DatabaseError:
        return None
    if row is None or _state(row) != kept.state:
        return None
    now = clock.came_with(_moment(row[len(_State._fields)]))
    if kept.state.expire_date <= now or over(kept.state, now):
        return None
    text = kept.quiet.answer(asked.known, row[len(_State._fields) + 1 :], now)
    return None if text is None else _response(request, kept, text)


def _response(request: Any, kept: _Kept, text: str) -> HttpResponse:
    """The same answer as the last, with its headers."""
    request.resolver_match, request.user = kept.match, _Reader(kept.state.user_id)
    response = HttpResponse(text.encode(), headers=kept.headers)
    response["Content-Length"] = str(len(response.content))
    return response


def _keep(key: tuple, request: Any, response: Any) -> None:
    """Remember how the next look is asked for, if this answer says how; forget what is not so any more."""
    quiet, row = getattr(response, "quiet", None), getattr(getattr(request, "session", None), "row", None)
    stamp = getattr(row, "rights_stamp", None)
    if quiet is None or row is None or not stamp or response.cookies:
        _KEPT.pop(key, None)
        return
    if request.access.deputy_of or request.access.may_stand_in:
        return  # Their rights change by the clock.
    session = [getattr(row, name) for name in _State._fields[:8]]
    state = _State._make([*session, row.user.password, row.user.auth_epoch, row.user.is_active, stamp])
    headers = {name: value for name, value in response.items() if name != "Content-Length"}
    now = "(SELECT at FROM moment)"
    sql = _ASK.format(now=_NOW[connection.vendor], source=quiet.source(connection.vendor, now))
    _KEPT[key] = _Kept(quiet, state, request.resolver_match, headers, sql)
    while len(_KEPT) > MOST:
        _KEPT.popitem(last=False)


def _state(row: tuple) -> _State:
    """The first columns as the session's row has them; SQLite gives moments as text or without their zone."""
    state = _State(*row[: len(_State._fields)])
    if connection.vendor == "postgresql":
        return state
    return state._replace(
        **{name: _moment(getattr(state, name)) for name in ("started_at", "seen_at", "expire_date", "ended_at")}
    )


def _moment(value: Any) -> Any:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment


def forget() -> None:
    """Drop everything that is kept (between tests)."""
    _KEPT.clear()
