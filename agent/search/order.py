"""What is worth most for a free place: every kind of work in its order, each with a step for the place or with none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from agent.core.baselines import TEMPLATE
from agent.core.run import UNFINISHED, Proposal, Run
from agent.core.text import ENGLISH
from agent.evaluator.protocol import Protocol as ScoringProtocol
from agent.proposer.known import next_known, runs_of
from agent.science.history import History
from agent.search.budget import Ledger
from agent.search.confirmation import Confirming
from agent.search.drafts import Drafts
from agent.search.journal import Journal
from agent.search.opening import order_told, waiting
from agent.search.places import Places
from agent.search.replication import Replication
from agent.search.rows import Rows
from agent.search.scheduler import Meanwhile, Source
from agent.search.steps import Step


def at_once(*asked: str) -> bool:
    """That what is asked for is to be waited for, or needs no time."""
    return True


class Propose(Protocol):
    """What makes the next proposal a run; None where nothing is left, or nothing is `ready`."""

    def __call__(self, *, ready: Callable[..., bool]) -> Run | None: ...


@dataclass
class Order:
    """The kinds of work of one search.

    `propose` and `register` make a run of a proposal. `begun` are the ids of its runs of known variants.
    """

    protocol: ScoringProtocol
    rows: Rows
    places: Places
    drafts: Drafts
    ledger: Ledger
    journal: Journal
    replication: Replication
    confirming: Confirming
    baselines: tuple[str, ...]
    begun: set[str]
    propose: Propose
    register: Callable[[Proposal], Run]
    is_told: bool = field(default=False, init=False)  # that a first proposal comes before some baselines
    exhausted_by: tuple[int, int] | None = field(
        default=None, init=False
    )  # runs, and ended ones, when nothing was left

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every kind of work, the one that is worth most first."""
        return (
            self.unfinished,
            self.first_baselines,
            self.asked_confirmation,
            self.noise,
            self.first_proposal,
            self.known,
            self.proposal,
        )

    def owed(self, history: History) -> Step | Meanwhile | None:
        """What is begun also when it is time to stop: a training on fresh seeds that was planned.

        And, as no search ends without having tried a proposal, the next leg of the first one.
        """
        if (step := self.confirming.step()) is not None:
            return step
        begun = [run for run in history.runs if run.id in self.ledger.under_way and run.stage == "approved"]
        return self.rows.next(history, begun[0]) if begun and not self.ledger.tried else None

    def unfinished(self, history: History) -> Step | Meanwhile | None:
        """What goes on to its next leg, and what an earlier search, or a person who approved something, left to do."""
        left = [run for run in history.runs if run.stage in UNFINISHED and self.rows.may_begin(run)]
        left.sort(key=lambda run: not run.legs)
        return self.rows.next(history, left[0]) if left else None

    def first_baselines(self, history: History) -> Step | Meanwhile | None:
        """The template, with which everything is compared, and what the search is to start from."""
        return self.baseline(history, (TEMPLATE, *self.drafts.start_from))

    def asked_confirmation(self, history: History) -> Step | None:
        """A run that a person asked to have confirmed."""
        self.confirming.plan_asked(history)
        return self.confirming.step()

    def noise(self, history: History) -> Step | None:
        """The template on a further seed of each setting that has but one."""
        baseline = history.baseline if TEMPLATE in self.baselines else None
        return self.replication.step(baseline, self.journal) if baseline is not None else None

    def first_proposal(self, history: History) -> Step | Meanwhile | None:
        """A proposal that is tried before the baselines that can wait; None once one was tried, or if none wait."""
        behind, ledger = waiting(history, self.baselines), self.ledger
        begun = ledger.tried or ledger.under_way or ledger.proposals_over
        if not behind or begun or self.drafts.proposer is None or not self.may_propose(history):
            return None
        if not (ledger.finished or self.is_told):
            self.journal.line(f"· {order_told(self.protocol, history, behind)[ENGLISH]}")
            self.is_told = True
        return self.proposal(history)

    def known(self, history: History) -> Step | Meanwhile | None:
        """The other baselines."""
        return self.baseline(history, self.baselines)

    def proposal(self, history: History) -> Step | Meanwhile | None:
        """A new variant. No model is waited for while other places work: its draft is asked for again soon."""
        known = (len(history.runs), sum(run.finished for run in history.runs))
        if not self.may_propose(history) or known == self.exhausted_by:
            return None
        ready = partial(self.drafts.ready, history) if self.places.flights else at_once
        is_ready = ready()
        run = self.propose(ready=ready)
        if run is None and is_ready:
            self.exhausted_by = known  # until something more is known
        return self.rows.next(history, run) if run else None if is_ready else Meanwhile.LATER

    def may_propose(self, history: History) -> bool:
        """Whether there is something to change, and fewer proposals are under way than there are to be."""
        start = (run for name in (TEMPLATE, *self.drafts.start_from) for run in runs_of(history, name))
        return bool(history.scored) and all(run.finished for run in start) and not self.ledger.proposals_over

    def baseline(self, history: History, names: Sequence[str]) -> Step | Meanwhile | None:
        """The next of the baselines of these names that was not measured yet; None when all were, or are about to."""
        wanted = [name for name in self.baselines if name in names]
        wanted = [name for name in wanted if all(run.finished for run in runs_of(history, name))]
        proposal = next_known(history, wanted, self.begun)
        if proposal is None:
            return None
        run = self.register(proposal)
        self.begun.add(run.id)
        return self.rows.next(history, run)
