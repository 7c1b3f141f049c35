"""The product's own source, parsed once: what the rules of this suite look at."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("inventory", "enquiries", "contracts", "security", "reports", "office")


@dataclass(frozen=True)
class Source:
    """One file: its path below the root, and its tree."""

    path: str
    tree: ast.Module
    lines: int

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the product, migrations left out."""
    found = []
    for top in ("salescontrol", *APPS):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            text = path.read_text()
            found.append(Source(str(path.relative_to(ROOT)), ast.parse(text), text.count("\n")))
    return tuple(found)


@cache
def templates() -> tuple[tuple[str, str], ...]:
    """Every template: path and text."""
    return tuple(
        (str(path.relative_to(ROOT)), path.read_text()) for path in sorted((ROOT / "templates").rglob("*.html"))
    )


def name_of(call: ast.Call) -> str:
    """The last word of what is called: `update` of `Unit.objects.filter(…).update(…)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def chain(node: ast.AST) -> list[str]:
    """The words of a dotted expression from its root: `["Unit", "objects", "filter", "update"]`."""
    words: list[str] = []
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            words.append(node.id if isinstance(node, ast.Name) else "")
            return words[::-1]


def assigned(source: Source, name: str, before: int) -> list[str]:
    """The chain that the variable `name` was last given before a line of the same file (nearest assignment wins)."""
    found: list[str] = []
    line = 0
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and line < node.lineno < before:
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    found, line = chain(node.value), node.lineno
    return found
