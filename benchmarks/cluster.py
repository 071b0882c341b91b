"""A simulated cluster: the real search with many places, which train nothing, by a clock that runs while it works.

The search, its scheduler, workspace, catalogue, promotion, notes and lineage are the project's own. A place answers
with made-up scores (agent/study/synthetic.py) after as long as a piece of work under `mad` takes on an H200, as
counted: a row 29 minutes where the variant learns as fast as the template, and 87 where it never exits early; the first
leg a tenth of that, what follows the rest. Two of three proposals lose so much that the first leg ends them. A model
says nothing for three minutes. What is told is how busy the places were, from when each had something to do to when the
last piece was begun.

The clock counts the CPU time of this process and of its children, and jumps over what is waited for. The check before
training is not carried out: CHECK seconds are counted for it, in which the search decides nothing else.
"""

import heapq
import queue
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from random import Random

from agent.core.baselines import TEMPLATE
from agent.core.isolation import Isolation
from agent.core.run import Proposal, Run
from agent.core.score import ScoreCard
from agent.core.text import Text
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.news import Answered, News
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import QUICK
from agent.proposer import Proposer
from agent.science.history import History
from agent.search.analyses import Analyses
from agent.search.assembly import make_catalogue
from agent.search.budget import Budget, Ledger
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.loop import Search
from agent.search.replication import Replication
from agent.search.scheduler import Scheduler, Source
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace
from agent.study.synthetic import synthetic

ROW_OF_MAD = (29.0, 87.0)  # minutes
FIRST_LEG = 0.1  # of the tokens of a row of mad
LOSERS, LOST = 2 / 3, 0.15  # the share of proposals that lose, and how much on each task, which a first leg shows
THINKING = 180.0  # seconds that a model takes for a draft
CHECK = 2.0  # seconds, one core: docs/performance.md


