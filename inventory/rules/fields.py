"""THE table of unit fields (R6.1): forms and imports take names, labels, kinds, need and choices from here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salescontrol.core.words import listed

from .text import fold

Kind = Literal[
    "building", "entrance", "floor", "room", "text", "note", "area", "unit_price", "total", "choice", "flag", "status"
]
Need = Literal["entry", "approval", "optional"]

PROPERTY_TYPES: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "HOME": (
        _("Home"),
        ("住宅", "商品住宅", "普通住宅", "住房", "住家用", "住家", "洋房", "高层", "别墅", "residential", "home"),
    ),
    "APARTMENT": (_("Apartment"), ("公寓", "商务公寓", "酒店式公寓", "loft", "apartment")),
    "SHOP": (_("Shop"), ("商铺", "商业", "店铺", "店面", "商业用", "底商", "门面", "shop", "retail")),
    "OFFICE": (_("Office unit"), ("办公", "写字楼", "办公室", "办公用", "office")),
    "PARKING": (_("Parking space"), ("车位", "车库", "停车位", "机动车位", "地下车位", "parking", "parkingspace")),
    "STORAGE": (_("Storage room"), ("储藏室", "储藏间", "储物间", "仓库", "地下室", "storage", "storageroom")),
    "OTHER": (_("Other"), ("其他", "其它", "配套", "设备用房", "公建配套", "other")),
}
ORIENTATIONS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "N": (_("North"), ("北", "朝北", "north", "坐南朝北")),
    "NE": (_("North-east"), ("东北", "朝东北", "northeast", "坐西南朝东北")),
    "E": (_("East"), ("东", "朝东", "east", "坐西朝东")),
    "SE": (_("South-east"), ("东南", "朝东南", "southeast", "坐西北朝东南")),
    "S": (_("South"), ("南", "朝南", "正南", "south", "坐北朝南")),
    "SW": (_("South-west"), ("西南", "朝西南", "southwest", "坐东北朝西南")),
    "W": (_("West"), ("西", "朝西", "west", "坐东朝西")),
    "NW": (_("North-west"), ("西北", "朝西北", "northwest", "坐东南朝西北")),
    "SN": (_("South and north"), ("南北", "南北通透", "南北通", "北南", "south-north", "north-south", "northandsouth")),
    "EW": (_("East and west"), ("东西", "东西向", "西东", "east-west", "eastandwest")),
}
FINISHES: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "BARE": (_("Bare"), ("毛坯", "清水", "毛胚", "未装修", "bare")),
    "FINISHED": (_("Finished"), ("精装", "精装修", "装修", "简装", "全装修", "finished")),
}
PRICING_MODES: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "BUILT": (_("By built area"), ("建筑面积", "按建筑面积", "按建筑面积计价", "建面", "built", "bybuiltarea")),
    "INNER": (
        _("By inner area"),
        ("套内面积", "按套内面积", "套内建筑面积", "按套内建筑面积", "套内", "inner", "byinnerarea"),
    ),
    "UNIT": (_("By unit"), ("套", "按套", "按套计价", "一口价", "unit", "bytheunit")),
}
# Sale states as price lists name them (decisions 7). Only read, so that an import never resets a status (abuse 15).
STATUS_WORDS: dict[str, tuple[str, ...]] = {
    "WITHHELD": ("销控", "控", "未推", "不可售", "暂不可售", "未放盘", "withheld", "notreleased"),
    "AVAILABLE": (
        "待售",
        "可售",
        "在售",
        "待",
        "未售",
        "预售可售",
        "现售可售",
        "期房待售",
        "销售中",
        "available",
        "forsale",
    ),
    "HELD": ("保留", "预留", "留", "held", "onhold"),
    "SMALL_DEPOSIT": ("小订", "小定", "临定", "小", "smalldeposit"),
    "SUBSCRIBED": ("认购", "已认购", "大定", "已订", "已预订", "订", "subscribed", "reserved"),
    "CONTRACTED": ("签约", "已签约", "已售", "已备案", "已网签", "签", "售出", "网签", "contracted", "sold", "signed"),
    "DELIVERED": ("已交付", "交付", "交", "已交房", "已交屋", "delivered"),
}
FLAG_WORDS = {
    True: (
        "是",
        "有",
        "y",
        "yes",
        "true",
        "1",
        "√",
        "已抵押",
        "抵押",
        "已查封",
        "查封",
        "工抵",
        "工抵房",
        "在建工程抵押",
    ),
    False: ("否", "无", "n", "no", "false", "0", "×", "x", "-", "--", "无抵押", "未抵押", "无查封", "未查封", "非工抵"),
}


@dataclass(frozen=True)
class Field:
    """One field of a unit: how it is named, read and needed. `heads` are spellings of its column, folded."""

    name: str
    label: Promise
    kind: Kind
    heads: tuple[str, ...] = ()
    need: Need = "optional"
    limit: int = 40
    choices: Mapping[str, tuple[Promise, tuple[str, ...]]] = field(default_factory=dict)


def _priced(*prefixes: str, what: Literal["单价", "总价"]) -> tuple[str, ...]:
    """`备案单价`, `备案价单价`, `单价备案`… for every prefix of one kind of price."""
    tails = {"单价": ("单价", "价单价", "价格单价", "均价"), "总价": ("总价", "价总价", "价格总价", "总额", "总金额")}[
        what
    ]
    return tuple(f"{prefix}{tail}" for prefix in prefixes for tail in tails)


_LIST = ("", "表", "标准", "列表", "预售", "销售", "执行", "面", "牌")
_FLOOR = ("底", "最低", "底线")
_FILED = ("备案", "申报", "一房一价", "拟售", "备案销售")

_ALL = (
    Field("building", _("Building"), "building", need="entry", limit=24, heads=(
        "楼栋", "楼栋名称", "栋", "栋号", "楼栋号", "幢", "幢号", "楼号", "座", "栋别", "楼宇", "楼幢", "building", "block", "tower")),
    Field("entrance", _("Entrance"), "entrance", limit=12, heads=(
        "单元", "单元号", "梯", "梯号", "门栋", "座号", "entrance", "unitsection", "section", "stair")),
    Field("floor", _("Floor"), "floor", need="entry", limit=12, heads=(
        "楼层", "层", "所在层", "层数", "所在楼层", "名义层", "层次", "移转层次", "floor", "level", "storey", "floorlabel")),
    Field("room", _("Room"), "room", need="entry", limit=20, heads=(
        "房号", "房间号", "室号", "房间", "户号", "户别", "单位", "房间编号", "房源", "房源编号", "房间全名", "门牌号",
        "房屋编号", "栋及号", "车位号", "车位编号", "room", "roomno", "roomnumber", "unitnum", "unitno", "unitnumber",
        "unit", "flat", "unitid")),
    Field("property_type", _("Property type"), "choice", choices=PROPERTY_TYPES, heads=(
        "业态", "物业类型", "产品类型", "房屋用途", "用途", "房屋性质", "主要用途", "规划用途", "propertytype", "use", "housefunction")),
    Field("layout", _("Layout"), "text", need="approval", limit=40, heads=(
        "户型", "房型", "户型结构", "户型名称", "户型代码", "格局", "layout", "unittype", "housetype")),
    Field("orientation", _("Orientation"), "choice", need="approval", choices=ORIENTATIONS, heads=(
        "朝向", "座向", "坐向", "房屋朝向", "orientation", "facing", "aspect")),
    Field("built_area", _("Built area"), "area", need="entry", heads=(
        "建筑面积", "预测建筑面积", "预售建筑面积", "建面", "面积", "预测面积", "建物移转总面积", "房屋建筑面积",
        "builtarea", "buildingarea", "grossarea", "gfa", "area", "grossaream2incl.parking", "grossaream2inclparking")),
    Field("inner_area", _("Inner area"), "area", heads=(
        "套内面积", "套内建筑面积", "户内面积", "预测套内面积", "预测套内建筑面积", "套内", "使用面积",
        "innerarea", "netarea", "usablearea")),
    Field("shared_area", _("Shared area"), "area", heads=(
        "公摊面积", "分摊面积", "公摊", "预测公摊面积", "预测分摊面积", "公摊建筑面积", "分摊建筑面积", "sharedarea", "commonarea")),
    Field("surveyed_built_area", _("Surveyed built area"), "area", heads=("实测建筑面积", "实测面积", "surveyedbuiltarea")),
    Field("surveyed_inner_area", _("Surveyed inner area"), "area", heads=(
        "实测套内面积", "实测套内建筑面积", "surveyedinnerarea")),
    Field("surveyed_shared_area", _("Surveyed shared area"), "area", heads=(
        "实测公摊面积", "实测分摊面积", "surveyedsharedarea")),
    Field("pricing_mode", _("Pricing mode"), "choice", choices=PRICING_MODES, heads=("计价方式", "计价模式", "pricingmode")),
    Field("list_unit_price", _("List unit price"), "unit_price", need="approval", heads=(
        *_priced(*_LIST, what="单价"), "unitprice", "listunitprice", "pricepersqm", "unitpricentdm2")),
    Field("list_total", _("List price"), "total", need="approval", heads=(
        *_priced(*_LIST, what="总价"), "房屋总价", "total", "totalprice", "listtotal", "totalpricentdincl.parking",
        "totalpricentdinclparking")),
    Field("floor_unit_price", _("Floor unit price"), "unit_price", heads=(*_priced(*_FLOOR, what="单价"), "floorunitprice")),
    Field("floor_total", _("Floor price"), "total", heads=(*_priced(*_FLOOR, what="总价"), "floortotal", "floorprice")),
    Field("filed_unit_price", _("Filed unit price"), "unit_price", heads=(*_priced(*_FILED, what="单价"), "filedunitprice")),
    Field("filed_total", _("Filed price"), "total", heads=(*_priced(*_FILED, what="总价"), "filedtotal", "filedprice")),
    Field("finish", _("Finish standard"), "choice", choices=FINISHES, heads=(
        "装修标准", "装修", "装修情况", "交付标准", "装修状况", "finish", "decoration")),
    Field("permit_number", _("Pre-sale permit"), "text", limit=60, heads=(
        "预售许可证", "预售许可证号", "预售证号", "预售证", "预售许可证编号", "许可证号",
        "permit", "permitnumber", "presellno", "presalepermit")),
    Field("mortgaged", _("Mortgaged"), "flag", heads=("抵押", "抵押情况", "是否抵押", "抵押状态", "mortgaged", "pledgedesc")),
    Field("sealed", _("Sealed"), "flag", heads=("查封", "查封情况", "是否查封", "查封状态", "sealed", "seized")),
    Field("contractor_owned", _("Given to a contractor"), "flag", heads=("工抵", "工抵房", "是否工抵", "contractorowned")),
    Field("status", _("Status"), "status", heads=("状态", "销售状态", "房源状态", "房屋状态", "销控状态", "status", "salestatus")),
    Field("note", _("Note"), "note", limit=300, heads=("备注", "说明", "附注", "note", "notes", "remark", "remarks")),
)  # fmt: skip

FIELDS: dict[str, Field] = {entry.name: entry for entry in _ALL}
PLACE = ("building", "floor", "room")
ENTRY = tuple(entry.name for entry in _ALL if entry.need == "entry")
PRICE_FIELDS = tuple(entry.name for entry in _ALL if entry.kind in ("unit_price", "total"))
AREA_FIELDS = tuple(entry.name for entry in _ALL if entry.kind == "area")
# One word may stand for a unit price or a total; the unit in the head or the size of the figures decides.
AMBIGUOUS_PRICES = {
    "list": ("价格", "表价", "标准价", "销售价", "销售价格", "一房一价", "售价", "listprice", "price"),
    "floor": ("底价", "最低价"),
    "filed": ("备案价", "备案价格", "申报价"),
}


def choice_labels(name: str) -> str:
    """The choices of a field as one line in the reader's language, for messages."""
    return listed(label for label, _words in FIELDS[name].choices.values()) if name in FIELDS else ""


def _vocabulary(choices: Mapping[str, tuple[Promise, tuple[str, ...]]]) -> dict[str, str]:
    words = {fold(word): value for value, (_label, spellings) in choices.items() for word in spellings}
    return words | {fold(value): value for value in choices}


_CHOICE_WORDS = {entry.name: _vocabulary(entry.choices) for entry in _ALL if entry.kind == "choice"}
_STATUS = {fold(word): state for state, words in STATUS_WORDS.items() for word in (*words, state)}
_FLAGS = {fold(word): value for value, words in FLAG_WORDS.items() for word in words}


def parse_choice(name: str, text: str) -> str | None:
    """The stored value of a choice from any of its spellings in three scripts, or None."""
    return _CHOICE_WORDS[name].get(fold(text))


def parse_status(text: str) -> str | None:
    return _STATUS.get(fold(text))


def parse_flag(text: str) -> bool | None:
    return _FLAGS.get(fold(text))
