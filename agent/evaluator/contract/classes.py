"""The classes of a file: which attributes their objects have, and where those may be set.

An attribute is set in one of two places: in the `__init__` of a class of the file, on the object that is being made,
and in the `forward` of an autograd function of the file, on its context. Nothing but Python, or torch, calls either, so
that what stands there in the place of `self` or `ctx` is never anything else.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.core.reason import Reason
from agent.evaluator.contract.modules import Modules, imported_functions
from agent.evaluator.contract.names import Names
from agent.evaluator.contract.reserved import reserved_attributes

AUTOGRAD = "torch.autograd.Function"
# What a class of a file may come from, beside another class of the file.
BASES = frozenset([AUTOGRAD, "torch.nn.Module", "typing.NamedTuple", "typing.Protocol"])
PYTHON_BASES = frozenset(["object", "Exception", "ValueError", "RuntimeError", "TypeError"])
OWN_MACHINERY = frozenset(["__init__", "__call__"])  # methods with a name of Python's that a class may define
# Methods that torch calls by name. Nobody else may, or a context could be anything: they are no attributes.
OF_TORCH = frozenset(["forward", "backward", "setup_context", "jvp"])
METHOD_DECORATORS = frozenset(["staticmethod", "classmethod", "property"])
DECORATORS = frozenset(["torch.no_grad", "torch.enable_grad", "torch.autograd.function.once_differentiable"])
CLASS_DECORATORS = frozenset(["dataclasses.dataclass"])
OF_CONTEXTS = frozenset(["apply", "needs_input_grad", "save_for_backward", "saved_tensors"])


@dataclass
class OwnClasses:
    """What the classes of a file declare."""

    names: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    own_stores: set[int] = field(default_factory=set)  # ids of nodes that set an attribute where that is allowed
    initialisers: set[int] = field(default_factory=set)  # ids of nodes super().__init__


def is_machinery(name: str) -> bool:
    """Whether a name is one of Python's machinery, such as __class__."""
    return name.startswith("__") and name.endswith("__")


