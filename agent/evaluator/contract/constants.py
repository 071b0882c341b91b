"""The values of constant expressions, worked out without running a file."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 1e18  # of a number that may come out, and LARGEST_POWER of an exponent
LARGEST_POWER = 64

_OPERATIONS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    name: getattr(math, name) for name in ("ceil", "exp", "expm1", "floor", "log", "log1p", "log2", "sqrt", "tanh")
}
_NUMBERS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf}


class NotConstant(ValueError):
    """An expression whose value its text alone does not give."""


def constants(tree: ast.Module) -> dict[str, Any]:
    """The names that the top of a file binds once to a constant, and their values."""
    found: dict[str, Any] = {}
    bound: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                try:
                    found[name] = value_of(value, found)
                except NotConstant:
                    found.pop(name, None)
                if name in bound:
                    found.pop(name, None)
                bound.add(name)
    return found


def value_of(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """The value of a display, of arithmetic with numbers, or of a known name. Raises NotConstant for all else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Tuple(elts=parts):
            return tuple(value_of(part, known) for part in parts)
        case ast.List(elts=parts):
            return [value_of(part, known) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return {_key(key, known): value_of(value, known) for key, value in zip(keys, values, strict=True)}
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=named) if all(each.arg for each in named):
            return {str(each.arg): value_of(each.value, known) for each in named}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            number = _number(operand, known)
            return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp():
            return _computed(node, known)
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in _NUMBERS:
            return _NUMBERS[name]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=name), args=[argument], keywords=[]) if (
            name in _FUNCTIONS
        ):
            return _bounded(lambda: _FUNCTIONS[name](_number(argument, known)))
    raise NotConstant(ast.dump(node)[:100])


def _key(node: ast.expr | None, known: Mapping[str, Any]) -> str:
    key = None if node is None else value_of(node, known)
    if not isinstance(key, str):
        raise NotConstant("a key that is no text")
    return key


def _number(node: ast.expr, known: Mapping[str, Any]) -> Any:
    value = value_of(node, known)
    if type(value) not in (int, float):
        raise NotConstant(f"{value!r:.100} is no number")
    return value


def _computed(node: ast.BinOp, known: Mapping[str, Any]) -> Any:
    left, right = _number(node.left, known), _number(node.right, known)
    operation = _OPERATIONS.get(type(node.op))
    if operation is None or (isinstance(node.op, ast.Pow) and abs(right) > LARGEST_POWER):
        raise NotConstant("an operation that is not worked out")
    return _bounded(lambda: operation(left, right))


def _bounded(work: Callable[[], Any]) -> Any:
    """What comes out, if it is a number of an ordinary size."""
    try:
        value = work()
    except (ArithmeticError, ValueError, TypeError) as error:
        raise NotConstant(str(error)) from error
    if type(value) not in (int, float) or not abs(value) <= LARGEST:
        raise NotConstant(f"{value!r:.100} is no number of an ordinary size")
    return value
