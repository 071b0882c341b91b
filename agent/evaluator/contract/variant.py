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

OP = "delta_rule_chunkwise"
OP_ARGUMENTS = ("q", "k", "v", "beta", "initial_state", "chunk_size")
DIMENSIONS = ("head", "key", "value")
ALLOWED_IMPORTS = ("torch", "math", "einops", "agent.kernels")
LARGEST_PARAMETER = 1 << 16
LARGEST_FILE = 100_000


class VariantRefused(UsageError):
    """The file is not a variant. The message says where and what to change."""


class WrongShape(UsageError):
    """The op ran, but what it returned is not what the contract says."""


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
        raise VariantRefused(f"{path}: after import, {OP} is no longer the function that the file defines")
    return Variant(op, declaration)


def parse_variant(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises VariantRefused where it cannot be read, is too large or is not Python."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # a device or a pipe may be read without end
        raise VariantRefused(f"{path}: cannot be read (it is no ordinary file); give the path of a variant file")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise VariantRefused(f"{path}: cannot be read ({error.strerror}); give the path of a variant file") from error
    if len(source) > LARGEST_FILE:
        raise VariantRefused(f"{path}: {len(source):,} bytes; a variant is one op, at most {LARGEST_FILE:,} bytes")
    try:
        return ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or "nested too deeply"
        raise VariantRefused(f"{path}{line}: not Python ({reason})") from error


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
                raise VariantRefused(
                    f"{path}, line {node.lineno}: imports {name}; a variant may import {', '.join(ALLOWED_IMPORTS)}"
                )


def _check_signature(tree: ast.Module, declaration: Declaration, path: Path) -> None:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == OP]
    if not functions:
        raise VariantRefused(f"{path}: has no function {OP}({', '.join(OP_ARGUMENTS)})")
    op = functions[-1]
    arguments = op.args
    positional = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    if tuple(positional[: len(OP_ARGUMENTS)]) != OP_ARGUMENTS:
        raise VariantRefused(
            f"{path}, line {op.lineno}: {OP}({', '.join(positional)}) must begin with ({', '.join(OP_ARGUMENTS)})"
        )
    if len(arguments.defaults) < len(positional) - 4:
        raise VariantRefused(f"{path}, line {op.lineno}: initial_state and chunk_size need defaults: None and 32")
    nameless = [*arguments.posonlyargs, arguments.vararg, arguments.kwarg]
    if odd := [argument.arg for argument in nameless if argument]:
        raise VariantRefused(
            f"{path}, line {op.lineno}: {', '.join(odd)}: each argument of {OP} is given by its name; write them out, "
            "without *, ** and /"
        )
    extra = set(positional[len(OP_ARGUMENTS) :]) | {argument.arg for argument in arguments.kwonlyargs}
    declared = {*declaration.inputs, *declaration.parameters}
    if both := declaration.inputs.keys() & declaration.parameters.keys():
        raise VariantRefused(f"{path}: {', '.join(sorted(both))}: declared as an input and as a parameter; keep one")
    if extra != declared:
        differing = ", ".join(sorted(extra ^ declared))
        raise VariantRefused(
            f"{path}, line {op.lineno}: {differing}: each further argument of {OP} must be declared in LEARNED_INPUTS "
            "or LEARNED_PARAMETERS, and each declared name must be an argument"
        )


def _literal(tree: ast.Module, name: str, path: Path) -> dict[str, Any]:
    """What a declaration says: one assignment at the top of the module, with or without an annotation, or nothing."""
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if not mentions:
        return {}
    match [node for node in tree.body if name in _targets(node)]:
        case [ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)] if len(mentions) == 1:
            pass
        case _:
            reason = f"{name} must be written once, at the top of the module, and not be used anywhere else"
            raise VariantRefused(f"{path}, line {mentions[-1].lineno}: {reason}")
    try:
        declared = ast.literal_eval(value)
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        raise VariantRefused(f"{path}, line {value.lineno}: {name} must be written out, not computed") from error
    if not isinstance(declared, dict) or not all(isinstance(key, str) and key.isidentifier() for key in declared):
        raise VariantRefused(f"{path}, line {value.lineno}: {name} must be a dict from argument names")
    return declared


def _targets(node: ast.stmt) -> list[str]:
    """The names that an assignment binds, each by itself."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _inputs(declared: dict[str, Any], path: Path) -> dict[str, str]:
    for name, kind in declared.items():
        if kind not in DIMENSIONS:
            raise VariantRefused(f"{path}: LEARNED_INPUTS[{name!r}] is {kind!r}; it must be one of {DIMENSIONS}")
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
            raise VariantRefused(
                f"{path}: LEARNED_PARAMETERS[{name!r}] must be ((dimensions), (low, high)), at most three dimensions, "
                f"each of {DIMENSIONS} or a whole number up to {LARGEST_PARAMETER}"
            ) from error
        parameters[name] = parameter
    return parameters
