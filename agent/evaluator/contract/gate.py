"""What no variant needs and no variant may hold: read from the syntax tree, before anything runs.

It is a sieve and no wall. What slips through runs in the jail all the same; but what can be read here is refused at
once, with a line number, where a worker would die of it with a riddle.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType

from agent.core.reason import Reason
from agent.evaluator.contract.forbidden import FORBIDDEN_ATTRIBUTES, FORBIDDEN_CALLS, OPEN_METHODS, OPEN_MODULES
from agent.evaluator.contract.variant import VariantRefused, parse_variant

ASSIGNABLE = ("self", "ctx")  # whose attributes may be set: an object of the variant's own, for as long as a call


def check_code(path: Path) -> None:
    """Refuse a file with what no op needs. Raises VariantRefused with the line and the reason."""
    tree = parse_variant(path)
    module_names = {name for node in tree.body for name in _bound(node)}
    for node, reason in chain(_offences(tree, module_names), _through_modules(tree)):
        raise VariantRefused(reason.having(file=str(path), line=getattr(node, "lineno", 1)))


def _offences(tree: ast.Module, module_names: set[str]) -> Iterator[tuple[ast.AST, Reason]]:
    plain = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _plain_getattr(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in FORBIDDEN_CALLS:
                yield node, Reason("failure.needless_name", {"name": name})
            case ast.Name(id=name) if _dunder(name) and name != "__name__":
                yield node, Reason("failure.uses_machinery", {"name": name})
            case ast.Name(id="getattr") if id(node) not in plain:
                yield node, Reason("failure.computed_attribute")
            case ast.Attribute(attr=name) if _bad(name):
                yield node, Reason("failure.needless_attribute", {"name": name})
            case ast.MatchClass(kwd_attrs=names) if bad := [name for name in names if _bad(name)]:
                yield node, Reason("failure.needless_attribute", {"name": bad[0]})
            case ast.ImportFrom(names=names) if bad := [alias.name for alias in names if _bad(alias.name)]:
                yield node, Reason("failure.needless_import", {"name": bad[0]})
            case ast.Import(names=names) if bad := [a.name for a in names if any(map(_bad, a.name.split(".")))]:
                yield node, Reason("failure.needless_import", {"name": bad[0]})
            case ast.Global() | ast.Nonlocal():
                yield node, Reason("failure.global")
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=owner, attr=name):
                if not (isinstance(owner, ast.Name) and owner.id in ASSIGNABLE):
                    yield node, Reason("failure.sets_attribute", {"name": name})
            case ast.Subscript(ctx=ast.Store() | ast.Del(), value=ast.Name(id=name)) if name in module_names:
                yield node, Reason("failure.outlives_call", {"name": name})
            case ast.AsyncFunctionDef() | ast.Await():
                yield node, Reason("failure.asynchronous")
            case ast.FunctionDef(name=name) if _dunder(name) and name not in OPEN_METHODS:
                yield node, Reason("failure.defines_machinery", {"name": name})
            case ast.ClassDef(keywords=[_, *_]):
                yield node, Reason("failure.needless_class")
            case ast.FunctionDef(args=arguments) | ast.Lambda(args=arguments):
                if odd := [each for each in _defaults(arguments) if not _constant(each)]:
                    yield odd[0], Reason("failure.changeable_default")


def _plain_getattr(call: ast.Call) -> bool:
    """Whether a call is of getattr with a name that is written out, and harmless."""
    match call:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return not _bad(name) and not any(isinstance(each, ast.Starred) for each in call.args)
    return False


def _through_modules(tree: ast.Module) -> Iterator[tuple[ast.AST, Reason]]:
    """What reaches through a module for another that no op needs, or hands a module itself around."""
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name, imported in _imported(node):
                if isinstance(imported, str):
                    yield node, Reason("failure.needless_import", {"name": imported})
                else:
                    modules[name] = imported
    owners = {id(node.value): node for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in modules:
            part: ast.AST = node
            found: object = modules[node.id]
            while isinstance(found, ModuleType) and found.__name__ in OPEN_MODULES:
                if id(part) not in owners:
                    yield part, Reason("failure.module_as_value", {"name": found.__name__})
                    break
                part = owner = owners[id(part)]
                found = getattr(found, owner.attr, None)
            else:
                if isinstance(found, ModuleType):
                    yield part, Reason("failure.needless_attribute", {"name": found.__name__})


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, ModuleType | str]]:
    """The modules that a statement binds to names, or, instead of one that no op needs, what it is called."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            whole = alias.name
            bound = whole if alias.asname else whole.partition(".")[0]
            yield (alias.asname or bound), (import_module(bound) if whole in OPEN_MODULES else whole)
        elif node.module not in OPEN_MODULES:
            yield alias.name, str(node.module)
        elif isinstance(found := getattr(import_module(node.module), alias.name, None), ModuleType):
            yield (alias.asname or alias.name), (found if found.__name__ in OPEN_MODULES else found.__name__)
        elif alias.name == "*" or alias.name.startswith("_"):
            yield alias.name, f"{node.module}.{alias.name}"


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds to objects which functions could write into."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _bad(name: str) -> bool:
    return name in FORBIDDEN_ATTRIBUTES or (_dunder(name) and name not in OPEN_METHODS)


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _constant(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.Attribute():
            return True
        case ast.Tuple(elts=parts):
            return all(map(_constant, parts))
        case ast.UnaryOp(operand=operand):
            return _constant(operand)
    return False
