"""What a variant asks the layer for, read from its syntax tree without running anything.

LEARNED_INPUTS = {"gate": "head"}
    keyword arguments of the op, each a linear projection of the hidden state without activation:
    "head" arrives as (B, H, L), "key" as (B, H, L, K), "value" as (B, H, L, V).
LEARNED_PARAMETERS = {"decay": (("head", "key"), (0.0, 1.0))}
    keyword arguments of the op that do not depend on the token: the shape, of the words above and of whole
    numbers, and the range that initial values are drawn from. They arrive with a leading batch dimension, here
    (B, H, K), so that one call can serve replicas whose parameters differ.
"""

import ast
import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from agent.core.reason import Field, Reason
from agent.evaluator.contract.constants import NotConstant, constants, value_of
from agent.evaluator.contract.refusal import VariantRefused

OP = "delta_rule_chunkwise"
OP_INPUTS = ("q", "k", "v", "beta")
OP_OPTIONS = ("initial_state", "chunk_size")
OP_ARGUMENTS = OP_INPUTS + OP_OPTIONS
DIMENSIONS = ("head", "key", "value")
# Names that the layer or a probe gives to something else.
RESERVED = frozenset([*OP_ARGUMENTS, "self", "cls", "cotangent"])
LONGEST_NAME = 64
MOST_NAMES = 32  # declared together
# Numbers that all learned parameters of a mixer may hold together, a channel of a head counting as 128.
MOST_NUMBERS = 1 << 18
CHANNELS = 128
LARGEST_PARAMETER = 1 << 16


@dataclass(frozen=True)
class LearnedParameter:
    """A parameter of the op itself: its shape in words and whole numbers, and the range of its initial values."""

    shape: tuple[str | int, ...]
    low: float
    high: float

    @property
    def numbers(self) -> int:
        """How many numbers it holds at most."""
        return prod(1 if kind == "head" else CHANNELS if kind in DIMENSIONS else int(kind) for kind in self.shape)


@dataclass(frozen=True)
class Declaration:
    """What a variant asks the layer for."""

    inputs: Mapping[str, str]
    parameters: Mapping[str, LearnedParameter]


def declared_in(tree: ast.Module, path: Path) -> Declaration:
    """The declaration of a file, which its op's arguments fit. Raises VariantRefused where they do not."""
    declaration = Declaration(
        _inputs(_literal(tree, "LEARNED_INPUTS", path), path),
        _parameters(_literal(tree, "LEARNED_PARAMETERS", path), path),
    )
    _check_names(declaration, path)
    _check_arguments(tree, declaration, path)
    return declaration


def _literal(tree: ast.Module, name: str, path: Path) -> dict[str, Any]:
    """What a declaration says: one assignment at the top of the module, of constants; {} where there is none."""
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if not mentions:
        return {}
    match [node for node in tree.body if name in _targets(node)]:
        case [ast.Assign(value=value)] if len(mentions) == 1:
            pass
        case _:
            facts: dict[str, Field] = {"file": str(path), "line": mentions[-1].lineno, "name": name}
            raise VariantRefused(Reason("failure.declaration_repeated", facts))
    facts = {"file": str(path), "line": value.lineno, "name": name}
    try:
        declared = value_of(value, constants(tree))
    except NotConstant as error:
        raise VariantRefused(Reason("failure.declaration_computed", facts)) from error
    if not isinstance(declared, dict) or not all(isinstance(key, str) and key.isidentifier() for key in declared):
        raise VariantRefused(Reason("failure.declaration_not_dict", facts))
    return declared


