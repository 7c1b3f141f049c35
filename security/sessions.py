"""Django's session store on our own table: it remembers the device and keeps ended sessions as a record."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.utils import timezone

from salescontrol.core import clock
from security.models import EndReason, Rights, Session


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
        stamp = Subquery(Rights.objects.filter(pk=1).values("stamp")[:1])
        row = (
            Session.objects.filter(session_key=self.session_key)
            .select_related("user")
            .annotate(rights_stamp=stamp)
            .first()
        )
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
