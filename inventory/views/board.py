"""The sales board (R1.6): the page, the unit panel, wall display, print and Excel. All from one reading of the board."""

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory import exports, wire
from inventory.board import Look, Renderer
from inventory.forms.board import BoardFilter
from inventory.models import Unit
from inventory.models.unit import ATTACHED_TYPES
from inventory.queries.board import (
    Board,
    Place,
    Summary,
    count_asked,
    matching,
    read_board,
    summarise,
)
from inventory.queries.live import Live, live_board
from inventory.queries.present import TONES, card, sight
from inventory.queries.scope import units_visible_to
from inventory.queries.towers import Tower, towers
from inventory.states import MARKS, SALE_STATES, Status
from inventory.views.base import InProject
from inventory.views.stops import banner
from inventory.views.tokens import Known, token_of
from salescontrol.core import audit, clock, panels
from salescontrol.core.access import Access
from salescontrol.core.forms import ids
from salescontrol.core.permissions import Permission
from salescontrol.core.views import Page

FILTERS = tuple(BoardFilter.base_fields)
ROTATION_SECONDS = 20
# The legend begins with what can be sold, and ends with what is kept back.
LEGEND = (*(status for status in SALE_STATES if status is not Status.WITHHELD), Status.WITHHELD)


class BoardBase(InProject, Page):
    """What every view of the board shares: the board as this reader may see it, and the filter of the address."""

    permission = Permission.BOARD_SEE
    title = gettext_lazy("Sales board")

    @cached_property
    def board(self) -> Board:
        return read_board(self.access, self.project)

    @property
    def shown(self) -> Board | Live:
        """Where the buildings and layouts of this board are known from."""
        return self.board

    @cached_property
    def filter(self) -> BoardFilter:
        return BoardFilter(self.request.GET, board=self.shown)

    @property
    def as_of(self) -> datetime:
        """The moment of the board, in the project's zone."""
        return self.board.as_of

    @property
    def access(self) -> Access:
        """As whom the board is read."""
        return self.request.access

    @cached_property
    def live(self) -> Live:
        return live_board(self.access, self.project)

    @property
    def reader(self) -> str:
        """Whom a token of this board is for."""
        return f"{self.kwargs['code']}-{self.access.user.pk}"

    @property
    def whole(self) -> bool:
        """Whether these are all units of the project."""
        return self.access.can(Permission.UNIT_SEE_ALL, self.project_id)

    @property
    def attached(self) -> bool:
        """Whether parking and storage are shown, instead of homes and shops."""
        return self.filter.attached

    @cached_property
    def places(self) -> list[Place]:
        return self.board.part(attached=self.attached, building_id=self.filter.wanted.building_id)

    @cached_property
    def asked(self) -> frozenset[int] | None:
        return matching(self.board, self.places, self.filter.wanted)

    @cached_property
    def summary(self) -> Summary:
        return summarise(self.board, self.places)

    def towers(self) -> list[Tower]:
        return towers(self.board, self.places, attached=self.attached)

    def draw(self, found: list[Tower], **look) -> str:
        return Renderer(self.board, self.project.currency, Look(asked=self.asked, **look)).towers(found)

    def query(self, **changes) -> str:
        """The address of this board with its filters, some of them changed (None takes one away)."""
        params = QueryDict(mutable=True)
        for name in FILTERS:
            values = changes.pop(name, self.request.GET.getlist(name))
            if values not in (None, "", [""], []):
                params.setlist(name, values if isinstance(values, list) else [values])
        for name, value in changes.items():
            params[name] = value
        return f"?{params.urlencode()}"

    @property
    def filters_text(self) -> str:
        return self.query().removeprefix("?")

    def headline(self, summary: Summary) -> str:
        """`346 units · 320 released · 47.8% sold through (of released) · as of 14:32:07`."""
        return f"{self.counted(summary)} · {_('as of %(time)s') % {'time': self.as_of.strftime('%H:%M:%S')}}"

    def counted(self, summary: Summary) -> str:
        """`346 units · 320 released · 47.8% sold through (of released)`."""
        words = [ngettext("%(count)s unit", "%(count)s units", summary.units) % {"count": f"{summary.units:,}"}]
        if self.whole:
            words.append(_("%(count)s released") % {"count": f"{summary.released:,}"})
            if summary.sold_through is not None:
                words.append(_("%(share)s%% sold through (of released)") % {"share": f"{summary.sold_through:.1f}"})
        return " · ".join(words)

    def legend(self, summary: Summary) -> list[dict]:
        """One entry per status, with its count; each is a link that takes the status into the filter or out of it."""
        chosen = self.filter.wanted.statuses
        shown = [*LEGEND, *([Status.DRAFT] if summary.drafts else [])]
        return [
            {
                "status": status.value,
                "mark": MARKS[status],
                "label": status.label,
                "tone": TONES[status],
                "count": summary.by_status.get(status.value),
                "chosen": status.value in chosen,
                "url": self.query(status=sorted(chosen ^ {status.value})),
            }
            for status in shown
        ]

    def bar(self) -> dict:
        """The proportions of the legend as rectangles of an SVG (no inline style)."""
        parts, at = [], 0
        for status in LEGEND:
            count = self.summary.by_status.get(status.value, 0)
            parts.append({"x": at, "width": count, "status": status.value, "tone": TONES[status]})
            at += count
        return {"total": at, "parts": parts}

    def get_context(self) -> dict:
        return {
            "project": self.project,
            "as_of": self.as_of,
            "whole": self.whole,
            "headline": self.headline(self.summary),
            "counted": self.counted(self.summary),
            "legend": self.legend(self.summary),
            "bar": self.bar(),
            "filter": self.filter,
            "filters_text": self.filters_text,
        }


