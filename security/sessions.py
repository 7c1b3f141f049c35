"""Django's session store on our own table: it remembers the device and keeps ended sessions as a record."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from security.models import Session


class SessionStore(DatabaseStore):
    """Session data in `security.Session`; `describe` is called once at sign-in."""

    @classmethod
    def get_model_class(cls):
        return Session

    def create_model_instance(self, data):
        row = super().create_model_instance(data)
        user_id = data.get("_auth_user_id")
        row.user_id = int(user_id) if user_id else None
        row.device = data.get("device", "")[:200]
        row.ip = data.get("ip", "")
        return row
