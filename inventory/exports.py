"""Workbooks that inventory hands out: the sales board in the colours of the page, and as a flat list."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from inventory.board import Words, column_names, floor_name, tower_name
from inventory.models import Project
from inventory.models.unit import Orientation, PropertyType
from inventory.queries.board import Board
from inventory.queries.scope import units_visible_to
from inventory.queries.towers import Slot, Tower
from inventory.states import SALE_STATES, Lock, Status
from salescontrol.core import audit, xlsx
from salescontrol.core.access import Access
from salescontrol.core.permissions import Permission

# Fill, edge and text of each status, as in static/css/app.css (a test compares them).
COLOURS = {
    Status.DRAFT: ("FFFFFF", "5B6675", "3B4757"),
    Status.WITHHELD: ("ECEFF3", "C3CAD3", "465160"),
    Status.AVAILABLE: ("EAF6EE", "9FD3B2", "14592F"),
    Status.HELD: ("FFF4D6", "E5BF5A", "6D4A00"),
    Status.SMALL_DEPOSIT: ("E3EEFB", "93B9E6", "1B4A80"),
    Status.SUBSCRIBED: ("FFE4CC", "EEA266", "7C3900"),
    Status.CONTRACTED: ("F7D9D6", "D98A83", "8C1D15"),
    Status.DELIVERED: ("E6DCEF", "B295CB", "54307A"),
}
DIM = ("FFFFFF", "EEF0F3", "6B7686")
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
HEAD = Font(color="5B6675", size=9)
LEGEND_ROW, TOWER_ROW, HEAD_ROW, FIRST_ROW = 2, 4, 5, 6


def board(
    board: Board,
    towers: list[Tower],
    *,
    by,
    access: Access,
    project: Project,
    asked: Collection[int] | None,
    filters: str,
) -> HttpResponse:
    """The board of this reader as a workbook: a sheet per building, a flat list, and who took it out.

    The act is on record before the bytes leave. The list holds the units that match the filter; the grid dims the others.
    """
    title = _("Sales board %(project)s") % {"project": project.name}
    record = audit.record(
        "export", by=by, project_id=project.pk, detail={"what": "board", "filter": filters, "units": len(board.places)}
    )
    words = Words(project.currency)
    book = Workbook()
    book.remove(book.active)
    for building, found in _by_building(towers):
        _Grid(book, building, board, words, asked).write(found)
    slots = [slot for tower in towers for row in tower.rows for slot in row.cells if slot is not None]
    count = _list(
        book, board, words, access, project, [slot for slot in slots if asked is None or slot.place.pk in asked]
    )
    xlsx.footer(book, by=by, what=title, filters=filters, rows=count, number=f"E{record.pk}")
    return xlsx.response(book, f"{title} {board.as_of:%Y-%m-%d %H%M}")


def _by_building(towers: Iterable[Tower]) -> list[tuple[str, list[Tower]]]:
    groups: dict[int, list[Tower]] = defaultdict(list)
    for tower in towers:
        groups[tower.building_id].append(tower)
    return [(group[0].building, group) for group in groups.values()]


def _paint(cell: Cell, colours: tuple[str, str, str], *, hatched: bool = False, dashed: bool = False) -> None:
    fill, edge, text = colours
    side = Side(style="dashed" if dashed else "thin", color=edge)
    cell.fill = PatternFill("lightUp", fgColor=edge, bgColor=fill) if hatched else PatternFill("solid", fgColor=fill)
    cell.border, cell.font, cell.alignment = Border(side, side, side, side), Font(color=text, size=9), CENTRE


class _Grid:
    """One sheet: legend, then the towers of a building side by side, floors as rows and a column per stack."""

    def __init__(
        self, book: Workbook, building: str, board: Board, words: Words, asked: Collection[int] | None
    ) -> None:
        self.sheet = book.create_sheet(xlsx.sheet_name(building))
        self.board, self.words, self.asked = board, words, asked
        xlsx.put(self.sheet.cell(1, 1), _("%(building)s, as of %(time)s") % {
            "building": building, "time": board.as_of.strftime("%Y-%m-%d %H:%M:%S"),
        }).font = Font(bold=True)  # fmt: skip
        for number, status in enumerate(SALE_STATES, start=2):
            cell = xlsx.put(self.sheet.cell(LEGEND_ROW, number), f"{words.marks[status]} {words.statuses[status]}")
            _paint(cell, COLOURS[status], hatched=status is Status.WITHHELD)
        self.sheet.freeze_panes = self.sheet.cell(FIRST_ROW, 2)
        setup = self.sheet.page_setup
        setup.orientation, setup.paperSize, setup.fitToHeight, setup.fitToWidth = "landscape", 8, 1, 1
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def write(self, towers: Iterable[Tower]) -> None:
        left = 1
        for tower in towers:
            left += self.tower(tower, left) + 1

    def tower(self, tower: Tower, left: int) -> int:
        """Write one tower with its floor labels in column `left`; returns the columns it took."""
        sheet = self.sheet
        xlsx.put(sheet.cell(TOWER_ROW, left), tower_name(tower)).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(left)].width = 8
        width = max((len(row) for row in _placed(tower)), default=0)
        for number, column in enumerate(tower.columns, start=left + 1):
            head = xlsx.put(sheet.cell(HEAD_ROW, number), "\n".join(column_names(column)))
            head.font, head.alignment = HEAD, CENTRE
        for number in range(left + 1, left + 1 + width):
            sheet.column_dimensions[get_column_letter(number)].width = 15
        for line, (row, cells) in enumerate(zip(tower.rows, _placed(tower), strict=True), start=FIRST_ROW):
            sheet.row_dimensions[line].height = 30
            if row.label:
                label = xlsx.put(sheet.cell(line, left), floor_name(row.label))
                label.font, label.alignment = HEAD, CENTRE
            for number, slot in enumerate(cells, start=left + 1):
                if slot is not None:
                    self.unit(slot, line, number)
        return width + 1

    def unit(self, slot: Slot, line: int, column: int) -> None:
        """One unit in the colours of its status; a duplex is a merged cell."""
        place, standing = slot.place, self.board.standings[slot.place.pk]
        mark = f"{self.words.locks_of(standing)}{self.words.marks[standing.status]}"
        cell = xlsx.put(self.sheet.cell(line, column), f"{place.room}  {mark}\n{self.words.line(place, standing)}")
        status = Status(standing.status)
        dim = self.asked is not None and place.pk not in self.asked
        _paint(
            cell,
            DIM if dim else COLOURS[status],
            hatched=status is Status.WITHHELD and not dim,
            dashed=status is Status.DRAFT,
        )
        if slot.span > 1:
            self.sheet.merge_cells(start_row=line, end_row=line + slot.span - 1, start_column=column, end_column=column)


def _placed(tower: Tower) -> list[list[Slot | None]]:
    """Each row's cells at their columns: what a span from above covers is empty again."""
    width = max((len(row.cells) for row in tower.rows), default=0) if not tower.columns else len(tower.columns)
    open_until = [0] * width
    found = []
    for number, row in enumerate(tower.rows):
        cells = iter(row.cells)
        line: list[Slot | None] = []
        for column in range(width):
            slot = None if open_until[column] > number else next(cells, None)
            if slot is not None:
                open_until[column] = number + slot.span
            line.append(slot)
        found.append(line)
    return found


