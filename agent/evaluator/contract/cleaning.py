"""What a file says beside its op and an evaluation has no use for is left out before it is checked and run.

Annotations and the imports that they alone use, what stands under `if __name__ == "__main__":` or `if TYPE_CHECKING:`,
`__all__` and its like, filters of warnings, decorators that compile: all of it is harmless in a file as the field
writes them, and none of it changes what the op computes. Memory that a file asks for without writing to it is filled
with zeros: an earlier call may have left something there. The gate reads and a worker runs the same cleaned tree, so
that what is checked is what is run.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.reason import Reason
from agent.evaluator.contract.annotations import names_in_annotations, without_imports_of

# What compiles, or adapts to automatic mixed precision. The trainer decides about both.
COMPILING = frozenset([
    "torch.compile", "torch.compiler.disable", "torch.jit.export", "torch.jit.ignore", "torch.jit.script",
    "torch.jit.unused", "torch._dynamo.disable", "torch.amp.custom_fwd", "torch.amp.custom_bwd",
    "torch.cuda.amp.custom_fwd", "torch.cuda.amp.custom_bwd",
])  # fmt: skip
# Modules whose import goes with the decorators that are left out.
COMPILERS = frozenset(["torch.compiler", "torch.jit", "torch._dynamo", "torch.cuda", "torch.cuda.amp"])
FILTERS = frozenset(["warnings.filterwarnings", "warnings.simplefilter"])
# What leaves numbers that nobody wrote, and what writes zeros instead.
UNWRITTEN = {"torch.empty": "zeros", "torch.empty_like": "zeros_like"}
METADATA = frozenset(["__all__", "__author__", "__credits__", "__date__", "__license__", "__version__"])


@dataclass(frozen=True)
class Cleaned:
    """A syntax tree without what an evaluation has no use for, and what is worth telling of what was left out."""

    tree: ast.Module
    remarks: tuple[Reason, ...]


def clean(tree: ast.Module) -> Cleaned:
    """The same file with its line numbers, and nothing in it but what its op needs. `tree` is changed."""
    cleaner, annotated = _Cleaner(_origins(tree)), names_in_annotations(tree)
    cleaned = cleaner.visit(tree)
    assert isinstance(cleaned, ast.Module)
    without_imports_of(annotated, cleaned)
    return Cleaned(ast.fix_missing_locations(cleaned), tuple(cleaner.remarks))


def dotted(node: ast.expr, origins: Mapping[str, str]) -> str:
    """The full name of what an expression like F.silu names, by where its first part was imported from; else ""."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([origins.get(node.id, node.id), *reversed(parts)])


def _origins(tree: ast.Module) -> dict[str, str]:
    """Imported name -> the full name of what it stands for."""
    origins = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origins.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module:
            origins.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return origins


