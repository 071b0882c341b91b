"""Python as somebody wrote it: mended where an editor or a page got in between, and what a file leaves undefined."""

import ast
import builtins
import html
import symtable
import textwrap
from functools import lru_cache

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


@lru_cache(maxsize=1024)
def undefined(source: str) -> frozenset[str]:
    """The names that a file uses where they are not defined: those of another function, or of the rest of the file."""
    module = symtable.symtable(source, "a variant", "exec")
    known = {*dir(builtins), "__name__", "__file__"} | {
        symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    }
    scopes, missing = [module], set()
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        of_module = (symbol for symbol in scope.get_symbols() if symbol.is_global() or scope is module)
        missing |= {symbol.get_name() for symbol in of_module if symbol.is_referenced()} - known
    return frozenset(missing)
