"""Phone numbers as people type them (domain B14), how they are found again, and how much of one is shown (decisions 30)."""

import re
import unicodedata

import phonenumbers
from django.utils.translation import gettext_lazy as _

from salescontrol.core.fields import blind_index

# Where a number that is not dialled as in the mainland, Hong Kong or Taiwan comes from; chosen beside the number.
COUNTRIES = (
    ("", _("Mainland, Hong Kong or Taiwan")), ("MO", _("Macau")), ("SG", _("Singapore")), ("MY", _("Malaysia")),
    ("JP", _("Japan")), ("KR", _("Korea")), ("AU", _("Australia")), ("GB", _("United Kingdom")), ("US", _("United States")),
    ("CA", _("Canada")), ("ZZ", _("another country, with + and its code")),
)  # fmt: skip

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")
_NOISE = re.compile(r"[\s().·]+")
_ABROAD = re.compile(r"(?:\+|00)(86|852|886)-?(.+)")
_PERSONAL = re.compile(r"1[3-9][0-9]{9}|09[0-9]{8}|[0-9]{8}")
# A mobile number of which an agent tells the first three and the last four digits only.
_HIDDEN = re.compile(r"(1[3-9][0-9])[*xX•●-]{4}([0-9]{4})")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?")


def read(typed: str, country: str = "") -> str:
    """The digits of a mainland mobile or landline, a Hong Kong or a Taiwan number, however wide or spaced; with a country chosen,
    `+` and the digits of a number that this country gives out. Empty when it is none."""
    if country:
        return _foreign(typed, country)
    text = _NOISE.sub("", unicodedata.normalize("NFKC", typed).translate(_DASHES))
    abroad = _ABROAD.fullmatch(text)
    if abroad:
        text = _at_home(*abroad.groups())
    digits = text.replace("-", "")
    return digits if _PERSONAL.fullmatch(digits) or _LANDLINE.fullmatch(text) else ""


def _foreign(typed: str, country: str) -> str:
    if country not in dict(COUNTRIES):
        return ""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", typed), None if country == "ZZ" else country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    if number.country_code in (86, 852, 886):
        return read(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _at_home(country: str, rest: str) -> str:
    """The number as it is dialled inside its country: with a zero in front, but for mobiles of the mainland and Hong Kong."""
    if country == "852" or rest.startswith(("0", "1")):
        return rest
    return f"0{rest}"


def read_hidden(typed: str) -> str:
    """`138****5678` of a mobile number whose middle four digits are hidden; empty when it is none."""
    found = _HIDDEN.fullmatch(_NOISE.sub("", unicodedata.normalize("NFKC", typed).translate(_DASHES)))
    return f"{found[1]}****{found[2]}" if found else ""


def index(digits: str) -> str:
    """What the number is found by: the same for the same number, and no way back to it."""
    return blind_index("phone", digits)


def tail_index(digits: str) -> str:
    """What the number is found by when only its last four digits are known."""
    return blind_index("phone-tail", digits[-4:])


def ends_index(digits: str) -> str:
    """What a mobile number is found by when its middle is hidden; empty for other numbers, whose middle is never hidden."""
    mobile = len(digits) == 11 and digits[0] == "1"
    return blind_index("phone-ends", digits[:3] + digits[-4:]) if mobile else ""


def masked(digits: str) -> str:
    """`138****5678`; shorter numbers keep less: `091****678`, `91****78`."""
    front, back = (3, 4) if len(digits) > 10 else (3, 3) if len(digits) == 10 else (2, 2)
    return f"{digits[:front]}{'*' * (len(digits) - front - back)}{digits[-back:]}" if digits else ""
