"""A naive function of somebody else's file, as it can be read without running it: its arguments, and their shapes."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from agent.core.errors import UsageError

QKV = ("q", "k", "v")
ZEROS = ("zeros", "new_zeros", "zeros_like")


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
    """A function of q, k and v. `starts` are names that are zero before a loop over tokens and change within it."""

    name: str
    arguments: tuple[Argument, ...]
    starts: tuple[str, ...]
    text: str

    def has(self, name: str) -> bool:
        return any(argument.name == name for argument in self.arguments)


def read_tree(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises NotAdaptable where it cannot be read."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise NotAdaptable(f"{path}: cannot be read ({error})") from error


def functions_of(tree: ast.Module) -> list[Function]:
    """The functions that take q, k and v, those that work token by token first: they are the plainest."""
    found = [_function(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    mixers = [each for each in found if all(map(each.has, QKV))]
    return sorted(mixers, key=lambda each: ("recurren" not in each.name, "chunk" not in each.name))


def chosen(tree: ast.Module, path: Path, name: str | None) -> Function:
    """The function that is named, or the first. Raises NotAdaptable where there is none."""
    mixers = functions_of(tree)
    if name is not None:
        mixers = [each for each in mixers if each.name == name]
    if not mixers:
        there = ", ".join(node.name for node in tree.body if isinstance(node, ast.FunctionDef)) or "nothing"
        wanted = f"no function {name} of q, k and v" if name else "no op of q, k and v"
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
    return Function(node.name, arguments, _starts(node), ast.unparse(node))


def _shape(says: str, name: str) -> tuple[str, ...]:
    """The shape that a docstring gives for an argument, on its line or on one of the two after it; () for none."""
    found = re.search(rf"^\s*`*{re.escape(name)}\b[^\[\n]*(?:\n[^\[\n]*){{0,2}}\[([^\]\n]+)\]", says, re.MULTILINE)
    if found is None:
        return ()
    parts = tuple(part.strip() for part in found[1].split(","))
    return parts if all(re.fullmatch(r"[A-Za-z_]\w*|\d+", part) for part in parts) else ()


def _starts(node: ast.FunctionDef) -> tuple[str, ...]:
    """Names bound to zeros before a loop, and bound again within it."""
    loops = [each for each in ast.walk(node) if isinstance(each, ast.For)]
    changed = {name for loop in loops for each in ast.walk(loop) for name in _bound(each)}
    zeros = [name for each in node.body for name in _bound(each) if isinstance(each, ast.Assign) and _is_zeros(each)]
    return tuple(dict.fromkeys(name for name in zeros if name in changed))


def _bound(node: ast.AST) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_zeros(node: ast.Assign) -> bool:
    calls = [each.func for each in ast.walk(node.value) if isinstance(each, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in ZEROS for call in calls)
