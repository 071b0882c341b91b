"""A naive function of somebody else's file, as it can be read without running it: its arguments, and their shapes."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from agent.core.errors import UsageError
from agent.evaluator.foreign.recurrence import carried, starts

QKV = ("q", "k", "v")
CALLED = {"q": ("q", "Q", "query", "queries"), "k": ("k", "K", "key", "keys"), "v": ("v", "V", "value", "values")}
# A length of an axis as docstrings write it, in whatever brackets: B, NT, K1, d_v.
AXIS = re.compile(r"[A-Z]{1,3}\d*|[A-Z]_?\w{1,2}|d_?[kv]|\d+")


class NotAdaptable(UsageError):
    """A file or function that no mixer of the contract can be made of. The message says why."""


@dataclass(frozen=True)
class Argument:
    """An argument: whether it may be left out, and its shape as the docstring says it, such as ("B", "T", "H", "K")."""

    name: str
    optional: bool
    shape: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A function of q, k and v, which it may call by longer names.

    `states` are the arguments that its state begins in, `starts` the names that are zero before a loop over tokens and
    change within it, `carried` all that a loop makes of what it was. `normalises` says whether q and k are given length
    one wherever it is called as it stands.
    """

    name: str
    arguments: tuple[Argument, ...]
    states: tuple[str, ...]
    starts: tuple[str, ...]
    carried: tuple[str, ...]
    normalises: bool
    text: str

    def has(self, name: str) -> bool:
        return any(argument.name == name for argument in self.arguments)

    def called(self, name: str) -> str:
        """What it calls q, k or v; "" where it has no such argument."""
        return next((each for each in CALLED[name] if self.has(each)), "")


def read_tree(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises NotAdaptable where it cannot be read."""
    try:
        return ast.parse(path.read_bytes())  # which knows of marks and encodings
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise NotAdaptable(f"{path}: cannot be read ({error})") from error


def functions_of(tree: ast.Module) -> list[Function]:
    """The functions that take q, k and v, those that work token by token first: they are the plainest."""
    found = [_function(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    mixers = [each for each in found if all(map(each.called, QKV))]
    return sorted(mixers, key=lambda each: ("recurren" not in each.name, "chunk" not in each.name))


def chosen(tree: ast.Module, path: Path, name: str | None) -> Function:
    """The function that is named, or the first. Raises NotAdaptable where there is none."""
    mixers = functions_of(tree)
    if name is not None:
        mixers = [each for each in mixers if each.name == name]
    if not mixers:
        there = ", ".join(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
        wanted = f"no function {name} of q, k and v" if name else "no op of q, k and v"
        if not there:
            there = "no function at its top; of what a class does write one: f(q, k, v, ...)"
        raise NotAdaptable(f"{path}: is {wanted}: it defines {there}")
    return mixers[0]


def _function(node: ast.FunctionDef) -> Function:
    positional = [*node.args.posonlyargs, *node.args.args]
    optional = {argument.arg for argument in positional[len(positional) - len(node.args.defaults) :]}
    optional |= {a.arg for a, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if default}
    says = ast.get_docstring(node) or ""
    arguments = tuple(
        Argument(each.arg, each.arg in optional, _shape(says, each.arg))
        for each in (*positional, *node.args.kwonlyargs)
    )
    changed = carried(node)
    own = {name for names in CALLED.values() for name in names}
    states = tuple(
        each.name for each in arguments if "init" in each.name or (each.name in changed and each.name not in own)
    )
    return Function(node.name, arguments, states, starts(node), changed, _normalises(node, optional), ast.unparse(node))


def _normalises(node: ast.AST, optional: set[str]) -> bool:
    """Whether a function gives something length one in any case, and not only where an option asks for it."""
    if isinstance(node, ast.If) and optional & {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)}:
        return False
    if isinstance(node, ast.Call) and "normalize" in ast.unparse(node.func):
        return True
    return any(_normalises(child, optional) for child in ast.iter_child_nodes(node))


def _shape(says: str, name: str) -> tuple[str, ...]:
    """The shape that a docstring gives for an argument, on its line or on one of the two after it; () for none."""
    line = re.search(rf"^\s*`*{re.escape(name)}\b(.*)$", says, re.MULTILINE)
    for each in re.findall(r"\(([^()\n]+)\)", line[1] if line and "[" not in line[1] else ""):
        parts = tuple(part.strip() for part in each.rstrip(", ").split(","))
        if all(map(AXIS.fullmatch, parts)) and (len(parts) > 1 or each.rstrip().endswith(",")):
            return parts
    square = re.search(rf"^\s*`*{re.escape(name)}\b[^\[\n]*(?:\n[^\[\n]*){{0,2}}\[([^\]\n]+)\]", says, re.MULTILINE)
    if square is None:
        return ()
    parts = tuple(part.strip() for part in square[1].split(","))
    return parts if all(re.fullmatch(r"[A-Za-z_]\w*|\d+", part) for part in parts) else ()
