"""Words put in a row in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import pgettext


def listed(parts: Iterable[object]) -> str:
    """`A, B, C` as the reader's language separates them (、 in Chinese). For texts that are read, not for what is stored."""
    return pgettext("between the parts of a list", ", ").join(map(str, parts))
