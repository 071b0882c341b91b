"""In what a score is measured: the macro accuracy of the table, or the log-odds of the plain fraction correct."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from agent.core.score import LongerTest, SeedScore, TaskScore, log_odds

Values = Mapping[str, Mapping[int, float]]  # setting -> seed -> value


@dataclass(frozen=True)
class Measure:
    """A number that a seed reached. `least_std` is the least standard deviation that is believed of it."""

    name: str  # as a noise table has it
    of: Callable[[SeedScore], float]
    least_std: float

    def values(self, score: TaskScore) -> Values:
        """Those of a task, by setting and seed."""
        found: dict[str, dict[int, float]] = {}
        for seed in score.seeds:
            found.setdefault(seed.setting, {})[seed.seed] = self.of(seed)
        return found


# Training stops once accuracy passes 0.999, so the last thousandth says when a replica stopped, not how good it is.
MACRO = Measure("macro", lambda seed: seed.macro, 0.001)
# A test of ten thousand tokens tells a fraction of one half no better than to 0.02 log-odds.
LOG_ODDS = Measure("log_odds", lambda seed: log_odds(seed.micro), 0.02)
# The plain fraction correct itself, where a reader is told accuracies. A test has some thousand answers.
MICRO = Measure("micro", lambda seed: seed.micro, 0.005)


def at_times(setting: str, times: int) -> str:
    """What a setting is called where its weights are tested on sequences of so many times the length."""
    return f"{setting} at {times} times"


def longer_scores(score: TaskScore) -> dict[int, TaskScore]:
    """Times the length -> what the same weights reached there, of the lengths that every seed of a task was tested at.

    The settings are called "LABEL at 8 times", as in a noise table.
    """
    tested = [{test.times: test for test in seed.longer} for seed in score.seeds]
    lengths = sorted(set(tested[0]).intersection(*tested[1:])) if tested else []
    pairs = [*zip(score.seeds, tested, strict=True)]
    return {times: TaskScore(score.task, tuple(_at(seed, tests[times]) for seed, tests in pairs)) for times in lengths}


def _at(seed: SeedScore, test: LongerTest) -> SeedScore:
    setting = at_times(seed.setting, test.times)
    return replace(seed, setting=setting, macro=test.macro, micro=test.micro, longer=())
