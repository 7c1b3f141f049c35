"""Make the 繁體 catalogue from the 简体 one: mainland wording in traditional characters.

    .venv/bin/python scripts/traditional.py

Every text is converted character by character (no exchange of phrases), then corrected by `CORRECTIONS`. The file is made
anew each time: a mistake is corrected here, never in `locale/zh_Hant`.
"""

from pathlib import Path

import opencc
import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
# What a plain conversion gets wrong, as it comes out of it: the trade's words and the forms that the glossary uses.
CORRECTIONS = {
    "臺": "台",
    "籤": "簽",
    "標簽": "標籤",
    "復訪": "複訪",
    "“": "「",
    "”": "」",
}


def traditional(text: str) -> str:
    text = CONVERTER.convert(text)
    for wrong, right in CORRECTIONS.items():
        text = text.replace(wrong, right)
    return text


def convert(entry: polib.POEntry) -> None:
    entry.msgstr = traditional(entry.msgstr)
    entry.msgstr_plural = {form: traditional(text) for form, text in entry.msgstr_plural.items()}


def main() -> None:
    catalogue = polib.pofile(str(LOCALE / "zh_Hans/LC_MESSAGES/django.po"), wrapwidth=0)
    catalogue.metadata["Language"] = "zh_Hant"
    for entry in catalogue:
        convert(entry)
    catalogue.save(str(LOCALE / "zh_Hant/LC_MESSAGES/django.po"))


CONVERTER = opencc.OpenCC("s2tw")

if __name__ == "__main__":
    main()
