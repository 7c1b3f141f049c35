"""Text as people type it into price lists: width, script, spaces, and characters that must not be stored."""

import re
import unicodedata
from functools import lru_cache

# Only the characters of the trade's own words: heads and choices are matched in one script, values keep theirs.
_TRADITIONAL = str.maketrans(
    "樓棟單層號戶積總價築內攤預測實裝證狀態備註廳衛東車儲藏鋪辦開間產權萬頂負複連銷賣標準層質計類類別項設計產業務區與餘項"
    "庫貸執許編碼屬鬆現朝購認訂簽約結門牌寫棧紙關鍵飾潔無為綜應當轉園國灣龍華麗強數見觀機歸",
    "楼栋单层号户积总价筑内摊预测实装证状态备注厅卫东车储藏铺办开间产权万顶负复连销卖标准层质计类类别项设计产业务区与余项"
    "库贷执许编码属松现朝购认订签约结门牌写栈纸关键饰洁无为综应当转园国湾龙华丽强数见观机归",
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_SPACES = re.compile(r"\s+")
_CHINESE_DIGITS = {
    "〇": 0,
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def simplify(text: str) -> str:
    """The same words in simplified characters, as far as heads and choices of price lists use them."""
    return text.translate(_TRADITIONAL)


@lru_cache(maxsize=8192)  # price lists repeat the same words and figures in thousands of rows
def tidy(text: str) -> str:
    """Trim, drop invisible joiners and turn line ends and runs of spaces into one space. Width and script stay."""
    return _SPACES.sub(" ", text.translate(_INVISIBLE)).strip()


@lru_cache(maxsize=8192)
def narrow(text: str) -> str:
    """Half-width form without any space: what keys and numbers are read from."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", text.translate(_INVISIBLE)))


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The form in which two spellings count as the same: half width, no spaces, lower case, simplified."""
    return simplify(narrow(text)).casefold()


def unstorable(text: str) -> tuple[int, str] | None:
    """Position (from 1) and code point of the first character that no database or workbook can keep, or None.

    Refused are control characters other than line ends and tabs, lone surrogates, non-characters, and the marks that turn
    the direction of writing (they make a room read as another room). Rare Han characters are kept (abuse 66).
    """
    if text.isprintable():
        return None
    for position, character in enumerate(text, 1):
        if character in "\n\r\t":
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cs") or character in _BIDI_CONTROLS or (ord(character) & 0xFFFE) == 0xFFFE:
            return position, f"U+{ord(character):04X}"
    return None


def chinese_number(text: str) -> int | None:
    """`十二` → 12, `一百零三` → 103, `二〇` → 20; None when it is not a Chinese numeral below 1,000."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text or any(c not in _CHINESE_DIGITS and c not in "十百" for c in text):
        return None
    if "十" not in text and "百" not in text:
        return int("".join(str(_CHINESE_DIGITS[c]) for c in text))
    total, digit = 0, 0
    for character in text:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
            continue
        total += (digit or 1) * (100 if character == "百" else 10)
        digit = 0
    return total + digit
