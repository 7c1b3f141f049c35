"""Where a unit is: building, entrance, floor and room as people write them, and the key under which they are one (decisions 8)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .fields import FIELDS
from .problems import Problem
from .text import chinese_number, fold, narrow, simplify, tidy

ROOF_LEVEL = 900
_ROOF = {"天面", "屋面", "屋顶", "天台", "顶层", "楼顶", "屋顶层", "roof", "rf", "r"}
_WORDS = {"首层": 1, "底层": 1, "地面层": 1, "地下室": -1, "地库": -1, "地下": -1}
_BUILDING_END = r"(?:号楼|栋楼|#楼|栋|幢|座|楼|号|#)"
_WHOLE_BUILDING = re.compile(rf"(?P<building>.*?{_BUILDING_END})(?P<entrance>[^栋幢座楼#]+?(?:单元|座|梯)|[-—/]+)")
_CHINESE_ROOM = re.compile(
    r"(?:(?P<building>.+?(?:号楼|栋|幢|座|楼|#))(?P<entrance>.+?单元)?|(?P<only_entrance>.+?单元))(?P<room>[0-9a-z]+)"
)
_ENGLISH_BUILDING = re.compile(r"^(building|block|tower|bldg\.?|blk\.?)(?=.)")
_ROOM_END = re.compile(r"(号房|号室|房号|号|室|户|房)$")
_NO_ENTRANCE = {"", "-", "--", "---", "—", "——", "/", "无", "none", "n/a"}
_TAIWAN_ROOM = re.compile(r"(?P<stack>(?P<building>[a-z]+)[0-9]*)-0*(?P<floor>[0-9]+)f号?")
_ROOM_PART = re.compile(r"[a-z]?[0-9]{1,2}|[a-z]|[a-z]?[0-9]{1,3}(?:号楼|栋|幢|座|#|单元)")
_FLOORS = re.compile(r"(?P<low>.+?)[-~至、/&](?P<high>[^-~至、/&]+)")


@dataclass(frozen=True)
class Floor:
    """A floor or, for duplexes, the floors from `level` to `top`; basements are negative, the roof is above all."""

    text: str
    key: str
    level: int
    top: int

    @property
    def span(self) -> int:
        return self.top - self.level + 1


@dataclass(frozen=True)
class Place:
    """The place of a unit: texts as they are shown, and keys in which width, case, script and suffixes do not count."""

    building: str
    building_key: str
    entrance: str
    entrance_key: str
    floor: Floor
    room: str
    room_key: str
    position: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.building_key, self.entrance_key, self.floor.key, self.room_key

    @property
    def unit_key(self) -> str:
        """What `Unit.key` holds: unique in the project."""
        return "|".join(self.key)

    def columns(self) -> dict[str, str | int | None]:
        """The place as the columns of a unit (all but its building)."""
        floor = self.floor
        return {
            "entrance": self.entrance,
            "floor": floor.level,
            "floor_label": floor.text,
            "floor_to": floor.top if floor.top > floor.level else None,
            "room": self.room,
            "number": self.number,
            "key": self.unit_key,
            "stack": self.stack,
        }

    @property
    def stack(self) -> str:
        """The proposed column of the board: entrance and position on the floor."""
        return (f"{self.entrance_key}-{self.position}" if self.entrance_key else self.position)[:20]

    @property
    def number(self) -> str:
        """The full number as the trade writes it: `1-2-1001`, `6-301`."""
        return "-".join(part for part in (self.building_key, self.entrance_key, self.room) if part)

    def __str__(self) -> str:
        return self.number


def _numeral(text: str) -> str:
    number = chinese_number(text)
    text = str(number) if number is not None else text
    return text.lstrip("0") or text if text.isascii() and text.isdigit() else text


def building_key(text: str) -> str:
    """`3栋`, `3棟`, `3#`, `03号楼`, `三栋` and `Building 3` are one building: `3`."""
    plain = _ENGLISH_BUILDING.sub("", fold(text))
    return _numeral(re.sub(rf"{_BUILDING_END}$", "", plain) or plain).upper().replace("|", "-")


def entrance_key(text: str) -> str:
    """`1单元`, `一单元` and `Unit 1` are `1`; `--` and empty are none."""
    plain = fold(text)
    if plain in _NO_ENTRANCE:
        return ""
    plain = re.sub(r"^(unit|entrance)|(单元|梯|门|座|栋)$", "", plain) or plain
    return _numeral(plain).upper().replace("|", "-")


def strip_project(text: str, names: Sequence[str]) -> str:
    """A building's name without the project's name before it, as long as something is left."""
    plain = tidy(text)
    for name in sorted(filter(None, map(tidy, names)), key=len, reverse=True):
        for spelled in (name, simplify(name)):
            if plain.startswith(spelled) and len(plain) > len(spelled):
                return plain[len(spelled) :].lstrip(" -·,，")
    return plain


def split_building(text: str) -> tuple[str, str]:
    """`3栋1单元` → (`3栋`, `1单元`); a text without an entrance stays whole."""
    found = _WHOLE_BUILDING.fullmatch(simplify(narrow(text)))
    if not found:
        return text, ""
    plain = narrow(text)
    cut = found.end("building")
    return plain[:cut], plain[cut:]


def _level(plain: str) -> int | None:
    """One floor's number from folded text, or None."""
    if plain in _WORDS:
        return _WORDS[plain]
    if plain in _ROOF:
        return ROOF_LEVEL
    plain = re.sub(r"(层楼|楼层|楼|层|f|fl|/f|floor)$", "", plain.removeprefix("第"))
    below = re.fullmatch(r"(?:-|负|地下|b)(.+)", plain)
    number = (below.group(1) if below else plain).removesuffix("层")
    value = int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else chinese_number(number)
    if value is None or not 1 <= value <= 200:
        return None
    return -value if below else value