@dataclass
class _Cleaner(ast.NodeTransformer):
    origins: Mapping[str, str]
    remarks: list[Reason] = field(default_factory=list)
    in_class: bool = False

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        node.names = [alias for alias in node.names if not (alias.asname and alias.name in COMPILERS)]
        for alias in node.names:
            alias.name = "torch" if alias.name in COMPILERS else alias.name  # which is what it binds
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        if node.module == "__future__" and not node.level:
            return None
        left_out = COMPILING | COMPILERS | FILTERS
        node.names = [alias for alias in node.names if f"{node.module}.{alias.name}" not in left_out]
        for alias in node.names:
            if written := UNWRITTEN.get(f"{node.module}.{alias.name}"):
                alias.name, alias.asname = written, alias.asname or alias.name
        return node if node.names else None

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:
        if not self._never(node.test):
            return self.generic_visit(node)
        return [kept for each in node.orelse for kept in _listed(self.visit(each))]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        for decorator in node.decorator_list:
            if name := self._compiling(decorator):
                self.remarks.append(Reason("remark.decorator", {"name": name, "line": decorator.lineno}))
        node.decorator_list = [each for each in node.decorator_list if not self._compiling(each)]
        node.returns = node.type_comment = None
        _make_anew(node)
        outer, self.in_class = self.in_class, False
        self.generic_visit(node)
        self.in_class = outer
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        outer, self.in_class = self.in_class, True
        self.generic_visit(node)
        self.in_class = outer
        node.body = node.body or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = node.type_comment = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if self.in_class:  # the fields of a dataclass or a named tuple are known by their annotations
            node.annotation = ast.copy_location(ast.Constant("object"), node.annotation)
            return self.generic_visit(node)
        if node.value is None:
            return None
        plain = ast.copy_location(ast.Assign([node.target], node.value), node)
        return self.visit(plain)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        match node.targets:
            case [ast.Name(id=name)] if name in METADATA and not self.in_class and _written_out(node.value):
                return None
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        match node.value:
            case ast.Call(func=called) if dotted(called, self.origins) in FILTERS:
                return None
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if written := UNWRITTEN.get(dotted(node, self.origins)):
            node.attr = written
        elif node.attr == "new_empty":
            node.attr = "new_zeros"
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        if all(self._catches_warnings(item) for item in node.items):
            return [kept for each in node.body for kept in _listed(self.visit(each))] or [ast.Pass()]
        return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        match node:
            case ast.For() | ast.While() | ast.If() | ast.With() | ast.Try() | ast.ExceptHandler() | ast.match_case():
                node.body = node.body or [ast.Pass()]
        return node

    def _compiling(self, decorator: ast.expr) -> str:
        """The full name of a decorator that compiles, with arguments or without; else ""."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = dotted(called, self.origins)
        return name if name in COMPILING else ""

    def _never(self, test: ast.expr) -> bool:
        """Whether a condition asks if the file is run as a program, or is read for its types."""
        match test:
            case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]):
                return True
            case ast.Compare(left=ast.Constant("__main__"), ops=[ast.Eq()], comparators=[ast.Name(id="__name__")]):
                return True
        return dotted(test, self.origins) == "typing.TYPE_CHECKING"

    def _catches_warnings(self, item: ast.withitem) -> bool:
        match item:
            case ast.withitem(context_expr=ast.Call(func=called), optional_vars=None):
                return dotted(called, self.origins) == "warnings.catch_warnings"
        return False


def _make_anew(node: ast.FunctionDef) -> None:
    """Have a default that is a list of numbers made in each call, where it cannot outlive one."""
    arguments = node.args
    pairs = list(zip([*arguments.posonlyargs, *arguments.args][::-1], arguments.defaults[::-1], strict=False))[::-1]
    made: list[ast.stmt] = []
    for place, (argument, default) in enumerate(pairs):
        if _changeable(default):
            made.append(_made(argument.arg, default))
            arguments.defaults[place] = ast.copy_location(ast.Constant(None), default)
    for place, (argument, keyword_default) in enumerate(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
        if keyword_default is not None and _changeable(keyword_default):
            made.append(_made(argument.arg, keyword_default))
            arguments.kw_defaults[place] = ast.copy_location(ast.Constant(None), keyword_default)
    after = int(ast.get_docstring(node, clean=False) is not None)
    node.body[after:after] = made


def _changeable(default: ast.expr) -> bool:
    """Whether a default is a list, a set or a dict with something in it, all of it written out.

    An empty one is refused by the gate: it is there to be filled from call to call.
    """
    match default:
        case ast.List(elts=[_, *_]) | ast.Set(elts=[_, *_]) | ast.Dict(values=[_, *_]):
            return _written_out(default)
    return False


def _made(name: str, default: ast.expr) -> ast.stmt:
    """if name is None: name = default"""
    missing = ast.Compare(ast.Name(name, ast.Load()), [ast.Is()], [ast.Constant(None)])
    given = ast.If(missing, [ast.Assign([ast.Name(name, ast.Store())], default)], [])
    for part in ast.walk(given):
        ast.copy_location(part, default)
    return given


def _written_out(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _listed(kept: ast.AST | Sequence[ast.stmt] | None) -> list[ast.stmt]:
    """What a visit leaves of a statement, as a list."""
    if kept is None:
        return []
    return [kept] if isinstance(kept, ast.stmt) else [each for each in kept if isinstance(each, ast.stmt)]  # type: ignore[union-attr]