def read_classes(tree: ast.Module, names: Names, modules: Modules) -> tuple[OwnClasses, list[tuple[ast.AST, Reason]]]:
    """The classes of a file, and what is wrong with them."""
    reader = _Reader(names, modules, imported_functions(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            reader.read(node)
        elif isinstance(node, ast.FunctionDef):
            reader.function(node)
    return reader.classes, reader.refused


@dataclass
class _Reader:
    names: Names
    modules: Modules
    imported: Mapping[str, str]
    classes: OwnClasses = field(default_factory=OwnClasses)
    refused: list[tuple[ast.AST, Reason]] = field(default_factory=list)

    def read(self, node: ast.ClassDef) -> None:
        """One class: its bases, its decorators and its body."""
        self.classes.names.add(node.name)
        if self.names.scope(node) is not self.names.module:
            self.refuse(node, "failure.inner_class")
        if node.keywords:
            self.refuse(node, "failure.needless_class")
        if len(node.bases) > 1:
            self.refuse(node, "failure.several_bases")
        for base in node.bases:
            named = isinstance(base, ast.Name) and (base.id in PYTHON_BASES or base.id in self.classes.names)
            if not named and self.function_name(base) not in BASES:
                self.refuse(base, "failure.base_class", name=ast.unparse(base))
        for decorator in node.decorator_list:
            if self.function_name(_called(decorator)) not in CLASS_DECORATORS:
                self.refuse(decorator, "failure.decorator", name=ast.unparse(decorator))
        for statement in node.body:
            self.member(node, statement)

    def member(self, owner: ast.ClassDef, node: ast.stmt) -> None:
        """One statement of a class's body."""
        match node:
            case ast.FunctionDef(name="__init__"):
                if node.decorator_list:
                    self.refuse(node, "failure.decorator", name=ast.unparse(node.decorator_list[0]))
                self.setter(node)
                self.initialisers(node)
            case ast.FunctionDef(name=name) if name in OF_TORCH:
                contexts = self.inherits(owner, AUTOGRAD) and name == self.makes_context(owner)
                self.setter(node) if contexts else None
            case ast.FunctionDef(name=name) if is_machinery(name):
                if name not in OWN_MACHINERY:
                    self.refuse(node, "failure.defines_machinery", name=name)
            case ast.FunctionDef(name=name):
                self.own(node, name)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=(ast.expr() | None) as value)
            ):
                self.own(node, name)
                if value is not None and not self.fixed(value):
                    self.refuse(value, "failure.class_value", name=name)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                self.refuse(node, "failure.class_body")

    def function(self, node: ast.FunctionDef) -> None:
        """A function or method: its decorators, and its name where it is none of a class."""
        in_class = self.names.scope(node).kind == "class"
        allowed = DECORATORS | (METHOD_DECORATORS if in_class else frozenset())
        for decorator in node.decorator_list:
            name = _called(decorator)
            full = name.id if isinstance(name, ast.Name) and name.id in METHOD_DECORATORS else self.function_name(name)
            if full not in allowed:
                self.refuse(decorator, "failure.decorator", name=ast.unparse(decorator))
        if not in_class and is_machinery(node.name):
            self.refuse(node, "failure.defines_machinery", name=node.name)

    def setter(self, method: ast.FunctionDef) -> None:
        """A method that may set attributes of its first argument, which keeps its name throughout."""
        arguments = [*method.args.posonlyargs, *method.args.args]
        if not arguments:
            return
        first = arguments[0].arg
        stores = [
            node
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
            if isinstance(node.value, ast.Name) and node.value.id == first
        ]
        if stores and _rebound(method, first):
            self.refuse(stores[0], "failure.rebinds_self", name=first)
            return
        for node in stores:
            if isinstance(node.ctx, ast.Store) and node.attr not in OF_CONTEXTS:
                self.own(node, node.attr)
                self.classes.own_stores.add(id(node))

    def initialisers(self, method: ast.FunctionDef) -> None:
        """Where an __init__ calls that of its base."""
        for node in ast.walk(method):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        attr="__init__", value=ast.Call(func=ast.Name(id="super"), args=[], keywords=[])
                    ) as found
                ):
                    self.classes.initialisers.add(id(found))

    def own(self, node: ast.AST, name: str) -> None:
        """An attribute that the file declares."""
        if name.startswith("_") or name in OF_TORCH or name in reserved_attributes():
            self.refuse(node, "failure.own_attribute", name=name)
        else:
            self.classes.attributes.add(name)

    def inherits(self, node: ast.ClassDef, base: str) -> bool:
        return any(self.function_name(each) == base for each in node.bases)

    def makes_context(self, node: ast.ClassDef) -> str:
        """The method of an autograd function whose first argument is its context."""
        defined = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        return "setup_context" if "setup_context" in defined else "forward"

    def fixed(self, value: ast.expr) -> bool:
        """Whether a class's attribute is a constant, or a field of a dataclass that each object has for itself."""
        match value:
            case ast.Constant():
                return True
            case ast.Tuple(elts=parts):
                return all(map(self.fixed, parts))
            case ast.UnaryOp(operand=operand):
                return self.fixed(operand)
            case ast.BinOp(left=left, right=right):
                return self.fixed(left) and self.fixed(right)
            case ast.Attribute():
                return bool(self.modules.of(value.value))
            case ast.Call(func=called, args=[], keywords=options):
                is_field = self.function_name(called) == "dataclasses.field"
                return is_field and all(each.arg != "default" or self.fixed(each.value) for each in options)
        return False

    def function_name(self, node: ast.expr) -> str:
        return self.modules.function(node, self.imported)

    def refuse(self, node: ast.AST, key: str, **fields: str) -> None:
        self.refused.append((node, Reason(key, dict(fields))))


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _rebound(method: ast.FunctionDef, name: str) -> bool:
    """Whether anything within a method gives the name of its first argument to something else."""
    return sum(bound == name for bound in _bindings(method)) > 1


def _bindings(method: ast.FunctionDef) -> Iterator[str]:
    """Every name that is bound in a method and all within it."""
    for node in ast.walk(method):
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del(), id=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if node is not method:
                yield name
            case ast.alias(name=full, asname=asname):
                yield asname or full.partition(".")[0]
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
