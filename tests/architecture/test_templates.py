"""What a template must not hold: code for the browser, unescaped values, logic."""

import ast
import re

from tests.architecture.source import sources, templates

INLINE = re.compile(
    r"""<style\b|\sstyle\s*=|<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=|\shx-on|\bjavascript:|\bhx-vals\s*=\s*["']js:""",
    re.IGNORECASE,
)
UNSAFE = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|\{%\s*autoescape\s+off")
# Functions that mark text as safe, each with its reason.
SAFE = {
    "inventory/board.py": "draws thousands of cells; every value is escaped where it is put in, and hostile names are a test",
    "salescontrol/core/tables.py": "draws every cell of every list; values, addresses and labels are escaped in the same line",
}


def test_no_template_carries_code_or_styles_for_the_browser():
    """The policy for browsers forbids them; what is needed travels in `data-*` attributes or `json_script`."""
    found = [f"{path}: {match.group().strip()}" for path, text in templates() for match in INLINE.finditer(text)]
    assert found == []


def test_abuse_45_no_template_switches_escaping_off():
    assert [path for path, text in templates() if UNSAFE.search(text)] == []


def test_abuse_45_text_is_marked_safe_only_where_it_is_reasoned():
    marking = {
        source.path
        for source in sources()
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Name) and node.id in {"mark_safe", "SafeString", "SafeText"})
        or (isinstance(node, ast.Attribute) and node.attr in {"mark_safe", "SafeString"})
        or (isinstance(node, ast.Constant) and node.value == "is_safe")
    }
    assert marking == set(SAFE)


def test_abuse_45_formatted_markup_has_no_values_in_its_own_text():
    """`format_html` escapes its arguments, not its first text: that one is written by us, letter by letter."""
    built = [
        source.at(call)
        for source in sources()
        for call in source.calls()
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in {"format_html", "format_html_join"}
        and not isinstance(call.args[0], ast.Constant)
    ]
    assert built == []


def test_every_form_that_posts_carries_the_token():
    forms = re.compile(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
    without = [
        path for path, text in templates() for match in forms.finditer(text) if "{% csrf_token %}" not in match.group(1)
    ]
    assert without == []


def test_templates_stay_small_enough_to_read():
    assert [f"{path} {text.count(chr(10))}" for path, text in templates() if text.count("\n") > 160] == []
