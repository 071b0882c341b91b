"""The folder that a search lives in: results.csv and runs/. The only module that decides what is written there."""

import json
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Unpack

from pydantic import TypeAdapter

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.invocation import command
from agent.core.reason import Reason
from agent.core.run import NEXT_STAGES, Milestone, OlderNote, Proposal, Run, RunChanges, RunFacts, Stage
from agent.core.score import Confirmation, ScoreCard
from agent.science.budget import MeansBudget
from agent.science.history import History, Memory
from agent.science.noise import Replicates
from agent.science.objective import DEFAULT, Objective
from agent.store import folder
from agent.store.files import WorkspaceError, reading, write_atomically, writing
from agent.store.locks import Locks
from agent.store.run_folders import ReadRun, RunFolders, Stamp, order_of, stamp_of
from agent.store.settings import Settings
from agent.store.table import Lines, read_table, table_text

TABLE = "results.csv"
RUNS = "runs"
PROTOCOL = "runs/protocol.json"
REPLICATES = "runs/replicates.json"
TEST_SEED = "runs/test_seed.json"
BUDGET = "runs/budget.json"
OBJECTIVE = "runs/objective.json"
_OBJECTIVE: TypeAdapter[Objective] = TypeAdapter(Objective)
NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
SECRET_BITS = 48  # of a test seed
INTERRUPTIONS = 2  # how often a run may be cut off before it is given up


class StaleRun(WorkspaceError):
    """Another process moved the run on in the meantime."""


