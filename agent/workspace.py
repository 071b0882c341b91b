"""The folder that a search lives in: results.csv and runs/. The only module that writes them."""

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.errors import UsageError
from agent.score import ScoreCard

TABLE = "results.csv"
PROTOCOL = "runs/protocol.json"
NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")


class WorkspaceError(UsageError):
    """The workspace cannot take what it is given. The message says what to do."""


class Workspace:
    """A workspace holds the scores of one protocol."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check_new(self, name: str, protocol: str, fingerprint: str) -> None:
        """Raise WorkspaceError unless a row of this name and protocol may be added."""
        if not NAME.fullmatch(name):
            raise WorkspaceError(
                f"{name!r} is no variant name: use lower-case letters, digits and underscores, 128 at most, a letter "
                "first"
            )
        rows = self.rows()
        if name in rows:
            raise WorkspaceError(f"{self.root / TABLE} already has a row {name}: choose another name")
        held = self._protocol()
        if rows and held is None:
            raise WorkspaceError(
                f"{self.root / TABLE} has rows, and no {PROTOCOL} says of which protocol: give another --workspace"
            )
        if held and held["fingerprint"] != fingerprint:
            raise WorkspaceError(
                f"this workspace holds scores of protocol {held['name']} ({held['fingerprint']}), "
                f"not of {protocol} ({fingerprint}): give another --workspace, or --protocol {held['name']}"
            )
        with _writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.root).close()

    def add_row(self, name: str, card: ScoreCard) -> None:
        """Add a variant's scores to results.csv, and say which protocol they are of if they are the first."""
        self.check_new(name, card.protocol, card.fingerprint)
        protocol = {"name": card.protocol, "fingerprint": card.fingerprint}
        write_atomically(self.root / PROTOCOL, json.dumps(protocol, indent=1) + "\n")
        rows = self.rows() | {name: card.scores}
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["", *card.scores])
        table.writerows([row, *(f"{score:.6f}" for score in scores.values())] for row, scores in rows.items())
        write_atomically(self.root / TABLE, text.getvalue())

    def rows(self) -> dict[str, dict[str, float]]:
        """The table: variant -> task -> score."""
        path = self.root / TABLE
        with _reading(path):
            if not path.exists():
                return {}
            with path.open(newline="", encoding="utf-8") as table:
                return {row.pop(""): {t: float(score) for t, score in row.items()} for row in csv.DictReader(table)}

    def _protocol(self) -> dict[str, str] | None:
        """The protocol whose scores are here; None before there are any."""
        path = self.root / PROTOCOL
        with _reading(path):
            if not path.exists():
                return None
            facts = json.loads(path.read_text(encoding="utf-8"))
            return {field: str(facts[field]) for field in ("name", "fingerprint")}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{path}: cannot be read ({error!r}); repair it, or give another --workspace") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"{path}: cannot be written ({error.strerror}); give another --workspace") from error


def write_atomically(path: Path, text: str) -> None:
    """Replace a file whole: whoever reads it, and whenever this is killed, finds the old text or the new one.

    Raises WorkspaceError where that cannot be, with the old text in place.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
