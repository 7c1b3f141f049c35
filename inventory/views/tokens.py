"""What an open board gives back at its next look: up to where it is known. Encrypted: it tells nothing about what others did."""

from dataclasses import dataclass
from datetime import UTC, datetime

from inventory.queries.feed import Mark
from salescontrol.core.fields import read_ticket, ticket

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """What a reader's board knows: of which project, up to where, and by which name its skeleton goes."""

    project_id: int
    mark: Mark
    digest: str


def token_of(reader: str, known: Known) -> str:
    """The token of this reader; its figures have a fixed width, so that its length tells nothing either."""
    micros = round(seconds(known.mark.at) * 1_000_000)
    figures = f"{known.project_id:020d}.{known.mark.position:020d}.{micros:020d}"
    return ticket(f"{reader}.{figures}.{known.digest:24}")


def read_token(reader: str, text: str) -> Known | None:
    """What the token says; None when it is not this reader's, or none at all."""
    try:
        whose, project, position, micros, digest = read_ticket(text).split(".")
    except ValueError:
        return None
    at = datetime.fromtimestamp(int(micros) / 1_000_000, UTC)
    return Known(int(project), Mark(int(position), at), digest.strip()) if whose == reader else None


def seconds(moment: datetime) -> float:
    """Seconds since 1970, as scripts count them."""
    return (moment - EPOCH).total_seconds()
