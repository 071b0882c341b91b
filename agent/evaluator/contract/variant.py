"""A variant: one Python module whose `delta_rule_chunkwise` is the op of the mixer, and what it declares.

The declaration is data at the top of the module (agent/evaluator/contract/declaration.py), so that it can be read
without running anything.
"""

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.core.reason import Field, Reason
from agent.evaluator.contract.allowed import MODULES
from agent.evaluator.contract.declaration import OP, OP_ARGUMENTS, Declaration, LearnedParameter, declared_in
from agent.evaluator.contract.fresh import fresh_op, holds_nothing
from agent.evaluator.contract.modules import instead_of_module
from agent.evaluator.contract.parsing import LARGEST_FILE, parse_variant
from agent.evaluator.contract.refusal import VariantRefused, WrongShape

# Modules that a variant may import, the parts of torch left out.
ALLOWED_IMPORTS = tuple(module for module in MODULES if not module.startswith("torch."))

__all__ = [
    "ALLOWED_IMPORTS",
    "LARGEST_FILE",
    "OP",
    "OP_ARGUMENTS",
    "Declaration",
    "LearnedParameter",
    "Variant",
    "VariantRefused",
    "WrongShape",
    "load_variant",
    "read_declaration",
]


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
    tree = parse_variant(path).tree
    _check_imports(tree, path)
    return declared_in(tree, path)


def load_variant(path: Path) -> Variant:
    """Run the module, cleaned, and take its op. To be called in a worker only: the code is not to be trusted.

    A module that could hold something from call to call is run anew for each.
    """
    declaration = read_declaration(path)
    name = f"variant_{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # torch.compile finds what a function refers to by the name of its module
    tree = parse_variant(path).tree
    code = compile(tree, str(path), "exec")
    exec(code, module.__dict__)
    op = getattr(module, OP, None)
    if not inspect.isfunction(op):
        raise VariantRefused(Reason("failure.op_replaced", {"file": str(path)}))
    return Variant(op if holds_nothing(tree) else fresh_op(code, module), declaration)


def _check_imports(tree: ast.Module, path: Path) -> None:
    """The imports alone: the gate looks at all else, also at what is taken out of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        for name in names:
            if not any(name == allowed or name.startswith(allowed + ".") for allowed in MODULES):
                place: dict[str, Field] = {"file": str(path), "line": node.lineno}
                allowed = ", ".join(ALLOWED_IMPORTS)
                key = instead_of_module(name) or "failure.import"
                raise VariantRefused(Reason(key, place | {"name": name, "allowed": allowed}))
