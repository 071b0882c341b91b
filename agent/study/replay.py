"""What stopping after a leg would have saved and lost, by the measured rows of the known variants.

The known variants come as proposals of a made-up search, in an order drawn at random. Each has its first leg, cut out
of its measured row; the rule of agent/science/promotion.py says whether the rest is trained. Since the whole row is
known, so is whether the best of all was stopped. Costs are counted operations (agent/study/pieces.py), not seconds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean

from agent.core.baselines import TEMPLATE
from agent.core.reason import Reason
from agent.core.resources import MEASURED
from agent.core.run import BASELINE, Proposal, Run
from agent.core.score import ScoreCard, Speed, TaskScore
from agent.core.text import Text
from agent.evaluator.protocols import QUICK
from agent.science.history import History
from agent.science.noise import read_noise
from agent.science.objective import Objective
from agent.science.promotion import LEAST_CHANCE, reason_to_stop
from agent.science.setting_noise import Noise
from agent.study.archive import ARCHIVE, EDITION_2
from agent.study.pieces import Piece
from agent.study.rows import Row, Table

STOPPED = Reason.said("stopped after its first leg")


@dataclass(frozen=True)
class MeasuredRows:
    """Whole rows of the known variants, and the first leg of each: as many seeds of each task as quick's leg has."""

    rows: Mapping[str, ScoreCard]
    noise: Mapping[str, Noise]
    leg_seeds: Mapping[str, int]

    def leg(self, variant: str) -> ScoreCard:
        """What its first leg would have shown."""
        row = self.rows[variant]
        tasks = {name: TaskScore(name, row.tasks[name].seeds[:count]) for name, count in self.leg_seeds.items()}
        return replace(row, tasks=tasks, further={}, fingerprint=f"the first leg of {row.fingerprint}")

    @property
    def leg_share(self) -> float:
        """What a first leg costs of such a row."""
        seeds = {name: len(score.seeds) for name, score in (*self._any.tasks.items(), *self._any.further.items())}
        costs = _cost_of_a_seed()
        return sum(costs[task] * n for task, n in self.leg_seeds.items()) / sum(costs[t] * n for t, n in seeds.items())

    @property
    def _any(self) -> ScoreCard:
        return self.rows[TEMPLATE]


@dataclass(frozen=True)
class Replayed:
    """One made-up search: who was stopped, what share of all training that saved, and by how much the best that it
    found lies below the best there is, by the objective."""

    stopped: tuple[str, ...]
    saved: float
    winner_lost: bool
    lost: float


def measured_rows(rows: Sequence[Row], noise: Mapping[str, Noise], seeds: Mapping[str, int]) -> MeasuredRows:
    """The variants of which every task has its first so many seeds, by a table of measured rows."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in sorted(rows, key=lambda row: row.seed):
        if row.score is not None and row.seed < seeds.get(row.task, 0):
            found.setdefault(row.variant, {}).setdefault(row.task, []).append(row)
    whole = {name: of for name, of in found.items() if {t: len(r) for t, r in of.items()} == dict(seeds)}
    leg = Counter(setting.task for setting, _ in QUICK.leg_parts()[0].grids)
    return MeasuredRows({name: _card(of) for name, of in whole.items()}, noise, leg)


def _card(by_task: Mapping[str, Sequence[Row]]) -> ScoreCard:
    scores = {
        task: TaskScore(task, tuple(row.score for row in rows if row.score is not None))
        for task, rows in by_task.items()
    }
    core = {task: score for task, score in scores.items() if task in QUICK.tasks}
    further = {task: score for task, score in scores.items() if task not in core}
    first = next(iter(by_task.values()))[0]
    return ScoreCard(
        QUICK.name, QUICK.fingerprint, core, 1, 1, Speed(1.0, 1.0), "cpu", {}, first.test_seed, 1.0, further=further
    )


def replayed(
    known: MeasuredRows, objective: Objective, seed: int, variants: Sequence[str], least_chance: float = LEAST_CHANCE
) -> Replayed:
    """One made-up search over the variants, in an order that the seed draws."""
    order = Random(seed).sample(sorted(variants), len(variants))
    history = History((_run(known, TEMPLATE, BASELINE),), known.noise, objective=objective)
    for name in order:
        whole = _run(known, name, "catalogue")
        part = replace(whole, card=None, legs=(known.leg(name),))
        stops = reason_to_stop(history, part, least_chance) is not None
        history = replace(history, runs=(*history.runs, replace(part, stopped=STOPPED) if stops else whole))
    everyone = replace(history, runs=tuple(_run(known, run.name, run.proposal.author) for run in history.runs))
    best, found = everyone.best, history.best
    assert best is not None  # the template at least
    assert found is not None
    saved = len(history.stopped) * (1.0 - known.leg_share) / len(order)
    lost = everyone.merit(best) - everyone.merit(next(run for run in everyone.runs if run.name == found.name))
    return Replayed(tuple(run.name for run in history.stopped), saved, best.name != found.name, lost)


def _run(known: MeasuredRows, name: str, author: str) -> Run:
    proposal = Proposal(name, name, author, Text(name))
    return Run(name, "analysed", proposal, QUICK.name, QUICK.fingerprint, card=known.rows[name])


def _cost_of_a_seed() -> dict[str, float]:
    """Task -> counted operations of one seed under quick."""
    return {setting.task: Piece(TEMPLATE, QUICK.part({(setting, seed)})).cost for setting, seed in QUICK.grids}


def rows_of_today() -> MeasuredRows:
    """The rows of quick as it is measured now, controls among them."""
    seeds = Counter(setting.task for setting, _ in QUICK.grids)
    return measured_rows(Table(MEASURED / f"{QUICK.name}.csv").rows(), read_noise(QUICK.fingerprint), seeds)


def rows_of_edition_2() -> MeasuredRows:
    """The twelve known variants under quick as it was in edition 2, which had no Multi-Query Recall."""
    rows = Table(ARCHIVE).rows()
    return measured_rows(rows, read_noise(EDITION_2), Counter(row.task for row in rows if row.variant == TEMPLATE))


def line_of(name: str, objective: Objective, chance: float, found: Sequence[Replayed]) -> list[object]:
    """A line of the table: means over the made-up searches."""
    return [
        name, objective, f"{chance:g}", len(found), f"{fmean(len(each.stopped) for each in found):.1f}",
        f"{fmean(each.saved for each in found):.0%}", f"{fmean(each.winner_lost for each in found):.1%}",
        f"{fmean(each.lost for each in found):.4f}",
    ]  # fmt: skip


HEADINGS = ("rows", "objective", "least chance", "orders", "stopped", "training saved", "best stopped", "gain lost")
