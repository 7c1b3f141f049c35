"""The live board as the browser gets it: the skeleton (what is drawn, at an address of its own), its prices, and how units stand.

The browser's half is `static/js/cells.js`; `inventory.board.Renderer` draws the same cells on the server, for paper, walls and
whoever has no JavaScript. What is sent for a hash never changes, so it is made and compressed once and kept in the process.
"""

import gzip
import json
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import chain

import brotli
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from inventory.board import Words, column_names, floor_name, tower_name
from inventory.queries.board import Board, Place
from inventory.queries.live import LETTERS, Live, Stack, hash_of
from inventory.queries.present import TONES
from inventory.queries.towers import Column, Tower, natural, towers
from inventory.states import Status

FOR_EVER = "private, max-age=31536000, immutable"
KEPT_BYTES = 64 * 1024 * 1024
_made: OrderedDict[str, dict[str, bytes]] = OrderedDict()


def digest(live: Live) -> str:
    """The name of the skeleton in the reader's language: another one whenever a word or a place in it is."""
    return hash_of(live.skeleton, _words(live.project.currency, get_language()))


def skeleton(live: Live) -> str:
    """Words and towers as JSON: place, number, layout and area of each unit, no price, no status, no person."""
    whole = Board([], {}, live.buildings, live.layouts, live.mark.at, whole=True)
    groups: dict[tuple[int, str, bool], list[Stack]] = defaultdict(list)
    for stack in live.stacks:
        groups[stack.building_id, stack.entrance, stack.attached].append(stack)
    order = {pk: number for number, pk in enumerate(live.buildings)}
    keys = sorted(groups, key=lambda key: (key[2], order[key[0]], natural(key[1])))
    drawn = (_tower(whole, key, groups[key]) for key in keys)
    return f'{{"words":{_words(live.project.currency, get_language())},"towers":[{",".join(drawn)}]}}'


@lru_cache(maxsize=32)
def _words(currency: str, language: str) -> str:
    """What cells say in this language, by the letter of the status and the code of the lock; {} stands for the figure."""
    said = Words(currency)
    return _json({
        "statuses": {
            letter: [TONES[Status(status)], said.statuses[status], said.marks[status]]
            for status, letter in LETTERS.items()
        },
        "locks": {code: [said.locks[code], said.lock_marks[code]] for code in said.locks},
        "wan": said.wan % {"amount": "{}"},
        "amount": said.amount % {"amount": "{}"},
        "round": _("%(area)s㎡") % {"area": "{}"},
        "exact": _("%(area)s ㎡") % {"area": "{}"},
        "yours": said.yours,
        "comma": said.comma,
        "floor": _("Floor"),
        "hours": _("%(count)sh") % {"count": "{}"},
        "minutes": _("%(count)sm") % {"count": "{}"},
    })  # fmt: skip


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tower(board: Board, key: tuple[int, str, bool], stacks: list[Stack]) -> str:
    building_id, entrance, attached = key
    head = f'{{"building":{building_id},"attached":{int(attached)},"name":'
    if attached or any(map(_odd, stacks)):
        (tower,) = towers(board, chain.from_iterable(map(_places, stacks)), attached=attached)
        rows = [
            [floor_name(row.label) if row.lines else "", row.lines,
             [slot and [slot.place.pk, slot.place.room, float(slot.place.area), slot.span] for slot in row.cells]]
            for row in tower.rows
        ]  # fmt: skip
        return (
            f'{head}{_json(tower_name(tower))},"heads":{_json(list(map(_head, tower.columns)))},"rows":{_json(rows)}}}'
        )
    name = tower_name(Tower(building_id, board.buildings[building_id].name, entrance, (), ()))
    stacks.sort(key=lambda stack: natural(stack.stack))
    labels: dict[int, str] = {}
    for stack in stacks:
        labels.update(zip(_read(stack.floors), _read(stack.labels), strict=True))
    floors = [[floor, floor_name(labels[floor])] for floor in sorted(labels, reverse=True)]
    heads = [_head(_column(board, stack)) for stack in stacks]
    columns = ",".join(f"[{stack.ids},{stack.floors},{stack.rooms},{_areas(stack)}]" for stack in stacks)
    return f'{head}{_json(name)},"heads":{_json(heads)},"floors":{_json(floors)},"columns":[{columns}]}}'


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple:
    """The values of a column; many columns have the same floors, layouts and areas."""
    return tuple(json.loads(text))


