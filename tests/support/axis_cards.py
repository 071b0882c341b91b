"""Cards of made-up variants with every test of both axes: the six tasks, the longer tests, Multi-Query Recall."""

from dataclasses import replace

from sample_cards import FINGERPRINT, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.core.score import LongerTest, ScoreCard, SeedScore, Speed, TaskScore
from agent.science.history import History
from agent.science.setting_noise import Noise, PairedNoise

QUERIES = "Multi-Query Recall"
SEEDS = {"Compress": 2, "Context Recall": 2, "Fuzzy Recall": 6, "Memorize": 13, "Noisy Recall": 2, "Selective Copy": 2,
         QUERIES: 2}  # fmt: skip
# Micro accuracy as quick shows it, roughly, in the order of the tasks above.
TEMPLATE_SCORES = (0.488, 0.99, 0.44, 0.30, 0.99, 0.93, 0.70)
NO_STATE = (0.488, 0.06, 0.07, 0.99, 0.06, 0.07, 0.02)  # o = v
LAST_FOUR = (0.50, 0.10, 0.09, 0.99, 0.10, 0.12, 0.03)
VALUE_SKIP = (0.53, 0.985, 0.40, 0.99, 0.985, 0.92, 0.70)
TESTED_AT_LENGTH = ("Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy")
AT_LENGTH = (0.90, 0.35, 0.85, 0.86)
WIGGLE = 0.04  # how far seeds lie apart, in accuracy


def axis_card(home, at_length=None, shift=0.0, macro=None):
    """A card of these micro accuracies. `at_length` has those at 8 times the length; without it nothing was tested
    there. `shift` is what its own seeds add to what all variants' seeds share; `macro` are other macro accuracies."""
    longer = dict(zip(TESTED_AT_LENGTH, at_length or (), strict=False))
    tasks = {
        task: _task(task, level, longer.get(task), shift, macro[number] if macro else level)
        for number, (task, level) in enumerate(zip(SEEDS, home, strict=True))
    }
    further = {QUERIES: tasks.pop(QUERIES)}
    return ScoreCard("quick", FINGERPRINT, tasks, 1000, 64, Speed(1, 1), "cpu", {}, 7, 1.0, further=further)


def _task(task, level, longer, shift, macro):
    seeds = []
    for seed in range(SEEDS[task]):
        step = (seed % 3 - 1) * WIGGLE * level * (1 - level) + (seed % 2 - 0.5) * shift * level * (1 - level)
        tests = () if longer is None else (LongerTest(8, longer + step, longer + step),)
        seeds.append(
            SeedScore(task, task, seed, macro + step, level + step, macro, 2e-3, 0.0, "finished", 1, 1, longer=tests)
        )
    return TaskScore(task, tuple(seeds))


def axis_noise(std=0.1, paired=0.05):
    """The noise of every setting, macro and in log-odds, as if measured on ten seeds of ten variants."""
    settings = [*SEEDS, *(f"{task} at 8 times" for task in SEEDS)]
    odds = Noise(std, 10, PairedNoise(paired, 8.0))
    return {setting: Noise(0.02, 10, PairedNoise(0.01, 8.0), odds) for setting in settings}


def axis_history(objective="balanced", noise=None, **cards):
    """The template and these variants, scored."""
    everyone = {TEMPLATE: axis_card(TEMPLATE_SCORES, AT_LENGTH), **cards}
    runs = [
        Run(str(number), "analysed", sample_proposal(name), "quick", FINGERPRINT, card=card)
        for number, (name, card) in enumerate(everyone.items())
    ]
    return History(tuple(runs), axis_noise() if noise is None else noise, objective=objective)


def without_length(card):
    """As an earlier version wrote it: the six tasks, and nothing at a greater length."""
    tasks = {
        task: replace(score, seeds=tuple(replace(seed, longer=()) for seed in score.seeds))
        for task, score in card.tasks.items()
    }
    return replace(card, tasks=tasks, further={})
