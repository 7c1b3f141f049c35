"""Django's session store on our own table: it remembers the device and keeps ended sessions as a record."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Subquery
from django.db.models.query import get_related_populators
from django.utils import timezone

from salescontrol.core import clock
from security.models import EndReason, Rights, Session

# Stands for the key in the statement that is kept.
_KEY = "the key of the session"
_STATEMENTS: WeakKeyDictionary[BaseDatabaseWrapper, "_Statement"] = WeakKeyDictionary()


def _found(key: str | None) -> Session | None:
    """The session of this key with its user, the stamp of all rights and the instant: one statement at every request.

    To put it together costs Django more than all else that a poll of the board needs (quality V5, V16), so the statement is
    kept, for each connection; the rows become objects as Django makes them.
    """
    statement = _statement(connections[DEFAULT_DB_ALIAS])
    compiler = statement.compiler
    with compiler.connection.cursor() as cursor:
        cursor.execute(statement.sql, [key if value == _KEY else value for value in statement.params])
        rows = cursor.fetchall()
    for values in compiler.results_iter(results=[rows]):
        row = Session.from_db(compiler.using, statement.names, values[: len(statement.names)])
        for name, place in compiler.annotation_col_map.items():
            setattr(row, name, values[place])
        for populator in statement.related:
            populator.populate(values, row)
        return row
    return None


class _Statement(NamedTuple):
    compiler: Any
    sql: str
    params: Sequence[Any]
    names: list[str]
    related: list[Any]


def _statement(connection: BaseDatabaseWrapper) -> _Statement:
    known = _STATEMENTS.get(connection)
    if known is None:
        stamp = Subquery(Rights.objects.filter(pk=1).values("stamp")[:1])
        rows = Session.objects.filter(session_key=_KEY).select_related("user").order_by()
        compiler = rows.annotate(rights_stamp=stamp, read_at=clock.Instant()).query.get_compiler(connection.alias)
        sql, params = compiler.as_sql()
        select = compiler.select
        names = [select[place][0].target.attname for place in compiler.klass_info["select_fields"]]
        related = get_related_populators(compiler.klass_info, select, connection.alias)  # type: ignore[call-arg]
        known = _STATEMENTS[connection] = _Statement(compiler, sql, params, names, related)
    return known


class SessionStore(DatabaseStore):
    """Session data in `security.Session`.

    `row` is the row that was loaded; `ended` is why the session that this key once named is over. A signed-in
    session is never deleted: it is marked as ended and emptied. Sessions of nobody (a language, a message) are.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None
        self.ended = ""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        row = _found(self.session_key)
        if row is None or row.ended_at is not None or row.expire_date <= timezone.now():
            if row is not None and row.user_id is not None:
                self.ended = row.end_reason or EndReason.ABSOLUTE
            self._session_key = None
            return None
        self.row = row
        return row

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        if must_create:
            return self._insert(data)
        alive = Session.objects.filter(session_key=self.session_key, ended_at__isnull=True)
        if not alive.update(expire_date=self.get_expiry_date(), **self._columns(data)):
            raise UpdateError
        return None

    def _insert(self, data: dict) -> None:
        try:
            with transaction.atomic():
                Session.objects.create(
                    session_key=self.session_key, expire_date=self.get_expiry_date(), **self._columns(data)
                )
        except IntegrityError as error:
            raise CreateError from error

    def _columns(self, data: dict) -> dict[str, Any]:
        user_id = data.get(SESSION_KEY)
        return {
            "session_data": self.encode(data),
            "user_id": int(user_id) if user_id else None,
            "device": data.get("device", "")[:200],
            "ip": data.get("ip", "")[:45],
        }

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=key, user__isnull=True).delete()
            Session.objects.filter(session_key=key, ended_at__isnull=True).update(
                ended_at=clock.now(), end_reason=EndReason.REPLACED, session_data=""
            )

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(user__isnull=True, expire_date__lt=timezone.now()).delete()
