"""The board as of any moment, and two moments compared (ui.md)."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from inventory.board import Words
from inventory.forms.past import PastForm
from inventory.queries.board import Board, matching
from inventory.queries.past import Difference, board_at, differences, moves
from inventory.queries.present import TONES
from inventory.states import MARKS, Status
from inventory.views.board import BoardBase
from salescontrol.core import clock
from salescontrol.core.permissions import Permission
from salescontrol.core.words import listed

SHOWN = 200
STEPS = (
    (gettext_lazy("An hour ago"), timedelta(hours=1)),
    (gettext_lazy("Yesterday"), timedelta(days=1)),
    (gettext_lazy("A week ago"), timedelta(days=7)),
    (gettext_lazy("30 days ago"), timedelta(days=30)),
)


class BoardPast(BoardBase):
    """The board at a moment of the past; with a second moment, what is different between the two."""

    template_name = "inventory/board_past.html"
    title = gettext_lazy("Sales board of the past")

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.show(status=200 if self.moments.is_valid() or not self.moments.is_bound else 422)

    @cached_property
    def moments(self) -> PastForm:
        asked = self.request.GET if {"at", "since"} & self.request.GET.keys() else None
        return PastForm(asked, zone=self.project.zone, initial={"at": self._typed(self.moment)} if not asked else None)

    @cached_property
    def moment(self) -> datetime:
        """The moment that is shown: the one asked for, else the last full minute."""
        asked = {"at", "since"} & self.request.GET.keys() and self.moments.is_valid()
        return self.moments.cleaned_data["at"] if asked else clock.now().replace(second=0, microsecond=0)

    @property
    def since(self) -> datetime | None:
        return self.moments.cleaned_data["since"] if self.moments.is_bound and self.moments.is_valid() else None

    def _typed(self, moment: datetime) -> str:
        return f"{clock.local(moment, self.project.zone):%Y-%m-%dT%H:%M}"

    @cached_property
    def board(self) -> Board:
        return board_at(self.request.access, self.project, self.moment)

    @cached_property
    def found(self) -> list[Difference]:
        """What is different since the other moment, on the tab that is shown."""
        if self.since is None:
            return []
        other = board_at(self.request.access, self.project, self.since)
        return [row for row in differences(other, self.board) if row.place.attached == self.attached]

    @cached_property
    def asked(self) -> frozenset[int] | None:
        """With two moments, units that did not change stand back; else what the filter does not ask for."""
        if self.since is None:
            return matching(self.board, self.places, self.filter.wanted)
        return frozenset(row.place.pk for row in self.found)

    def query(self, **changes) -> str:
        kept = {name: self.request.GET[name] for name in ("at", "since") if self.request.GET.get(name)}
        return super().query(**kept, **changes)

    def get_context(self) -> dict:
        drawn = self.draw(self.towers())
        return {
            **super().get_context(),
            "drawn": drawn,
            "empty": not self.board.places,
            "form": self.moments,
            "shown_at": clock.local(self.moment, self.project.zone),
            "since": self.since and clock.local(self.since, self.project.zone),
            "moves": [self._move(move) for move in moves(self.found)],
            "changes": [self._line(row) for row in self.found[:SHOWN]],
            "count": len(self.found),
            "more": max(0, len(self.found) - SHOWN),
            "steps": [{"label": label, "url": f"?at={self._typed(clock.now() - back)}"} for label, back in STEPS],
            "back_url": self.url("board"),
        }

    def _move(self, move) -> dict:
        return {"old": self._status(move.old_status), "new": self._status(move.new_status), "count": move.count}

    def _status(self, status: str) -> dict | None:
        if not status:
            return None
        found = Status(status)
        return {"mark": MARKS[found], "label": found.label, "tone": TONES[found]}

    def _line(self, row: Difference) -> dict:
        prices = self.request.access.can(Permission.PRICE_SEE, self.project_id) and row.old_total != row.new_total
        return {
            "number": row.place.number,
            "url": f"{self.url('board')}?unit={row.place.pk}",
            "old": self._status(row.old_status),
            "new": self._status(row.new_status),
            "old_total": row.old_total if prices else None,
            "new_total": row.new_total if prices else None,
            "old_locks": self._locks(row.old_locks),
            "new_locks": self._locks(row.new_locks) if row.old_locks != row.new_locks else "",
        }

    @cached_property
    def words(self) -> Words:
        return Words(self.project.currency)

    def _locks(self, codes: str) -> str:
        return listed(self.words.locks[code] for code in codes.split(",")) if codes else ""
