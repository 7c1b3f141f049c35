"""Sections and tiles that several apps contribute to one page, without importing each other (decisions 13)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """A piece of a page: where it stands, its template, and `prepare(access, subject)` → context, or None when it is not for this user."""

    order: int
    template: str
    prepare: Callable[[Any, Any], dict | None]


_PAGES: dict[str, list[Section]] = {}


def contribute(page: str, *, order: int, template: str, prepare: Callable[[Any, Any], dict | None]) -> None:
    """Add a section to `page` (such as `unit` or `workbench`); called from `AppConfig.ready`."""
    _PAGES.setdefault(page, []).append(Section(order, template, prepare))


def sections(page: str, access, subject) -> list[dict]:
    """The sections of `page` for this user, in order: `{"template": …, **context}`."""
    found = []
    for section in sorted(_PAGES.get(page, ()), key=lambda item: item.order):
        context = section.prepare(access, subject)
        if context is not None:
            found.append({"template": section.template, **context})
    return found
