"""Python as somebody wrote it: mended where an editor or a page got in between, and what a file leaves undefined."""

import ast
import builtins
import html
import textwrap

OP = "delta_rule_chunkwise"
# What a keyboard or a translation puts in place of the signs of Python.
SIGNS = str.maketrans("\u00a0\u3000，（）：；“”„‘’＝＋－＊／", '  ,():;"""\'\'=+-*/')


def python(text: str) -> tuple[str, ast.Module | None]:
    """A text as Python and its syntax tree, mended where an editor or a page got in between; None where it is none."""
    for mended in (lambda: text, lambda: textwrap.dedent(text), lambda: html.unescape(text), lambda: _plain(text)):
        source = mended()
        try:
            return source, ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return text, None


def _plain(text: str) -> str:
    """A text with the signs of Python where others look like them."""
    return textwrap.dedent(html.unescape(text).translate(SIGNS))


def has_op(tree: ast.Module | None) -> bool:
    """Whether a file defines the op."""
    return tree is not None and any(isinstance(node, ast.FunctionDef) and node.name == OP for node in tree.body)


def undefined(tree: ast.Module) -> set[str]:
    """The names that a file uses and never defines: what is a part of a file uses names of the rest."""
    used, known = set(), set(dir(builtins)) | {"__name__", "__file__"}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                known.add(name)
            case ast.alias(name=name, asname=asname):
                known.add(asname or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)):
                known.add(name)
    return used - known