class NameTaken(WorkspaceError):
    """There is a variant of this name already."""


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Workspace:
    """A workspace holds the runs of one protocol, and the table that they make."""

    def __init__(self, root: Path, tell: Callable[[str], None] = _on_stderr) -> None:
        """`tell` is given a line for each run's folder that cannot be read, once."""
        self.root = root
        self.locks = Locks(root)
        self.tell = tell
        self.folders = RunFolders(root / RUNS, lambda line: self.tell(line))
        self._memory = Memory()
        self._latest: tuple[tuple[ReadRun, ...], Settings, History] | None = None
        self._lines: Lines = {}
        self._names: tuple[Stamp, tuple[str, ...]] | None = None  # in the table, as it was read last

    @property
    def damaged(self) -> dict[str, WorkspaceError]:
        """Of the folders that were read: those that cannot be, and why."""
        return self.folders.damaged

    # Reading

    def history(self) -> History:
        """Every run there is, in the order of their proposal. What cannot be read is left out: see `damaged`."""
        read = self.folders.all()
        settings = Settings(self.protocol(), self.replicates(), self.budget(), self.objective())
        if self._latest is not None and self._latest[0] is read and self._latest[1] == settings:
            return self._latest[2]  # with all that it has worked out
        runs = tuple(each.run for each in read)
        held = settings.held
        strangers = [run for run in runs if held and run.fingerprint != held["fingerprint"]]
        if held and strangers:
            stranger = self.folder(strangers[0])
            raise WorkspaceError(
                f"{stranger}: a run of another protocol, {strangers[0].protocol} ({strangers[0].fingerprint}): move it "
                f"out of {RUNS}/, which holds {held['name']} ({held['fingerprint']})"
            )
        template = next((run.card for run in runs if run.name == TEMPLATE and run.card), None)
        noise = settings.replicates.noise(template)
        if noise != self._memory.noise:  # what was worked out under another noise no longer holds
            self._memory = Memory(noise)
        scored = [each for each in read if each.run.scored]
        fresh = {each.run.id: each.confirmation for each in scored if each.confirmation}
        verified = {each.run.id: each.verified for each in scored if each.verified}
        history = History(runs, noise, self._memory, settings.budget, fresh, settings.objective, verified)
        self._latest = read, settings, history
        return history

    def find(self, key: str) -> Run:
        """A run by its id or by its variant's name, the latest of that name; WorkspaceError with what exists.

        A name may lack what nearly all begin with, as the report writes names, and may hold the spaces without width
        that its notes held once.
        """
        runs, key = self.history().runs, key.replace("\u200b", "").strip()
        found = [run for run in runs if key in (run.id, run.name)]
        found = found or [run for run in runs if run.name == f"{TEMPLATE}_{key}"]
        if not found:
            known = ", ".join(run.id for run in runs[-5:]) or "there is none yet"
            raise WorkspaceError(f"{self.root}: no run {key!r}; the latest: {known}")
        return found[-1]

    def folder(self, run: Run) -> Path:
        return self.root / RUNS / run.id

    def with_curves(self, run: Run) -> Run:
        """The run with its learning curves, which `history` leaves on the disk."""
        return folder.with_curves(self.folder(run), run)

    def protocol(self) -> dict[str, str] | None:
        """Name and fingerprint of the protocol whose scores are here; None before there are any."""
        path = self.root / PROTOCOL
        with reading(path):
            if path.exists():
                facts = json.loads(path.read_text(encoding="utf-8"))
                return {field: str(facts[field]) for field in ("name", "fingerprint")}
        for first in self.folders.all():  # the file was lost, and the runs know as well
            return {"name": first.run.protocol, "fingerprint": first.run.fingerprint}
        return None

    def replicates(self) -> Replicates:
        """From what the noise of this workspace is told; none of another protocol."""
        path, held = self.root / REPLICATES, self.protocol()
        none = Replicates(held["fingerprint"] if held else "")
        with reading(path):
            found = Replicates.from_json(path.read_text(encoding="utf-8")) if path.exists() else none
        return found if found.fingerprint == none.fingerprint else none

    def budget(self) -> MeansBudget:
        """How much more than the template a variant may take and still be called better."""
        path = self.root / BUDGET
        with reading(path):
            return MeansBudget.from_facts(json.loads(path.read_text())) if path.exists() else MeansBudget()

    def objective(self) -> Objective:
        """What the variants of this workspace are judged by; the default where no search said another."""
        path = self.root / OBJECTIVE
        with reading(path):
            return _OBJECTIVE.validate_json(path.read_text(encoding="utf-8")) if path.exists() else DEFAULT

    def rows(self) -> dict[str, dict[str, float]]:
        """The table as it stands in results.csv: variant -> task -> score."""
        return read_table(self.root / TABLE)

    # Writing

    def check_protocol(self, name: str, fingerprint: str) -> None:
        """Raise WorkspaceError unless this workspace holds this protocol, or none yet, and can be written."""
        held = self.protocol()
        if held and held["fingerprint"] != fingerprint:
            alike = "the two differ in their tasks, or in the edition of the code that scores"
            other = alike if held["name"] == name else f"or --protocol {held['name']}"
            raise WorkspaceError(
                f"this workspace holds scores of protocol {held['name']} ({held['fingerprint']}), "
                f"not of {name} ({fingerprint}): give another --workspace; {other}"
            )
        self._check_table(self.history())
        with writing(self.root):
            (self.root / RUNS).mkdir(parents=True, exist_ok=True)
            (self.root / RUNS / ".writable").touch()

    def check_new(self, name: str) -> None:
        """Raise WorkspaceError unless a variant of this name may be added."""
        if not NAME.fullmatch(name):
            raise WorkspaceError(
                f"{name!r} is no variant name: use lower-case letters, digits and underscores, 128 at most, a letter "
                "first"
            )
        if any(run.name == name and run.failure is None and run.stage != "rejected" for run in self.history().runs):
            raise NameTaken(f"{self.root} already has a variant {name}: choose another name")

    def create(
        self,
        proposal: Proposal,
        protocol: str,
        fingerprint: str,
        stage: Stage = "proposed",
        files: Mapping[str, str] | None = None,
        **facts: Unpack[RunFacts],
    ) -> Run:
        """Give a proposal its folder, in any stage, with further files; `facts` are further fields of the run."""
        with self.locks.writing():
            self.check_protocol(protocol, fingerprint)
            self.check_new(proposal.name)
            held = {"name": protocol, "fingerprint": fingerprint}
            if not (self.root / PROTOCOL).exists():
                write_atomically(self.root / PROTOCOL, json.dumps(held, indent=1) + "\n")
            now = time.time()
            stages: tuple[Stage, ...] = ("proposed",) if stage == "proposed" else ("proposed", stage)
            milestones = tuple(Milestone(reached, now) for reached in stages)
            run = Run(self._new_id(now), stage, proposal, protocol, fingerprint, milestones, **facts)
            talk = conversation_path(self.root, proposal.conversation)
            if proposal.conversation and talk.exists():
                files = {**(files or {}), folder.TRANSCRIPT: talk.read_text(encoding="utf-8")}
            folder.create(self.folder(run), run, files or {})
            self.folders.wrote(run.id)
            talk.unlink(missing_ok=True)
            self._project()
        return run

    def advance(self, run: Run, stage: Stage, **changes: Unpack[RunFacts]) -> Run:
        """Move a run to its next stage; `changes` are fields of it. Raises StaleRun if it is no longer where it was."""
        with self.locks.writing():
            found = self.folders.read(run.id).run
            if found.stage != run.stage or found.proposal != run.proposal:
                raise StaleRun(f"run {run.id} is {found.stage} by now: somebody else decided about it meanwhile")
            if stage not in NEXT_STAGES[run.stage]:
                raise WorkspaceError(f"run {run.id} is {run.stage} and cannot become {stage}")
            moved = replace(
                run, stage=stage, milestones=(*run.milestones, Milestone(stage, time.time())), **changes
            )  # fmt: skip
            folder.save(self.folder(run), moved)
            self.folders.wrote(run.id)
            if stage == "evaluated":
                self._project()
            return self.folders.read(run.id).run  # as the next reader will have it: its curves stay on the disk

    def amend(self, run: Run, **changes: Unpack[RunChanges]) -> Run:
        """Change fields of a run that stays in its stage, such as a proposal that a person edited."""
        with self.locks.writing():
            if self.folders.read(run.id).run != run:
                raise StaleRun(f"run {run.id} was changed meanwhile: look at it again")
            amended = replace(run, **changes)
            folder.save(self.folder(run), amended)
            write_atomically(self.folder(run) / folder.VARIANT, amended.proposal.source)
            self.folders.wrote(run.id)
        return amended

    def write(self, run: Run, name: str, text: str) -> None:
        """Put a file into a run's folder."""
        with self.locks.writing():
            write_atomically(self.folder(run) / name, text)

    def keep(self, name: str, text: str) -> None:
        """Put a file into runs/."""
        with self.locks.writing():  # else another process that tidies up could take a half-written file for a leftover
            write_atomically(self.root / RUNS / name, text)

    def test_seed(self) -> int:
        """What draws the test of every run here: one secret, so that variants can be compared draw by draw.

        It is made when it is first asked for. A workspace that is older than this keeps the seed that its template was
        tested with, so that what is added can be compared with that. Workers are handed inputs and never the seed.
        """
        path = self.root / TEST_SEED
        with self.locks.writing():
            with reading(path):
                if path.exists():
                    return int(json.loads(path.read_text(encoding="utf-8"))["seed"])
            baseline = self.history().baseline
            seed = baseline.card.test_seed if baseline and baseline.card else secrets.randbits(SECRET_BITS)
            write_atomically(path, json.dumps({"seed": seed}) + "\n")
            return seed

    def keep_budget(self, budget: MeansBudget) -> None:
        """Judge the variants of this workspace by this budget from now on."""
        if budget != self.budget():
            self.keep(Path(BUDGET).name, json.dumps(asdict(budget), indent=1) + "\n")

    def keep_objective(self, objective: Objective) -> None:
        """Judge the variants of this workspace by this objective from now on."""
        if objective != self.objective():
            self.keep(Path(OBJECTIVE).name, json.dumps(objective) + "\n")

    def keep_replicate(self, card: ScoreCard) -> None:
        """Add to the cards from which the noise of this workspace is told."""
        there = self.replicates()
        cards = (*there.cards, folder.without_curves(card))
        self.keep(Path(REPLICATES).name, replace(there, cards=cards).to_json() + "\n")

    def keep_confirmation(self, run: Run, confirmation: Confirmation) -> None:
        """Keep a run's scores on fresh seeds in its folder."""
        with self.locks.writing():
            folder.keep_confirmation(self.folder(run), confirmation)
            self.folders.wrote(run.id)

    def keep_verified(self, run: Run, card: ScoreCard) -> None:
        """Keep a run's scores under a protocol that verifies in its folder."""
        with self.locks.writing():
            folder.add_verification(self.folder(run), card)
            self.folders.wrote(run.id)

    def keep_older(self, note: OlderNote) -> None:
        """Put a note of the older format among what was imported; the same note again replaces itself."""
        where = f"imported/{note.id}"
        self.keep(f"{where}/insights.md", note.text)
        self.keep(f"{where}/note.json", json.dumps(asdict(note), indent=1, ensure_ascii=False) + "\n")

    def older_notes(self) -> tuple[OlderNote, ...]:
        """What was imported, oldest first."""
        found = []
        for path in sorted((self.root / RUNS / "imported").glob("*/note.json")):
            with reading(path):
                facts = json.loads(path.read_text(encoding="utf-8"))
                found.append(OlderNote(**facts | {"warnings": tuple(facts["warnings"])}))
        return tuple(found)

    def reconcile(self) -> tuple[Run, ...]:
        """Put right what a kill left behind; for the one search alone. Returns the runs that were cut off in mid-way.

        They are approved again, to be evaluated anew, or failed when that has happened before.
        """
        cut_off = []
        with self.locks.writing():
            for leftover in [*(self.root / RUNS).glob(f"{folder.NEW}*"), *self._scratch()]:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)
        for run in self.history().runs:
            if run.stage == "evaluating" and run.attempts < INTERRUPTIONS:
                cut_off.append(self.advance(run, "approved"))
            elif run.stage == "evaluating":
                reason = Reason("failure.cut_off", {"times": run.attempts})
                cut_off.append(self.advance(run, "failed", failure=Failure("interrupted", reason)))
        with self.locks.writing():
            self._project()
        return tuple(cut_off)

    def rebuild(self) -> tuple[str, ...]:
        """Make results.csv anew from runs/, whatever it is. Returns the rows that it had without a run behind them."""
        with self.locks.writing():
            try:
                rows = list(self.rows())
            except WorkspaceError:  # torn, or of another form: it is made anew all the same
                rows = []
            dropped = tuple(name for name in rows if self.history().find(name) is None)
            self._project(check=False)
        return dropped

    # No other module needs the rest.

    def _project(self, check: bool = True) -> None:
        """Write results.csv as the runs have it, where it is not so yet."""
        history = self.history()
        if check:
            self._check_table(history)
        kept = {}
        if check and self.damaged:  # a row whose run cannot be read just now stays: its folder may be repaired
            kept = {name: row for name, row in self.rows().items() if history.find(name) is None}
        path, text = self.root / TABLE, table_text(history, kept, self._lines)
        if not (path.exists() and path.read_bytes() == text.encode()):
            write_atomically(path, text)

    def _check_table(self, history: History) -> None:
        """The table is written from the runs, so a row that no run stands behind would be lost: refuse."""
        found = {run.name for run in history.scored}
        stray = [name for name in self._rows_named() if name not in found]
        if stray and not self.damaged:  # else it may be the row of a run that cannot be read just now
            raise WorkspaceError(
                f"{self.root / TABLE} has a row {stray[0]} that no run in {RUNS}/ stands behind: give another "
                f"--workspace, or have the table made anew: {command('rebuild', self.root)}"
            )

    def _rows_named(self) -> Iterable[str]:
        """The names in the table; a table that is as it was read last is not read again."""
        path = self.root / TABLE
        if not path.exists():
            return ()
        stamp = stamp_of(path)
        if self._names is None or self._names[0] != stamp:
            self._names = stamp, tuple(self.rows())
        return self._names[1]

    def _new_id(self, now: float) -> str:
        """The time as the older notes were named, or, where the clock does not say a later one than the last run has,
        the last run's and a count: two runs share a second, or the clock was put back, as every autumn."""
        stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
        last, count = max(map(order_of, self.folders.names()[-1:]), default=("", 0))
        return stamp if stamp > last else f"{last}_{count + 1}"

    def _scratch(self) -> Iterator[Path]:
        """Files that a kill left half written."""
        yield from self.root.glob(f".{TABLE}-*")
        for where in (self.root / RUNS, *(self.root / RUNS / name for name in self.folders.names())):
            yield from (path for path in where.glob(".*-*") if path.is_file())


def conversation_path(root: Path, name: str) -> Path:
    """Where a conversation is taken down that no run has come of yet."""
    return root / RUNS / "conversations" / f"{name}.jsonl"
