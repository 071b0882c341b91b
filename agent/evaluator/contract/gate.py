"""What a variant may hold: a list of names, read from the syntax tree before anything runs.

Every name that a file uses is one that it binds itself or one that agent/evaluator/contract/allowed.py lists; what is
not listed is refused with its line and what to write instead. Attributes are set on objects of the file's own classes
alone (agent/evaluator/contract/classes.py), and nothing that a call changes outlives it
(agent/evaluator/contract/top.py). With that, no expression leads to Python's own machinery.

It is a sieve and no wall. What slips through runs in the jail all the same.
"""

import ast
import builtins
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from agent.core.reason import Reason
from agent.evaluator.contract.allowed import ATTRIBUTES, BUILTINS, INSTEAD, MODULES, SPECIAL_BUILTINS
from agent.evaluator.contract.classes import OwnClasses, is_machinery, read_classes
from agent.evaluator.contract.forms import other_forms
from agent.evaluator.contract.modules import Modules, Refusals, read_modules
from agent.evaluator.contract.names import Names, read_names
from agent.evaluator.contract.parsing import parse_variant
from agent.evaluator.contract.refusal import VariantRefused
from agent.evaluator.contract.top import outliving

PYTHONS = frozenset(dir(builtins))
SPECIAL = {
    "getattr": "failure.special_getattr",
    "hasattr": "failure.special_getattr",
    "super": "failure.special_super",
    "type": "failure.special_type",
}
# What is said where a listed name is spelt much alike.
NEAR = {
    "failure.unlisted_name": "failure.unlisted_name_near",
    "failure.unlisted_attribute": "failure.unlisted_attribute_near",
    "failure.unlisted_in_module": "failure.unlisted_in_module_near",
}


def check_code(path: Path) -> tuple[Reason, ...]:
    """Refuse a file with what no op needs: VariantRefused with the first such line. Returns remarks about the rest."""
    cleaned = parse_variant(path)
    for node, reason in sorted(_offences(cleaned.tree), key=_order):
        raise VariantRefused(reason.having(file=str(path), line=getattr(node, "lineno", 1)))
    return cleaned.remarks


def _order(offence: tuple[ast.AST, Reason]) -> tuple[int, bool, int]:
    """By line, what is forbidden anywhere before what is forbidden at the top of a file, from left to right."""
    node, reason = offence
    return getattr(node, "lineno", 1), reason.key.endswith("_at_top"), getattr(node, "end_col_offset", 0) or 0


def _offences(tree: ast.Module) -> Refusals:
    names = read_names(tree)
    modules, imports = read_modules(tree, names)
    classes, in_classes = read_classes(tree, names, modules)
    yield from chain(imports, in_classes, other_forms(tree, modules), outliving(tree, names, modules, classes))
    for node in ast.walk(tree):
        yield from _statement(node, names)
        match node:
            case ast.Name(ctx=ast.Load()):
                yield from _name(node, names, modules)
            case ast.Name(id=name) if is_machinery(name):
                yield node, Reason("failure.defines_machinery", {"name": name})
            case ast.Attribute():
                yield from _attribute(node, names, modules, classes)
            case ast.MatchClass(patterns=[_, *_]):
                yield node, Reason("failure.positional_pattern")
            case ast.MatchClass(kwd_attrs=attributes):
                for attribute in attributes:
                    yield from _value_attribute(node, attribute, classes)
            case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]):
                yield from _value_attribute(node, name, classes)


def _statement(node: ast.AST, names: Names) -> Refusals:
    """Statements that no op needs."""
    match node:
        case ast.Global():
            yield node, Reason("failure.global")
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield node, Reason("failure.asynchronous")
        case ast.FunctionDef(args=arguments) | ast.Lambda(args=arguments):
            every = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
            for odd in (default for default in every if not _fixed(default, names)):
                yield odd, Reason("failure.changeable_default")
        case ast.Yield() | ast.YieldFrom() if _within_with(node, names):
            yield node, Reason("failure.yield_within_with")
        case ast.ExceptHandler(type=None):
            yield node, Reason("failure.bare_except")


