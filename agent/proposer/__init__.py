"""Where ideas come from. Every proposer keeps one interface, so that the loop does not know which it has."""

from collections.abc import Collection
from random import Random
from typing import Protocol, runtime_checkable

from agent.core.errors import DeltaSearchError
from agent.core.failure import Failure
from agent.core.run import Proposal, Run
from agent.science.history import History


class NothingToPropose(DeltaSearchError):
    """Every idea that this proposer has from this parent was tried or does not fit."""


class ProposalFailed(DeltaSearchError):
    """A proposal came, and is of no use; it is recorded with its reason."""

    def __init__(self, proposal: Proposal, failure: Failure) -> None:
        super().__init__(str(failure))
        self.proposal, self.failure = proposal, failure


@runtime_checkable
class Repairer(Protocol):
    """A proposer that learns at once from what failed in training."""

    def repair(self, history: History) -> Proposal | None:
        """Another version of a variant of its own that failed; None if there is none. Raises ProposalFailed."""
        ...


@runtime_checkable
class Chooser(Protocol):
    """A proposer that knows by itself what is best tried next, and of which variant that is a change."""

    def choose(self, history: History, draw: Random, among: Collection[str] = ()) -> Proposal | None:
        """A variant that the history does not hold yet; None where it leaves the choice of a parent to others.

        `among` are the names of the variants that may be changed; without one, all may. Raises
        NothingToPropose and ProposalFailed.
        """
        ...


class Proposer(Protocol):
    """What makes a new variant out of an old one: a catalogue, a model or a person."""

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        """A variant that the history does not hold yet, along a person's idea if there is one.

        Raises NothingToPropose, ProposalFailed, and UsageError for an idea that this proposer cannot understand.
        """
        ...
