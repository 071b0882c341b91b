"""A run: one experiment from its proposal to its note. Frozen facts, without input or output."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.reason import Reason
from agent.core.score import ScoreCard
from agent.core.text import Text, say

Stage = Literal["proposed", "approved", "rejected", "evaluating", "evaluated", "failed", "stopped", "analysed"]

# What may follow what. A run that was interrupted while evaluating goes back to approved and is evaluated again, but
# for the legs that it has done. One that is stopped after a leg comes to no row, and is closed with its note as others.
NEXT_STAGES: Mapping[Stage, tuple[Stage, ...]] = {
    "proposed": ("approved", "rejected", "failed"),
    "approved": ("evaluating", "rejected", "failed"),
    "rejected": (),
    "evaluating": ("evaluated", "failed", "stopped", "approved"),
    "evaluated": ("analysed",),
    "failed": ("analysed",),
    "stopped": ("analysed",),
    "analysed": (),
}

# What a search still has something to do with. A proposed run waits for a person.
UNFINISHED: tuple[Stage, ...] = ("approved", "evaluated", "failed", "stopped")

Section = Literal["observations", "issues", "reasoning", "expected", "outcome", "lessons"]

# The first four are written with the proposal, before anything is known of its scores; the others after.
PROPOSED_SECTIONS: tuple[Section, ...] = ("observations", "issues", "reasoning", "expected")
ANALYSED_SECTIONS: tuple[Section, ...] = ("outcome", "lessons")
SECTIONS: tuple[Section, ...] = PROPOSED_SECTIONS + ANALYSED_SECTIONS


BASELINE = "baseline"  # the author of a run of a known variant
PERSON = "a person"


Sections = Mapping[Section, Text]


@dataclass(frozen=True)
class Proposal:
    """A variant that was not trained yet: where it comes from, why it might work, and what it should reach.

    `parents` are names of variants; the first is the one whose file was changed, a second makes it a combination.
    `moves` are all moves of the catalogue that the variant holds, its parents' too. `predicted` is the score expected
    of each task, registered before anything is trained; `corrected` is the part of it that makes up for what earlier
    predictions missed. `source` is the whole variant file. Where a person changed it before its training, that is the
    `editor`, and `unedited` is what the author had proposed: what was predicted and argued was of that.

    What a language model proposed has the name of the conversation that it came from, how often its reply went back to
    it before it stood, and the run whose failure in training it repairs, if it does. `kind` is the kind of change that
    was asked for (agent/proposer/kinds.py), and `task` the task that it was to be for. `idea` is a person's own.
    """

    name: str
    source: str
    author: str  # "catalogue", "baseline", "a person", or the name of a language model
    title: Text
    parents: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    predicted: Mapping[str, float] = field(default_factory=dict)
    argument: Mapping[Section, Text] = field(default_factory=dict)
    editor: str = ""
    unedited: str = ""
    corrected: Mapping[str, float] = field(default_factory=dict)
    conversation: str = ""
    repairs: int = 0
    repairs_of: str = ""  # the id of a run
    kind: str = ""
    task: str = ""
    idea: str = ""
    mechanisms: tuple[str, ...] | None = None  # what it is made of (agent/science/mechanisms); None where nobody looked


@dataclass(frozen=True)
class Review:
    """What a person, or the search itself where nobody reviews, decided about a proposal.

    `everywhere` says that a rejection is of what the proposal does to its parent, whatever the parent: of the moves
    that it makes and takes back, and not of this one variant.
    """

    decision: Literal["approved", "rejected"]
    by: str
    reason: str = ""
    everywhere: bool = False


@dataclass(frozen=True)
class Milestone:
    """When a run entered a stage: seconds since the epoch."""

    stage: Stage
    at: float


@dataclass(frozen=True)
class Run:
    """One experiment. `id` is the time of its proposal, as in the names of the older notes: 20250616_174156.

    `legs` are the cards of the legs that are done of a row that is under way or was stopped; a whole row has its `card`
    alone. `stopped` is why it was stopped after its last leg, also once its note is written; such a run has no row.
    """

    id: str
    stage: Stage
    proposal: Proposal
    protocol: str
    fingerprint: str
    milestones: tuple[Milestone, ...] = ()
    review: Review | None = None
    attempts: int = 0
    isolation: Isolation = field(default_factory=Isolation)
    signature: tuple[float, ...] = ()  # what the op answers on fixed inputs: see agent/evaluator/check.py
    card: ScoreCard | None = None
    failure: Failure | None = None
    analysis: Mapping[Section, Text] = field(default_factory=dict)
    legs: tuple[ScoreCard, ...] = ()
    stopped: Reason | None = None

    @property
    def name(self) -> str:
        return self.proposal.name

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return not NEXT_STAGES[self.stage]

    @property
    def scored(self) -> bool:
        """Whether the run has a row in the table."""
        return self.card is not None

    @property
    def tried(self) -> bool:
        """Whether it was trained, whole or in part, or failed before: neither rejected nor waiting."""
        return self.scored or self.stopped is not None or self.failure is not None

    @property
    def ended(self) -> float | None:
        """When its evaluation came to an end, of whatever kind; None before that."""
        return self.reached("evaluated") or self.reached("failed") or self.reached("stopped")

    @property
    def seconds(self) -> float:
        """For which it was evaluated, all legs together; 0 of a failed one that had none."""
        return self.card.seconds if self.card else sum(leg.seconds for leg in self.legs)

    def reached(self, stage: Stage) -> float | None:
        """When the run last entered a stage; None if it never did."""
        times = [milestone.at for milestone in self.milestones if milestone.stage == stage]
        return times[-1] if times else None


class RunFacts(TypedDict, total=False):
    """What becomes of a proposal: the fields of a run that are filled in as it goes."""

    review: Review | None
    attempts: int
    isolation: Isolation
    signature: tuple[float, ...]
    card: ScoreCard | None
    failure: Failure | None
    analysis: Mapping[Section, Text]
    legs: tuple[ScoreCard, ...]
    stopped: Reason | None


class RunChanges(RunFacts, total=False):
    """Fields of a run that may be changed while it stays in its stage."""

    proposal: Proposal


def heading(section: Section) -> Text:
    """What stands above a section of a note."""
    return say(f"section.{section}")


MARKER = "--- Insights ---"


@dataclass(frozen=True)
class OlderNote:
    """What an older file says: scores by variant and task, the insights whole and by section, and what was missing."""

    id: str
    table: Mapping[str, Mapping[str, float]]
    sections: Mapping[str, str]
    text: str
    warnings: tuple[str, ...]
