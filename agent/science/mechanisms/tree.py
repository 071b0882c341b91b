"""Expressions of a syntax tree, taken apart as a formula: its terms, its factors, and changes of shape."""

import ast
from collections.abc import Callable, Iterator

# Methods that move, cut or copy numbers and leave each as it is.
SHAPING = {
    "unsqueeze", "squeeze", "flatten", "unflatten", "reshape", "view", "to", "float", "contiguous", "expand", "clone",
    "detach", "unbind", "transpose", "movedim", "permute", "type_as", "expand_as", "mT", "T",
}  # fmt: skip
# Functions of the same kind, of their first argument.
SHAPING_CALLS = {"split_into_chunks", "pad", "cat", "stack", "list", "tuple", "rearrange", "repeat"}

# What makes a tensor of nothing but a shape.
EMPTY = {"zeros_like", "ones_like", "empty_like", "full_like", "zeros", "ones", "empty", "arange", "eye"}


def called(node: ast.AST) -> str:
    """The last name of what a call calls, as `softmax` of F.softmax(x) and of x.softmax(); nothing for no call."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def is_method(node: ast.Call) -> bool:
    """Whether a call is of a value's own method, as x.tanh(), and not of a module's function, as torch.tanh(x)."""
    return isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "F", "math", "einops")
    )


def subject(node: ast.Call) -> ast.expr | None:
    """What a call works on: the object of a method, else its first argument; None where there is neither."""
    if is_method(node):
        assert isinstance(node.func, ast.Attribute)
        return node.func.value
    return node.args[0] if node.args else None


def bare(node: ast.expr) -> ast.expr:
    """An expression without what only changes its shape or cuts a part out of it."""
    while True:
        inner: ast.expr | None = None
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in SHAPING):
            inner = node.value
        elif isinstance(node, ast.Call) and (
            called(node) in SHAPING if is_method(node) else called(node) in SHAPING_CALLS
        ):
            inner = subject(node)
        if inner is None:
            return node
        node = inner


def either(one: ast.expr, other: ast.expr) -> ast.expr:
    """An expression that is one of two."""
    return ast.BoolOp(ast.Or(), [one, other])


def alternatives(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may be: both branches of a condition."""
    match bare(node):
        case ast.IfExp(body=body, orelse=orelse):
            yield from alternatives(body)
            yield from alternatives(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from alternatives(value)
        case other:
            yield other


def terms(node: ast.expr) -> Iterator[ast.expr]:
    """What is added and subtracted, signs left out."""
    match bare(node):
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            yield from terms(left)
            yield from terms(right)
        case ast.UnaryOp(operand=operand):
            yield from terms(operand)
        case other:
            yield other


def factors(node: ast.expr) -> Iterator[ast.expr]:
    """What is multiplied entry by entry; of a quotient what stands above."""
    match bare(node):
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from factors(left)
            yield from factors(right)
        case ast.BinOp(left=left, op=ast.Div()):
            yield from factors(left)
        case ast.UnaryOp(operand=operand):
            yield from factors(operand)
        case other:
            yield other


def names(node: ast.AST) -> set[str]:
    """Every name whose numbers take part in an expression, not those that only lend it their shape or device."""
    match node:
        case ast.Name(id=name):
            return {name}
        case ast.Attribute(attr="shape" | "device" | "dtype"):
            return set()
        case ast.Call() if called(node).startswith("new_") or called(node) in EMPTY:
            return set()
    return {name for inner in ast.iter_child_nodes(node) for name in names(inner)}


def products(node: ast.AST) -> Iterator[ast.BinOp]:
    """The matrix products in an expression."""
    yield from (each for each in ast.walk(node) if isinstance(each, ast.BinOp) and isinstance(each.op, ast.MatMult))


def calls(node: ast.AST, *wanted: str) -> Iterator[ast.Call]:
    """The calls of some functions or methods in an expression."""
    yield from (each for each in ast.walk(node) if isinstance(each, ast.Call) and called(each) in wanted)


def substituted(node: ast.expr, name: str, value: ast.expr) -> ast.expr:
    """An expression with a name replaced."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, found: ast.Name) -> ast.expr:
            return value if found.id == name else found

    return _visited(Replace().visit, ast.parse(ast.unparse(node), mode="eval").body)


def _visited(visit: Callable[[ast.AST], ast.AST], node: ast.expr) -> ast.expr:
    found = visit(node)
    assert isinstance(found, ast.expr)
    return found
