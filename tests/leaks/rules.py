"""What must not be in an answer, and what may differ between two answers that say the same."""

import html
import re

from tests.crawl import Answer
from tests.world import World

# What differs by nature: tokens of the form and of the live board, the number of a request, of an export or a print, clock times.
ALWAYS_DIFFERENT = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken":\s*"\w+"|\b[0-9a-f]{32}\b|\b[0-9a-f-]{36}\b|\b[EP]\d+\b'
    r'|(?<!\d)\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?!\d)|"now":[\d.]+|gAAAAA[\w=-]+|t1_[\w-]{90,}',
)
# Headers of that kind: what a request is called, and the sealed mark up to which a board is known.
OPAQUE = ("X-Request-ID:", "Content-Length:", "Board-Token:", "Board-Now:")
# A text's token, or an amount as it may be written (tests/world.py).
TOKEN = re.compile(r"zq\d{4}k|\d[\d,]*(?:\.\d\d)?")

# Pages that name people to those who are else not told of each other: whoever stands in one order reads it.
NAMED_THERE = {"enquiries:rotation": "a.sales.name"}


def leaks(world: World, answer: Answer) -> list[str]:
    """The tokens in an answer that its reader must not meet, with their category; the address that they typed tells them nothing."""
    texts = [text.replace(answer.address.path, "").lower() for text in answer.texts()]
    found = {token.removesuffix(".00") for text in texts for token in TOKEN.findall(text)}
    shown = found & world.forbidden(answer.identity)
    if answer.status == 200:
        shown -= world.tokens.get(NAMED_THERE.get(answer.address.name, ""), set())
    return [f"{answer} shows {world.category(token)}: {token}" for token in sorted(shown)]


def normal(answer: Answer) -> str:
    """The answer as text without what differs by nature."""
    text = "\n".join(text for text in answer.texts() if not text.startswith(OPAQUE))
    return ALWAYS_DIFFERENT.sub("", html.unescape(text))