def _targets(node: ast.stmt) -> list[str]:
    """The names that an assignment binds, each by itself."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _inputs(declared: dict[str, Any], path: Path) -> dict[str, str]:
    for name, kind in declared.items():
        if kind not in DIMENSIONS:
            facts = {"file": str(path), "name": repr(name), "kind": repr(kind), "allowed": str(DIMENSIONS)}
            raise VariantRefused(Reason("failure.input_kind", facts))
    return declared


def _parameters(declared: dict[str, Any], path: Path) -> dict[str, LearnedParameter]:
    parameters = {}
    for name, value in declared.items():
        try:
            shape, (low, high) = value
            single = isinstance(shape, str | int)
            parameter = LearnedParameter((shape,) if single else tuple(shape), float(low), float(high))
            fixed = [size for size in parameter.shape if size not in DIMENSIONS]
            in_range = all(type(size) is int and 0 < size <= LARGEST_PARAMETER for size in fixed)
            bounded = all(map(math.isfinite, (low, high, high - low))) and low <= high
            if not (in_range and len(parameter.shape) <= 3 and bounded):
                raise ValueError
        except (TypeError, ValueError, OverflowError) as error:
            where: dict[str, Field] = {"file": str(path), "name": repr(name), "found": f"{value!r:.100}"}
            allowed: dict[str, Field] = {"allowed": str(DIMENSIONS), "most": LARGEST_PARAMETER}
            raise VariantRefused(Reason("failure.parameter_form", where | allowed)) from error
        parameters[name] = parameter
    return parameters


def _check_names(declaration: Declaration, path: Path) -> None:
    """That each declared name can be an argument of its own, and that all declared sizes together are bounded."""
    names = [*declaration.inputs, *declaration.parameters]
    facts: dict[str, Field] = {"file": str(path)}
    for name in names:
        plain = name.isascii() and not name.startswith("_") and not keyword.iskeyword(name)
        if name in RESERVED or not plain or len(name) > LONGEST_NAME:
            raise VariantRefused(Reason("failure.reserved_name", facts | {"name": name[:LONGEST_NAME]}))
    if both := declaration.inputs.keys() & declaration.parameters.keys():
        raise VariantRefused(Reason("failure.declared_twice", facts | {"names": ", ".join(sorted(both))}))
    if len(names) > MOST_NAMES:
        raise VariantRefused(Reason("failure.many_declared", facts | {"found": len(names), "most": MOST_NAMES}))
    numbers = sum(parameter.numbers for parameter in declaration.parameters.values())
    if numbers > MOST_NUMBERS:
        raise VariantRefused(Reason("failure.large_declared", facts | {"found": numbers, "most": MOST_NUMBERS}))


def _check_arguments(tree: ast.Module, declaration: Declaration, path: Path) -> None:
    """That the op takes what it is handed, by name, and nothing else that has no default."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == OP]
    if not functions:
        raise VariantRefused(Reason("failure.no_op", {"file": str(path), "op": f"{OP}({', '.join(OP_ARGUMENTS)})"}))
    op = functions[-1]
    place: dict[str, Field] = {"file": str(path), "line": op.lineno}
    given = op.args
    nameless = [*given.posonlyargs, given.vararg, given.kwarg]
    if odd := [argument.arg for argument in nameless if argument]:
        raise VariantRefused(Reason("failure.op_unnamed", place | {"names": ", ".join(odd)}))
    positional = [argument.arg for argument in given.args]
    every = {*positional, *(argument.arg for argument in given.kwonlyargs)}
    if tuple(positional[: len(OP_INPUTS)]) != OP_INPUTS or not every.issuperset(OP_OPTIONS):
        written, wanted = f"{OP}({', '.join(positional)})", f"({', '.join(OP_ARGUMENTS)})"
        raise VariantRefused(Reason("failure.op_arguments", place | {"op": written, "wanted": wanted}))
    optional = {*positional[len(positional) - len(given.defaults) :]} | {
        argument.arg for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default
    }
    if not optional.issuperset(OP_OPTIONS):
        raise VariantRefused(Reason("failure.op_defaults", place))
    declared = {*declaration.inputs, *declaration.parameters}
    if odd := sorted((declared - every) | (every - {*OP_ARGUMENTS} - declared - optional)):
        raise VariantRefused(Reason("failure.undeclared", place | {"names": ", ".join(odd)}))
