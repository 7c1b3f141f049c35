"""The 繁體 catalogue is what `scripts/traditional.py` makes of the 简体 one, in the form the glossary asks for."""

import runpy

import polib
import pytest
from django.conf import settings

SCRIPT = settings.BASE_DIR / "scripts/traditional.py"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


def texts(language: str) -> dict:
    catalogue = polib.pofile(str(settings.BASE_DIR / "locale" / language / "LC_MESSAGES/django.po"))
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural.get(0, entry.msgstr) for entry in catalogue}


def test_the_traditional_texts_are_made_from_the_simplified_ones(script):
    made = {key: script["traditional"](text) for key, text in texts("zh_Hans").items()}
    assert texts("zh_Hant") == made


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("工作台", "工作台"),
        ("设备台账", "設備台賬"),
        ("复访", "複訪"),
        ("签", "簽"),
        ("周报", "週報"),
        ("面积补差", "面積補差"),
        ("户型", "戶型"),
        ("“销控”", "「銷控」"),
    ],
)
def test_the_words_of_the_trade_are_written_as_in_the_glossary(script, simplified, traditional):
    assert script["traditional"](simplified) == traditional
