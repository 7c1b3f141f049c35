"""People and their sessions. Nothing here points at a business table."""

from security.models.attempt import AttemptCount
from security.models.deputy import Deputy
from security.models.rights import Rights
from security.models.session import EndReason, Session
from security.models.user import FormerPassword, OneTimeLink, User

__all__ = ["AttemptCount", "Deputy", "EndReason", "FormerPassword", "OneTimeLink", "Rights", "Session", "User"]
