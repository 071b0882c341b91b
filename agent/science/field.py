"""How a variant stands to what it was made of, and to the best of the known mixers that were measured beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.baselines import TEMPLATE
from agent.core.run import BASELINE, Run
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.science.objective import Judgement


@dataclass(frozen=True)
class Rival:
    """A run that another is compared with beside the template: by task and "average", and by the objective."""

    run: Run
    known: bool  # the best known mixer that was measured here; otherwise it is the parent alone
    found: Mapping[str, Comparison]
    judgement: Judgement

    @property
    def average(self) -> Comparison:
        return self.found[AVERAGE]


def best_known(history: History) -> Run | None:
    """The known mixer with the highest gain by the objective, the template left out; None where none is scored."""
    known = [run for run in history.scored if run.proposal.author == BASELINE and run.name != TEMPLATE]
    return max(known, key=lambda run: (history.may_win(run), history.merit(run)), default=None)


def rivals(history: History, run: Run) -> tuple[Rival, ...]:
    """The parent of a scored variant and the best known mixer, each once, without the template and the run itself."""
    if not run.scored or run.proposal.author == BASELINE:
        return ()
    best = best_known(history)
    others = {other.id: other for other in (history.parent(run.proposal), best) if other is not None}
    return tuple(
        Rival(other, best is not None and other.id == best.id, history.compare(run, other), history.judge(run, other))
        for other in others.values()
        if other.name != TEMPLATE and other.id != run.id
    )
