"""The board as HTML: one small, escaped renderer, because template loops over thousands of cells cost a hundred times more.

Everything that comes from data goes through `escape`; what is trusted is written here and nowhere else.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from inventory.queries.board import Board, Place, Standing
from inventory.queries.present import TONES
from inventory.queries.towers import Column, Row, Slot, Tower, whole_area
from inventory.states import LOCK_MARKS, MARKS, Lock, Status

WAN = Decimal(10_000)
DEEP = 1_500
_LINK = '<a class="unit %s" href="%s%d" data-unit="%d" aria-label="%s"%s>%s</a>'
_PLAIN = '<div class="unit %s" aria-label="%s" role="img">%s</div>'


@dataclass(frozen=True)
class Look:
    """How a board is drawn: `link` is what stands before a unit's id in its address (empty: cells are no links),
    `asked` the units that match the filter (None: all), `chosen` the one whose panel is open."""

    link: str = ""
    prices: bool = True
    mine: bool = True
    asked: Collection[int] | None = None
    chosen: int | None = None


def tower_name(tower: Tower) -> str:
    """`3# · Entrance 1`; an entrance that says itself what it is stays as it is."""
    if not tower.entrance:
        return tower.building
    if tower.entrance.isascii():
        return _("%(building)s · Entrance %(entrance)s") % {"building": tower.building, "entrance": tower.entrance}
    return f"{tower.building} · {tower.entrance}"


def floor_name(label: str) -> str:
    """`18F` for a bare number, else the floor's own name."""
    return _("%(floor)sF") % {"floor": label} if label.lstrip("-").isdecimal() else label


def column_names(column: Column) -> tuple[str, str]:
    """Layout and area as they stand at the head of a column."""
    layouts = " / ".join(column.layouts[:2]) + (" …" if len(column.layouts) > 2 else "")
    if layouts and column.bedrooms:
        layouts = _("%(layout)s · %(count)sBR") % {"layout": layouts, "count": column.bedrooms}
    area = f"{column.area_from}" if column.area_from == column.area_to else f"{column.area_from}–{column.area_to}"
    return layouts or column.stack, _("%(area)s㎡") % {"area": area}


class Words:
    """What a cell says, in the reader's language and the project's currency; made once, because each text is looked up once."""

    def __init__(self, currency: str, *, prices: bool = True) -> None:
        self.prices = prices
        self.statuses = {status.value: str(status.label) for status in Status}
        self.marks = {status.value: str(mark) for status, mark in MARKS.items()}
        self.locks = {lock.value: str(lock.label) for lock in Lock}
        self.lock_marks = {lock.value: str(mark) for lock, mark in LOCK_MARKS.items()}
        self.wan = _("%(amount)s万")
        self.yours, self.comma = _("yours"), pgettext("between the parts of a spoken list", ", ")
        self.amount = {
            "CNY": _("%(amount)s yuan"),
            "TWD": _("%(amount)s New Taiwan dollars"),
            "HKD": _("%(amount)s Hong Kong dollars"),
        }[currency]
        # Areas repeat from floor to floor: each is put into words once.
        self.round_area = cache(lambda area: _("%(area)s㎡") % {"area": whole_area(area)})
        self.exact_area = cache(lambda area: _("%(area)s ㎡") % {"area": f"{area:.2f}"})

    def in_wan(self, total: Decimal) -> str:
        """A total in 万, half up: `271万`; one decimal below 100万, so that a parking space is not just `9万`."""
        digits = Decimal(1) if total >= 100 * WAN else Decimal("0.1")
        amount = f"{(total / WAN).quantize(digits, ROUND_HALF_UP):,}"
        return self.wan % {"amount": amount.removesuffix(".0")}

    def line(self, place: Place, standing: Standing) -> str:
        """The second line: area, and the total where it may be shown: `118㎡ · 271万`."""
        area = self.round_area(place.area)
        return f"{area} · {self.in_wan(standing.total)}" if self.prices and standing.total is not None else area

    def locks_of(self, standing: Standing) -> str:
        """The marks of the locks that are on."""
        return "".join(self.lock_marks[code] for code in standing.locks.split(",")) if standing.locks else ""

    def spoken(self, place: Place, standing: Standing, *, mine: bool = True) -> str:
        """The cell for those who hear it: `1202, Held, 118.40 ㎡, 2,706,624 yuan`."""
        words = [place.room, self.statuses[standing.status], self.exact_area(place.area)]
        if self.prices and standing.total is not None:
            words.append(self.amount % {"amount": f"{standing.total:,.2f}".removesuffix(".00")})
        if standing.locks:
            words += [self.locks[code] for code in standing.locks.split(",")]
        if standing.mine and mine:
            words.append(self.yours)
        return self.comma.join(words)


