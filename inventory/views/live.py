"""What keeps an open board alive (decisions 12): its skeleton and prices by their hash, how units stand, and what changed."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from inventory import wire
from inventory.queries import feed
from inventory.queries.board import Wanted, board_units, matching, mine_of, skeleton
from inventory.queries.feed import Mark, Rung, rung_since
from inventory.queries.live import Live, hash_of, standing_of
from inventory.states import Status
from inventory.views.board import LEGEND, BoardBase
from inventory.views.tokens import Known, read_token, seconds, token_of
from salescontrol.core import clock
from salescontrol.core.permissions import Permission
from salescontrol.core.polls import Asked


class LiveBase(BoardBase):
    """The board of this reader as it stands now, and the filter of the address."""

    http_method_names = ["get", "head"]
    remembers = False

    @property
    def shown(self) -> Live:
        return self.live

    @property
    def prices(self) -> bool:
        return self.access.can(Permission.PRICE_SEE, self.project_id)

    @cached_property
    def wanted(self) -> Wanted:
        return self.filter.wanted

    def counts(self) -> dict:
        """What the numbers around the board are: of its shown part, and of what remains there by layout."""
        part = {"attached": self.attached, "building_id": self.wanted.building_id}
        summary = self.live.summary(**part)
        drafts = {Status.DRAFT.value: summary.drafts} if summary.drafts else {}
        return {
            "headline": self.counted(summary),
            "legend": {**{status.value: summary.by_status[status.value] for status in LEGEND}, **drafts},
            "remaining": {row.layout: row.available for row in self.live.remaining(**part)},
        }


class BoardState(LiveBase):
    """How every unit stands, and the addresses of what is drawn."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        live, digest = self.live, wire.digest(self.live)
        text = wire.state(
            live,
            skeleton=self.url("board_skeleton", digest),
            prices=self.url("board_prices", live.prices) if self.prices else None,
            mine=sorted(mine_of(self.access, self.project)),
            asked=self.matching(),
            drafts=Status.DRAFT in self.wanted.statuses,
            attached=self.attached,
            building=self.wanted.building_id,
            counts=self.counts(),
        )
        headers = {
            "Board-Token": token_of(self.reader, Known(self.project_id, live.mark, digest)),
            "Board-Now": f"{seconds(live.mark.at):.3f}",
        }
        return wire.answer(request, hash_of(text), lambda: text, headers)

    def matching(self) -> list[int] | None:
        """The units that match the filter; None when it does not narrow anything."""
        if not self.wanted.narrows:
            return None
        return sorted(matching(self.board, self.board.places, self.wanted) or ())


class BoardSkeleton(LiveBase):
    """What is drawn, for ever; whoever may not see exactly this is told that it is not there."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if kwargs["digest"] != wire.digest(self.live):
            raise Http404
        return wire.answer(
            request, f"skeleton {kwargs['digest']}", lambda: wire.skeleton(self.live), {"Cache-Control": wire.FOR_EVER}
        )


class BoardPrices(LiveBase):
    """The list totals of exactly these units, for ever."""

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not self.prices or kwargs["digest"] != self.live.prices:
            raise Http404
        return wire.answer(
            request, f"prices {kwargs['digest']}", lambda: wire.prices(self.live), {"Cache-Control": wire.FOR_EVER}
        )


class BoardChanges(LiveBase):
    """What changed since the last look: the cells that this reader sees, or that the board is another one (`reload`).

    Every answer has the same shape, whatever others did where this reader does not see it. A look keeps no session alive.
    """

    keeps_alive = False

    def prepare(self) -> None:
        """A token names the project, so that an answer without changes needs no look at it; only its own reader has it."""
        self.known = read_token(self.reader, self.request.GET.get("token", ""))
        if self.known is None:
            self.find()

    def find(self) -> None:
        """Find the project, or 404."""
        super().prepare()

    @property
    def project_id(self) -> int:
        return self.known.project_id if self.known else self.project.pk

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        now = getattr(request, "arrived_at", None) or clock.now()
        if self.known is None:
            return self.answer(Known(self.project_id, Mark(0, now), ""), reload=True)
        reader = self.access.user and self.access.user.pk
        rung = rung_since(self.project_id, self.known.mark, user_id=reader, now=now)
        if not rung.units and not rung.lost:
            response = self.answer(replace(self.known, mark=rung.mark))
            response.quiet = QuietBoard(self.reader, reader)
            return response
        self.find()
        fresh, cells = wire.digest(self.live), self.cells(rung)
        more = {"counts": self.counts()} if cells else {}
        reload = rung.lost or fresh != self.known.digest
        return self.answer(Known(self.project_id, rung.mark, fresh), cells=cells, reload=reload, **more)

    def answer(self, known: Known, **found) -> HttpResponse:
        return HttpResponse(said(self.reader, known, **found), content_type="application/json")

    def cells(self, rung: Rung) -> list[list]:
        """Each changed unit that this reader sees: id, letter, locks, total, end of the hold, mine, asked for."""
        ids = [pk for pk in rung.units if self.live.place_of(pk) is not None]
        mine = mine_of(self.access, self.project, ids) if ids else frozenset()
        asked = self.matching(ids, mine)
        found = []
        for pk in ids:
            letter, total, locks, ends = self.live.cell(pk)
            price = float(total) if total and self.prices else None
            found.append([pk, letter, locks, price, float(ends) if ends else None, int(pk in mine), int(pk in asked)])
        return found

    def matching(self, ids: Collection[int], mine: Collection[int]) -> Collection[int]:
        """Those of `ids` that match the filter of the address."""
        if not ids or not self.wanted.narrows:
            return ids
        places = skeleton(board_units(self.access, self.project).filter(pk__in=ids))
        stands = {place.pk: standing_of(self.live.cell(place.pk), mine=place.pk in mine) for place in places}
        return {place.pk for place in places if self.wanted.takes(place, stands[place.pk])}


_encode = DjangoJSONEncoder(separators=(",", ":")).encode


def said(reader: str, known: Known, **found) -> str:
    """The answer to a look, as JSON."""
    token, now = token_of(reader, known), round(seconds(known.mark.at), 3)
    answer = {"token": token, "now": now, "cells": [], "reload": False, **found}
    return _encode(answer)


class QuietBoard(NamedTuple):
    """How the next look of this reader is answered while nothing changed (`core.polls.Quiet`)."""

    reader: str
    user_id: int | None

    def source(self, vendor: str, now: str) -> str:
        return feed.source(vendor, now)

    def ask(self, query: Mapping[str, str]) -> Asked | None:
        known = read_token(self.reader, query.get("token", ""))
        return known and Asked(feed.values(known.project_id, known.mark, user_id=self.user_id), known)

    def answer(self, known: Known, found: tuple, now: datetime) -> str | None:
        rung = feed.rung(known.mark, found, now)
        return None if rung.units or rung.lost else said(self.reader, replace(known, mark=rung.mark))