def _name(node: ast.Name, names: Names, modules: Modules) -> Refusals:
    """A name that is read: bound in the file, or a listed one of Python's."""
    name, parent = node.id, names.parent(node)
    scope = names.scope(node).of(name)
    if is_machinery(name):
        yield node, Reason("failure.uses_machinery", {"name": name})
    elif name in SPECIAL_BUILTINS and not (scope and scope.kind == "function"):
        yield from _special(node, names)
    elif scope is names.module and name in PYTHONS - BUILTINS:
        yield node, Reason("failure.pythons_name", {"name": name})
    elif scope is None and name not in BUILTINS:
        yield node, _unlisted(name, "failure.unlisted_name")
    elif name in modules.named and not (isinstance(parent, ast.Attribute) and parent.value is node):
        yield node, Reason("failure.module_as_value", {"name": modules.named[name]})


def _special(node: ast.Name, names: Names) -> Refusals:
    """Built-in functions that lead far, each allowed in one harmless form."""
    call = names.parent(node)
    around = names.parent(call)
    match node.id, call:
        case ("type", ast.Call(func=called, args=[_], keywords=[])) if called is node and isinstance(
            around, ast.Compare
        ):
            return
        case ("super", ast.Call(func=called, args=[], keywords=[])) if called is node and _initialises(around):
            return
        case ("getattr" | "hasattr", ast.Call(func=called, args=[_, ast.Constant(str()), *rest], keywords=[])) if (
            called is node and len(rest) <= 1 and not any(isinstance(each, ast.Starred) for each in call.args)
        ):
            return
    yield node, Reason(SPECIAL[node.id])


def _initialises(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "__init__"


def _attribute(node: ast.Attribute, names: Names, modules: Modules, classes: OwnClasses) -> Refusals:
    """An attribute that is read: of a module one of its list, of anything else one of the common list or an own one."""
    if not isinstance(node.ctx, ast.Load):
        if id(node) not in classes.own_stores:
            yield node, Reason("failure.sets_attribute", {"name": node.attr})
    elif module := modules.of(node.value):
        if node.attr not in MODULES[module]:
            yield node, _unlisted(node.attr, "failure.unlisted_in_module", module=module)
        elif f"{module}.{node.attr}" in MODULES and not _is_owner(node, names):
            yield node, Reason("failure.module_as_value", {"name": f"{module}.{node.attr}"})
    elif not (node.attr == "__init__" and id(node) in classes.initialisers):
        yield from _value_attribute(node, node.attr, classes)


def _is_owner(node: ast.Attribute, names: Names) -> bool:
    parent = names.parent(node)
    return isinstance(parent, ast.Attribute) and parent.value is node


def _value_attribute(node: ast.AST, name: str, classes: OwnClasses) -> Refusals:
    if is_machinery(name):
        yield node, Reason("failure.machinery_attribute", {"name": name})
    elif name not in ATTRIBUTES and name not in classes.attributes:
        yield node, _unlisted(name, "failure.unlisted_attribute")


def _unlisted(name: str, key: str, **fields: str) -> Reason:
    """That a name is not on the list, and what to write instead where that is known."""
    if name in INSTEAD:
        return Reason(INSTEAD[name], {"name": name})
    known = {
        "failure.unlisted_name": BUILTINS,
        "failure.unlisted_attribute": ATTRIBUTES,
        "failure.unlisted_in_module": MODULES.get(fields.get("module", ""), frozenset()),
    }[key]
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    if near:
        return Reason(NEAR[key], {"name": name, "near": near[0], **fields})
    return Reason(key, {"name": name, **fields})


def _within_with(node: ast.AST, names: Names) -> bool:
    """Whether a generator would stop inside a context, which would then hold on outside of it."""
    while not isinstance(node, ast.FunctionDef | ast.Lambda | ast.Module):
        if isinstance(node, ast.With):
            return True
        node = names.parent(node)
    return False


def _fixed(node: ast.expr, names: Names) -> bool:
    """Whether a default is a constant that no call can change."""
    match node:
        case ast.Constant() | ast.Attribute():
            return True
        case ast.Name():
            return names.at_top(node)
        case ast.Tuple(elts=parts):
            return all(_fixed(part, names) for part in parts)
        case ast.UnaryOp(operand=operand):
            return _fixed(operand, names)
        case ast.BinOp(left=left, right=right):
            return _fixed(left, names) and _fixed(right, names)
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant()], keywords=[]):
            return True
    return False