def _odd(stack: Stack) -> bool:
    """Whether units of this column span floors or stand in each other's way."""
    floors = _read(stack.floors)
    return any(top is not None for top in _read(stack.tops)) or len(set(floors)) < len(floors)


def _areas(stack: Stack) -> str:
    """The areas, or the one that they all have."""
    found = set(_read(stack.areas))
    return _json(found.pop()) if len(found) == 1 else stack.areas


def _column(board: Board, stack: Stack) -> Column:
    layouts = [board.layouts[pk] for pk in dict.fromkeys(_read(stack.layouts)) if pk is not None]
    bedrooms = {layout.bedrooms for layout in layouts}
    areas = _read(stack.areas)
    return Column(
        stack=stack.stack,
        layouts=tuple(layout.code for layout in layouts),
        bedrooms=bedrooms.pop() if len(bedrooms) == 1 else None,
        area_from=int(min(areas) + 0.5),
        area_to=int(max(areas) + 0.5),
    )


def _head(column: Column) -> list[str]:
    """Layout, area, and what the pointer is told: all layouts."""
    return [*column_names(column), " / ".join(column.layouts) or column.stack]


def _places(stack: Stack) -> Iterable[Place]:
    """The units of a column one by one."""
    kind = "PARKING" if stack.attached else "HOME"
    columns = map(json.loads, (stack.ids, stack.floors, stack.tops, stack.labels, stack.rooms, stack.layouts))
    for pk, floor, top, label, room, layout, area in zip(
        *columns, map(Decimal, map(str, _read(stack.areas))), strict=True
    ):
        yield Place(
            pk,
            stack.building_id,
            stack.entrance,
            floor,
            top,
            label,
            stack.stack,
            room,
            "",
            layout,
            "",
            kind,
            area,
            None,
        )


def prices(live: Live) -> str:
    """The list totals by ascending id as JSON; null where there is none."""
    return "[" + ",".join(total or "null" for total in live.totals) + "]"


def state(live: Live, **more) -> str:
    """How every unit stands, by ascending id: a letter each, and by id the locks and the ends of holds."""
    stands = {"statuses": "".join(live.letters), "locks": live.locks, "ends": live.ends, **more}
    return _json(stands)


# ---- the way out


def answer(request: HttpRequest, name: str, make: Callable[[], str], headers: dict[str, str]) -> HttpResponse:
    """The JSON text that `make` makes, under a name that stands for exactly this text; compressed as the browser can read it."""
    coding = _coding(request)
    kept = _made.setdefault(name, {})
    _made.move_to_end(name)
    if coding not in kept:
        kept[coding] = _CODINGS[coding](make().encode())
        _let_go()
    response = HttpResponse(kept[coding], content_type="application/json", headers=headers)
    response["Vary"] = "Accept-Encoding"
    if coding:
        response["Content-Encoding"] = coding
    return response


def _coding(request: HttpRequest) -> str:
    accepted = request.headers.get("Accept-Encoding", "")
    return next((coding for coding in ("br", "gzip") if coding in accepted), "")


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda text: brotli.compress(text, quality=5),
    "gzip": lambda text: gzip.compress(text, 6, mtime=0),
    "": lambda text: text,
}


def _let_go() -> None:
    """Keep what was asked for last, up to a size."""
    while len(_made) > 1 and sum(len(text) for kept in list(_made.values()) for text in kept.values()) > KEPT_BYTES:
        _made.popitem(last=False)


def forget() -> None:
    """Drop what is kept (between measurements)."""
    _made.clear()
