"""The search tells the journal what happens; the journal shows it, and keeps it where `status` finds it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace

from agent.budget import Ledger
from agent.evaluator.progress import Meter, Update
from agent.evaluator.protocol import Protocol
from agent.files import reading
from agent.history import History
from agent.record import BASELINE, Run, Text
from agent.status import End, Status, clock, describe_run
from agent.terminal import describe
from agent.workspace import RUNS, Workspace

STATUS, END = "status.json", "ended.json"
SECONDS_BETWEEN_WRITES = 2.0
LATEST = 6  # results shown


class Journal:
    """Keeps the status of one search. `show` draws it; `line` prints what a reader of a log should see, once."""

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        show: Callable[[Status], None],
        line: Callable[[str], None],
        isolation: str = "",
    ) -> None:
        self.workspace, self.ledger, self.show, self.line = workspace, ledger, show, line
        self.status = Status("starting", isolation=isolation, budget=self._budget())
        self.written = 0.0

    def phase(self, phase: str, name: str = "") -> None:
        """The search turns to something else, of the variant of this name."""
        self.line(f"{phase} {name}".strip())
        self._change(phase=phase, run=name, training="", share=0.0)
        self.write()

    def training(self, protocol: Protocol) -> Callable[[Update], None]:
        """What the evaluator is to call while it trains."""
        meter = Meter(protocol)

        def watch(update: Update) -> None:
            replica = meter.add(update)
            if replica:
                self._change(training=describe(replica, update, meter), share=meter.fraction)
                if time.time() - self.written > SECONDS_BETWEEN_WRITES:
                    self.write()

        return watch

    def ended(self, history: History, run: Run) -> None:
        """A run is done, one way or the other."""
        line = describe_run(history, run)
        self.line(line)
        best = history.best
        ours = [run for run in history.runs if run.proposal.author != BASELINE]
        self._change(
            best=describe_run(history, best) if best else "",
            latest=(*self.status.latest, line)[-LATEST:],
            tried=len(ours),
            failed=sum(run.failure is not None for run in ours),
        )
        self.write()

    def stopped(self, reason: Text) -> None:
        """The search is over: whoever reads in the morning finds out why."""
        end = End(self.status.started, time.time(), reason)
        self.workspace.keep(END, json.dumps(asdict(end), indent=1, ensure_ascii=False) + "\n")

    def write(self) -> None:
        self.written = time.time()
        self.workspace.keep(STATUS, json.dumps(asdict(self.status), indent=1, ensure_ascii=False) + "\n")

    def _change(self, **facts: object) -> None:
        now = {"updated": time.time(), "busy": self.ledger.busy, "budget": self._budget()}
        self.status = replace(self.status, **now, **facts)  # type: ignore[arg-type]
        self.show(self.status)

    def _budget(self) -> str:
        budget, used = self.ledger.budget, self.ledger
        parts = [f"{clock(used.seconds)} of {clock(budget.hours * 3600)}" if budget.hours else clock(used.seconds)]
        parts += [f"{used.finished} of {budget.runs} runs"] if budget.runs else [f"{used.finished} runs"]
        parts += [f"${used.cost():.2f} of ${budget.cost:.2f}"] if budget.cost else []
        parts += [f"{used.failures_in_a_row} failures in a row"] if used.failures_in_a_row else []
        return ", ".join(parts)


def read_end(workspace: Workspace) -> End | None:
    """How the latest search that came to an end did so; None where none has."""
    path = workspace.root / RUNS / END
    with reading(path):
        if not path.exists():
            return None
        facts = json.loads(path.read_text(encoding="utf-8"))
        return End(facts["started"], facts["ended"], Text(**facts["reason"]))


class Aside(Journal):
    """Of what is done beside the training, such as a proposal: it is not what the search is doing."""

    def phase(self, phase: str, name: str = "") -> None:
        pass


def read_status(workspace: Workspace) -> Status:
    """What the latest search of a workspace wrote; WorkspaceError where none was."""
    path = workspace.root / RUNS / STATUS
    with reading(path):
        facts = json.loads(path.read_text(encoding="utf-8"))
        return Status(**facts | {"latest": tuple(facts["latest"])})
