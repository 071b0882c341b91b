"""What a naive function carries from token to token: where it begins, and whether it may be handed in."""

import ast
from collections.abc import Iterator

ZEROS = ("zeros", "new_zeros", "zeros_like")


def carried(function: ast.FunctionDef) -> tuple[str, ...]:
    """The names that a loop of a function binds anew from what they were, in the order of the function."""
    names = [name for loop in _loops(function) for node in own_nodes(loop) for name in _from_itself(node)]
    return tuple(dict.fromkeys(names))


def starts(function: ast.FunctionDef) -> tuple[str, ...]:
    """Names that begin as zeros, or as nothing, before a loop, and are bound again within it."""
    changed = {
        name for loop in _loops(function) for node in own_nodes(loop) for name in bound(node) if not _counts(node)
    }
    found = [name for node in function.body for name, value in _bindings(node) if _is_nothing(value)]
    return tuple(dict.fromkeys(name for name in found if name in changed))


def bound(node: ast.AST) -> list[str]:
    """The names that a statement binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All within a node but what stands in functions of its own."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from own_nodes(child)


def _loops(function: ast.FunctionDef) -> list[ast.AST]:
    return [node for node in own_nodes(function) if isinstance(node, ast.For | ast.While)]


def _from_itself(node: ast.AST) -> list[str]:
    """The names that a statement makes of what they were; a number that counts is none."""
    if isinstance(node, ast.AugAssign):
        return [] if _counts(node) else bound(node)
    if not isinstance(node, ast.Assign):
        return []
    used = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
    return [name for name in bound(node) if name in used]


def _counts(node: ast.AST) -> bool:
    """Whether a statement adds a number to a name, as a count of tokens does."""
    return isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Constant)


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What each name is bound to."""
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value] * len(target.elts)
            for part, value in zip(target.elts, values, strict=False):
                if isinstance(part, ast.Name):
                    yield part.id, value


def _is_nothing(value: ast.expr) -> bool:
    """Whether a value is zeros, the number 0 or None."""
    if isinstance(value, ast.Constant):
        return value.value is None or (isinstance(value.value, int | float) and value.value == 0)
    calls = [each.func for each in ast.walk(value) if isinstance(each, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in ZEROS for call in calls)
