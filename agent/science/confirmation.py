"""Whether a variant is a winner: better than the template on seeds that no choice ever saw.

The best of many scores is mostly a lucky one, so a search's finalists are trained again, beside the template and the
best known variant, on fresh seeds. As many finalists as a workspace ever had are as many chances to be lucky: each is
called a winner only beyond 95 percent shared out among all of them (Bonferroni).
"""

from dataclasses import dataclass, replace

from agent.core.run import BASELINE, Run
from agent.core.sentences import signed
from agent.core.text import Text, say
from agent.science.beliefs import shrunken_margins
from agent.science.history import History
from agent.science.objective import Judgement
from agent.science.objective_words import numbers, outcome
from agent.science.student import CONFIDENT

FINALISTS = 3


@dataclass(frozen=True)
class Confirmed:
    """How a finalist stands against the template on fresh seeds, and whether that makes it a winner.

    The margin is the gain that the objective weighs: in log-odds, or in accuracy where it is the average.
    """

    margin: float
    half_width: float  # of its 95 percent interval
    winner: bool
    judgement: Judgement


def finalists(history: History) -> list[Run]:
    """The scored proposals of most probable gain over the template, by the posterior mean; FINALISTS at most.

    Those that were trained on fresh seeds before are none: there is nothing more to be found out of them.
    """
    margins = shrunken_margins(history)
    waiting = [run for run in history.scored if run.id not in history.confirmations]
    ahead = [run for run in waiting if _may_win(history, run) and margins.get(run.id, 0.0) > 0]
    return sorted(ahead, key=lambda run: -margins[run.id])[:FINALISTS]


def _may_win(history: History, run: Run) -> bool:
    """Whether a run is a proposal, keeps to the budget of means, and loses nothing for what it gains."""
    return run.proposal.author != BASELINE and history.may_win(run)


def references(history: History) -> list[Run]:
    """What finalists are trained beside: the template, and the best other known variant that was scored."""
    baseline = history.baseline
    if baseline is None:
        return []
    known = [run for run in history.scored if run.proposal.author == BASELINE and run.id != baseline.id]
    return [baseline, *sorted(known, key=lambda run: (not history.may_win(run), -history.merit(run)))[:1]]


def times_before(history: History) -> int | None:
    """How many times the protocol's seeds the template was confirmed on, as all that is compared with it must be; None
    where it was not yet."""
    known = history.confirmations.get(history.baseline.id) if history.baseline else None
    return known.times if known else None


def confirmed(history: History, run: Run) -> Confirmed | None:
    """How a run that was trained on fresh seeds stands there; None without its scores or those of the template."""
    judged = history.judged_on_fresh_seeds(run)
    if judged is None:
        return None
    found = judged.gain
    tried = [one for one in history.scored if one.id in history.confirmations and one != history.baseline]
    chances = sum(one.proposal.author != BASELINE for one in tried)
    sure = found.confidence >= 1 - (1 - CONFIDENT) / max(1, chances) and judged.verdict == "better"
    return Confirmed(found.difference, found.needed, sure and run.proposal.author != BASELINE, judged)


def winner(history: History) -> Run | None:
    """The confirmed run that lies furthest above the template on fresh seeds; None where none is confirmed."""
    every = {run.id: confirmed(history, run) for run in history.scored}
    found = {key: verdict for key, verdict in every.items() if verdict is not None and verdict.winner}
    ours = [run for run in history.scored if run.id in found]
    return max(ours, key=lambda run: found[run.id].margin, default=None)


def standing_of(history: History, run: Run) -> Text:
    """What may be claimed of a run: a winner, with its margin on fresh seeds, or something that is not confirmed."""
    found = confirmed(history, run)
    if found is not None:
        known = "confirm.known on fresh seeds" if run.proposal.author == BASELINE else "confirm.failed"
        key = "confirm.winner" if found.winner else known
        return say(key, outcome=outcome(found.judgement), numbers=numbers(found.judgement))
    if run.proposal.author == BASELINE:
        return say("confirm.known")
    ours = sum(one.proposal.author != BASELINE and one != history.baseline for one in history.scored)
    return say("confirm.best of", count=ours, margin=_probable(history, run))


def _probable(history: History, run: Run) -> Text:
    """The shrunken gain of a run in log-odds, and that of its average."""
    average = shrunken_margins(replace(history, objective="average")).get(run.id, 0.0)
    found = history.judgement(run)
    if found is None or not found.in_log_odds:
        return Text(en=signed(average))
    gain = shrunken_margins(history).get(run.id, 0.0)
    return say("objective.probable", gain=signed(gain, 2), average=signed(average))