class BoardPage(BoardBase):
    """The board with its filters; `?unit=ID` opens that unit's panel.

    The page is the frame around the board; `static/js/cells.js` fetches and draws the cells (decisions 12). With `?plain=1`
    the server draws them, for those without JavaScript.
    """

    template_name = "inventory/board.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.show()

    @property
    def plain(self) -> bool:
        return self.request.GET.get("plain") == "1"

    @property
    def shown(self) -> Live:
        return self.live

    @property
    def as_of(self) -> datetime:
        return clock.local(self.live.mark.at, self.project.zone)

    @cached_property
    def part(self) -> dict:
        """Which units are shown: one tab, all buildings or one."""
        return {"attached": self.attached, "building_id": self.filter.wanted.building_id}

    @cached_property
    def summary(self) -> Summary:
        return self.live.summary(**self.part)

    @cached_property
    def asked(self) -> frozenset[int] | None:
        return super().asked if self.filter.wanted.narrows else None

    def query(self, **changes) -> str:
        return super().query(**{**({"plain": "1"} if self.plain else {}), **changes})

    @cached_property
    def unit(self) -> Unit | None:
        """The unit whose panel is open; 404 when it is not there or not for this reader: the answer is the same."""
        wanted = self.request.GET.get("unit", "")
        return unit_or_404(self, wanted) if wanted else None

    @property
    def attached(self) -> bool:
        """A link to a parking space opens its own tab."""
        opened = self.unit is not None and self.unit.property_type in ATTACHED_TYPES and "tab" not in self.request.GET
        return opened or super().attached

    def get_context(self) -> dict:
        unit = self.unit
        link = f"{self.url('board')}{self.query(unit='')}"
        return {
            **super().get_context(),
            **panel_context(self, unit),
            "stopped": banner(self.request.access, self.project),
            "link": link,
            "plain": self.plain,
            "plain_url": self.query(plain="1", **({"unit": unit.pk} if unit else {})),
            "live_query": super().query(tab="attached" if self.attached else None),
            "drawn": self.draw(self.towers(), link=link, chosen=unit.pk if unit else None) if self.plain else "",
            "empty": not self.summary.units + self.summary.drafts,
            "filtered": super().query() != "?",
            "matches": None if self.asked is None else count_asked(self.board, self.asked, self.filter.wanted),
            "match_words": match_words(),
            "tabs": self.tabs(),
            "actions": self.actions(),
            "panel_url": self.url("board_panel", 0),
            "state_url": self.url("board_state"),
            "changes_url": self.url("board_changes"),
            "poll_ms": settings.BOARD_POLL_MS,
            "remaining": self.live.remaining(**self.part),
        }

    def tabs(self) -> list[dict]:
        """Homes and shops, and parking and storage where there is both."""
        if not self.live.has_attached:
            return []
        attached = self.attached
        return [
            {"label": _("Homes and shops"), "url": self.query(tab=None), "current": not attached},
            {"label": _("Parking and storage"), "url": self.query(tab="attached"), "current": attached},
        ]

    def actions(self) -> list[dict]:
        query = self.query()
        shown = [
            {"label": _("As of …"), "url": self.url("board_past")},
            {"label": _("Wall display"), "url": self.url("board_wall")},
        ]
        if self.request.access.can(Permission.UNIT_EXPORT, self.project_id):
            shown.append({"label": _("Excel"), "url": f"{self.url('board_excel')}{query}"})
        return [*shown, {"label": _("Print"), "url": f"{self.url('board_print')}{query}"}]


def match_words() -> list[str]:
    """How many units match: for one, and for any other number."""
    return [ngettext("%(n)s unit matches", "%(n)s units match", count) % {"n": "{}"} for count in (1, 2)]