def _list(book: Workbook, board: Board, words: Words, access: Access, project: Project, slots: list[Slot]) -> int:
    """The flat list, one unit a row, in the order of the grid; people only for those who may read them."""
    people = access.can(Permission.UNIT_SEE_PEOPLE, project.pk)
    heads = [
        (_("Unit"), "text"), (_("Building"), "text"), (_("Entrance"), "text"), (_("Floor"), "text"), (_("Room"), "text"),
        (_("Property type"), "text"), (_("Layout"), "text"), (_("Orientation"), "text"), (_("Built area ㎡"), "area"),
        (_("List unit price"), "money"), (_("List price"), "money"), (_("Status"), "text"), (_("Locks"), "text"),
    ]  # fmt: skip
    if people:
        heads.append((_("Salesperson"), "text"))
    extra = _extra(slots, access, project)
    return xlsx.table(
        book, _("List"), heads, (_line(board, words, slot, extra[slot.place.pk], people=people) for slot in slots)
    )


def _extra(slots: list[Slot], access: Access, project: Project) -> dict[int, tuple]:
    """Unit price and salesperson by unit id, for what the board itself does not show."""
    wanted = {slot.place.pk for slot in slots}
    rows = units_visible_to(access).filter(project=project)
    values = rows.order_by().values_list("pk", "list_unit_price", "salesperson__name")
    return {pk: (price, name) for pk, price, name in values if pk in wanted}


def _line(board: Board, words: Words, slot: Slot, extra: tuple, *, people: bool) -> list:
    place, standing = slot.place, board.standings[slot.place.pk]
    price, salesperson = extra
    layout = board.layouts[place.layout_id].code if place.layout_id else ""
    locks = words.comma.join(str(Lock(code).label) for code in standing.locks.split(",") if code)
    line = [
        place.number, board.buildings[place.building_id].name, place.entrance, place.floor_label, place.room,
        str(PropertyType(place.property_type).label), layout,
        str(Orientation(place.orientation).label) if place.orientation else "",
        place.area, price, standing.total, words.statuses[standing.status], locks,
    ]  # fmt: skip
    return [*line, salesperson or ""] if people else line
