"""The catalogues: compiled without gettext's tools, and checked to be complete."""

import re
import shutil
from pathlib import Path

import polib
from django.conf import settings
from django.core.management import CommandError, call_command

LANGUAGES = ("zh_Hans", "zh_Hant")
IGNORED = (".venv", "var", "tests", "benchmarks", "docs", "node_modules", "staticfiles")
_PLACE = re.compile(r"%\(\w+\)[sd]|%%|%s")


def catalogue(folder: Path, language: str) -> Path:
    return folder / language / "LC_MESSAGES" / "django.po"


def compile_all() -> int:
    """Write the .mo beside every .po whose text is newer; returns how many were written."""
    written = 0
    for language in LANGUAGES:
        source = catalogue(Path(settings.LOCALE_PATHS[0]), language)
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            written += 1
    return written


def collect(folder: Path) -> None:
    """Bring the catalogues in `folder` up to the texts of the sources as they are now (needs gettext)."""
    if shutil.which("xgettext") is None:
        raise CommandError("gettext is missing, so the texts cannot be listed (Debian: apt-get install gettext).")
    settings.LOCALE_PATHS = [str(folder)]
    call_command(
        "makemessages",
        locale=list(LANGUAGES),
        ignore_patterns=list(IGNORED),
        add_location="file",
        no_obsolete=True,
        no_wrap=True,
        verbosity=0,
    )


def problems(folder: Path) -> list[str]:
    """What is missing in the catalogues of `folder`: texts without translation, fuzzy ones, and lost placeholders."""
    return [
        f"{language}: {line}"
        for language in LANGUAGES
        for line in _problems(polib.pofile(str(catalogue(folder, language))))
    ]


def _problems(entries: polib.POFile) -> list[str]:
    found = []
    for entry in entries:
        if entry.obsolete:
            continue
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]
        if entry.fuzzy or not all(texts):
            found.append(f"not translated: {entry.msgid}")
        elif any(
            _places(text) - _places(entry.msgid, entry.msgid_plural) or _places(entry.msgid) - _places(text)
            for text in texts
        ):
            found.append(f"placeholders differ: {entry.msgid}")
    return found


def _places(*texts: str) -> set[str]:
    return set().union(*(_PLACE.findall(text) for text in texts)) - {"%%"}
