"""Filling a Word template: its grammar is a small one, judged before anything is filled, and filled in a sandbox.

A template may print fields, loop over a list of fields, and ask whether a field is there or what it says. It cannot call,
compute, or reach anything but the fields: whoever may upload a template may not run code here.
"""

import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from docx import Document
from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from contracts.papers import guard
from contracts.papers.fields import FIELDS, LOOPS, WANTED, blank, example
from contracts.states import PaperKind
from salescontrol.core.errors import Refusal
from salescontrol.core.words import listed

_OF_LOOP = frozenset({"first", "last", "index", "length"})
_PLAIN = (nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr)
_PROPERTIES = ("author", "comments", "identifier", "language", "subject", "title")
_FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_BROKEN = (
    TemplateError, etree.LxmlError, OpcError, SyntaxError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a template holds: the fields it prints, by name, in no order; `buyers.name` for those of a list."""

    fields: frozenset[str]

    def missing(self, kind: PaperKind) -> list[str]:
        """What a paper of this kind should have and the template does not print."""
        names = {name.partition(".")[0] for name in self.fields}
        return [name for name in WANTED[kind] if name not in names]


def examine(content: bytes) -> Found:
    """What the template holds. Raises Refusal at `file`, in words, for whatever is wrong with it (`guard.check` and `syntax`,
    `unknown_fields`, `not_allowed`)."""
    guard.check(content)
    judge = _Judge()
    for source in _sources(content):
        judge.read(source)
    if judge.unknown:
        raise guard.refused(
            _("There are no such fields: %(names)s. The page of fields lists those there are.")
            % {"names": listed(sorted(judge.unknown)[:20])},
            "unknown_fields",
        )
    return Found(frozenset(judge.seen))


def try_out(content: bytes) -> Found:
    """Examine a template and fill it with a trade that never was. Raises Refusal."""
    found = examine(content)
    for source in _sources(content):
        _require_whole(source)
    Document(io.BytesIO(fill(content, example())))
    return found


def _require_whole(source: str) -> None:
    """Raise Refusal `layout` unless what comes of it is whole, with everything there and with nothing: what fills it would quietly
    mend it by leaving something out."""
    if not source.lstrip().startswith("<"):
        return
    try:
        template = _environment().from_string(source)
        for values in (example(), blank()):
            etree.fromstring(template.render(_clean(values)).encode())
    except _BROKEN as error:
        raise _unfilled() from error


def fill(content: bytes, values: Mapping[str, Any]) -> bytes:
    """The paper: the template, which was examined, with these values. Raises Refusal `syntax` when the result is no document."""
    try:
        template = DocxTemplate(io.BytesIO(content))
        template.render(_clean(values), _environment(), autoescape=True)
        result = io.BytesIO()
        template.save(result)
    except _BROKEN as error:
        raise _unfilled() from error
    return result.getvalue()


def _unfilled() -> Refusal:
    return guard.refused(
        _("The fields stand so that no document comes of it: a loop or condition begins in one place of the layout and ends in "
          "another. Loops over rows of a table are written with {%%tr … %%}, over paragraphs with {%%p … %%}.") % {},
        "layout",
    )  # fmt: skip


def _environment() -> ImmutableSandboxedEnvironment:
    """Nothing but the values: no globals, no filters, no tests; what is not there is an error, text is escaped."""
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


def _clean(value: Any) -> Any:
    """Values as Word can hold them: text without signs that would end or break a paragraph."""
    if isinstance(value, str):
        return "".join(sign for sign in value if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs", "Cn"))
    if isinstance(value, Mapping):
        return {name: _clean(part) for name, part in value.items()}
    return [_clean(part) for part in value]


def _sources(content: bytes) -> Iterator[str]:
    """Every text in which fields are filled, as it is filled: body, heads, feet, footnotes, properties."""
    try:
        template = DocxTemplate(io.BytesIO(content))
        template.render_init()
        yield template.patch_xml(template.get_xml())
        for uri in (template.HEADER_URI, template.FOOTER_URI):
            for _key, part in template.get_headers_footers(uri):
                yield template.patch_xml(template.get_part_xml(part))
        for part in template.docx.part.package.parts:
            if part.content_type == _FOOTNOTES:
                yield template.patch_xml(part.blob.decode("utf-8"))
        for name in _PROPERTIES:
            yield getattr(template.docx.core_properties, name)
    except (OpcError, etree.LxmlError, KeyError, ValueError, AttributeError) as error:
        raise guard.refused(
            _("This is no Word document that can be read. Save it in Word as .docx and try once more."), "damaged"
        ) from error


class _Judge:
    """Reads templates and keeps what they print; raises Refusal for what they may not do."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.unknown: set[str] = set()
        self.environment = _environment()

    def read(self, source: str) -> None:
        text = re.sub(r"<w:p([ >])", r"\n<w:p\1", source)
        try:
            tree = self.environment.parse(text)
            self._body(tree.body, {})
        except TemplateSyntaxError as error:
            raise _syntax(error, text) from error
        except RecursionError as error:
            raise _not_allowed("…") from error

    def _body(self, body: list[nodes.Node], scope: Mapping[str, str]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    self._printed(part, scope)
            elif isinstance(node, nodes.If):
                self._asked(node.test, scope)
                self._body([*node.body, *node.elif_, *node.else_], scope)
            elif isinstance(node, nodes.For):
                self._loop(node, scope)
            else:
                raise _not_allowed(type(node).__name__)

    def _loop(self, node: nodes.For, scope: Mapping[str, str]) -> None:
        """One loop over one list, and none inside another."""
        over, each = node.iter, node.target
        if not isinstance(over, nodes.Name) or not isinstance(each, nodes.Name) or node.recursive or scope:
            raise _not_allowed("for")
        if over.name not in LOOPS:
            self.unknown.add(over.name)
            return
        if each.name in FIELDS or each.name == "loop":
            raise _not_allowed(each.name)
        self.seen.add(over.name)
        inner = {each.name: over.name}
        if node.test is not None:
            self._asked(node.test, inner)
        self._body([*node.body, *node.else_], inner)

    def _printed(self, node: nodes.Expr, scope: Mapping[str, str]) -> None:
        if isinstance(node, nodes.TemplateData):
            return
        if isinstance(node, nodes.Name) and node.name in LOOPS:
            raise _not_allowed(node.name)
        self._asked(node, scope)

    def _asked(self, node: nodes.Node, scope: Mapping[str, str]) -> None:
        if isinstance(node, nodes.Name):
            self._name(node.name, scope)
        elif isinstance(node, nodes.Getattr):
            self._part(node, scope)
        elif isinstance(node, _PLAIN):
            for child in node.iter_child_nodes():
                self._asked(child, scope)
        else:
            raise _not_allowed(type(node).__name__)

    def _name(self, name: str, scope: Mapping[str, str]) -> None:
        if name in FIELDS:
            self.seen.add(name)
        elif name in scope or name == "loop":
            raise _not_allowed(name)
        else:
            self.unknown.add(name)

    def _part(self, node: nodes.Getattr, scope: Mapping[str, str]) -> None:
        """`buyer.name` inside a loop over the buyers, `loop.index` in any."""
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        if owner == "loop" and scope and node.attr in _OF_LOOP:
            return
        if owner not in scope:
            raise _not_allowed(f"{owner}.{node.attr}")
        if node.attr not in LOOPS[scope[owner]]:
            self.unknown.add(f"{owner}.{node.attr}")
        self.seen.add(f"{scope[owner]}.{node.attr}")


def _not_allowed(what: str) -> Refusal:
    return guard.refused(
        _("A template prints fields, loops over a list of fields and asks what a field says; it does nothing else. Not so here: "
          "%(what)s.") % {"what": what[:60]},
        "not_allowed",
    )  # fmt: skip


def _syntax(error: TemplateSyntaxError, text: str) -> Refusal:
    """What is wrong, and the words that stand around it in the document."""
    lines = text.splitlines()
    around = " ".join(re.sub(r"<[^>]+>", "", line) for line in lines[max(0, error.lineno - 2) : error.lineno + 1])
    said = error.message or ""
    if "unknown tag" in said and "end" not in said:
        problem = _("an instruction that there is not")
    elif "end of template" in said.lower() or "endfor" in said or "endif" in said or "unknown tag" in said:
        problem = _("a loop or condition that does not begin and end")
    else:
        problem = _("braces that do not match, or a name that is not written right")
    return guard.refused(
        _("A field is not written right: %(problem)s. Near: “%(near)s”.")
        % {"problem": problem, "near": " ".join(around.split())[:120]},
        "syntax",
    )
