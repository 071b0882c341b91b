"""From a file to the syntax tree that is checked and run."""

import ast
import io
import tokenize
from pathlib import Path

from agent.core.reason import Reason
from agent.evaluator.contract.cleaning import Cleaned, clean
from agent.evaluator.contract.refusal import VariantRefused

LARGEST_FILE = 100_000  # bytes
# How many expressions may stand within each other. Python's own compiler and all that walks a tree here call themselves
# once or twice a level, and come to their limit at some hundreds.
DEEPEST = 120


def parse_variant(path: Path) -> Cleaned:
    """The cleaned syntax tree of a file.

    Raises VariantRefused where it cannot be read, is too large, is not Python or is nested too deeply.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):  # a device or a pipe may be read without end
        raise VariantRefused(Reason("failure.not_a_file", {"file": str(path)}))
    try:
        source = path.read_bytes()
    except OSError as error:
        raise VariantRefused(Reason("failure.unreadable", {"file": str(path), "error": str(error.strerror)})) from error
    if len(source) > LARGEST_FILE:
        raise VariantRefused(
            Reason("failure.large_file", {"file": str(path), "size": len(source), "most": LARGEST_FILE})
        )
    _check_encoding(source, path)
    try:
        tree = ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise VariantRefused(_not_python(path, source, error)) from error
    _check_depth(tree, path)
    return clean(tree)


def _check_encoding(source: bytes, path: Path) -> None:
    """A variant is UTF-8: what is kept of it, compared and sent to workers is its text."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError:  # none that Python knows: it says so itself
        encoding = "utf-8"
    if encoding not in ("utf-8", "utf-8-sig", "ascii"):
        raise VariantRefused(Reason("failure.other_encoding", {"file": str(path), "encoding": encoding}))
    try:
        source.decode()
    except UnicodeDecodeError as error:  # Python itself takes any byte in a comment
        raise VariantRefused(Reason("failure.not_utf8", {"file": str(path), "error": str(error)})) from error


def _not_python(path: Path, source: bytes, error: Exception) -> Reason:
    """Why Python cannot read a file, in its own words."""
    if b"\0" in source:
        words = error.msg if isinstance(error, SyntaxError) else str(error)
        return Reason("failure.not_utf8", {"file": str(path), "error": words})
    if isinstance(error, SyntaxError) and error.lineno:
        return Reason("failure.not_python_at_line", {"file": str(path), "line": error.lineno, "error": error.msg})
    if str(error):
        return Reason("failure.not_python", {"file": str(path), "error": str(error)})
    return Reason("failure.nested", {"file": str(path)})


def _check_depth(tree: ast.Module, path: Path) -> None:
    """Without recursion, since it is what recursion cannot do that is looked for."""
    waiting: list[tuple[ast.AST, int, int]] = [(tree, 0, 1)]
    while waiting:
        node, depth, line = waiting.pop()
        line = getattr(node, "lineno", line)
        if depth > DEEPEST:
            facts = {"file": str(path), "line": line, "most": DEEPEST}
            raise VariantRefused(Reason("failure.nested_at_line", facts))
        waiting += [(child, depth + 1, line) for child in ast.iter_child_nodes(node)]
