"""Wall displays: which there are, which one an address names, and what it may show (decisions 12)."""

import hashlib

from django.db.models import QuerySet

from inventory.models import Project, WallDisplay
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

SHOWS = frozenset({Permission.PROJECT_SEE, Permission.BOARD_SEE, Permission.UNIT_SEE_ALL})


def digest_of(secret: str) -> str:
    """What is kept of the secret in a display's address."""
    return hashlib.sha256(secret.encode()).hexdigest()


def displays_of(project: Project) -> QuerySet[WallDisplay]:
    """The displays of the project; whoever keeps them sees them all, revoked ones too."""
    return WallDisplay.objects.filter(project=project).select_related("made_by", "revoked_by")


def display_of(secret: str) -> WallDisplay | None:
    """The display that this secret opens, unless it is revoked or its project is closed."""
    found = WallDisplay.objects.filter(digest=digest_of(secret), revoked_at=None, project__archived_at=None)
    return found.select_related("project").first()


def access_of_display(display: WallDisplay) -> Access:
    """What a display may see, as if it were a person: the approved units of its project, prices if it shows them."""
    shows = SHOWS | {Permission.PRICE_SEE} if display.prices else SHOWS
    return Access(user=None, permissions={display.project_id: frozenset(shows)})
