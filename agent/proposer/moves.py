"""The catalogue of moves: edits of templates/naive.py, one file each, and how several of them become one variant."""

import ast
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.core.errors import UsageError
from agent.core.text import Text, say
from agent.proposer.patch import PatchRejected, apply_patch
from agent.proposer.written_python import undefined

# In one line or, as published files have it, in several that a remark keeps as they are.
SIGNATURE = re.compile(r"^def delta_rule_chunkwise\((?P<arguments>[^)]*?),?(?P<end>\s*\):.*)$", re.MULTILINE)
# An output that is returned as it is put together, where the template gives it a name that moves can go on with.
OUTPUT = re.compile(r"^( +)return (torch\.cat\(outputs, dim=2\)\[:, :, :length\]), (.+)$", re.MULTILINE)
DECLARATIONS = ("LEARNED_INPUTS", "LEARNED_PARAMETERS")


class MovesConflict(UsageError):
    """Moves that cannot be made together, or not of this file."""


@dataclass(frozen=True)
class Move:
    """An edit of the template, why it might help and what its author expects of it.

    `inputs` and `parameters` are what it adds to LEARNED_INPUTS and LEARNED_PARAMETERS
    (agent/evaluator/contract/variant.py) and to the signature. Moves are made in the order of their rank, so that
    `patch` finds the lines of the template: those that only add lines come first. `needs` is a part of a line that it
    leaves as it is and is wrong without. `expected` is a change of score by task.
    """

    name: str
    short: str
    rank: int
    patch: str
    title: Text
    issue: Text
    reason: Text
    source: Text
    expected: Mapping[str, float]
    conflicts: tuple[str, ...] = ()
    needs: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, tuple[tuple[str | int, ...], tuple[float, float]]] = field(default_factory=dict)

    @property
    def reasoning(self) -> Text:
        """Why it might help, and where that is from."""
        return say("argue.reasoning", reason=self.reason, source=self.source)


_MOVE = TypeAdapter(Move)


def load_moves(folder: Path) -> dict[str, Move]:
    """Every move of a folder by its name. UsageError, naming file and field, for one that is none."""
    moves = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            move = _MOVE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"{path}: {where}: {first['msg']}") from error
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: cannot be read ({error})") from error
        if move.name != path.stem:
            raise UsageError(f"{path}: name: is {move.name!r}, and the file's name says {path.stem!r}")
        moves[move.name] = move
    for move in moves.values():
        if strangers := [name for name in move.conflicts if name not in moves]:
            raise UsageError(f"{folder / move.name}.toml: conflicts: there is no move {strangers[0]!r}")
    return moves


def compose(source: str, moves: Sequence[Move]) -> str:
    """A file with some moves made. MovesConflict if two of them, or one and the file, do not fit."""
    names = {move.name for move in moves}
    for move in moves:
        if rivals := names & {*move.conflicts}:
            raise MovesConflict(f"{move.name} does not go with {min(rivals)}")
    for move in sorted(moves, key=lambda move: (move.rank, move.name)):
        if move.needs not in source:
            raise MovesConflict(f"{move.name} needs `{move.needs}`")
        try:
            source = _declare(_patched(source, move.patch), move)
        except (PatchRejected, SyntaxError) as error:
            raise MovesConflict(f"{move.name} does not fit this file: {error}") from error
        if missing := undefined(source):
            raise MovesConflict(f"{move.name} uses {min(missing)}, which is not defined where its lines come to stand")
    return source


@lru_cache(maxsize=1024)
def _patched(source: str, patch: str) -> str:
    """A file with a move's edit made. Where it does not fit, it may fit the same file that gives its output a name."""
    try:
        return apply_patch(source, patch).source
    except PatchRejected:
        named = OUTPUT.sub(r"\1o = \2\n\1return o, \3", source)
        if named == source:
            raise
        try:
            return apply_patch(named, patch).source
        except PatchRejected:
            pass
        raise


def _declare(source: str, move: Move) -> str:
    """Add what a move wants to be handed to the declarations and to the signature."""
    wanted = {"LEARNED_INPUTS": move.inputs, "LEARNED_PARAMETERS": move.parameters}
    new = [*move.inputs, *move.parameters]
    if not new:
        return source
    signature = SIGNATURE.search(source)
    if signature is None:
        raise MovesConflict(
            f"{move.name} wants {', '.join(new)}, and the op's signature is not one of names and defaults"
        )
    declared = {name: _declared(source, name) for name in DECLARATIONS}
    taken = {argument for names in declared.values() for argument in names}
    if both := taken & {*new}:
        raise MovesConflict(f"{move.name} wants {min(both)}, which the file declares already")
    arguments = signature["arguments"]
    star = "" if "*" in arguments else "*, "
    comma = "," if "\n" in signature["end"] else ""
    header = f"def delta_rule_chunkwise({arguments}, {star}{', '.join(new)}{comma}{signature['end']}"
    source = source[: signature.start()] + header + source[signature.end() :]
    for name in DECLARATIONS:
        source = _without(source, name)
    lines = [f"{name} = {_written(declared[name] | dict(wanted[name]))}\n" for name in DECLARATIONS]
    start = source.index("def delta_rule_chunkwise(")
    before, after = source[:start].rstrip("\n"), source[start:]
    kept = [line for line, name in zip(lines, DECLARATIONS, strict=True) if {**declared[name], **wanted[name]}]
    return f"{before}\n\n{''.join(kept)}\n\n{after}"


def _assignment(source: str, name: str) -> ast.Assign | None:
    for node in _statements(source):
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return node
    return None


@lru_cache(maxsize=64)
def _statements(source: str) -> list[ast.stmt]:
    """The statements of a file, which are only read."""
    return ast.parse(source).body


def _declared(source: str, name: str) -> dict[str, Any]:
    node = _assignment(source, name)
    return dict(ast.literal_eval(node.value)) if node else {}


def _without(source: str, name: str) -> str:
    node = _assignment(source, name)
    if node is None or node.end_lineno is None:
        return source
    lines = source.splitlines(keepends=True)
    return "".join(lines[: node.lineno - 1] + lines[node.end_lineno :])


def _written(declaration: Mapping[str, Any]) -> str:
    """A dict as Python writes it, with double quotes."""
    return repr(dict(declaration)).replace("'", '"')