def parse_floor(text: str) -> Floor | None:
    """`7`, `7F`, `十二樓`, `负一层`, `B1`, `天面`, `31-32`, `复式31` … → Floor; None when it is no floor."""
    shown, plain = tidy(text), fold(text)
    duplex = re.search(r"复式|跃层|loft", plain)
    plain = re.sub(r"[()]|复式|跃层|loft", "", plain)
    level = _level(plain)
    if level is not None:
        top = level + 1 if duplex and level < ROOF_LEVEL else level
        return Floor(shown, _floor_key(level, top), level, top)
    found = _FLOORS.fullmatch(plain)
    low, high = (_level(found["low"]), _level(found["high"])) if found else (None, None)
    if low is None or high is None or not low < high <= low + 5:
        return None
    return Floor(shown, _floor_key(low, high), low, high)


def _floor_key(level: int, top: int) -> str:
    first = "R" if level == ROOF_LEVEL else str(level)
    return first if level == top else f"{first}~{top}"


def _split_room(plain: str) -> list[str]:
    """`1-2-1001` → its parts; a text that is one room stays one part."""
    chinese = _CHINESE_ROOM.fullmatch(plain)
    if chinese:
        named = (chinese["building"], chinese["entrance"] or chinese["only_entrance"], chinese["room"])
        return [part for part in named if part]
    parts = re.split(r"[-_]+", plain)
    places = all(_ROOM_PART.fullmatch(part) for part in parts[:-1])
    return parts if places and len(parts) <= 4 and re.fullmatch(r"[0-9]{1,5}[a-z]?", parts[-1]) else [plain]


def read_room(text: str, building: str, entrance: str, floor: str) -> tuple[str, str, str, str] | Problem:
    """Room text with what else it names → (building, entrance, floor, room as folded text).

    Columns that are empty are filled from the room. A Problem when it is no room or contradicts the other columns.
    """
    plain = _ROOM_END.sub("", fold(text))
    if not any(character.isalnum() for character in plain):
        return Problem("bad_room", "room", {"value": tidy(text)})
    taiwan = _TAIWAN_ROOM.fullmatch(plain)
    if taiwan:
        return building or taiwan["building"].upper(), entrance, floor or taiwan["floor"], taiwan["stack"]
    *before, room = _split_room(plain)
    place = _place_before(before, room, building, entrance, floor)
    return (*place, room) if place else Problem("room_disagrees", "room", {"value": tidy(text)})


