"""Field types used by every app: money, area, and encrypted text with a blind index."""

import base64
import hashlib
import hmac
import unicodedata
from decimal import Decimal
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

_PREFIX = "f1:"


class MoneyField(models.DecimalField):
    """An amount in the project's currency, two decimals, below 10¹³."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("max_digits", 15)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


class AreaField(models.DecimalField):
    """An area in ㎡, two decimals, below 1,000,000 ㎡."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("max_digits", 8)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Cipher text under the newest key, with a format mark in front."""
    return _PREFIX + _cipher(tuple(settings.FIELD_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """The clear text; raises ValueError for what was never encrypted and InvalidToken for an unknown key."""
    if not text.startswith(_PREFIX):
        raise ValueError("value is not encrypted")
    return _cipher(tuple(settings.FIELD_KEYS)).decrypt(text[len(_PREFIX) :].encode()).decode()


def blind_index(kind: str, text: str) -> str:
    """A keyed digest for exact search; `kind` keeps phones and other kinds apart. Empty text has an empty index."""
    plain = "".join(unicodedata.normalize("NFKC", text or "").split()).upper()
    if not plain:
        return ""
    digest = hmac.new(settings.BLIND_INDEX_KEY.encode(), f"{kind}\0{plain}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


class EncryptedTextField(models.TextField):
    """Text that the database never holds in clear (R7.3); equality is asked of a blind index beside it."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value in (None, "") else encrypt(value)

    def from_db_value(self, value, expression, connection):
        return value if value in (None, "") else decrypt(value)

    def get_lookup(self, lookup_name):
        if lookup_name != "isnull":
            raise FieldError(f"{self.name}: search its blind index, not the encrypted value")
        return super().get_lookup(lookup_name)


def money(value) -> Decimal | None:
    """An aggregate of money, quantized (SQLite adds decimals as floating point)."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


area = money
