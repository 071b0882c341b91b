"""How often equals are told apart: verdicts of variants that differ from the template in nothing but luck.

A seed of a setting has a part that all variants share and one of each variant's own, in log-odds; how much is shared
differs from variant to variant and task to task. The noise is measured anew in each block, on ten seeds of the template
and on eleven variants, as `python -m agent.study noise` does. Where scores are in two humps, most are in the lower.
"""

import math
from collections import Counter
from dataclasses import replace
from itertools import chain
from random import Random
from statistics import NormalDist, fmean, pstdev

from agent.core.score import LongerTest, ScoreCard, SeedScore, Speed, TaskScore
from agent.science.comparison import compare
from agent.science.measure import LOG_ODDS, MACRO, Measure, longer_scores
from agent.science.noise import noise_of, paired_noise
from agent.science.objective import LENGTH, Objective, judge
from agent.science.setting_noise import Noise

# Task: log-odds and their deviation from seed to seed at the length of training, the same at 8 times it, seeds.
LEVELS: dict[str, tuple[float, float, float | None, float, int]] = {
    "Compress": (-0.2, 0.06, None, 0.0, 2),
    "Context Recall": (3.5, 0.35, 1.5, 0.35, 2),
    "Fuzzy Recall": (-0.25, 0.6, -0.7, 0.5, 4),
    "Memorize": (-0.85, 0.9, None, 0.0, 10),
    "Noisy Recall": (4.0, 0.5, 1.5, 0.3, 2),
    "Selective Copy": (2.6, 0.5, 1.5, 0.5, 2),
    "Multi-Query Recall": (0.8, 0.3, None, 0.0, 2),
}
FURTHER = "Multi-Query Recall"
SHARED = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98)  # correlations with the template, each as probable
LENGTHS_ALIKE = (0.0, 0.5, 0.9)  # correlations of a seed's luck at both lengths
BLOCKS, EACH, SEEDS, VARIANTS = 20, 30, 10, 11
OBJECTIVES: tuple[Objective, ...] = ("balanced", "memory", "average")


def verdicts() -> None:
    """The share of equals that are told apart, by shape of the noise and by how alike both lengths are."""
    print(f"verdicts: of equals told apart, {BLOCKS} blocks of {EACH}; the aim is 4 to 6 percent")
    for shape in ("gaussian", "two humps"):
        for alike in LENGTHS_ALIKE:
            told: Counter[str] = Counter()
            for block in range(BLOCKS):
                world = f"{shape} {alike} {block}"
                noise = measured(f"{world} noise", shape, alike)
                for night in range(EACH):
                    told.update(_told(f"{world} {night}", noise, shape, alike))
            shares = "  ".join(f"{name} {100 * told[name] / BLOCKS / EACH:.1f}" for name in (*OBJECTIVES, "floor"))
            print(f"  {shape:<9} lengths alike {alike:.1f}:  {shares}", flush=True)


def _told(world: str, noise: dict[str, Noise], shape: str, alike: float) -> list[str]:
    """The objectives that tell a variant from the template, and "floor" where a task seems lost."""
    mine, theirs = (card(world, name, shape, alike) for name in ("variant", "template"))
    found = compare(mine, theirs, noise)
    judged = {objective: judge(mine, theirs, noise, objective, found) for objective in OBJECTIVES}
    told: list[str] = [name for name, each in judged.items() if each.verdict != "indistinguishable"]
    return [*told, *["floor"] * bool(judged["balanced"].lost)]


def measured(world: str, shape: str, alike: float) -> dict[str, Noise]:
    """Setting -> its noise as it would have been measured."""
    template = card(world, "template", shape, alike, SEEDS)
    others = [card(world, f"variant {number}", shape, alike) for number in range(VARIANTS)]

    def paired(setting: str, measure: Measure, known: Noise) -> Noise:
        base = _values(template, measure)[setting]
        variants = [_values(other, measure)[setting] for other in others]
        return replace(
            known, paired=paired_noise([[v - base[s] for s, v in each.items()] for each in variants], measure)
        )

    found = {}
    for setting, known in noise_of([template]).items():
        assert known.log_odds is not None
        odds = paired(setting, LOG_ODDS, known.log_odds)
        found[setting] = replace(paired(setting, MACRO, known), log_odds=odds)
    return found


def _values(found: ScoreCard, measure: Measure) -> dict[str, dict[int, float]]:
    scores = chain(found.tasks.values(), found.further.values())
    every = chain.from_iterable((score, *longer_scores(score).values()) for score in scores)
    return {setting: dict(seeds) for score in every for setting, seeds in measure.values(score).items()}


def card(world: str, name: str, shape: str, alike: float, seeds: int = 0) -> ScoreCard:
    """A variant's scores, which differ from the template's by luck alone; on its own number of seeds, or so many."""
    shared = Random(f"{world} {name}")
    tasks = {}
    for task, (level, spread, far, far_spread, usual) in LEVELS.items():
        share = 1.0 if name == "template" else shared.choice(SHARED)
        scores = []
        for seed in range(seeds or usual):
            luck = _luck(f"{world} {task} {seed} home", name, share)
            far_luck = alike * luck + math.sqrt(1 - alike**2) * _luck(f"{world} {task} {seed} far", name, share)
            micro = _fraction(level + spread * shaped(luck, shape))
            at_length = _fraction((far or 0.0) + far_spread * shaped(far_luck, shape))
            longer = () if far is None else (LongerTest(LENGTH, at_length, at_length),)
            scores.append(SeedScore(task, task, seed, micro, micro, micro, 1e-3, 0.0, "finished", 1, 1, longer=longer))
        tasks[task] = TaskScore(task, tuple(scores))
    further = {FURTHER: tasks.pop(FURTHER)}
    return ScoreCard("quick", "0" * 12, tasks, 1, 1, Speed(1.0, 1.0), "cpu", {}, 1, 1.0, further=further)


def _luck(draw: str, name: str, share: float) -> float:
    return share * Random(draw).gauss(0, 1) + math.sqrt(1 - share**2) * Random(f"{draw} {name}").gauss(0, 1)


def _fraction(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def shaped(luck: float, shape: str) -> float:
    """A standard normal number as it is, or as one of mean 0 and variance 1 that lies in one of two humps."""
    return luck if shape == "gaussian" else HUMPS[min(len(HUMPS) - 1, int(NormalDist().cdf(luck) * len(HUMPS)))]


def _humps(count: int = 4000) -> list[float]:
    """Quantiles: seven of ten in a narrow hump, three in a wide one two deviations above."""
    chance = Random(5)
    drawn = sorted(chance.gauss(-0.65, 0.3) if chance.random() < 0.7 else chance.gauss(1.5, 0.45) for _ in range(count))
    centre, spread = fmean(drawn), pstdev(drawn)
    return [(value - centre) / spread for value in drawn]


HUMPS = _humps()
