"""Phone numbers as people type them (domain B14), how they are found again, and how much of one is shown (decisions 30)."""

import re
import unicodedata

from salescontrol.core.fields import blind_index

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")
_NOISE = re.compile(r"[\s().·]+")
_ABROAD = re.compile(r"(?:\+|00)(86|852|886)-?(.+)")
_PERSONAL = re.compile(r"1[3-9][0-9]{9}|09[0-9]{8}|[0-9]{8}")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?")


def read(typed: str) -> str:
    """The digits of a mainland mobile or landline, a Hong Kong or a Taiwan number, however wide or spaced; empty when it is none."""
    text = _NOISE.sub("", unicodedata.normalize("NFKC", typed).translate(_DASHES))
    abroad = _ABROAD.fullmatch(text)
    if abroad:
        text = _at_home(*abroad.groups())
    digits = text.replace("-", "")
    return digits if _PERSONAL.fullmatch(digits) or _LANDLINE.fullmatch(text) else ""


def _at_home(country: str, rest: str) -> str:
    """The number as it is dialled inside its country: with a zero in front, but for mobiles of the mainland and Hong Kong."""
    if country == "852" or rest.startswith(("0", "1")):
        return rest
    return f"0{rest}"


def index(digits: str) -> str:
    """What the number is found by: the same for the same number, and no way back to it."""
    return blind_index("phone", digits)


def masked(digits: str) -> str:
    """`138****5678`; shorter numbers keep less: `091****678`, `91****78`."""
    front, back = (3, 4) if len(digits) > 10 else (3, 3) if len(digits) == 10 else (2, 2)
    return f"{digits[:front]}{'*' * (len(digits) - front - back)}{digits[-back:]}" if digits else ""
