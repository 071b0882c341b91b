"""Which moves of the catalogue fit a file's code, and for the others, what they look for and do not find."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.core.sentences import counted
from agent.proposer.code_in_reply import find_code
from agent.proposer.moves import Move, MovesConflict, compose
from agent.proposer.patch import PatchRejected


@dataclass(frozen=True)
class Fitting:
    """The names of the moves that fit a file, and by the reason for which they do not, those of the others."""

    fit: tuple[str, ...]
    skipped: Mapping[str, tuple[str, ...]]

    @property
    def moves(self) -> int:
        return len(self.fit) + sum(map(len, self.skipped.values()))

    def lines(self, name: str) -> Iterator[str]:
        """What a search says of them at its beginning, in the English of the terminal."""
        fitting = f": {', '.join(self.fit)}" if self.fit else ""
        yield f"· {counted(len(self.fit), 'move')} of {self.moves} fit the code of {name}{fitting}"
        for reason, names in self.skipped.items():
            yield f"  skipped, {reason}: {', '.join(names)}"


def fit_moves(source: str, moves: Mapping[str, Move]) -> Fitting:
    """Try every move on a file, alone."""
    fit, skipped = [], defaultdict(list)
    for name, move in moves.items():
        try:
            compose(source, [move])
            fit.append(name)
        except MovesConflict as conflict:
            skipped[_reason(move, conflict)].append(name)
    return Fitting(tuple(fit), {reason: tuple(names) for reason, names in skipped.items()})


def _reason(move: Move, conflict: MovesConflict) -> str:
    """Why a move does not fit, in a few words: mostly the line that it changes and the file has not."""
    match conflict.__cause__:
        case PatchRejected(reason=reason) if "nearest" in reason.fields:
            old = find_code(move.patch).blocks[int(reason.fields["block"]) - 1].old
            return f"as no line is `{old[0].strip()}`"
        case PatchRejected(reason=reason) if "places" in reason.fields:
            return "as its line stands there more than once"
    return "as it " + str(conflict).removeprefix(f"{move.name} ")
