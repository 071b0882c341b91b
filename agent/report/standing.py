"""How each run stands: its scores with their noise, and what sets it apart from the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent.core.run import BASELINE, Run
from agent.science.comparison import Comparison, Verdict
from agent.science.confirmation import Confirmed, confirmed
from agent.science.estimate import AVERAGE, Estimate
from agent.science.history import History
from agent.science.objective import Judgement
from agent.science.part_of_row import PartOfRow

Kind = Literal["template", "baseline", "kept", "discarded", "failed", "stopped", "rejected", "waiting"]

STEPS = (0.01, 0.03, 0.08, 0.2)  # differences at which a colour grows stronger: a score's own noise is about the first


@dataclass(frozen=True)
class Standing:
    """A run with its scores by task and "average", and how each compares with the template's; both may be empty.

    `judgement` is how the whole run stands against the template by the objective of the search; None without either.
    `part` is how a run that was stopped after a leg stands against the template on the seeds that it has.
    `fresh` is what came of it on seeds that no choice ever saw; None where it was not trained on any.
    """

    run: Run
    kind: Kind
    estimates: Mapping[str, Estimate]
    against: Mapping[str, Comparison]
    judgement: Judgement | None = None
    fresh: Confirmed | None = None
    part: PartOfRow | None = None

    @property
    def average(self) -> Estimate | None:
        return self.estimates.get(AVERAGE)

    @property
    def margin(self) -> Comparison | None:
        """The average against the template's."""
        return self.against.get(AVERAGE)

    @property
    def verdict(self) -> Verdict | None:
        """That of the whole run against the template, by the objective of the search."""
        return self.judgement.verdict if self.judgement else None

    @property
    def order(self) -> tuple[bool, bool, float, float]:
        """Sorts the best by the objective first, behind those what can be no winner, and what has no score last.

        The template's own gain is none; before the template is scored the average tells the order.
        """
        found = self.judgement
        gain = found.gain.difference if found else 0.0
        no_winner = found is not None and (found.forfeits or found.gain.larger)
        return self.average is None, no_winner, -gain, -self.average.mean if self.average else 0.0


def standings(history: History) -> dict[str, Standing]:
    """Every run by its id, in the order of their proposal."""
    return {run.id: standing(history, run) for run in history.runs}


def standing(history: History, run: Run) -> Standing:
    """How one run stands."""
    if run.stopped is not None:
        part = history.part(run, history.baseline) if history.baseline else None
        return Standing(run, "stopped", {}, {}, part=part)
    if run.card is None:
        return Standing(run, _unscored(run), {}, {})
    estimates = history.estimates(run)
    against, judgement = history.against_template(run), history.judgement(run)
    if judgement is None:
        return Standing(run, "template" if history.baseline else _known(run), estimates, {})
    kept = judgement.verdict == "better" and run.proposal.author != BASELINE
    return Standing(run, "kept" if kept else _known(run), estimates, against, judgement, confirmed(history, run))


def _known(run: Run) -> Kind:
    return "baseline" if run.proposal.author == BASELINE else "discarded"


def _unscored(run: Run) -> Kind:
    if run.failure is not None:
        return "failed"
    return "rejected" if run.stage == "rejected" else "waiting"


def shade(found: Comparison | None) -> str:
    """The name of a difference's colour: p1 to p5 above, n1 to n5 below, nothing inside the noise."""
    if found is None or not found.told_apart:
        return ""
    return shade_of(abs(found.difference) if found.ahead else -abs(found.difference))


def shade_of(difference: float) -> str:
    """The same of a difference that is known to be one."""
    strength = 1 + sum(abs(difference) >= step for step in STEPS)
    return f"{'p' if difference > 0 else 'n'}{strength}"
