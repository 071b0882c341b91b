"""The kinds of change that a model is asked for, each in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent.core.run import Run
from agent.science.history import History, card_of

KindName = Literal["refine", "combine", "simplify", "leap", "aim", "idea"]


@dataclass(frozen=True)
class Kind:
    """A kind of change. `asks` is the end of a prompt, with {parent}, {other}, {task}, {best} and {lineage} in it."""

    name: KindName
    asks: str


REFINE = Kind(
    "refine",
    "Propose one change of {parent}: one idea, as small as it can be, that the results speak for and that was not "
    "tried.",
)
COMBINE = Kind(
    "combine",
    "Propose a variant that joins {parent} and {other}: keep of each what the results show it to be good at, drop what "
    "does the same twice, and see that neither gets in the other's way. Change {parent}'s file. It should be ahead of "
    "both.",
)
SIMPLIFY = Kind(
    "simplify",
    "Propose {parent} made simpler: take away what earns nothing by the results, be it an input, a parameter, a branch "
    "or a part of the state, so that it keeps its scores with less. Add nothing new.",
)
LEAP = Kind(
    "leap",
    "Propose a leap: a mechanism that neither {parent} nor its ancestors ({lineage}) have, published or your own. "
    "It need not be small, and may replace as much of {parent} as it takes. Say what it can do that nothing here can.",
)
AIM = Kind(
    "aim",
    "Propose one change of {parent} for {task} alone, where most is left to win: the best so far has {best}. Say what "
    "an op must hold or compute for it, and what in {parent} is in the way. The other tasks should keep their scores.",
)
# What a person wants is no choice of the search: no result counts for or against it.
IDEA = Kind("idea", "Propose the change of {parent} that the person wants, as small as it can be, and nothing besides.")

CHOSEN: Mapping[str, Kind] = {kind.name: kind for kind in (REFINE, COMBINE, SIMPLIFY, LEAP, AIM)}


@dataclass(frozen=True)
class Request:
    """What a model is asked: a kind of change of a parent, with another variant, a task or a person's idea to it."""

    parent: Run
    kind: Kind = REFINE
    other: Run | None = None
    task: str = ""
    idea: str = ""

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(run.name for run in (self.parent, self.other) if run is not None)

    def words(self, history: History) -> str:
        """The end of the prompt: what is to be proposed."""
        best = max((card_of(run).scores.get(self.task, 0.0) for run in history.scored), default=0.0)
        return self.kind.asks.format(
            parent=self.parent.name,
            other=self.other.name if self.other else "",
            task=self.task,
            best=f"{best:.3f}",
            lineage=", ".join(ancestors(history, self.parent)) or "it has none",
        )


def again(history: History, run: Run, parent: Run) -> Request:
    """What a run was an answer to, for its repair."""
    proposal = run.proposal
    kind = CHOSEN.get(proposal.kind, IDEA if proposal.idea else REFINE)
    other = history.find(proposal.parents[1]) if len(proposal.parents) > 1 else None
    return Request(parent, kind, other, proposal.task, proposal.idea)


def ancestors(history: History, run: Run) -> list[str]:
    """The names of all that a variant was made of, the nearest first."""
    found: dict[str, None] = {}
    wanted = list(run.proposal.parents)
    while wanted:
        name = wanted.pop(0)
        if name not in found and (parent := history.find(name)):
            found[name] = None
            wanted += parent.proposal.parents
    return list(found)
