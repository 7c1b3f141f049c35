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
from urllib.parse import parse_qsl

from django.db import DatabaseError, InterfaceError, connection, connections
from django.http import HttpResponse

from salescontrol.core import clock
from salescontrol.core.polls import Quiet
from security.middleware import over

MOST = 5000
_KEPT: OrderedDict[tuple, "_Kept"] = OrderedDict()
# Only an address that ends like this is ever looked up.
ENDING = "/changes/"
_ASKED = "salescontrol.quiet"
_SAID = (
    "HTTP_COOKIE",
    "PATH_INFO",
    "wsgi.url_scheme",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_HOST",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_HX_REQUEST",
)
# The session with its account. Known by these columns when the view answered, it is compared as one text at each look: to read
# a dozen values costs more than to find them.
_VALUES = (
    "s.session_data", "s.user_id", "s.device", "s.last_device", "s.started_at", "s.seen_at", "s.expire_date", "s.ended_at",
    "u.password", "u.auth_epoch", "u.is_active", "(SELECT stamp FROM security_rights WHERE id = 1)",
)  # fmt: skip
_COLUMNS = ", ".join(_VALUES)
_FROM = "FROM security_session s JOIN security_user u ON u.id = s.user_id"
_TEXT = {
    "postgresql": f"ROW({_COLUMNS})::text",
    "sqlite": " || ',' || ".join(f"quote({value})" for value in _VALUES),
}
# Text, instant, and what tells of changes. On PostgreSQL the first is a function, as the last is: the database keeps its plan,
# and to plan such a statement costs more than to do it. SQLite compares moments as text: with as many digits as they are stored
# with, or a hold that ends in just this millisecond is never told.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION poll_state(of_key text, OUT state text, OUT at timestamptz) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT {_TEXT["postgresql"]}, clock_timestamp() INTO state, at {_FROM} WHERE s.session_key = of_key;
END $$;
"""
_ASK = {
    "postgresql": "SELECT s.state, s.at, rung.* FROM poll_state(%(session_key)s) AS s CROSS JOIN LATERAL {source}",
    "sqlite": "WITH moment AS (SELECT strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now') || '000' AS at) "
    + f"SELECT {_TEXT['sqlite']}, moment.at, rung.* {_FROM} CROSS JOIN moment CROSS JOIN {{source}}"
    + " WHERE s.session_key = %(session_key)s",
}
_AT = {"postgresql": "s.at", "sqlite": "(SELECT at FROM moment)"}


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
    text: str
    match: Any
    headers: Mapping[str, str]
    sql: str
    session_key: str


class QuietPolls:
    """Remembers what a poll's next look depends on; and, where no server asked first (`answered`), answers it."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if _ASKED not in request.environ and (short := answered(request.environ)):
            request.resolver_match, request.user = short.match, short.reader
            return HttpResponse(short.body, headers=short.headers)
        response = self.get_response(request)
        if key := _key(request.environ):
            _keep(key, request, response)
        return response


class Short(NamedTuple):
    """An answer of the short way: everything that the long one has, but for the request's id."""

    body: bytes
    headers: Mapping[str, str]
    match: Any
    reader: _Reader


def answered(environ: dict[str, Any]) -> Short | None:
    """The answer to a poll of which nothing is different from the last, by one statement; None: the long way decides.

    The web server asks this before Django sees the request (`salescontrol/wsgi.py`): what a quiet poll costs is mostly the way
    to the view.
    """
    environ[_ASKED] = True
    key = _key(environ)
    kept = _KEPT.get(key) if key else None
    if kept is None:
        return None
    asked = kept.quiet.ask(dict(parse_qsl(environ.get("QUERY_STRING", ""))))
    if asked is None:
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute(kept.sql, {**asked.values, "session_key": kept.session_key})
            row = cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return None
    if row is None or row[0] != kept.text:
        return None
    now = clock.came_with(_moment(row[1]))
    if kept.state.expire_date <= now or over(kept.state, now):
        return None
    text = kept.quiet.answer(asked.known, row[2:], now)
    if text is None:
        return None
    body = text.encode()
    return Short(body, {**kept.headers, "Content-Length": str(len(body))}, kept.match, _Reader(kept.state.user_id))


def _key(environ: Mapping[str, Any]) -> tuple | None:
    """Whose poll of what: the cookies, the address without its query, and what the browser says about itself."""
    if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].endswith(ENDING):
        return None
    return tuple(map(environ.get, _SAID))


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
    text = _text(row.session_key, state)
    if text is None:
        return  # Something changed while the view answered: the next look goes the long way again.
    headers = {name: value for name, value in response.items() if name != "Content-Length"}
    sql = _ASK[connection.vendor].format(source=quiet.source(connection.vendor, _AT[connection.vendor]))
    _KEPT[key] = _Kept(quiet, state, text, request.resolver_match, headers, sql, row.session_key)
    while len(_KEPT) > MOST:
        _KEPT.popitem(last=False)


def _text(session_key: str, state: _State) -> str | None:
    """How the database says this state in one text; None when it is not the database's any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS}, {_TEXT[connection.vendor]} {_FROM} WHERE s.session_key = %s",
            [session_key],
        )
        row = cursor.fetchone()
    return row[-1] if row and _state(row) == state else None


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


def install(sender: Any, using: str, **kwargs: Any) -> None:
    """Lay the function that reads a session (called after migrate, by the owner)."""
    found = connections[using]
    with found.cursor() as cursor:
        if found.vendor == "postgresql" and "security_rights" in found.introspection.table_names(cursor):
            cursor.execute(_FUNCTION)


def forget() -> None:
    """Drop everything that is kept (between tests)."""
    _KEPT.clear()
