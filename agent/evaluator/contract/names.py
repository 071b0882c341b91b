"""Where each name of a file is bound, by Python's own rules of scope: a name that nothing binds is one of Python's."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["module", "class", "function"]  # a comprehension and a lambda count as functions


@dataclass
class Scope:
    """The names that a module, a class or a function binds, and where it stands."""

    kind: Kind
    node: ast.AST
    outer: "Scope | None" = None
    bound: set[str] = field(default_factory=set)

    def of(self, name: str) -> "Scope | None":
        """The scope whose name it is when it is read here; None where nothing in the file binds it.

        What a class binds may not be bound yet when it is read, and then an outer scope or Python gives it.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound and scope.kind != "class":
                return scope
            scope = scope.outer
        return None


@dataclass(frozen=True)
class Names:
    """Every node of a file with the scope that it is read in, and its parent."""

    module: Scope
    scopes: dict[int, Scope]  # by the id of the node
    parents: dict[int, ast.AST]

    def scope(self, node: ast.AST) -> Scope:
        return self.scopes[id(node)]

    def parent(self, node: ast.AST) -> ast.AST:
        """What a node is part of; the module of itself."""
        return self.parents.get(id(node), self.module.node)

    def at_top(self, node: ast.Name) -> bool:
        """Whether a name is one that the top of the file binds."""
        return self.scope(node).of(node.id) is self.module


def read_names(tree: ast.Module) -> Names:
    """Find the scope of every node. A tree may be as deep as agent/evaluator/contract/variant.py lets it be."""
    names = Names(Scope("module", tree), {}, {})
    _read(tree, names.module, names)
    return names


def _read(node: ast.AST, scope: Scope, names: Names) -> None:
    """Enter a node, its bindings, and all below it."""
    names.scopes[id(node)] = scope
    scope.bound.update(_bound(node))
    if isinstance(node, ast.NamedExpr):  # it binds in the function around all comprehensions
        _without_comprehensions(scope).bound.add(node.target.id)
        names.scopes[id(node.target)], names.parents[id(node.target)] = scope, node
    for inner, children in _parts(node, scope):
        for child in children:
            if id(child) not in names.scopes:
                names.parents[id(child)] = node
                _read(child, inner, names)


def _parts(node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, Iterable[ast.AST]]]:
    """The children of a node, and the scope that each is read in."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            outside = [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]
            if not isinstance(node, ast.Lambda):
                outside += node.decorator_list
            yield scope, outside
            inner = Scope("function", node, scope, _arguments(node.args))
            yield inner, node.body if isinstance(node.body, list) else [node.body]
        case ast.ClassDef():
            yield scope, [*node.bases, *node.keywords, *node.decorator_list]
            yield Scope("class", node, scope), node.body
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield scope, [node.generators[0].iter]  # it is read before the comprehension begins
            yield Scope("function", node, scope), ast.iter_child_nodes(node)
        case _:
            yield scope, ast.iter_child_nodes(node)


def _without_comprehensions(scope: Scope) -> Scope:
    while isinstance(scope.node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) and scope.outer:
        scope = scope.outer
    return scope


def _arguments(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {argument.arg for argument in every if argument}


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node itself binds in the scope that it stands in."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del(), id=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name for alias in aliases)
        case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
