"""What a name or a title is found by: its characters, its pinyin and the initials of its pinyin, in one stored key."""

import unicodedata
from itertools import chain

from django.utils.translation import gettext as _

# What the stored name of somebody begins with who gave none; the end of their number follows.
UNNAMED = "…"


def unnamed(digits: str) -> str:
    """What is stored as the name of a caller who gave none."""
    return f"{UNNAMED}{digits[-4:]}"


def called(name: str) -> str:
    """The stored name as pages show it, in the reader's language."""
    return _("unnamed caller %(tail)s") % {"tail": name} if name.startswith(UNNAMED) else name


def squeezed(text: str) -> str:
    """The text as keys are written and looked for: one width, small letters, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def keys(name: str) -> str:
    """`|陈兰|chenlan|cl|`: the name, its pinyin, the initials; a first sign with several readings (单: dan, shan) has each."""
    from pypinyin import (  # half a second and ten megabytes, for processes that enter names only
        Style,
        lazy_pinyin,
        pinyin,
    )

    plain = squeezed(name)
    found = [plain]
    first = next((position for position, sign in enumerate(plain) if "\u3400" <= sign <= "\u9fff"), None)
    if first is not None:
        front, rest = plain[:first], lazy_pinyin(plain[first + 1 :])
        for reading in chain(*pinyin(plain[first], style=Style.NORMAL, heteronym=True)):
            found += [
                f"{front}|{''.join([reading, *rest])}",
                f"{front}|{''.join(part[0] for part in [reading, *rest])}",
            ]
    return f"|{'|'.join(dict.fromkeys(found))}|"[:600]


def title_keys(title: str) -> str:
    """The keys of a title as a whole and of each of its words."""
    words = title.split()
    return "".join(map(keys, [title, *(words if len(words) > 1 else ())]))[:1200]


def sought(words: str) -> str:
    """What to look for in keys: from two letters on the beginning of a key, from three any part of one."""
    plain = squeezed(words).replace("|", "")
    return plain if len(plain) > 2 else f"|{plain}"
