"""The measured rows of a protocol of text, one a seed of a mixer: a CSV that a kill cannot spoil."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from agent.core.text_score import Bits, Kind, PositionBits, TextScore
from agent.evaluator.protocol import Protocol
from agent.store.files import reading, write_atomically
from agent.study.rows import locked

TIMES = 4  # the longer windows that the protocols of text are tested on


@dataclass(frozen=True)
class TextRow:
    """What one seed of a mixer reached, in bits per byte, and what is needed to repeat it.

    The numbers that end in _4 are on windows of four times the trained length. `positions` has the bits of all bytes by
    position there.
    """

    variant: str
    seed: int
    learning_rate: float
    all: float
    recalled: float | None
    other: float | None
    recalled_share: float
    all_4: float | None
    recalled_4: float | None
    other_4: float | None
    recalled_share_4: float | None
    positions: str
    tokens_a_second: float
    parameters: int
    state_bytes: int
    seconds: float
    fingerprint: str  # of the setting under its protocol, which has the digest of the text in it
    text: str  # its name and digest
    device: str
    versions: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.variant, self.fingerprint, self.seed

    def bits(self, kind: Kind, times: int = 1) -> float | None:
        """Bits per byte of one kind of bytes, on windows of the trained length or of TIMES times that."""
        found: float | None = getattr(self, kind if times == 1 else f"{kind}_{times}")
        return found


def measured_alike(rows: Sequence[TextRow]) -> list[TextRow]:
    """Those that can be compared: of one setting and one text, the one that was measured last."""
    return [row for row in rows if row.fingerprint == rows[-1].fingerprint]


def row_of(
    variant: str,
    protocol: Protocol,
    score: TextScore,
    *,
    parameters: int,
    state_bytes: int,
    seconds: float,
    device: str,
    versions: str,
) -> TextRow:
    """The row of a score of one seed."""
    (seed,) = score.seeds
    home = score.at(1)
    longer = score.longer.get(TIMES)
    far = longer.bits if longer else Bits(0.0, None, None, 0.0)
    setting = protocol.plans[0].settings[0]
    return TextRow(
        variant, seed.seed, seed.learning_rate,
        home.bits.all, home.bits.recalled, home.bits.other, home.bits.recalled_share,
        far.all if longer else None, far.recalled, far.other, far.recalled_share if longer else None,
        _positions(longer.by_position if longer else home.by_position),
        score.tokens_a_second, parameters, state_bytes, seconds,
        protocol.setting_fingerprint(setting), f"{score.corpus.name} {score.corpus.digest}", device, versions,
    )  # fmt: skip


def _positions(ranges: Sequence[PositionBits]) -> str:
    return " ".join(f"{each.first}:{each.bits.all:.4f}" for each in ranges)


@contextmanager
def kept_text(path: Path) -> Iterator["TextTable"]:
    """A table, locked against other processes that would add to it; UsageError where one has it."""
    with locked(path):
        yield TextTable(path)


class TextTable:
    """The rows of a file, which is written anew, as a whole, with each addition: they are few."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[TextRow]:
        """All rows; none where there is no file."""
        with reading(self.path):
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            return [_row(facts) for facts in csv.DictReader(io.StringIO(text))]

    def of(self, protocol: Protocol) -> list[TextRow]:
        """The rows that are of this protocol as it is now, and of its text."""
        current = {protocol.setting_fingerprint(setting) for plan in protocol.plans for setting in plan.settings}
        return [row for row in self.rows() if row.fingerprint in current]

    def add(self, rows: Sequence[TextRow]) -> None:
        """Append rows. ValueError for a row that is there already: nothing counts twice."""
        there = self.rows()
        for row in rows:
            if row.key in {each.key for each in there}:
                raise ValueError(f"{row.variant}, seed {row.seed}: is in {self.path} already")
        text = io.StringIO()
        table = csv.DictWriter(text, [field.name for field in fields(TextRow)], lineterminator="\n")
        table.writeheader()
        table.writerows(_facts(row) for row in [*there, *rows])
        write_atomically(self.path, text.getvalue())


def _facts(row: TextRow) -> dict[str, object]:
    """Numbers as they are read in a table; nothing where there is none."""
    return {
        name: "" if value is None else f"{value:.6g}" if isinstance(value, float) else value
        for name, value in asdict(row).items()
    }


def _row(facts: dict[str, str]) -> TextRow:
    kinds = {field.name: field.type for field in fields(TextRow)}

    def read(name: str, cell: str) -> object:
        if not cell and kinds[name] == (float | None):
            return None
        return {int: int, str: str}.get(kinds[name], float)(cell)  # type: ignore[arg-type]

    return TextRow(**{name: read(name, cell) for name, cell in facts.items()})  # type: ignore[arg-type]
