"""Numbers of identity papers as people type them (domain B14), how they are found again, and how much of one is shown.

Of a resident's card the check digit and the date of birth are tested, not the region: regions are renamed and dissolved, and
cards outlive them. A number that a spreadsheet has rounded fails at its check digit (abuse 58).
"""

import re
import unicodedata

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from enquiries.states import PaperKind
from salescontrol.core import clock
from salescontrol.core.fields import blind_index

_NOISE = re.compile(r"[\s\-‐‑–—·.()]+")
_FORMS = {
    PaperKind.RESIDENT: re.compile(r"[1-9][0-9]{16}[0-9X]"),
    PaperKind.PERMIT: re.compile(r"8[123]0000[0-9]{11}[0-9X]"),
    PaperKind.TRAVEL: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    PaperKind.TAIWAN: re.compile(r"[0-9]{8}"),
    PaperKind.PASSPORT: re.compile(r"[A-Z0-9]{5,20}"),
    PaperKind.COMPANY: re.compile(r"[0-9A-HJ-NP-RTUW-Y]{18}"),
}
_DATED = (PaperKind.RESIDENT, PaperKind.PERMIT)


def read(kind: str, typed: str) -> str:
    """The number in capitals without spaces when it can be one of this kind, else empty."""
    number = _NOISE.sub("", unicodedata.normalize("NFKC", typed)).upper()
    form = _FORMS.get(PaperKind(kind)) if kind in PaperKind.values else None
    if form is None or not form.fullmatch(number):
        return ""
    if kind in _DATED:
        return number if ric.calc_check_digit(number) == number[-1] and _born(number) else ""
    return number if kind != PaperKind.COMPANY or uscc.is_valid(number) else ""


def _born(number: str) -> bool:
    try:
        return ric.get_birth_date(number) <= clock.today()
    except ValidationError:
        return False


def index(number: str) -> str:
    """What the number is found by."""
    return blind_index("paper", number)


def masked(number: str) -> str:
    """`1101**********2519`; short numbers keep two signs at each end."""
    keep = 4 if len(number) > 10 else 2
    return f"{number[:keep]}{'*' * max(len(number) - 2 * keep, 1)}{number[-keep:]}" if number else ""
