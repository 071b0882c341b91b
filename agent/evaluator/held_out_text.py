"""Bits per byte of trained networks on the held-out files of a text.

The losses were computed where no line of the variant runs (agent/evaluator/remote/predictor.py), and are read from a
folder that no process of the variant has seen.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict

import torch
from torch import Tensor

from agent.core.text_score import TextScore, TextSeed, TextTest
from agent.evaluator.failure import doubting
from agent.evaluator.held_out import HeldOutTest
from agent.evaluator.jail.exchange import take
from agent.evaluator.job import Job
from agent.evaluator.text.bits import text_test
from agent.evaluator.text.recalled import recalled
from agent.evaluator.text.source import TextSplits

FLOAT = 4  # bytes


def text_score(text: TextSplits, tests: Sequence[HeldOutTest], job: Job, tokens_a_second: float) -> TextScore:
    """The score of all seeds, by their tests of every length. Raises EvaluationFailed for losses that are none."""
    by_seed: dict[int, list[TextTest]] = {}
    rates: dict[int, float] = {}
    for test in sorted(tests, key=lambda test: test.variation):
        losses = _losses(test, job)
        which = recalled(windows_of(test))
        for row, candidate in enumerate(test.candidates):
            seed = candidate.replica.seed
            scored = test.controlled[row].scored(losses[row])
            by_seed.setdefault(seed, []).append(text_test(test.variation.times, scored, which))
            rates[seed] = candidate.replica.learning_rate
    seeds = tuple(TextSeed(seed, rates[seed], tuple(by_seed[seed])) for seed in sorted(by_seed))
    length = tests[0].candidates[0].replica.setting.length
    return TextScore(text.corpus, length, tokens_a_second, seeds)


def windows_of(test: HeldOutTest) -> Tensor:
    """(N, T + 1) bytes, the same for all candidates: text is tested evenly over its held-out files."""
    examples = test.examples[0]
    return torch.cat([examples.inputs, examples.targets[:, -1:]], dim=1)


def _losses(test: HeldOutTest, job: Job) -> Tensor:
    """(R, N + C, T) float32."""
    shape = (len(test.candidates), *test.controlled[0].inputs.shape)
    size = FLOAT * math.prod(shape)
    with doubting():
        raw = bytearray(take(job.losses(test.stack, **asdict(test.variation)), size))
        if len(raw) != size:
            raise ValueError(f"{len(raw):,} bytes of losses, and {size:,} were expected")
        losses = torch.frombuffer(raw, dtype=torch.float32).view(shape)
        if not bool((losses.isfinite() & (losses >= 0)).all()):
            raise ValueError("losses that are no finite numbers")
    return losses
