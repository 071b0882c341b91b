"""What stands at the top of a file outlives every call, so that nothing there may be changed by one.

Numbers, texts, tuples of them, functions and classes cannot be. A list or a tensor could: it may stand there if the
file does no more than read it. Nothing else may be computed at the top.
"""

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from agent.core.reason import Reason
from agent.evaluator.contract.allowed import ATTRIBUTES, IN_PLACE
from agent.evaluator.contract.classes import OwnClasses
from agent.evaluator.contract.modules import Modules, Refusals, imported_functions
from agent.evaluator.contract.names import Names

Kind = Literal["constant", "container", "tensor", "other"]

# Functions that give numbers, texts or tuples of what they are given, or containers.
CONSTANT_BUILTINS = frozenset([
    "abs", "bool", "complex", "divmod", "float", "frozenset", "int", "len", "max", "min", "object", "pow", "range",
    "round", "slice", "str", "sum", "tuple",
])  # fmt: skip
CONTAINER_BUILTINS = frozenset(["dict", "list", "set", "sorted"])
CONSTANT_CALLS = frozenset(["torch.Size", "torch.device", "torch.finfo", "torch.iinfo", "typing.TypeVar"])
# Built-in functions that only read what they are given.
READERS = frozenset([
    "all", "any", "bool", "dict", "enumerate", "float", "frozenset", "int", "isinstance", "len", "list", "max", "min",
    "print", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip",
])  # fmt: skip
# Modules whose functions, but those that end with an underscore, do the same.
COMPUTING = ("torch.", "math.", "einops.", "itertools.", "agent.kernels.")
CHANGEABLE: Mapping[Kind, str] = {"container": "failure.list_outlives", "tensor": "failure.tensor_outlives"}
DECLARATIONS = frozenset(["LEARNED_INPUTS", "LEARNED_PARAMETERS"])


def outliving(tree: ast.Module, names: Names, modules: Modules, classes: OwnClasses) -> Refusals:
    """What is computed at the top that must not be, and what a call could change of it."""
    kept: dict[str, Kind] = {}
    top = _Top(names, modules, imported_functions(tree), classes.attributes, kept)
    for statement in tree.body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.Pass():
                pass
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Assign(targets=targets, value=value) if (bound := _plain_names(targets)) is not None:
                if DECLARATIONS.isdisjoint(bound):
                    kind = top.kind(value)
                    kept.update(dict.fromkeys(bound, kind))
                    if kind == "other":
                        yield value, Reason("failure.computed_at_top", {"name": ", ".join(bound)})
            case _:
                yield statement, Reason("failure.statement_at_top")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and names.at_top(node):
            kind = kept.get(node.id, "constant")
            if kind in CHANGEABLE and not top.reads(node, kind):
                yield node, Reason(CHANGEABLE[kind], {"name": node.id})


def _plain_names(targets: list[ast.expr]) -> list[str] | None:
    """The names that an assignment binds; None where it writes into something."""
    found = []
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple) else [target]:
            if not isinstance(part, ast.Name):
                return None
            found.append(part.id)
    return found


@dataclass(frozen=True)
class _Top:
    names: Names
    modules: Modules
    imported: Mapping[str, str]
    own_attributes: Set[str]
    kept: Mapping[str, Kind]  # what is known of the names bound further up

    def kind(self, node: ast.expr) -> Kind:
        """What a value at the top is, as far as its text shows."""
        match node:
            case ast.Constant() | ast.Lambda() | ast.JoinedStr():
                return "constant"
            case ast.Name(id=name):
                return self.kept.get(name, "constant")
            case ast.Attribute():
                return "constant" if self.modules.function(node, self.imported) else self.kind(node.value)
            case ast.List() | ast.Set() | ast.Dict():
                inner = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
                return "container" if all(self.kind(part) == "constant" for part in inner) else "other"
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.DictComp(value=part):
                return "container" if self.kind(part) == "constant" else "other"
            case ast.Call():
                return self._called(node)
            case ast.GeneratorExp():
                return "other"
            case (
                ast.Tuple()
                | ast.UnaryOp()
                | ast.BinOp()
                | ast.BoolOp()
                | ast.Compare()
                | ast.IfExp()
                | (ast.Subscript())
            ):
                return _least(self.kind(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
            case ast.Slice() | ast.Starred():
                return _least(self.kind(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
        return "other"

    def _called(self, node: ast.Call) -> Kind:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        given = [each.generators[0].iter if isinstance(each, ast.GeneratorExp) else each for each in arguments]
        kinds = {self.kind(each) for each in given}
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        full = self.modules.function(node.func, self.imported)
        if "other" in kinds:
            return "other"
        if name in CONSTANT_BUILTINS or full in CONSTANT_CALLS or full.startswith("math."):
            return "constant" if "tensor" not in kinds else "other"
        if name in CONTAINER_BUILTINS:
            return "container"
        if full == "functools.partial" and kinds <= {"constant"}:
            return "constant"
        if full.startswith("torch.") and not full.startswith(("torch.autograd", "torch.func", "torch.nn.Module")):
            return "tensor"
        if isinstance(node.func, ast.Attribute) and not full and node.func.attr not in IN_PLACE:
            return self.kind(node.func.value)
        return "other"

    def reads(self, node: ast.Name, kind: Kind) -> bool:
        """Whether a place where a list or a tensor of the top is named does no more than read it."""
        part, parent = self._chain(node)
        if parent is None:
            return False
        match parent:
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.FormattedValue() | ast.Starred() | ast.Slice():
                return True
            case ast.For(iter=each) | ast.comprehension(iter=each) if each is part:
                return True
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return parent.generators[0].iter is part
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                return test is part
            case ast.Subscript(slice=index) if index is part:
                return isinstance(parent.ctx, ast.Load)
            case ast.keyword(arg=name):
                return name != "out" and self._reader(self.names.parent(parent))
            case ast.Call():
                return part is not parent.func and self._reader(parent)
        return part is not node  # an element, a part or a copy may be handed on

    def _chain(self, node: ast.expr) -> tuple[ast.expr, ast.AST | None]:
        """The largest expression that begins with a name, as W in W[0].T.to(x), and its parent; no parent where
        something on the way changes what it is called on."""
        while True:
            parent = self.names.parent(node)
            match parent:
                case ast.Attribute(value=value, attr=name) if value is node:
                    if name in IN_PLACE or not isinstance(parent.ctx, ast.Load):
                        return node, None
                case ast.Subscript(value=value) if value is node:
                    if not isinstance(parent.ctx, ast.Load):
                        return node, None
                case ast.Call(func=called) if called is node and isinstance(node, ast.Attribute):
                    pass
                case _:
                    return node, parent
            assert isinstance(parent, ast.expr)
            node = parent

    def _reader(self, call: ast.AST) -> bool:
        """Whether a call only reads its arguments: a listed function that makes something new of them."""
        if not isinstance(call, ast.Call):
            return False
        full = self.modules.function(call.func, self.imported)
        named = call.func.id if isinstance(call.func, ast.Name) else ""
        method = call.func.attr if isinstance(call.func, ast.Attribute) and not full else ""
        if full:
            return full.startswith(COMPUTING) and not full.endswith("_")
        return named in READERS or method in ATTRIBUTES - IN_PLACE - self.own_attributes


def _least(kinds: Iterator[Kind]) -> Kind:
    """What a whole is whose parts are of these kinds."""
    found = set(kinds)
    for kind in ("other", "tensor", "container"):
        if kind in found:
            return kind
    return "constant"