class Renderer:
    """Draws towers of one board in the reader's language; what repeats from cell to cell is made once."""

    def __init__(self, board: Board, currency: str, look: Look) -> None:
        self.board, self.look = board, look
        self.link = escape(look.link)
        self.words = Words(currency, prices=look.prices)
        self.tones = {status.value: tone for status, tone in TONES.items()}
        # Only a large board leaves towers out of sight undrawn: the browser has to guess their height.
        self.deep = " deep" if len(board.places) > DEEP else ""
        self.text = cache(lambda value: str(escape(value)))

    def towers(self, towers: Iterable[Tower]) -> SafeString:
        """All towers side by side."""
        return mark_safe("".join(map(self.tower, towers)))  # noqa: S308

    def tower(self, tower: Tower) -> str:
        name = self.text(tower_name(tower))
        role = ' role="grid"' if self.look.link else ""
        return (
            f'<section class="board{self.deep}"><h2>{name}</h2><table class="grid"{role} aria-label="{name}">'
            f"{self.head(tower.columns)}<tbody>{''.join(map(self.row, tower.rows))}</tbody></table></section>"
        )

    def head(self, columns: Iterable[Column]) -> str:
        """The row of columns: layout and area of each."""
        cells = "".join(self.column(column) for column in columns)
        corner = f'<th class="corner" scope="col"><span class="visually-hidden">{self.text(_("Floor"))}</span></th>'
        return f"<thead><tr>{corner}{cells}</tr></thead>" if cells else ""

    def column(self, column: Column) -> str:
        layout, area = column_names(column)
        whole = self.text(" / ".join(column.layouts) or column.stack)
        return f'<th class="stack" scope="col" title="{whole}">{self.text(layout)}<small>{self.text(area)}</small></th>'

    def row(self, row: Row) -> str:
        label = ""
        if row.lines:
            span = f' rowspan="{row.lines}"' if row.lines > 1 else ""
            label = f'<th class="floor" scope="row"{span}>{self.text(floor_name(row.label))}</th>'
        return f"<tr>{label}{''.join(map(self.cell, row.cells))}</tr>"

    def cell(self, slot: Slot | None) -> str:
        """One cell: a unit, over as many floors as it has, or a hole."""
        if slot is None:
            return "<td></td>"
        place, look = slot.place, self.look
        standing = self.board.standings[place.pk]
        classes, inside = self.classes(place, standing), self.inside(place, standing)
        spoken = self.text(self.words.spoken(place, standing, mine=look.mine))
        if look.link:
            current = ' aria-current="true"' if place.pk == look.chosen else ""
            unit = _LINK % (classes, self.link, place.pk, place.pk, spoken, current, inside)
        else:
            unit = _PLAIN % (classes, spoken, inside)
        return f'<td rowspan="{slot.span}" class="tall">{unit}</td>' if slot.span > 1 else f"<td>{unit}</td>"

    def classes(self, place: Place, standing: Standing) -> str:
        names = self.tones[standing.status]
        if standing.locks:
            names += " locked"
        if standing.mine and self.look.mine:
            names += " mine"
        if self.look.asked is not None and place.pk not in self.look.asked:
            names += " dim"
        return names

    def inside(self, place: Place, standing: Standing) -> str:
        """Room, mark of the status (behind the marks of locks), second line."""
        words, text = self.words, self.text
        locks = f"<i>{text(words.locks_of(standing))}</i>" if standing.locks else ""
        mark = text(words.marks[standing.status])
        return f"<b>{text(place.room)}</b><em>{locks}{mark}</em><small>{text(words.line(place, standing))}</small>"
