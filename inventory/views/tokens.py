"""What an open board gives back at its next look: up to where it is known. Encrypted: it tells nothing about what others did."""

from datetime import UTC, datetime

from cryptography.fernet import InvalidToken

from inventory.queries.feed import Mark
from salescontrol.core.fields import decrypt, encrypt

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = "f1:"


def token_of(reader: str, mark: Mark, digest: str) -> str:
    """The token of this reader for a board known up to `mark`, with the name of its skeleton."""
    micros = round(seconds(mark.at) * 1_000_000)
    # The figures have a fixed width, so that the token's length tells nothing either.
    return encrypt(f"{reader}.{mark.position:020d}.{micros:020d}.{digest}").removeprefix(_FORMAT)


def read_token(reader: str, text: str) -> tuple[Mark, str] | None:
    """The mark and the skeleton of a token; None when it is not this reader's, or none at all."""
    try:
        whose, position, micros, digest = decrypt(_FORMAT + text).split(".")
    except (InvalidToken, ValueError):
        return None
    at = datetime.fromtimestamp(int(micros) / 1_000_000, UTC)
    return (Mark(int(position), at), digest) if whose == reader else None


def seconds(moment: datetime) -> float:
    """Seconds since 1970, as scripts count them."""
    return (moment - EPOCH).total_seconds()
