"""What a view that is asked again and again leaves with an answer that told of nothing (quality V5, ADR 0007)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Asked(NamedTuple):
    """One look: the values for the source of `Quiet`, and what its reader knows."""

    values: Mapping[str, Any]
    known: Any


class Quiet(Protocol):
    """How the next look is answered while the same reader, with the same session and rights, still has nothing to be told.

    The view hangs it on its response as `quiet`. `security.polls` asks `source` in one statement with the session, and
    whatever is not exactly as it was goes through the view again.
    """

    def source(self, vendor: str, now: str) -> str:
        """A source of one row, for FROM, called `rung`: what tells whether anything changed; `now` is SQL for the instant."""

    def ask(self, query: Mapping[str, str]) -> Asked | None:
        """What a request with this query knows; None when the view itself has to look."""

    def answer(self, known: Any, found: tuple, now: datetime) -> str | None:
        """The body while nothing changed; None when the view itself has to look."""
