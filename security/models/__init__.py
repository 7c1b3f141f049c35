"""People and their sessions. Nothing here points at a business table."""

from security.models.deputy import Deputy
from security.models.session import Session
from security.models.user import FormerPassword, OneTimeLink, User

__all__ = ["Deputy", "FormerPassword", "OneTimeLink", "Session", "User"]
