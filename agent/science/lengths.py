"""Accuracy against length: what the same weights reach on sequences of several times the length of their training.

A variant holds at so many times its length where three things are sure with 95 percent, of the tasks that the template
learned (LEARNED of its answers right at home), the mean over these tasks, each in pairs of seeds:

    at home    it lies no more than NEAR log-odds below the template: else it has nothing to hold
    there      it lies no more than NEAR log-odds below the template there
    kept       its accuracy there is no more than TOLERATED below its own at home

It does not hold where one of the three is surely broken, or the third on any single task; otherwise it cannot be told.
A mixer without memory keeps all that it has, which is next to nothing, and lies far below the template: it never holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.core.score import ScoreCard, TaskScore
from agent.science.comparison import Comparison, from_zero
from agent.science.estimate import Estimate, average
from agent.science.measure import LOG_ODDS, MICRO, Values, longer_scores
from agent.science.pairs import paired_gap, same_draws
from agent.science.setting_noise import Noise

LEARNED = 0.75  # of the template's answers at home: what it did not learn, no length can take from anybody
NEAR = 0.5  # log-odds: from 0.95 of the answers right to 0.92
TOLERATED = 0.05  # of the answers

Holding = Literal["holds", "lost", "unclear"]


@dataclass(frozen=True)
class LengthPoint:
    """What a task reached at so many times its length, beside the template, in plain accuracy.

    `gain` is in log-odds, in pairs of seeds; None without the template on the same draws and seeds.
    """

    task: str
    times: int
    mine: float
    theirs: float | None
    gain: Comparison | None


@dataclass(frozen=True)
class AtLength:
    """Whether a variant holds at so many times its length, over the tasks that the template learned.

    Accuracies are means over these tasks. `kept` is its own accuracy there less that at home, `fell` has the tasks on
    which that is surely too little, and the gains over the template are in log-odds.
    """

    times: int
    tasks: tuple[str, ...]
    home: float
    there: float
    kept: Comparison
    gain_at_home: Comparison
    gain: Comparison
    fell: tuple[str, ...] = ()

    @property
    def holding(self) -> Holding:
        floors = ((self.gain_at_home, -NEAR), (self.gain, -NEAR), (self.kept, -TOLERATED))
        if self.fell or any(_surely_below(found, floor) for found, floor in floors):
            return "lost"
        return "holds" if all(found.difference - found.needed > floor for found, floor in floors) else "unclear"


def length_points(card: ScoreCard, template: ScoreCard | None, noise: Mapping[str, Noise]) -> tuple[LengthPoint, ...]:
    """Every task of a card that was tested at a greater length, from its own length on.

    `template` may be a card of another protocol or of other draws: then nothing is beside the card.
    """
    beside = template if template and _comparable(card, template) else None
    odds = {setting: known.of(LOG_ODDS) for setting, known in noise.items()}
    return tuple(
        LengthPoint(
            task,
            times,
            score.micro,
            theirs.micro if theirs else None,
            _compared(LOG_ODDS.values(score), LOG_ODDS.values(theirs), odds) if theirs else None,
        )
        for task, lengths in _tested(card)
        for times, score in lengths.items()
        for theirs in [_at(beside, task, times)]
    )


def at_length(card: ScoreCard, template: ScoreCard, times: int) -> AtLength | None:
    """Whether a card holds at so many times its length.

    None where the two are not of one protocol and the same draws, where nothing was tested at that length, and where
    the template itself learned none of the tasks.
    """
    if not _comparable(card, template):
        return None
    theirs = {task: lengths for task, lengths in _tested(template) if times in lengths}
    learned = tuple(task for task, lengths in theirs.items() if lengths[1].micro >= LEARNED)
    mine = {task: lengths for task, lengths in _tested(card) if times in lengths}
    if not learned or not mine.keys() >= {*learned}:
        return None
    gains = [_mean_gap((mine[task][n], theirs[task][n]) for task in learned) for n in (1, times)]
    own = {task: (mine[task][times], mine[task][1]) for task in learned}
    kept = _mean_gap(own.values(), in_accuracy=True)
    each = {task: _mean_gap([lengths], in_accuracy=True) for task, lengths in own.items()}
    fell = tuple(task for task, found in each.items() if found is not None and _surely_below(found, -TOLERATED))
    if kept is None or gains[0] is None or gains[1] is None:
        return None
    home, there = (sum(mine[task][n].micro for task in learned) / len(learned) for n in (1, times))
    return AtLength(times, learned, home, there, kept, gains[0], gains[1], fell)


def lengths_of(card: ScoreCard) -> tuple[int, ...]:
    """At how many times its length anything of a card was tested, its own left out."""
    return tuple(sorted({times for _, lengths in _tested(card) for times in lengths if times > 1}))


def _tested(card: ScoreCard) -> Iterator[tuple[str, dict[int, TaskScore]]]:
    """Of each task that has longer tests: times the length -> what the seeds with such tests reached there."""
    for task, score in card.tasks.items():
        tested = TaskScore(task, tuple(seed for seed in score.seeds if seed.longer))
        if longer := longer_scores(tested):
            yield task, {1: tested, **longer}


def _at(card: ScoreCard | None, task: str, times: int) -> TaskScore | None:
    lengths = dict(_tested(card)).get(task) if card else None
    return lengths.get(times) if lengths else None


def _comparable(card: ScoreCard, other: ScoreCard) -> bool:
    return card is not other and card.fingerprint == other.fingerprint and same_draws(card, other)


def _mean_gap(pairs: Iterable[tuple[TaskScore, TaskScore]], in_accuracy: bool = False) -> Comparison | None:
    """The mean over tasks of how much higher the first is, in pairs of seeds; None where any has no pairs.

    The two of a pair may be of different lengths, whose settings have different names.
    """
    measure = MICRO if in_accuracy else LOG_ODDS
    found = [
        paired_gap(_unnamed(measure.values(one)), _unnamed(measure.values(other)), {}, measure.least_std)
        for one, other in pairs
    ]
    known = [each for each in found if each is not None]
    return from_zero(average(known)) if len(known) == len(found) else None


def _surely_below(found: Comparison, floor: float) -> bool:
    return found.difference + found.needed < floor


def _unnamed(values: Values) -> Values:
    """The same under numbers for names: a setting's name says its length."""
    return {str(number): seeds for number, seeds in enumerate(values.values())}


def _compared(mine: Values, theirs: Values, noise: Mapping[str, Noise]) -> Comparison | None:
    found: Estimate | None = paired_gap(mine, theirs, noise, LOG_ODDS.least_std)
    return from_zero(found) if found else None
