"""How a run stands whose row is not whole: on the seeds of its finished legs, in pairs with the same seeds of another.

What it would reach on the settings that its legs leave out is not known. It is taken to gain there what it gains on the
others, give or take UNSEEN_STD; so its error is larger, by the share of the settings that it lacks.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.core.legs import merged, restricted
from agent.core.score import ScoreCard
from agent.science.comparison import Comparison, compare
from agent.science.estimate import AVERAGE
from agent.science.objective import LOG_ODDS_OF_AVERAGE, Judgement, Objective, judge
from agent.science.setting_noise import Noise

UNSEEN_STD = 0.04  # in accuracy: as far as a variant usually lies from the template (agent/science/beliefs.py)


@dataclass(frozen=True)
class PartOfRow:
    """Each task that it has, and "average", against the other run's same seeds; and the same by the objective.

    `unseen` is the share of the settings of which nothing is known. The errors allow for it.
    """

    tasks: Mapping[str, Comparison]
    judged: Judgement
    unseen: float


def part_of_row(
    legs: Sequence[ScoreCard], whole: ScoreCard, noise: Mapping[str, Noise], objective: Objective
) -> PartOfRow | None:
    """How the cards of some legs stand against a whole row; None where that lacks one of their seeds."""
    part = merged(legs)
    same = restricted(whole, part)
    if same is None:
        return None
    found = compare(part, same, noise)
    judged = judge(part, same, noise, objective, found)
    lacking = _lacking(part, whole)
    unseen = sum(lacking.values()) / len(lacking)
    tasks = {task: _widened(each, unseen if task == AVERAGE else lacking[task]) for task, each in found.items()}
    unit = LOG_ODDS_OF_AVERAGE if judged.in_log_odds else 1.0
    judged = replace(judged, gain=_widened(judged.gain, unseen * unit), average=tasks[AVERAGE])
    return PartOfRow(tasks, judged, unseen)


def _lacking(part: ScoreCard, whole: ScoreCard) -> dict[str, float]:
    """Task -> the share of its settings that a part has no seed of."""
    has = {task: set(score.by_setting) for task, score in (*part.tasks.items(), *part.further.items())}
    return {
        task: 1 - len(has.get(task, set())) / len(score.by_setting)
        for task, score in (*whole.tasks.items(), *whole.further.items())
    }


def _widened(found: Comparison, share: float) -> Comparison:
    """A difference on some settings as one on all: what is added to its variance is known, and costs it no freedom."""
    if not share or not found.freedom:
        return found
    variance = found.error**2 + (share * UNSEEN_STD) ** 2
    judged = found.judged and _widened(found.judged, share * LOG_ODDS_OF_AVERAGE)
    freedom = found.freedom * (variance / found.error**2) ** 2
    return replace(found, error=math.sqrt(variance), freedom=freedom, judged=judged)
