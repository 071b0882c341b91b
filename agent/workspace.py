"""The folder that a search lives in: results.csv and runs/. The only module that writes them."""

import csv
import io
import json
import os
import re
import tempfile
from pathlib import Path

from agent.errors import UsageError
from agent.record import ScoreCard

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
            raise WorkspaceError(f"{name!r} is no variant name: use lower-case letters, digits and underscores")
        if name in self.rows():
            raise WorkspaceError(f"{self.root / TABLE} already has a row {name}: choose another name")
        path = self.root / PROTOCOL
        if path.exists():
            held = json.loads(path.read_text())
            if held["fingerprint"] != fingerprint:
                raise WorkspaceError(
                    f"this workspace holds scores of protocol {held['name']} ({held['fingerprint']}), "
                    f"not of {protocol} ({fingerprint}): give another --workspace, or --protocol {held['name']}"
                )

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
        if not path.exists():
            return {}
        with path.open(newline="") as table:
            return {row.pop(""): {task: float(score) for task, score in row.items()} for row in csv.DictReader(table)}


def write_atomically(path: Path, text: str) -> None:
    """Replace a file whole: whoever reads it, and whenever this is killed, finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
