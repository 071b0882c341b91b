"""How a variant came to its score of each task: seed by seed, along its curves, and where two metrics disagree."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from agent.core.run import Run
from agent.core.score import ScoreCard, SeedScore, TaskScore
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.science.setting_noise import Noise

RISING = 0.02  # gained over the second half of the training, it may have gone on
LEAST_APART = 0.02  # of micro and macro accuracy, where the noise of a setting is not known
MOST_SEEDS = 10  # whose scores are written out; of more only the lowest and the highest


@dataclass(frozen=True)
class Disagreement:
    """A seed whose plain fraction correct differs from the score, which counts each class alike, beyond the noise."""

    seed: int
    macro: float
    micro: float


@dataclass(frozen=True)
class Course:
    """How a task was learned.

    `halfway` and `end` are mean validation accuracies of the seeds that were not solved, in the middle of their
    training and at its end; None where no curves are at hand. `solved_at` has the steps of the seeds that were solved.
    """

    task: str
    scores: tuple[float, ...]
    solved_at: tuple[int, ...]
    halfway: float | None
    end: float | None
    last_was_best: bool
    disagreements: tuple[Disagreement, ...]

    @property
    def all_solved(self) -> bool:
        return len(self.solved_at) == len(self.scores)

    @property
    def still_rising(self) -> bool:
        """Whether a longer training would probably have scored more."""
        if self.halfway is None or self.end is None:
            return False
        return self.last_was_best and self.end - self.halfway >= RISING


def courses_of(card: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Course]:
    """Task -> how it was learned."""
    return {name: _course(task, noise) for name, task in card.tasks.items()}


def _course(task: TaskScore, noise: Mapping[str, Noise]) -> Course:
    unsolved = [seed for seed in task.seeds if seed.ending != "solved"]
    curves = [seed.curve for seed in unsolved if seed.curve]
    return Course(
        task=task.task,
        scores=tuple(seed.macro for seed in task.seeds),
        solved_at=tuple(seed.steps for seed in task.seeds if seed.ending == "solved"),
        halfway=fmean(curve[(len(curve) - 1) // 2].accuracy for curve in curves) if curves else None,
        end=fmean(curve[-1].accuracy for curve in curves) if curves else None,
        last_was_best=2 * sum(seed.best_step == seed.steps for seed in unsolved) > len(unsolved),
        disagreements=tuple(
            Disagreement(seed.seed, seed.macro, seed.micro) for seed in task.seeds if _disagrees(seed, noise)
        ),
    )


def _disagrees(seed: SeedScore, noise: Mapping[str, Noise]) -> bool:
    known = noise.get(seed.setting)
    return abs(seed.micro - seed.macro) > (max(known.std, LEAST_APART / 2) if known else LEAST_APART)


def learning_line(run: Run, noise: Mapping[str, Noise]) -> Text:
    """How a scored run came to its scores, task by task, in a line; nothing for a run without scores."""
    if run.card is None:
        return Text()
    return joined([_words(course) for course in courses_of(run.card, noise).values()], "list.semicolon")


def _words(course: Course) -> Text:
    parts = [say("learning.scores", task=course.task, scores=_scores(course.scores))]
    if course.solved_at:
        low, high = min(course.solved_at), max(course.solved_at)
        steps = str(low) if low == high else f"{low}-{high}"
        key = "learning.solved" if course.all_solved else "learning.some solved"
        parts.append(say(key, solved=len(course.solved_at), steps=steps))
    if course.halfway is not None and course.end is not None:
        key = "learning.rising" if course.still_rising else "learning.curve"
        parts.append(say(key, halfway=f"{course.halfway:.2f}", end=f"{course.end:.2f}"))
    parts += [
        say("learning.micro", seed=found.seed, macro=f"{found.macro:.3f}", micro=f"{found.micro:.3f}")
        for found in _worst(course.disagreements)
    ]
    return joined(parts, "list.clause")


def _scores(scores: tuple[float, ...]) -> str:
    """Each seed's score without what all scores have in common, the zero before the point: .485 1.00"""
    if len(scores) > MOST_SEEDS:
        return f"{_short(min(scores))}-{_short(max(scores))}"
    if len({_short(score) for score in scores}) == 1:
        return _short(scores[0])
    return " ".join(map(_short, scores))


def _short(score: float) -> str:
    return f"{score:.3f}".removeprefix("0")


def _worst(found: tuple[Disagreement, ...]) -> list[Disagreement]:
    """The seed where both metrics lie furthest apart: the others say the same."""
    return sorted(found, key=lambda each: -abs(each.micro - each.macro))[:1]
