"""The measured noise of a protocol's settings: what ships with the project, and what a workspace measured itself."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean, stdev

from pydantic import TypeAdapter

from agent.core.resources import MEASURED
from agent.core.score import ScoreCard
from agent.science.comparison import Noise


@dataclass(frozen=True)
class Replicates:
    """The template's cards on further seeds of settings that a protocol trains with one, as a workspace keeps them."""

    fingerprint: str  # of the protocol
    cards: tuple[ScoreCard, ...] = ()

    def noise(self, template: ScoreCard | None) -> dict[str, Noise]:
        """Setting -> its noise under this protocol: the shipped, else that of these cards and the template's own."""
        lone = {setting for card in self.cards for task in card.tasks.values() for setting in task.by_setting}
        found = noise_of([*self.cards, *([template] if template else [])])
        return {setting: found[setting] for setting in lone & found.keys()} | read_noise(self.fingerprint)

    def to_json(self) -> str:
        return _FORM.dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str) -> "Replicates":
        return _FORM.validate_json(text)


_FORM = TypeAdapter(Replicates)


def read_noise(fingerprint: str) -> dict[str, Noise]:
    """Setting -> its shipped noise under the protocol with this fingerprint; empty where none was measured."""
    for path in MEASURED.glob("*_noise.csv"):
        with path.open(newline="") as table:
            rows = [row for row in csv.DictReader(table) if row["fingerprint"] == fingerprint]
        if rows:
            return {row["setting"]: Noise(float(row["std"]), int(row["seeds"])) for row in rows}
    return {}


def noise_table(fingerprint: str, scores: Mapping[str, Sequence[float]]) -> str:
    """The noise of a protocol as `read_noise` finds it in a file, by the one-seed scores of its settings."""
    lines = [
        f"{fingerprint},{setting},{fmean(values):.6f},{stdev(values):.6f},{len(values)}"
        for setting, values in scores.items()
    ]
    return "\n".join(["fingerprint,setting,mean,std,seeds", *lines, ""])


def noise_of(cards: Iterable[ScoreCard]) -> dict[str, Noise]:
    """Setting -> its noise, by several cards of one variant with different seeds; those with one seed are left out."""
    scores: dict[str, list[float]] = {}
    for task in chain.from_iterable(card.tasks.values() for card in cards):
        for setting, values in task.by_setting.items():
            scores.setdefault(setting, []).extend(values)
    return {setting: Noise(stdev(values), len(values)) for setting, values in scores.items() if len(values) > 1}
