"""Field types used by every app: money, area, and encrypted text with a blind index."""

import base64
import hashlib
import hmac
import json
import os
import unicodedata
from decimal import Decimal
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

_PREFIX, _TICKET = "f1:", "t1_"
# How sealed content begins: the version of the format and the high digits of its time, as the library writes them.
SEALED = b"gAAAAA"


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


def seal(content: bytes) -> bytes:
    """Content under the newest key, for what lies on the disk."""
    return _cipher(tuple(settings.FIELD_KEYS)).encrypt(content)


def unseal(content: bytes) -> bytes:
    """The clear content; raises InvalidToken for an unknown key."""
    return _cipher(tuple(settings.FIELD_KEYS)).decrypt(content)


def encrypt(text: str) -> str:
    """Cipher text under the newest key, with a format mark in front."""
    return cipher_text(seal(text.encode()))


def cipher_text(content: bytes) -> str:
    """Sealed content as a column would hold it."""
    return _PREFIX + content.decode()


def decrypt(text: str) -> str:
    """The clear text; raises ValueError for what was never encrypted and InvalidToken for an unknown key."""
    if not text.startswith(_PREFIX):
        raise ValueError("value is not encrypted")
    return unseal(text[len(_PREFIX) :].encode()).decode()


def is_newest(text: str) -> bool:
    """Whether the cipher text stands under the newest key."""
    try:
        _cipher((settings.FIELD_KEYS[0],)).decrypt(text.removeprefix(_PREFIX).encode())
    except InvalidToken:
        return False
    return text.startswith(_PREFIX)


@cache
def _tickets(keys: tuple[str, ...]) -> list[AESGCM]:
    """Ciphers of their own, derived from the keys: what passes through browsers shares none with what lies in the database."""
    return [AESGCM(hashlib.sha256(f"ticket\0{key}".encode()).digest()) for key in keys]


def ticket(text: str) -> str:
    """Cipher text for an address, ten times quicker than `encrypt`; for what is given back soon, not for what is kept."""
    nonce = os.urandom(12)
    sealed = _tickets(tuple(settings.FIELD_KEYS))[0].encrypt(nonce, text.encode(), None)
    return _TICKET + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def read_ticket(text: str) -> str:
    """What a ticket says; raises ValueError for what is none."""
    if not text.startswith(_TICKET):
        raise ValueError("not a ticket")
    text = text.removeprefix(_TICKET)
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ValueError("not a ticket") from error
    for cipher in _tickets(tuple(settings.FIELD_KEYS)):
        try:
            return cipher.decrypt(content[:12], content[12:], None).decode()
        except (InvalidTag, ValueError):
            continue
    raise ValueError("not a ticket")


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


class EncryptedJSONField(EncryptedTextField):
    """A mapping that the database never holds in clear; an empty one is stored as empty text."""

    # What the stubs of Django read the types of an attribute from.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value):
        return super().get_prep_value(json.dumps(value, ensure_ascii=False) if value else "")

    def from_db_value(self, value, expression, connection):
        text = super().from_db_value(value, expression, connection)
        return json.loads(text) if text else {}


def money(value) -> Decimal | None:
    """An aggregate of money, quantized (SQLite adds decimals as floating point)."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


area = money
