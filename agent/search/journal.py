"""The search tells the journal what happens; the journal shows it, and keeps it where `status` finds it."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from agent.core.run import Proposal, Run
from agent.core.sentences import counted
from agent.core.text import ENGLISH, Text
from agent.evaluator.progress import Meter, Update
from agent.evaluator.protocol import Protocol
from agent.llm import Call, Interrupted
from agent.science.confirmation import standing_of, winner
from agent.science.history import History
from agent.science.summary import summary_of
from agent.science.verification_words import verified
from agent.search.budget import Ledger
from agent.search.place_log import PlaceLog
from agent.search.printing import describe
from agent.store.files import WorkspaceError
from agent.store.status import (
    END,
    STATUS,
    End,
    Phase,
    Status,
    clock,
    describe_call,
    describe_run,
    read_status,
    record_phase,
)
from agent.store.workspace import Workspace

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
        calls: Callable[[], Sequence[Call]] = tuple,
    ) -> None:
        """`calls` are those to a model that are under way."""
        self.workspace, self.ledger, self.show, self.line = workspace, ledger, show, line
        self.calls = calls
        self.places = PlaceLog(workspace)
        self.lock = threading.RLock()  # a training at another place tells how far it is from a thread of its own
        self.status = Status("starting", isolation=isolation, budget=self._budget())
        self.written = 0.0
        self.resumes = False

    def resume(self) -> None:
        """Go on in the name of the latest search, if there was one: what is done now is no search of its own."""
        with suppress(WorkspaceError):
            self.status = replace(self.status, started=read_status(self.workspace).started)
            self.resumes = True

    def begin(self, history: History, cut_off: tuple[Run, ...]) -> None:
        """A search begins where an earlier one may have left off, with these runs in mid-way."""
        self.line(self.status.isolation)
        if history.runs:
            self.line(f"going on with {counted(len(history.runs), 'run')}, {len(history.scored)} of them scored")
        for run in cut_off:
            again = "it is given up" if run.failure else "it is evaluated again"
            self.line(f"{run.name} was cut off while it was evaluated: {again}")
        finished = [describe_run(history, run) for run in history.runs if run.finished]
        self._change(latest=tuple(finished[-LATEST:]), **_tally(history))
        self.write()

    def phase(self, phase: str, proposal: Proposal | None = None) -> None:
        """The search turns to something else, of this proposal."""
        idea = f"{proposal.title[ENGLISH]}{_origin(proposal)}" if proposal else ""
        self._change(phase=phase, run=proposal.name if proposal else "", idea=idea, training="", share=0.0)
        record_phase(self.workspace, Phase(self.status.updated, phase))
        self.write()

    def trains(self, proposal: Proposal) -> None:
        """The search has nothing to do but to wait for its places, one of which trains this."""
        if self.status.phase not in ("training", "paused"):
            self.phase("training", proposal)

    def pauses(self) -> None:
        """The search begins nothing for now."""
        if self.status.phase != "paused":
            self.phase("paused")

    def training(self, protocol: Protocol, place: str) -> Callable[[Update], None]:
        """What the evaluator is to call while it trains at a place."""
        meter = Meter(protocol)

        def watch(update: Update) -> None:
            replica = meter.add(update)
            if replica:
                training = describe(replica, update, meter)
                self.places.progress(place, meter, training)
                shown = self.places.now.get(place)
                of_the_run = shown is None or shown.run == self.status.run  # which is shown; others are told by place
                self._change(**({"training": training, "share": meter.fraction} if of_the_run else {}))
                if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
                    with suppress(WorkspaceError):  # a disk that is full just now is no reason to lose a training
                        self.write()

        return watch

    def waits(self) -> None:
        """The search waits for a model: show for which. Raises Interrupted where a person wants it to stop."""
        self._stop_where_asked()
        self._change()
        if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
            self.write()

    def _stop_where_asked(self) -> None:
        if self.ledger.interrupted:
            raise Interrupted("you stopped it while a model was waited for")

    def ended(self, history: History, run: Run) -> None:
        """A run is done, one way or the other."""
        line = describe_run(history, run)
        self.line(line)
        self._change(latest=(*self.status.latest, line)[-LATEST:], **_tally(history))
        self.write()

    def confirmed(self, history: History) -> None:
        """The finalists were trained on fresh seeds."""
        self._change(**_tally(history))
        self.write()

    def stopped(self, reason: Text) -> None:
        """Keep why the search ended, for its reader in the morning. A search that never began leaves no trace.

        One that was resumed keeps the reason it had.
        """
        if not self.written:
            return
        self._change(phase="", run="", idea="", training="", share=0.0, places=())
        record_phase(self.workspace, Phase(self.status.updated, ""))
        self.write()
        if self.resumes:
            return
        end = End(self.status.started, time.time(), reason)
        self.workspace.keep(
            END, json.dumps(asdict(end) | {"reason": reason.words}, indent=1, ensure_ascii=False) + "\n"
        )

    def write(self) -> None:
        """Keep the status where another shell finds it."""
        with self.lock:
            self.written = time.monotonic()
            self.workspace.keep(STATUS, json.dumps(asdict(self.status), indent=1, ensure_ascii=False) + "\n")

    def _change(self, **facts: object) -> None:
        now: dict[str, object] = {"updated": time.time(), "busy": self.ledger.busy, "budget": self._budget()}
        now |= {"asked": "; ".join(map(describe_call, self.calls())), "places": self.places.statuses}
        with self.lock:
            self.status = replace(self.status, **(now | facts))  # type: ignore[arg-type]
            self.show(self.status)

    def _budget(self) -> str:
        budget, used = self.ledger.budget, self.ledger
        parts = [f"{clock(used.seconds)} of {clock(budget.hours * 3600)}" if budget.hours else clock(used.seconds)]
        parts += [f"{used.finished} of {counted(budget.runs, 'run')}" if budget.runs else counted(used.finished, "run")]
        parts += [str(used.spending)] if used.spending.calls else []
        parts += [f"{used.failures_in_a_row} failures in a row"] if used.failures_in_a_row else []
        return ", ".join(parts)


class Aside(Journal):
    """Of what is done beside the training, such as a proposal: it is not what the search is doing."""

    def phase(self, phase: str, proposal: Proposal | None = None) -> None:
        pass

    def waits(self) -> None:
        self._stop_where_asked()


def _tally(history: History) -> dict[str, object]:
    """The facts of a status that follow from the runs."""
    facts = summary_of(history)
    leader = winner(history) or facts.best
    best = f"{describe_run(history, leader)}; {standing_of(history, leader)[ENGLISH]}" if leader else ""
    shown = verified(history, leader) if leader else None
    best += f"; {shown[ENGLISH]}" if shown else ""
    return {"best": best, "tried": facts.tried, "kept": facts.kept, "failed": facts.failed}


def _origin(proposal: Proposal) -> str:
    return f" (from {' and '.join(proposal.parents)})" if proposal.parents else ""