@dataclass
class VirtualClock:
    """Seconds of work of this process and its children, and those that were waited for."""

    skipped: float = 0.0
    sleepers: list[tuple[float, int, threading.Event]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.began = cpu_seconds()

    def __call__(self) -> float:
        return self.skipped + self.worked()

    def worked(self) -> float:
        """Seconds of CPU time so far."""
        return cpu_seconds() - self.began

    def until(self, at: float) -> None:
        """Wait for that moment, if it is not over."""
        self.skipped += max(0.0, at - self())

    def sleep(self, seconds: float) -> None:
        """Wait in a thread, until another thread has waited so long."""
        woken = threading.Event()
        heapq.heappush(self.sleepers, (self() + seconds, next(self.numbers), woken))
        woken.wait()


def cpu_seconds() -> float:
    """Of this process and its children that ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@dataclass
class VirtualPlaces:
    """An executor of places that answer after a while of the clock; it knows when each had work."""

    number: int
    clock: VirtualClock
    seconds: Callable[[Assignment], float]
    card: Callable[[Assignment], ScoreCard]
    drafts: Drafts
    grows: bool = False
    workers: int | None = 1
    device: str = "cpu"
    spans: list[tuple[float, float]] = field(default_factory=list)  # from begin to end, in the order of their begin
    ends: list[tuple[float, str, Assignment, "Future[ScoreCard]"]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = tuple(f"node{index // 8:02}/cuda:{index % 8}" for index in range(self.number))
        self.news = self
        self.drafts.waits = self._let_a_draft_end

    def begin(self, place: str, assignment: Assignment, watch: Watch) -> "Future[ScoreCard]":
        future: Future[ScoreCard] = Future()
        end = self.clock() + self.seconds(assignment)
        self.spans.append((self.clock(), end))
        heapq.heappush(self.ends, (end, place, assignment, future))
        return future

    def get(self, timeout: float) -> News:
        """The next answer; queue.Empty where a draft is there before it."""
        self._see_all_asleep()
        if not self.ends or (self.clock.sleepers and self.clock.sleepers[0][0] <= self.ends[0][0]):
            self._let_a_draft_end()
            raise queue.Empty
        end, place, assignment, future = heapq.heappop(self.ends)
        self.clock.until(end)
        future.set_result(self.card(assignment))
        return Answered(place, future)

    def get_nowait(self) -> News:
        raise queue.Empty

    def busy(self) -> float:
        """The share of the time from when each place had been given something to the last begin."""
        start, end = self.spans[min(self.number, len(self.spans) - 1)][0], self.spans[-1][0]
        worked = sum(max(0.0, min(end, last) - max(start, first)) for first, last in self.spans)
        return worked / (self.number * (end - start))

    def _let_a_draft_end(self) -> None:
        self._see_all_asleep()
        if self.clock.sleepers:
            at, _, woken = heapq.heappop(self.clock.sleepers)
            self.clock.until(at)
            woken.set()
            self._see_all_asleep()

    def _see_all_asleep(self) -> None:
        """Wait until every draft that is being made has begun to sleep, or is done."""
        while sum(not each.draft.done for each in self.drafts.queue.begun) > len(self.clock.sleepers):
            time.sleep(0.0005)


@dataclass
class SlowThinker:
    """A model that proposes something new after three minutes."""

    clock: VirtualClock
    numbers: "count[int]" = field(default_factory=count)

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        name = f"{TEMPLATE}_thought_{next(self.numbers)}"
        self.clock.sleep(THINKING)
        return Proposal(name, f"# {name}\n", "a model", Text(name), (parent.name,))


class Reached:
    """A connection that always holds."""

    def probe(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class PassedAll(Inspection):
    """A check that passes everything, and takes the time of one."""

    clock: VirtualClock = field(kw_only=True)

    def __call__(self, history: History, proposal: Proposal) -> tuple[float, ...]:
        self.clock.skipped += CHECK
        chance = Random(proposal.source)
        self.passed[proposal.source] = tuple(chance.gauss(0, 1) for _ in range(64))
        return super().__call__(history, proposal)


@dataclass
class WatchedScheduler(Scheduler):
    """A scheduler that knows what each of its decisions cost, in seconds of work."""

    decisions: list[float] = field(default_factory=list, init=False)

    def _fill(self, sources: Sequence[Source], owed: Source) -> bool:
        places = self.places.executor
        assert isinstance(places, VirtualPlaces)
        began, known = places.clock.worked(), len(places.spans)
        later = super()._fill(sources, owed)
        if begun := len(places.spans) - known:
            self.decisions.append((places.clock.worked() - began) / begun)
        return later


class Simulation(Search):
    """A search that confirms nothing: what is measured ends with its last proposal."""

    @cached_property
    def scheduler(self) -> WatchedScheduler:
        return WatchedScheduler(self.places, self.workspace.history, self.stop, self.analyses.collect)

    def confirm(self, chosen: object = (), times: int = 0) -> None:
        pass


@dataclass(frozen=True)
class Simulated:
    """What a simulated search came to."""

    busy: float  # a share
    seconds_a_row: float  # of CPU time
    decisions: tuple[float, ...]  # seconds of CPU time
    stopped: int  # proposals that were stopped after a leg


def simulated(
    root: Path,
    places: int,
    rows: int,
    minutes: tuple[float, float],
    drafts: int = 0,
    proposer: Proposer | None = None,
    losers: float = LOSERS,
) -> Simulated:
    """Search with so many places until so many rows are done; with drafts by a model that makes so many at once, else
    by the proposer, which is the catalogue if none is given. `losers` is the share that a first leg ends."""
    clock, made_up = VirtualClock(), synthetic(QUICK)
    workspace, ledger = Workspace(root), Ledger(Budget(runs=rows), clock=clock)
    proposer = SlowThinker(clock) if drafts else proposer or make_catalogue()
    queue_of_drafts = Drafts(proposer, 0, Reached() if drafts else None, places=drafts)  # type: ignore[arg-type]

    def seconds(assignment: Assignment) -> float:
        share = tokens_of(assignment.protocol) / tokens_of(protocol)  # whose legs are others than mad's
        leg = 1.0 if share > 0.99 else FIRST_LEG if share < 0.5 else 1.0 - FIRST_LEG
        return 60.0 * leg * Random(assignment.source).uniform(*minutes)

    def card(assignment: Assignment) -> ScoreCard:
        template = "" if workspace.history().baseline else TEMPLATE
        loses = not template and Random(f"{assignment.source} loses").random() < losers
        return made_up.card(template or assignment.source, -LOST if loses else 0.0, assignment.protocol)

    protocol = made_up.protocol
    executor = VirtualPlaces(places, clock, seconds, card, queue_of_drafts)
    replication = Replication(workspace, protocol, ledger)
    replication.given_up = True  # its noise is known: it is what the scores are made of
    search = Simulation(
        workspace=workspace, protocol=protocol, executor=executor, drafts=queue_of_drafts,
        check=PassedAll(protocol, clock=clock), analyses=Analyses(workspace), lineage=Lineage(root), ledger=ledger,
        journal=Journal(workspace, ledger, lambda status: None, lambda line: None),
        isolation=Isolation(said="nothing is trained"), replication=replication, baselines=(TEMPLATE,),
    )  # fmt: skip
    search.run()
    stopped = len(workspace.history().stopped)
    return Simulated(executor.busy(), clock.worked() / rows, tuple(search.scheduler.decisions), stopped)


def tokens_of(protocol: Protocol) -> int:
    """As many as its replicas train on if none of them ends early."""
    return sum(replica.tokens for replica in protocol.replicas())


def cluster(places: int = 256, rows: int = 768) -> None:
    """How busy a cluster is with mad's legs, the catalogue or a slow model proposing, until so many proposals ended."""
    print(f"cluster: {places} simulated places, until {rows} proposals ended; {CHECK:g} s are counted for each check")
    shortest = 60 * FIRST_LEG * sum(ROW_OF_MAD) / 2  # of a proposal that is stopped after its first leg
    enough = -int(-places * THINKING // shortest)  # where all are
    for what, drafts in (("catalogue", 0), (f"model, drafts = {enough}", enough)):
        with tempfile.TemporaryDirectory() as root:
            done = simulated(Path(root), places, rows, ROW_OF_MAD, drafts)
        work = f"{1e3 * done.seconds_a_row:.0f} ms of CPU time a proposal"
        print(f"  {what:<28} busy {done.busy:.1%}, {done.stopped} stopped after a leg, {work}", flush=True)