def _place_before(
    before: list[str], room: str, building: str, entrance: str, floor: str
) -> tuple[str, str, str] | None:
    """(building, entrance, floor) of a room whose text also names `before`; None when that contradicts the columns."""
    if len(before) == 3:
        if floor and _level(before[2]) != _level(fold(floor)):
            return None
        floor = floor or before[2]
    elif before and not floor and re.fullmatch(r"[0-9]{3,5}[a-z]?", room):
        floor = room.rstrip("abcdefghijklmnopqrstuvwxyz")[:-2].lstrip("0")
    if len(before) >= 2:
        same_building = not building or building_key(before[0]) == building_key(building)
        same_entrance = not entrance_key(entrance) or entrance_key(before[1]) == entrance_key(entrance)
        return (
            (building or before[0].upper(), entrance if entrance_key(entrance) else before[1].upper(), floor)
            if (same_building and same_entrance)
            else None
        )
    if not before or building_key(before[0]) == building_key(building):
        return building, entrance, floor
    if entrance_key(entrance):
        return (building, entrance, floor) if entrance_key(before[0]) == entrance_key(entrance) else None
    if len(room) <= 2 and floor and _level(before[0]) == _level(fold(floor)):
        return building, entrance, floor
    return (building, before[0].upper(), floor) if building else (before[0].upper(), entrance, floor)


def number_room(room: str, floor: Floor) -> tuple[str, str, str]:
    """(shown, key, position) of a room on its floor: `01` on floor 7 is 701, `0301` is 301."""
    if not re.fullmatch(r"[0-9]+", room):
        return room.upper(), room.upper(), _position(room, floor)
    number = int(room)
    if len(room) <= 2 and 0 < floor.level < ROOF_LEVEL:
        return f"{floor.level}{number:02d}", f"{floor.level}{number:02d}", f"{number:02d}"
    return room, str(number), _position(str(number), floor)


def _position(room: str, floor: Floor) -> str:
    # Below ground, numbers run on (parking spaces 1 to 300): nothing of them is the floor.
    rest = room.removeprefix(str(floor.level)) if 0 < floor.level < ROOF_LEVEL else room
    digits = re.search(r"[0-9]{1,2}$", rest)
    return (digits.group().zfill(2) if digits and rest != room else rest).upper()


def read_place(texts: Mapping[str, str], names: Sequence[str] = ()) -> tuple[Place | None, list[Problem]]:
    """The place that the four texts name, or the problems that keep us from knowing it (decisions 8)."""
    building, inside = split_building(strip_project(texts.get("building", ""), names))
    entrance, floor_text = tidy(texts.get("entrance", "")) or inside, texts.get("floor", "")
    problems: list[Problem] = []
    room = ""
    if texts.get("room"):
        read = read_room(texts["room"], building, entrance, floor_text)
        if isinstance(read, Problem):
            problems.append(read)
        else:
            building, entrance, floor_text, room = read
    values = {"building": building, "floor": floor_text, "room": texts.get("room", "")}
    problems += [Problem("missing", name) for name, value in values.items() if not value]
    floor = parse_floor(floor_text) if floor_text else None
    if floor_text and floor is None:
        problems.append(Problem("bad_floor", "floor", {"value": tidy(floor_text)}))
    if problems or floor is None:
        return None, problems
    shown, key, position = number_room(room, floor)
    entrance = "" if not entrance_key(entrance) else entrance
    problems = _too_long(building=building, entrance=entrance, floor=floor.text, room=shown)
    if problems:
        return None, problems
    return Place(building, building_key(building), entrance, entrance_key(entrance), floor, shown, key, position), []


def kept_place(texts: Mapping[str, str]) -> Place:
    """The place of texts that were read and found good before; raises ValueError for others."""
    place, problems = read_place(texts)
    if place is None:
        raise ValueError(f"not a place: {problems}")
    return place


def _too_long(**texts: str) -> list[Problem]:
    return [
        Problem("too_long", name, {"limit": FIELDS[name].limit})
        for name, text in texts.items()
        if len(text) > FIELDS[name].limit
    ]
