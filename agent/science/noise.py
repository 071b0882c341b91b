"""The measured noise of a protocol's settings: what ships with the project, and what a workspace measured itself.

How often equals are told apart by it, python -m agent.study equals counts (docs/protocols.md).
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import fmean, stdev

from pydantic import TypeAdapter

from agent.core.resources import MEASURED
from agent.core.score import ScoreCard, SeedScore
from agent.science.measure import LOG_ODDS, MACRO, Measure, longer_scores
from agent.science.setting_noise import UNMEASURED, Noise, PairedNoise

HEADER = "fingerprint,setting,measure,mean,std,seeds,paired_std,paired_freedom"
LEAST_VARIANTS = 4  # from whose differences the usual spread of a difference is told


@dataclass(frozen=True)
class Replicates:
    """The template's cards on further seeds of settings that a protocol trains with one, as a workspace keeps them."""

    fingerprint: str  # of the protocol
    cards: tuple[ScoreCard, ...] = ()

    def noise(self, template: ScoreCard | None) -> dict[str, Noise]:
        """Setting -> its noise under this protocol: the shipped, else that of these cards and the template's own."""
        found = noise_of([*self.cards, *([template] if template else [])])
        lone = _seeds(self.cards).keys() & found.keys()
        return {setting: found[setting] for setting in lone} | read_noise(self.fingerprint)

    def to_json(self) -> str:
        return _FORM.dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str) -> "Replicates":
        return _FORM.validate_json(text)


_FORM = TypeAdapter(Replicates)


def read_noise(fingerprint: str) -> dict[str, Noise]:
    """Setting -> its shipped noise under the protocol with this fingerprint; empty where none was measured."""
    for path in MEASURED.glob("*_noise.csv"):
        if rows := noise_rows(path, fingerprint):
            return _by_setting(rows)
    return {}


def _by_setting(rows: Iterable[Mapping[str, str]]) -> dict[str, Noise]:
    """The noise of each setting in each measure. A table without measures is one of macro accuracy."""
    found: dict[str, dict[str, Noise]] = {MACRO.name: {}, LOG_ODDS.name: {}}
    for row in rows:
        found[row.get("measure") or MACRO.name][row["setting"]] = _noise(row)
    macro, odds = found[MACRO.name], found[LOG_ODDS.name]
    return {
        setting: replace(macro.get(setting, UNMEASURED), log_odds=odds.get(setting))
        for setting in dict.fromkeys([*macro, *odds])
    }


def noise_rows(path: Path, fingerprint: str) -> list[dict[str, str]]:
    """The lines of a noise table that are of the protocol with this fingerprint."""
    with path.open(newline="") as table:
        return [row for row in csv.DictReader(table) if row["fingerprint"] == fingerprint]


def _noise(row: Mapping[str, str]) -> Noise:
    """What a line of a noise table says. Tables that were written earlier know nothing of pairs."""
    paired = PairedNoise(float(row["paired_std"]), float(row["paired_freedom"])) if row.get("paired_std") else None
    return Noise(float(row["std"]), int(row["seeds"]), paired)


def noise_table(fingerprint: str, *measured: tuple[Measure, Mapping[str, Sequence[float]]]) -> str:
    """The noise of a protocol as `read_noise` finds it in a file: in each measure, setting -> its one-seed values."""
    lines = [
        f"{fingerprint},{setting},{measure.name},{fmean(values):.6f},{stdev(values):.6f},{len(values)},,"
        for measure, scores in measured
        for setting, values in scores.items()
    ]
    return "\n".join([HEADER, *lines, ""])


def with_pairs(rows: Iterable[Mapping[str, str]], *measured: tuple[Measure, Mapping[str, PairedNoise]]) -> str:
    """The lines of a noise table with the usual spread of differences beside them: in each measure, setting -> it."""
    paired = {(measure.name, setting): each for measure, spreads in measured for setting, each in spreads.items()}
    lines = []
    for row in rows:
        measure = row.get("measure") or MACRO.name
        known = paired.get((measure, row["setting"]))
        told = f"{known.std:.6f},{known.freedom:.3f}" if known else ","
        values = (row["fingerprint"], row["setting"], measure, row["mean"], row["std"], row["seeds"], told)
        lines.append(",".join(values))
    return "\n".join([HEADER, *lines, ""])


def paired_noise(differences: Sequence[Sequence[float]], measure: Measure = MACRO) -> PairedNoise | None:
    """The usual spread of seed-wise differences, from those of several variants to the template in one setting.

    Each variant's variance is taken for one draw of a scaled inverse chi-squared distribution, whose two parameters
    follow from the mean and the variance of their logarithms (Smyth 2004, section 6.2). None of fewer than
    LEAST_VARIANTS that have two seeds. No spread is less than that of two scores at the
    least standard deviation of the measure.
    """
    samples = [values for values in differences if len(values) > 1]
    if len(samples) < LEAST_VARIANTS:
        return None
    from scipy.special import digamma, polygamma

    halves = [(len(values) - 1) / 2 for values in samples]
    logs = [
        math.log(max(stdev(values) ** 2, 2 * measure.least_std**2)) - digamma(half) + math.log(half)
        for values, half in zip(samples, halves, strict=True)
    ]
    excess = stdev(logs) ** 2 - fmean(float(polygamma(1, half)) for half in halves)
    most = (len(samples) - 1) / 2  # a variant more is one spread more, however alike the measured ones were
    half = min(_inverse_trigamma(excess), most) if excess > 0 else most
    return PairedNoise(math.exp((fmean(logs) + float(digamma(half)) - math.log(half)) / 2), 2 * half)


def _inverse_trigamma(value: float) -> float:
    """The x whose trigamma is this, by bisection: trigamma falls from infinity to nothing."""
    from scipy.special import polygamma

    low, high = 1e-3, 1e6
    for _ in range(100):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if polygamma(1, middle) > value else (low, middle)
    return math.sqrt(low * high)


def noise_of(cards: Iterable[ScoreCard]) -> dict[str, Noise]:
    """Setting -> its noise, by several cards of one variant with different seeds; those with one seed are left out."""
    return {setting: _of_seeds(seeds) for setting, seeds in _seeds(cards).items() if len(seeds) > 1}


def _seeds(cards: Iterable[ScoreCard]) -> dict[str, list[SeedScore]]:
    """Setting -> its seeds, also of longer tests and of tasks that are no column of the table."""
    found: dict[str, list[SeedScore]] = {}
    for task in chain.from_iterable((*card.tasks.values(), *card.further.values()) for card in cards):
        for seed in chain(task.seeds, *(longer.seeds for longer in longer_scores(task).values())):
            found.setdefault(seed.setting, []).append(seed)
    return found


def _of_seeds(seeds: Sequence[SeedScore]) -> Noise:
    macro, odds = (Noise(stdev(map(measure.of, seeds)), len(seeds)) for measure in (MACRO, LOG_ODDS))
    return replace(macro, log_odds=odds)
