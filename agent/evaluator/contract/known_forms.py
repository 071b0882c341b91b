"""Which ops end as the template or Gated DeltaNet does, told by their syntax trees, so that kernels can compute it.

An op is recognised where its last statements, comments and annotations apart, are a known form's to the letter, all
names in them that are the module's stand for the same, and the sizes that they use are still those of q. What comes
before may be anything and is run as it stands. Nothing is guessed: one other name, and an op is of no known form.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.evaluator.contract.declaration import OP
from agent.evaluator.contract.parsing import parse_variant

# What the end of a form reads of an op beside q, k, v and what it is called with, and may not be assigned but once.
SIZES = ("batch", "heads", "length", "key_dim")
KEPT = ("initial_state", "chunk_size")
DECLARED = ("LEARNED_INPUTS", "LEARNED_PARAMETERS")


@dataclass(frozen=True)
class Form:
    """The end of a known op: where it begins, by its first statement, and what computes all that follows.

    `before`: what of the end is still to be run, by its target's name; `call`: the arguments of the delta rule.
    """

    name: str
    begins: str
    before: str | None
    call: str


# The longest first. The kernels make unit vectors of q and k where the end begins with the template's two lines.
FORMS = (
    Form(TEMPLATE, "q = F.normalize", None, "q, k, v, beta, None, initial_state, True"),
    Form(TEMPLATE, "q, k, v, beta = ", None, "q, k, v, beta, None, initial_state, False"),
    Form(GATED, "q = F.normalize", "log_decay", "q, k, v, beta, log_decay, initial_state, True"),
    Form(GATED, "inputs = ", None, "q, k, v, beta, log_decay, initial_state, False"),
)


@dataclass(frozen=True)
class Recognised:
    """An op whose end is a known form's: the form, the op's own definition, and at which statement the end begins."""

    form: Form
    definition: ast.FunctionDef
    begins: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing but the sizes of q stands before the end, so that all that is run is known."""
        return self.begins == 1


def recognised(path: Path) -> Recognised | None:
    """The longest known form that the op of a file ends as, None where there is none."""
    tree = parse_variant(path).tree
    op = _op_of(tree)
    if op is None:
        return None
    for form in FORMS:
        known, end = _known(form)
        begins = len(op.body) - len(end)
        if begins >= 1 and _same(op.body[begins:], end) and _reads_the_same(op, op.body[:begins], tree, known):
            return Recognised(form, op, begins)
    return None


@cache
def _known(form: Form) -> tuple[ast.Module, Sequence[ast.stmt]]:
    """The module of a form, and the end of its op."""
    tree = parse_variant(baseline_path(form.name)).tree
    op = _op_of(tree)
    assert op is not None
    begins = next(place for place, each in enumerate(op.body) if ast.unparse(each).startswith(form.begins))
    return tree, op.body[begins:]


def _op_of(tree: ast.Module) -> ast.FunctionDef | None:
    """The op, its docstring left out; None where it is not defined exactly once."""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == OP]
    if len(found) != 1 or found[0].decorator_list:
        return None
    (op,) = found
    has_docstring = ast.get_docstring(op) is not None
    return ast.FunctionDef(**{**dict(ast.iter_fields(op)), "body": op.body[has_docstring:]})


def _same(some: Sequence[ast.AST], others: Sequence[ast.AST]) -> bool:
    return [ast.dump(node) for node in some] == [ast.dump(node) for node in others]


def _reads_the_same(op: ast.FunctionDef, before: Sequence[ast.stmt], tree: ast.Module, known: ast.Module) -> bool:
    """Whether the names that an end reads stand in an op for what they stand for in the known one."""
    own = _op_of(known)
    assert own is not None
    stored = Counter(_stored(before))
    if not _same(before[:1], own.body[:1]) or any(stored[name] != 1 for name in SIZES):
        return False
    of_module = {name for name, _ in _bound(known) if name not in (OP, *DECLARED)} | {"zip"}
    arguments = {each.arg for each in ast.walk(op.args) if isinstance(each, ast.arg)}
    if any(stored[name] for name in (*KEPT, *of_module)) or of_module & arguments:
        return False
    if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return False
    return all(_bindings(tree, name) == _bindings(known, name) for name in of_module)


def _stored(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """Every name that is assigned, deleted, defined, imported or declared to be another scope's, at any depth."""
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name


def _bound(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name that a module binds, and by what, docstrings of functions left out."""
    for node in tree.body:
        match node:
            case ast.Import(names=names):
                yield from (((each.asname or each.name).partition(".")[0], f"import {each.name}") for each in names)
            case ast.ImportFrom(module=module, names=names):
                yield from ((each.asname or each.name, f"from {module} import {each.name}") for each in names)
            case ast.FunctionDef(name=name, body=body):
                rest = body[ast.get_docstring(node) is not None :]
                yield name, "\n".join(map(ast.dump, (node.args, *node.decorator_list, *rest)))
            case _:
                yield from ((name, ast.dump(node)) for name in _stored([node]))


def _bindings(tree: ast.Module, name: str) -> list[str]:
    return [by for bound, by in _bound(tree) if bound == name]
