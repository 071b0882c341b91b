"""A variant: one Python module whose `delta_rule_chunkwise` is the op of the mixer, and what it declares.

A declaration is data at the top of the module, so that it can be read without running anything:

    LEARNED_INPUTS = {"gate": "head"}
        keyword arguments of the op, each a linear projection of the hidden state without activation:
        "head" arrives as (B, H, L), "key" as (B, H, L, K), "value" as (B, H, L, V).
    LEARNED_PARAMETERS = {"decay": (("head", "key"), (0.0, 1.0))}
        keyword arguments of the op that do not depend on the token: the shape, of the words above and of whole
        numbers, and the range that initial values are drawn from. They arrive with a leading batch dimension, here
        (B, H, K), so that one call can serve replicas whose parameters differ.
"""

import ast
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.core.errors import UsageError
from agent.core.reason import Field, Reason

OP = "delta_rule_chunkwise"
OP_ARGUMENTS = ("q", "k", "v", "beta", "initial_state", "chunk_size")
DIMENSIONS = ("head", "key", "value")
ALLOWED_IMPORTS = ("torch", "math", "einops", "agent.kernels")
LARGEST_PARAMETER = 1 << 16
LARGEST_FILE = 100_000


class VariantRefused(UsageError):
    """The file is not a variant. The reason says where and what to change."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongShape(UsageError):
    """The op ran, but what it returned is not what the contract says."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class LearnedParameter:
    """A parameter of the op itself: its shape in words and whole numbers, and the range of its initial values."""

    shape: tuple[str | int, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Declaration:
    """What a variant asks the layer for."""

    inputs: Mapping[str, str]
    parameters: Mapping[str, LearnedParameter]


@dataclass(frozen=True)
class Variant:
    """A loaded variant."""

    op: Callable[..., tuple[Any, Any]]
    declaration: Declaration


def read_declaration(path: Path) -> Declaration:
    """Check a file without running it, and read what it declares.

    Raises VariantRefused when the file is missing, is not Python, lacks the op, gives it another signature, imports
    what it may not, or declares what cannot be supplied.
    """
    tree = parse_variant(path)
    _check_imports(tree, path)
    declaration = Declaration(
        _inputs(_literal(tree, "LEARNED_INPUTS", path), path),
        _parameters(_literal(tree, "LEARNED_PARAMETERS", path), path),
    )
    _check_signature(tree, declaration, path)
    return declaration


def load_variant(path: Path) -> Variant:
    """Run the module and take its op. To be called in a worker only: the code is not to be trusted."""
    declaration = read_declaration(path)
    name = f"variant_{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # torch.compile finds what a function refers to by the name of its module
    spec.loader.exec_module(module)
    op = getattr(module, OP, None)
    if not inspect.isfunction(op):
        raise VariantRefused(Reason("failure.op_replaced", {"file": str(path)}))
    return Variant(op, declaration)


def parse_variant(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises VariantRefused where it cannot be read, is too large or is not Python."""
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
    try:
        return ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise VariantRefused(_not_python(path, error)) from error


def _not_python(path: Path, error: Exception) -> Reason:
    """Why Python cannot read a file, in its own words."""
    if isinstance(error, SyntaxError) and error.lineno:
        return Reason("failure.not_python_at_line", {"file": str(path), "line": error.lineno, "error": error.msg})
    if str(error):
        return Reason("failure.not_python", {"file": str(path), "error": str(error)})
    return Reason("failure.nested", {"file": str(path)})


def _check_imports(tree: ast.Module, path: Path) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        for name in names:
            if not any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED_IMPORTS):
                allowed = ", ".join(ALLOWED_IMPORTS)
                place: dict[str, Field] = {"file": str(path), "line": node.lineno}
                raise VariantRefused(Reason("failure.import", place | {"name": name, "allowed": allowed}))


def _check_signature(tree: ast.Module, declaration: Declaration, path: Path) -> None:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == OP]
    if not functions:
        raise VariantRefused(Reason("failure.no_op", {"file": str(path), "op": f"{OP}({', '.join(OP_ARGUMENTS)})"}))
    op = functions[-1]
    place: dict[str, Field] = {"file": str(path), "line": op.lineno}
    arguments = op.args
    positional = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    if tuple(positional[: len(OP_ARGUMENTS)]) != OP_ARGUMENTS:
        written, wanted = f"{OP}({', '.join(positional)})", f"({', '.join(OP_ARGUMENTS)})"
        raise VariantRefused(Reason("failure.op_arguments", place | {"op": written, "wanted": wanted}))
    if len(arguments.defaults) < len(positional) - 4:
        raise VariantRefused(Reason("failure.op_defaults", place))
    nameless = [*arguments.posonlyargs, arguments.vararg, arguments.kwarg]
    if odd := [argument.arg for argument in nameless if argument]:
        raise VariantRefused(Reason("failure.op_unnamed", place | {"names": ", ".join(odd)}))
    extra = set(positional[len(OP_ARGUMENTS) :]) | {argument.arg for argument in arguments.kwonlyargs}
    declared = {*declaration.inputs, *declaration.parameters}
    if both := declaration.inputs.keys() & declaration.parameters.keys():
        raise VariantRefused(Reason("failure.declared_twice", {"file": str(path), "names": ", ".join(sorted(both))}))
    if extra != declared:
        raise VariantRefused(Reason("failure.undeclared", place | {"names": ", ".join(sorted(extra ^ declared))}))


def _literal(tree: ast.Module, name: str, path: Path) -> dict[str, Any]:
    """What a declaration says: one assignment at the top of the module, with or without an annotation, or nothing."""
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if not mentions:
        return {}
    match [node for node in tree.body if name in _targets(node)]:
        case [ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)] if len(mentions) == 1:
            pass
        case _:
            facts: dict[str, Field] = {"file": str(path), "line": mentions[-1].lineno, "name": name}
            raise VariantRefused(Reason("failure.declaration_repeated", facts))
    facts = {"file": str(path), "line": value.lineno, "name": name}
    try:
        declared = ast.literal_eval(value)
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        raise VariantRefused(Reason("failure.declaration_computed", facts)) from error
    if not isinstance(declared, dict) or not all(isinstance(key, str) and key.isidentifier() for key in declared):
        raise VariantRefused(Reason("failure.declaration_not_dict", facts))
    return declared


def _targets(node: ast.stmt) -> list[str]:
    """The names that an assignment binds, each by itself."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
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
            parameter = LearnedParameter(tuple(shape), float(low), float(high))
            fixed = [size for size in parameter.shape if size not in DIMENSIONS]
            in_range = all(isinstance(size, int) and 0 < size <= LARGEST_PARAMETER for size in fixed)
            if not (in_range and len(parameter.shape) <= 3 and abs(low) <= high - low + abs(low) < float("inf")):
                raise ValueError
        except (TypeError, ValueError, OverflowError) as error:
            where: dict[str, Field] = {"file": str(path), "name": repr(name)}
            allowed: dict[str, Field] = {"allowed": str(DIMENSIONS), "most": LARGEST_PARAMETER}
            raise VariantRefused(Reason("failure.parameter_form", where | allowed)) from error
        parameters[name] = parameter
    return parameters
