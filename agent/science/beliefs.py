"""What is known of all moves at once: their effects on what is looked for, drawn from their joint posterior.

An effect is on the gain that the search's objective weighs (agent/science/objective.py), in units of the average's
accuracy.

The model is that of agent/science/effects.py with three differences. Two moves that some run made together have an
effect of their own, with a small prior. Priors have heavy tails (Student's distribution, as normal ones whose widths
are unknown too), centred at what a move's author expects but no further out than TRUST: so no author rules a move out,
and what a run shows is believed although nobody expected it. And how much moves do at all is unknown: one of SIZES
multiplies all widths (and, below 1, what authors expect), so that where nothing helps the best of many lucky scores is
not believed.

The draws are those of agent/science/effect_sampler.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import is_
from random import Random
from typing import Any

import numpy as np

from agent.core.run import Run
from agent.science.comparison import Comparison
from agent.science.effect_sampler import Floats, Model
from agent.science.effects import Observed, made_of_moves
from agent.science.history import History, card_of
from agent.science.objective import LOG_ODDS_OF_AVERAGE, expected_gain

MOVE_STD = 0.03  # the usual size of a move's effect on the average
PAIR_STD = 0.01  # and of what two moves do to each other
RESIDUAL_STD = 0.005  # of what a run does that neither explains
TRUST = 0.03  # how far from nothing an author's expectation may place a move
STRANGER_STD = 0.04  # of how far a variant that no moves made lies from the template
BURN, KEPT = 8, 16  # sweeps of the sampler
KEPT_TO_TELL = 120  # where the mean is told, and not only a draw needed

Pair = tuple[str, str]


@dataclass(frozen=True)
class Beliefs:
    """Effects on the average of moves, and of pairs of them that some run made together."""

    drawn: Mapping[str | Pair, float]  # one draw from all that is possible
    mean: Mapping[str | Pair, float]

    def expected(self, moves: Sequence[str]) -> float:
        """How far above the template a set of moves lies, by the posterior mean."""
        held = sorted(moves)
        parts: list[str | Pair] = [*held, *combinations(held, 2)]
        return sum(self.mean.get(part, 0.0) for part in parts)


def believe(history: History, expected: Mapping[str, Mapping[str, float]], draw: Random, kept: int = KEPT) -> Beliefs:
    """What the runs say of every move that its author expects something of, or that took part in a run.

    The mean is one over `kept` sweeps of the sampler.
    """
    runs, seen, errors, common = _observations(history)
    moves = sorted({*expected, *(move for run in runs for move in run.proposal.moves)})
    pairs = sorted({pair for run in runs for pair in combinations(sorted(run.proposal.moves), 2)})
    columns: list[str | Pair] = [*moves, *pairs]
    named = {task for each in expected.values() for task in each}
    tasks = list(card_of(history.baseline).tasks if history.baseline else named)
    foreseen = [expected_gain(expected.get(move, {}), history.objective, tasks) for move in moves]
    centres = [max(-TRUST, min(TRUST, each)) for each in foreseen]
    model = Model(
        design=_design(runs, columns),
        differences=seen,
        errors=errors,
        common=common,
        centres=np.array([*centres, *[0.0] * len(pairs)]),
        scales=np.array([*[MOVE_STD] * len(moves), *[PAIR_STD] * len(pairs)]),
    )
    chance = np.random.default_rng(draw.getrandbits(64))
    states = list(model.sweeps(chance, BURN + kept))
    mean = sum((state.mean for state in states[BURN:]), np.zeros(len(columns))) / kept
    return Beliefs(
        dict(zip(columns, states[-1].drawn.tolist(), strict=True)), dict(zip(columns, mean.tolist(), strict=True))
    )


def _observations(history: History) -> tuple[list[Run], Floats, Floats, Floats]:
    """What each score of a run that moves made says: whose it is, how far it lies from the template, the error of each
    alone, and the errors that several have in common, a column each. A run that was trained on fresh seeds has two
    scores; one that was stopped has that of its legs.

    The template's own noise is in all that are compared with the same score of it.
    """
    runs, template = made_of_moves(history, history.scored), history.baseline
    fresh = [(run, found) for run in runs if (found := history.judged_on_fresh_seeds(run)) is not None]
    known = [history.judge(run, template).in_average for run in runs if template is not None]
    parts = [
        (run, part.judged.in_average)
        for run in made_of_moves(history, history.stopped)
        if template is not None and (part := history.part(run, template)) is not None
    ]
    groups = [known, [found.in_average for _, found in fresh], [found for _, found in parts]]
    seen = [Observed.of(group, RESIDUAL_STD) for group in groups]
    differences = np.concatenate([group.differences for group in seen])
    common, start = np.zeros((len(differences), len(seen))), 0
    for column, group in enumerate(seen):
        common[start : start + len(group.errors), column] = group.template_error
        start += len(group.errors)
    whose = [*runs, *(run for run, _ in fresh), *(run for run, _ in parts)]
    return whose, differences, np.concatenate([group.errors for group in seen]), common


def _design(runs: Sequence[Run], columns: Sequence[str | Pair]) -> Any:
    """Runs by columns, as a sparse matrix: 1 where a run holds a move, or both moves of a pair."""
    from scipy.sparse import csr_array  # importing it takes a moment

    place = {column: number for number, column in enumerate(columns)}
    held = (sorted({*run.proposal.moves}) for run in runs)
    parts: list[list[str | Pair]] = [[*moves, *combinations(moves, 2)] for moves in held]
    ends = np.cumsum([0, *(len(each) for each in parts)])
    indices = np.array([place[part] for each in parts for part in each], dtype=np.intp)
    return csr_array((np.ones(len(indices)), indices, ends), shape=(len(runs), len(columns)))


def shrunken_margins(history: History) -> dict[str, float]:
    """Run id -> its probable gain over the template by the objective, by all runs at once; of the scored runs.

    In log-odds, or in accuracy where the objective is the average.

    The best of many scores is mostly a lucky one. A run that moves made is drawn towards what its moves do in other
    runs, any other towards nothing. What was measured on fresh seeds counts as well.
    """
    known = history.memory.margins.get(history.objective)
    if known is None or not _same_runs(known[0], history):
        known = history.memory.margins[history.objective] = history, _margins(history)
    return known[1]


def _same_runs(one: History, other: History) -> bool:
    """Whether two histories hold the very same runs, confirmed by the same scores, so that the same is known."""
    alike = len(one.runs) == len(other.runs) and all(map(is_, one.runs, other.runs))
    return alike and one.confirmations == other.confirmations and one.budget == other.budget


def _margins(history: History) -> dict[str, float]:
    baseline = history.baseline
    if baseline is None:
        return {}
    beliefs = believe(history, {}, Random(0), KEPT_TO_TELL)
    made = {run.id for run in made_of_moves(history, history.scored)}
    found = {baseline.id: 0.0}
    unit = LOG_ODDS_OF_AVERAGE if history.judge(baseline, baseline).in_log_odds else 1.0
    for run in history.scored:
        if run.id in made:
            found[run.id] = beliefs.expected(run.proposal.moves)
        elif run.id != baseline.id:
            judged = history.judge(run, baseline), history.judged_on_fresh_seeds(run)
            found[run.id] = _stranger([each.in_average for each in judged if each is not None])
    return {run_id: unit * margin for run_id, margin in found.items()}


def _stranger(seen: Sequence[Comparison]) -> float:
    """How far a variant that no moves made probably lies from the template, by its scores."""
    each = [Observed.of([comparison], 0.0) for comparison in seen]
    weights = [1 / float(one.errors[0] ** 2 + one.template_error**2) for one in each]
    pull = sum(weight * comparison.difference for weight, comparison in zip(weights, seen, strict=True))
    return pull / (sum(weights) + 1 / STRANGER_STD**2)
