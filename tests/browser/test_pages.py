"""Every page in a real Chromium: no complaint of the browser, no sideways scrolling on a phone, nothing serious from axe, no
untranslated text."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from tests.browser.conftest import listen
from tests.crawl import BACKEND, addresses
from tests.permissions.matrix import EXPECTED
from tests.world import HOSTILE, IDENTITIES, make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
# Addresses that answer with a file, with plain text or with what a script reads.
NO_PAGES = {"healthz", "readyz", "inventory:board_excel", "inventory:batch_file", "inventory:batch_workbook", "inventory:material_file",
            "inventory:material_picture", "inventory:price_list_template", "inventory:batch_progress", "display_changes",
            "inventory:board_changes", "inventory:board_state", "inventory:board_prices", "inventory:board_skeleton",
            "enquiries:call_waiting", "calendar_feed", "enquiries:intake_progress", "enquiries:intake_template",
            "enquiries:intake_workbook", "sales:quotation_file", "sales:paper_file", "sales:paper_scan", "sales:template_file",
            "sales:template_own", "sales:template_preview", "sales:past_import_progress"}  # fmt: skip
# Who opens a page when several may, and the pages that differ by role.
PREFERRED = ("supervisor", "marketing", "management", "administrator", "salesperson", "anonymous")
BY_ROLE = ("home", "inventory:board", "inventory:unit", "inventory:unit_list", "inventory:board_panel", "approval_list")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Latin words that are the same in every language: codes, formats, units, names of the world, what the browser or a standard says.
SAME_WORDS = """
    person court prices newcomer guest show valueerror english excel xlsx xls csv pdf png jpg jpeg heic webp docx cny twd hkd totp
    asia shanghai aaa bbb example com zip chrome chromium linux windows firefox safari otp utf gbk avif qrcode
    jsjy px mb kb esc enter ctrl alt tab rsc word
"""
SAME = frozenset(SAME_WORDS.split())
# Tokens of the world, employee numbers, addresses, file names, the key of a second factor, numbers of claims and customers, fields
# of a pattern.
KEYS = re.compile(r"\{[A-Z]+\}|zq\w+|T\d{5}|\S+@\S+|\w+\.\w+|\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b|\b[2-9A-HJKMNP-Z]{8}\b")
READ_TEXTS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent && !parent.closest('script, style, template, [lang="en"]')) found.push(walker.currentNode.textContent);
  }
  for (const element of document.querySelectorAll('[placeholder], [aria-label], [title], [alt]'))
    if (!element.closest('[lang="en"]'))
      for (const name of ['placeholder', 'aria-label', 'title', 'alt']) found.push(element.getAttribute(name) || '');
  found.push(document.title);
  return found;
}"""


@pytest.fixture
def opened(live_server, browser, browser_context_args, settings):
    """`opened(locale)` yields (name, page) for every page of the product, opened as somebody who may."""

    def pages(locale: str, part: int = 0, parts: int = 1, shape: str = "{}") -> Iterator:
        world = make(shape)
        tabs = {}
        for number, (identity, address) in enumerate(visits(world)):
            if number % parts != part:
                continue
            if identity not in tabs:
                context = browser.new_context(**{**browser_context_args, "locale": locale})
                if identity in world.people:
                    client = Client()
                    client.force_login(world.people[identity], backend=BACKEND)
                    key = client.cookies[settings.SESSION_COOKIE_NAME].value
                    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
                tab = context.new_page()
                tab.complaints = listen(tab)
                tabs[identity] = tab
            tab = tabs[identity]
            answer = tab.goto(live_server.url + address.path)
            yield f"{address} as {identity}", tab, answer.status

    return pages


def visits(world) -> Iterator:
    """Who opens which address: each page once, some as every role."""
    for name, found in addresses(world).items():
        if name in NO_PAGES or name not in EXPECTED:
            continue
        address = found[0]
        letters = EXPECTED[name][address.kind][0]
        allowed = [
            who
            for who, letter in zip(IDENTITIES, letters, strict=False)
            if letter == "2" and len(letters) == len(IDENTITIES)
        ]
        chosen = next((who for who in PREFERRED if who in allowed), None)
        for who in allowed[:8] if name in BY_ROLE else [chosen] if chosen else []:
            yield who, address
            if name.startswith("inventory:board"):
                break


def serious(page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found if item["impact"] in SERIOUS]


@pytest.mark.parametrize("part", [0, 1])
def test_every_page_pleases_the_browser_on_a_desk_and_on_a_phone(opened, part):
    faults, count = [], 0
    for name, page, status in opened("en-GB", part, 2):
        count += 1
        if status != 200:
            faults.append(f"{name}: {status}")
        faults += [f"{name}: {fault}" for fault in serious(page)]
        page.set_viewport_size(PHONE)
        width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        if width > PHONE["width"]:
            faults.append(f"{name}: scrolls sideways on a phone, {width} px")
        page.set_viewport_size(WIDE)
        faults += [f"{name}: {complaint}" for complaint in page.complaints]
        page.complaints.clear()
    assert count > 35
    assert faults == []


@pytest.mark.parametrize(("locale", "lang"), [("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant")])
def test_every_page_speaks_the_readers_language(opened, locale, lang):
    """No word of three Latin letters or more is left, but data, codes and formats."""
    left: dict[str, set[str]] = {}
    for name, page, _status in opened(locale):
        assert page.evaluate("document.documentElement.lang") == lang, name
        for text in page.evaluate(READ_TEXTS):
            words = {word.lower() for word in re.findall(r"[A-Za-z]{3,}", KEYS.sub("", text))}
            if words - SAME:
                left.setdefault(" ".join(text.split())[:80], set()).add(name)
    assert left == {}


def test_abuse_45_hostile_text_makes_no_element_and_no_report(opened):
    """Markup stored in every field: the browser builds nothing of it, and the policy has nothing to refuse."""
    built, count, seen = [], 0, 0
    for name, page, _status in opened("en-GB", 0, 3, HOSTILE):
        count += 1
        seen += page.evaluate("document.body.textContent.split('<i>zq').length - 1")
        if page.evaluate("[...document.querySelectorAll('i')].some(element => element.textContent.includes('zq'))"):
            built.append(name)
        assert page.complaints == []
    assert built == []
    assert count > 20
    assert seen > 100
