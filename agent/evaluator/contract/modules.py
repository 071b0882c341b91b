"""What a file imports, and which expressions name a module: torch, nn.functional, F."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.core.reason import Reason
from agent.evaluator.contract.allowed import INSTEAD, INSTEAD_OF_MODULES, MODULES
from agent.evaluator.contract.names import Names

Refusals = Iterator[tuple[ast.AST, Reason]]


@dataclass(frozen=True)
class Modules:
    """`named` has the modules of a file by the names that it gave them."""

    named: Mapping[str, str]

    def of(self, node: ast.expr) -> str:
        """The full name of the listed module that an expression names; "" for anything else."""
        match node:
            case ast.Name(id=name):
                return self.named.get(name, "")
            case ast.Attribute(value=owner, attr=name):
                module = self.of(owner)
                full = f"{module}.{name}"
                return full if module and name in MODULES[module] and full in MODULES else ""
        return ""

    def function(self, node: ast.expr, imported: Mapping[str, str]) -> str:
        """The full name of the listed function or class that an expression names; "" for anything else."""
        match node:
            case ast.Name(id=name):
                return imported.get(name, "")
            case ast.Attribute(value=owner, attr=name) if module := self.of(owner):
                return f"{module}.{name}"
        return ""


def read_modules(tree: ast.Module, names: Names) -> tuple[Modules, list[tuple[ast.AST, Reason]]]:
    """The modules that a file imports, and what it imports that it may not."""
    named: dict[str, str] = {}
    refused: list[tuple[ast.AST, Reason]] = []
    for node in ast.walk(tree):
        for name, full, allowed in _imported(node):
            if not allowed:
                refused.append((node, _refusal(full)))
            elif named.get(name, full) != full:
                refused.append((node, Reason("failure.module_shadowed", {"name": name, "module": named[name]})))
            elif full in MODULES:
                named[name] = full
    refused += [
        (node, Reason("failure.module_shadowed", {"name": name, "module": named[name]}))
        for node, name in _other_bindings(tree)
        if name in named
    ]
    return Modules(named), refused


def imported_functions(tree: ast.Module) -> dict[str, str]:
    """Functions and classes that a file imports by name, and gives that name to nothing else -> their full names."""
    taken = {name for _, name in _other_bindings(tree)}
    found = [(name, full) for node in ast.walk(tree) for name, full, _ in _imported(node) if full not in MODULES]
    return {name: full for name, full in found if name not in taken}


def _imported(node: ast.AST) -> Iterator[tuple[str, str, bool]]:
    """What a statement imports: the name that it binds, the full name, and whether that is on the list."""
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                first = alias.name.partition(".")[0]
                allowed = alias.name in MODULES and (bool(alias.asname) or first in MODULES)
                yield alias.asname or first, alias.name if alias.asname or not allowed else first, allowed
        case ast.ImportFrom(module=module, names=aliases, level=level):
            for alias in aliases:
                allowed = not level and module in MODULES and alias.name in MODULES[module]
                yield alias.asname or alias.name, f"{'.' * level}{module or ''}.{alias.name}", allowed


def instead_of_module(full: str) -> str:
    """The key of what is said of a module, or of what stands in one, where what to write instead is known; else ""."""
    parts = full.split(".")
    around = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return next((INSTEAD_OF_MODULES[name] for name in around if name in INSTEAD_OF_MODULES), "")


def _refusal(full: str) -> Reason:
    """Why something may not be imported: the module is not listed, or its name is not."""
    module, _, name = full.rpartition(".")
    known = module in MODULES
    if of_module := instead_of_module(full):
        return Reason(of_module, {"name": full, "allowed": ", ".join(MODULES)})
    hint = INSTEAD.get(name if known else full.lstrip(".").partition(".")[0])
    if hint:
        return Reason(hint, {"name": name if known else full})
    if known:
        return Reason("failure.unlisted_in_module", {"name": name, "module": module})
    return Reason("failure.unlisted_import", {"name": full, "allowed": ", ".join(MODULES)})


def _other_bindings(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The names that a file binds otherwise than by an import."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del(), id=name) | ast.arg(arg=name):
                yield node, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield node, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield node, name
