"""The next proposal: made when it is asked for, or ahead of time while something else is trained."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from agent.llm import Connection
from agent.proposer import Chooser, NothingToPropose, Proposer
from agent.proposer.known import family_of
from agent.proposer.parents import rank_parents
from agent.science.history import History
from agent.search.attempts import attempt, chosen_by, raised, repair, written
from agent.search.background import Background
from agent.search.draft_queue import Begun, DraftQueue, why_dropped, with_drafts
from agent.store.drafts import Draft, KeptDrafts, has_run

TICK = 0.1  # seconds between two looks at whether a draft is there
SECONDS_TO_END = 10.0  # for a draft that nobody waits for any more


@dataclass
class Drafts:
    """Chooses a parent and has the proposer make something of it; without a proposer there is nothing.

    A model takes as long as a training. Where the proposer asks one, over `connection`, so many drafts as there are
    `places` are made ahead, each when the readings of earlier results are there. What was paid for is kept and used.
    """

    proposer: Proposer | None
    seed: int
    connection: Connection | None = None
    say: Callable[[str], None] = lambda line: None
    start_from: tuple[str, ...] = ()  # known mixers, as agent/core/baselines.py finds them
    places: int = 1
    kept: KeptDrafts | None = None
    read: Callable[[History], History] = lambda history: history  # waits for readings, and adds them
    waits: Callable[[], None] = lambda: None  # called many times a second; raises where a person wants to stop
    queue: DraftQueue = field(default_factory=DraftQueue, init=False)
    asked: dict[tuple[str, str], Background[Draft | None]] = field(default_factory=dict, init=False)  # by idea, parent
    repairs: bool = field(default=True, init=False)

    @contextmanager
    def open(self) -> Iterator[None]:
        """See that a model can be reached, take up what was left, and at the end give up what is being made.

        A check that is under way is waited for, so that it leaves nothing behind.
        """
        if self.proposer is not None and self.connection is not None:
            self.connection.probe()
            self._take_up()
        try:
            yield
        finally:
            if self.proposer is not None and self.connection is not None:
                self.connection.close()
                self.queue.wait(SECONDS_TO_END)

    def _take_up(self) -> None:
        """Put the drafts of earlier searches into the queue."""
        if self.kept is None:
            return
        history = self.kept.workspace.history()
        for draft in self.kept.left():
            self.queue.add(Begun(history, Background(partial(_given, draft))))
            self.say(f"· {draft.proposal.name}, which was proposed before, is taken up")

    def next(self, history: History, idea: str = "", parent: str = "") -> Draft | None:
        """A draft that was prepared, the most timely one that is ready; else a new one. None if nothing is left.

        What a person asks for is made anew, unless an earlier search was stopped when it had it made.
        """
        if self.connection is None or self.proposer is None:
            return self._make(history, idea, parent)
        if idea or parent:
            if (made := self.queue.take_along(idea, parent)) is not None and not has_run(made, history):
                return made
            self._ask(history, idea, parent)
            asked = self.asked[idea, parent]
            self._wait(lambda: asked.done)
            return self.asked.pop((idea, parent)).result()
        while True:
            fresh = not self.queue
            self.prepare(history, 1)
            self._wait(lambda: self.queue.ready)
            draft = self._usable(self.queue.take(history), history)
            if draft is not None or fresh:
                return draft

    def ready(self, history: History, idea: str = "", parent: str = "") -> bool:
        """Whether `next` need not wait for a model; what it would wait for is begun."""
        if self.connection is None or self.proposer is None:
            return True
        if idea or parent:
            self._ask(history, idea, parent)
            return self.asked[idea, parent].done
        self.prepare(history, 1)
        return self.queue.ready

    def _ask(self, history: History, idea: str, parent: str) -> None:
        """Begin what a person asks for."""
        if (idea, parent) not in self.asked:
            self.asked[idea, parent] = Background(lambda: self._made(history, 0, idea, parent))

    def _usable(self, begun: Begun, history: History) -> Draft | None:
        """A draft that is there, under a free name; None where it must not be used. Raises what its making did."""
        draft = begun.draft.result()
        if draft is None:
            return None
        if why := why_dropped(draft, begun.history, history):
            self.say(f"· dropped {draft.proposal.name}, which was prepared: {why}")
            if self.kept is not None:
                self.kept.drop(draft)
            return None
        return replace(draft, proposal=replace(draft.proposal, name=history.free_name(draft.proposal.name)))

    def _wait(self, over: Callable[[], bool]) -> None:
        while not over():
            self.waits()
            time.sleep(TICK)

    def prepare(self, history: History, most: float = math.inf) -> None:
        """Begin drafts, if they take long, until every place is taken, or as many are there as there is budget for."""
        if self.proposer is None or self.connection is None:
            return
        while len(self.queue) < min(self.places, most):
            self.queue.add(self._begin(history))

    def _begin(self, history: History) -> Begun:
        number, told = len(self.queue), with_drafts(history, self.queue.waiting())
        return Begun(history, Background(lambda: self._made(told, number)))

    def _made(self, history: History, number: int, idea: str = "", parent: str = "") -> Draft | None:
        """A draft that is on the disk before anybody uses it, made when the readings of all results are there."""
        draft = self._make(self.read(history), idea, parent, number)
        if draft is None or self.kept is None:
            return draft
        return written(history, draft, self.kept.keep)

    def _make(self, history: History, idea: str = "", parent: str = "", number: int = 0) -> Draft | None:
        """A draft of what failed in training, else of the most promising parent that anything can still be made of.

        A person may have an idea, or name the parent. `number` tells those apart that are made at the same time.
        """
        proposer = self.proposer
        if proposer is None:
            return None
        if self.repairs and not (idea or parent):
            repaired = attempt(history, history.baseline, lambda: repair(proposer, history))
            if repaired is not None:
                self.repairs = not raised(repaired)  # else it would be in the way of every proposal
                return repaired
        draw = Random(f"{self.seed} {len(history.runs)}" + f" {number}" * bool(number))
        return self._choose(proposer, history, draw, idea, parent)

    def _choose(self, proposer: Proposer, history: History, draw: Random, idea: str, parent: str) -> Draft | None:
        family = family_of(history, self.start_from) if not parent else frozenset()
        if not (idea or parent) and isinstance(proposer, Chooser):
            chosen = attempt(history, history.baseline, partial(chosen_by, proposer, history, draw, family))
            if chosen is not None:
                return chosen
        for candidate in rank_parents(history, draw):
            if candidate.name == parent or (not parent and (not self.start_from or candidate.name in family)):
                propose = partial(proposer.propose, history, candidate, draw, idea)
                with suppress(NothingToPropose):
                    return _along(idea, attempt(history, candidate, propose, asked_by_a_person=bool(idea or parent)))
        return None


def _along(idea: str, draft: Draft | None) -> Draft | None:
    """A draft that keeps the idea that a person had it made of."""
    return replace(draft, proposal=replace(draft.proposal, idea=idea)) if draft and idea else draft


def _given(draft: Draft) -> Draft:
    return draft
