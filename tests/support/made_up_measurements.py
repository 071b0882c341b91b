"""Tables of measurements as the project ships them, made up: tests of their readers need some of the present protocol.

The shipped ones are void from the moment a protocol or the edition changes to the moment they are measured again.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from agent.core.baselines import BASELINES
from agent.core.score import LongerTest, SeedScore
from agent.evaluator.protocols import QUICK
from agent.proposer import measured
from agent.science import noise
from agent.science.measure import LOG_ODDS, MACRO
from agent.study import options, synthetic
from agent.study.cells import seed_differences
from agent.study.rows import Row, Table

# How far each known variant lies from the template, in the order of BASELINES; one fails, as one of the real ones does.
FAILING = "adam_style_adaptive_state_update_after_output"
SPREAD, SHARED = 0.03, 0.7  # of one seed's scores: their standard deviation, and how much of its square all share
TEN_SCORES = [0.6 + SPREAD * step / 3.0277 for step in range(-4, 6)]  # with that standard deviation


@contextmanager
def made_up_measurements() -> Iterator[Path]:
    """A folder with quick.csv and quick_noise.csv, which everything reads in place of baselines/measured."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        rows = [row for variant in BASELINES for row in _rows(variant)]
        Table(folder / "quick.csv").add(rows)
        kinds = {kind: seed_differences(QUICK, rows, BASELINES, kind) for kind in (MACRO, LOG_ODDS)}
        table = folder / "quick_noise.csv"
        scores = {kind: [kind.of(_score("", "", 0, macro)) for macro in TEN_SCORES] for kind in kinds}
        noises = [(kind, dict.fromkeys(differences, scores[kind])) for kind, differences in kinds.items()]
        table.write_text(noise.noise_table(QUICK.fingerprint, *noises))
        paired = [
            (kind, {setting: noise.paired_noise(each, kind) for setting, each in differences.items()})
            for kind, differences in kinds.items()
        ]
        table.write_text(noise.with_pairs(noise.noise_rows(table, QUICK.fingerprint), *paired))
        for module in (measured, noise, options, synthetic):
            patch.setattr(module, "MEASURED", folder)
        yield folder


def _score(task, setting, seed, accuracy, steps=1, longer=()):
    return SeedScore(
        task, setting, seed, accuracy, accuracy, accuracy, 2e-3, 0.0, "finished", steps, steps, longer=longer
    )  # fmt: skip


def _rows(variant):
    ahead = -0.45 if variant.endswith(FAILING) else 0.004 * BASELINES.index(variant)
    for replica in QUICK.replicas():
        setting, seed = replica.setting, replica.seed
        common = Random(f"{setting.label} {seed}").gauss(0, 1)
        own = Random(f"{setting.label} {seed} {variant}").gauss(0, 1)
        macro = 0.6 + ahead + SPREAD * (SHARED**0.5 * common + (1 - SHARED) ** 0.5 * own)
        steps = replica.steps
        longer = tuple(LongerTest(times, macro, macro) for times in replica.longer)
        score = _score(setting.task, setting.label, seed, macro, steps, longer)
        yield Row(
            variant, setting.task, setting.label, seed, score, 1.0, QUICK.setting_fingerprint(setting), 1, "cpu", ""
        )
