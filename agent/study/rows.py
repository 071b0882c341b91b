"""The measured rows of a protocol, one a seed of a setting of a variant: a CSV that a kill cannot spoil."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from agent.core.errors import UsageError
from agent.core.score import ScoreCard, SeedScore, read_longer, read_pairs, write_longer, write_pairs
from agent.store.files import reading, sync, write_atomically, writing
from agent.study.pieces import Key, Piece

DIVERGED = "diverged"

# The columns that only a seed with a score fills, and how to read each.
SCORE = {
    "macro": float, "micro": float, "macro_last": float, "learning_rate": float, "weight_decay": float,
    "best_step": int, "steps": int,
}  # fmt: skip
TESTS = "longer", "pairs"  # of the same weights, on longer sequences and with other numbers of pairs
COLUMNS = (
    "variant", "task", "setting", "seed", *SCORE, "ending", "seconds", "fingerprint", "test_seed", "device", "versions",
    *TESTS,
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What one seed of one setting reached, and what is needed to repeat it; without a score it diverged at once."""

    variant: str
    task: str
    setting: str
    seed: int
    score: SeedScore | None
    seconds: float | None  # its share of the evaluation that it was part of; None where that was not kept
    fingerprint: str  # of the setting under its protocol
    test_seed: int
    device: str
    versions: str

    @property
    def key(self) -> Key:
        return self.variant, self.fingerprint, self.seed


def rows_of(piece: Piece, card: ScoreCard) -> list[Row]:
    """What an evaluated piece adds to the table."""
    prints = {setting.label: piece.protocol.setting_fingerprint(setting) for setting, _ in piece.grids}
    seconds = round(card.seconds / len(piece.grids), 1)
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return [
        Row(
            piece.variant, seed.task, seed.setting, seed.seed, replace(seed, curve=()), seconds,
            prints[seed.setting], card.test_seed, card.device, versions,
        )
        for score in (*card.tasks.values(), *card.further.values())
        for seed in score.seeds
    ]  # fmt: skip


def diverged_row(piece: Piece, test_seed: int, device: str) -> Row:
    """That the one seed of a piece came to no score, since its loss was finite at no validation."""
    ((setting, seed),) = piece.grids
    fingerprint = piece.protocol.setting_fingerprint(setting)
    return Row(piece.variant, setting.task, setting.label, seed, None, 0.0, fingerprint, test_seed, device, "")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from adding to a table; UsageError where one does already."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            yield
    except Timeout as error:
        raise UsageError(f"{path}: another process is adding to it; wait for it, or give another --folder") from error


@contextmanager
def kept(path: Path) -> Iterator["Table"]:
    """A table, locked against other processes that would add to it; UsageError where one has it."""
    with locked(path):
        yield Table(path)


class Table:
    """The rows of a file. Adding to it is durable, and what a kill tore off is taken away by the next addition."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[Row]:
        """All whole rows; none where there is no file."""
        with reading(self.path):
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            return [_row(facts) for facts in csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))]

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows and wait for the disk. ValueError for a row that is there already: nothing counts twice.

        A table of an earlier version, which lacks a column, is written anew before.
        """
        there = {row.key for row in self.rows()}
        for row in rows:
            if row.key in there:
                raise ValueError(f"{row.variant}, {row.setting}, seed {row.seed}: is in {self.path} already")
        if there and not self.path.read_text(encoding="utf-8").startswith(",".join(COLUMNS) + "\n"):
            write_atomically(self.path, _text(self.rows(), header=True))
        with writing(self.path), self.path.open("ab+") as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            file.write(_text(rows, header=whole == 0).encode())
            file.flush()
            os.fsync(file.fileno())
        sync(self.path.parent)


def _text(rows: Sequence[Row], header: bool) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    if header:
        table.writeheader()
    table.writerows(_facts(row) for row in rows)
    return text.getvalue()


def _facts(row: Row) -> dict[str, object]:
    facts = {name: getattr(row, name) for name in COLUMNS if name not in (*SCORE, "ending", *TESTS)}
    facts["longer"] = write_longer(row.score.longer) if row.score else ""
    facts["pairs"] = write_pairs(row.score.pairs) if row.score else ""
    facts["ending"] = row.score.ending if row.score else DIVERGED
    for name, kind in SCORE.items() if row.score else ():
        value = getattr(row.score, name)
        facts[name] = round(value, 6) if kind is float else value
    return facts


def _row(facts: dict[str, str]) -> Row:
    task, setting, seed, score = facts["task"], facts["setting"], int(facts["seed"]), None
    if facts["macro"]:
        numbers = {name: kind(facts[name]) for name, kind in SCORE.items()}
        score = SeedScore(
            task, setting, seed, **numbers, ending=facts["ending"], longer=read_longer(facts.get("longer") or ""),
            pairs=read_pairs(facts.get("pairs") or ""),
        )  # fmt: skip
    return Row(
        facts["variant"], task, setting, seed, score, float(facts["seconds"]) if facts["seconds"] else None,
        facts["fingerprint"], int(facts["test_seed"]), facts["device"], facts["versions"],
    )  # fmt: skip