def unit_or_404(view: BoardBase, wanted: str | int) -> Unit:
    """The unit of this project by id, if the reader may know of it."""
    units = units_visible_to(view.request.access).filter(project=view.project)
    unit = (
        units.filter(pk__in=ids([str(wanted)])).select_related("project", "building", "layout", "salesperson").first()
    )
    if unit is None:
        raise Http404
    return unit


def panel_context(view: BoardBase, unit: Unit | None) -> dict:
    """What the panel shows: the unit's head, and the sections that the apps contribute."""
    if unit is None:
        return {"unit": None, "card": None, "sections": [], "closed_url": view.url("board")}
    access = view.request.access
    return {
        "unit": unit,
        "card": card(unit, sight(access, unit.project_id)),
        "sections": panels.sections("unit", access, unit),
        "closed_url": f"{view.url('board')}{view.query()}",
    }


class BoardPanel(BoardPage):
    """One unit's panel: by htmx the panel alone, else the board with that panel open."""

    @cached_property
    def unit(self) -> Unit | None:
        return unit_or_404(self, self.kwargs["pk"])

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.htmx:
            return self.show()
        context = {"project": self.project, **panel_context(self, self.unit)}
        return render(request, "inventory/board_panel.html", context)


class BoardWall(BoardBase):
    """The wall display: large, no personal data, no drafts, nobody's own marks; totals only when asked for.

    The page is drawn by the server, and by its script fetched again when something on it changed.
    """

    template_name = "inventory/board_wall.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return self.show()

    @cached_property
    def places(self) -> list[Place]:
        stands = self.board.standings
        part = self.board.part(attached=self.attached, building_id=self.filter.wanted.building_id)
        return [place for place in part if stands[place.pk].status != Status.DRAFT]

    @property
    def prices(self) -> bool:
        """Whether totals are on the wall: asked for, and the reader may read them."""
        return self.request.GET.get("prices") == "1" and self.access.can(Permission.PRICE_SEE, self.project_id)

    def get_context(self) -> dict:
        # The mark is taken before the board is read, so that no change can fall between the two.
        token = token_of(self.reader, Known(self.project_id, self.live.mark, wire.digest(self.live)))
        return {
            **super().get_context(),
            "screens": self.screens(),
            "seconds": ROTATION_SECONDS,
            "token": token,
            "poll_ms": settings.BOARD_POLL_MS,
            **self.ways(),
        }

    def ways(self) -> dict:
        """The addresses that this wall leads to."""
        return {"changes_url": self.url("board_changes"), "back_url": self.url("board")}

    def screens(self) -> list[dict]:
        """One screen per building."""
        return [
            {"building": name, "drawn": self.draw(found, prices=self.prices, mine=False), "size": size_of(found)}
            for name, found in by_building(self.towers())
        ]


def by_building(found: list[Tower]) -> list[tuple[str, list[Tower]]]:
    """Towers grouped by building, in order."""
    groups: dict[int, list[Tower]] = {}
    for tower in found:
        groups.setdefault(tower.building_id, []).append(tower)
    return [(group[0].building, group) for group in groups.values()]


def size_of(found: list[Tower]) -> str:
    """Classes that say how many floors and columns have to fit one screen or sheet."""
    floors = max(len(tower.rows) for tower in found)
    columns = sum(max(len(row.cells) for row in tower.rows) for tower in found)
    return f"{_step('rows', floors, (14, 22, 36))} {_step('across', columns, (8, 16, 24))}"


def _step(name: str, count: int, steps: tuple[int, ...]) -> str:
    fitting = next((step for step in steps if count <= step), "more")
    return f"{name}-{fitting}"


class BoardPrint(BoardBase):
    """The board on paper: A3 landscape, a building a page. Who printed what is on record before the page leaves."""

    template_name = "inventory/board_print.html"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        record = audit.record(
            "board.print",
            by=request.user,
            project_id=self.project_id,
            detail={"filter": self.filters_text, "units": len(self.places)},
        )
        return self.show(number=f"P{record.pk}")

    def get_context(self) -> dict:
        sheets = [self.sheet(name, found) for name, found in by_building(self.towers())]
        return {**super().get_context(), "sheets": sheets, "back_url": f"{self.url('board')}{self.query()}"}

    def sheet(self, name: str, found: list[Tower]) -> dict:
        """One building with its own counts."""
        summary = summarise(self.board, [place for place in self.places if place.building_id == found[0].building_id])
        return {
            "building": name,
            "drawn": self.draw(found),
            "size": size_of(found),
            "headline": self.headline(summary),
            "legend": self.legend(summary),
        }


class BoardExcel(BoardBase):
    """The board as a workbook: the same grid in the same colours, and a flat list."""

    permission = Permission.UNIT_EXPORT

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        request.access.require(Permission.BOARD_SEE, self.project_id)
        return exports.board(
            self.board, self.towers(), by=request.user, access=request.access, project=self.project,
            asked=self.asked, filters=self.filters_text,
        )  # fmt: skip
