"""The names that annotations read, and the imports that nothing else needs once annotations are gone.

A type that an argument is annotated with, such as FunctionCtx, computes nothing: its import may name any module, since
it is not run. An import that nothing reads at all stays for the gate.
"""

import ast
from collections.abc import Iterator


def names_in_annotations(tree: ast.Module) -> frozenset[str]:
    """The names that the annotations of a file read, also those that stand in quotes."""
    return frozenset(name for annotation in _annotations(tree) for name in _names(annotation))


def without_imports_of(annotated: frozenset[str], tree: ast.Module) -> None:
    """Leave out of `tree`, whose annotations are gone, what its top imports as one of these names and no code names."""
    unneeded = annotated - {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [alias for alias in statement.names if _bound(alias, statement) not in unneeded]
    tree.body = [each for each in tree.body if not isinstance(each, ast.Import | ast.ImportFrom) or each.names]


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield annotation
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield annotation


def _names(annotation: ast.expr) -> Iterator[str]:
    for node in ast.walk(annotation):
        match node:
            case ast.Name(id=name):
                yield name
            case ast.Constant(value=str(words)):
                yield from _quoted(words)


def _quoted(words: str) -> list[str]:
    """The names in an annotation that is written as a text; none where it is no expression, as "b h l d"."""
    try:
        expression = ast.parse(words, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.id for node in ast.walk(expression) if isinstance(node, ast.Name)]


def _bound(alias: ast.alias, statement: ast.Import | ast.ImportFrom) -> str:
    """The name that an import binds."""
    whole = alias.asname or alias.name
    return whole.partition(".")[0] if isinstance(statement, ast.Import) else whole
