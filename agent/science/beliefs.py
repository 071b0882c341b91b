"""What is known of all moves at once: their effects on what is looked for, drawn from their joint posterior.

An effect is on the gain that the search's objective weighs (agent/science/objective.py), in units of the average's
accuracy.

The model is that of agent/science/effects.py with four differences. Two moves that some run made together have an
effect of their own, with a small prior. A run that moves made on another file than the template counts too: it is
compared with that file, and what a move does there is what it does on the template and a difference of that file's
own. Priors have heavy tails (Student's distribution, as normal ones whose widths
are unknown too), centred at what a move's author expects but no further out than TRUST: so no author rules a move out,
and what a run shows is believed although nobody expected it. And how much moves do at all is unknown: one of SIZES
multiplies all widths (and, below 1, what authors expect), so that where nothing helps the best of many lucky scores is
not believed.

The draws are those of agent/science/effect_sampler.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random
from typing import Any

import numpy as np

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.science.comparison import Comparison
from agent.science.effect_sampler import sweeps
from agent.science.effects import Observed, made_of_moves
from agent.science.history import History, card_of
from agent.science.objective import LOG_ODDS_OF_AVERAGE, expected_gain
from agent.science.regression import Floats, Regression

MOVE_STD = 0.03  # the usual size of a move's effect on the average
PAIR_STD = 0.01  # and of what two moves do to each other
ROOT_STD = 0.02  # and of how differently a move does on another file than the template
RESIDUAL_STD = 0.005  # of what a run does that neither explains
TRUST = 0.03  # how far from nothing an author's expectation may place a move
STRANGER_STD = 0.04  # of how far a variant that no moves made lies from the template
BURN, KEPT = 8, 16  # sweeps of the sampler
KEPT_TO_TELL = 60  # where the mean is told, and not only a draw needed: with an error of .001 (rms) or less

ON = "on "  # before a file, where moves are named
Pair = tuple[str, str]  # of two moves, or of a move and the file that it is made on, as `on` names it


@dataclass(frozen=True)
class Beliefs:
    """Effects on the average of moves, of pairs of them that some run made together, and of how differently a move does
    on another file than the template."""

    drawn: Mapping[str | Pair, float]  # one draw from all that is possible
    mean: Mapping[str | Pair, float]

    def expected(self, moves: Sequence[str], root: str = TEMPLATE) -> float:
        """How far above the file that they are made on a set of moves lies, by the posterior mean."""
        return sum(self.mean.get(part, 0.0) for part in _parts(moves, root))

    def drawn_on(self, root: str) -> dict[str | Pair, float]:
        """What is drawn of each move and pair on this file."""
        return {
            part: effect + (self.drawn.get((part, on(root)), 0.0) if isinstance(part, str) else 0.0)
            for part, effect in self.drawn.items()
        }


@dataclass(frozen=True)
class Observation:
    """How far a run lies from the file that its moves were made on."""

    run: Run
    root: Run
    found: Comparison


def on(root: str) -> str:
    """A file that moves are made on, where moves are named: no move has a space in its name."""
    return f"{ON}{root}"


def _parts(moves: Sequence[str], root: str) -> list[str | Pair]:
    """All that has an effect of its own in a set of moves on a file."""
    held = sorted({*moves})
    there: list[Pair] = [(move, on(root)) for move in held] if root != TEMPLATE else []
    return [*held, *combinations(held, 2), *there]


def believe(history: History, expected: Mapping[str, Mapping[str, float]], draw: Random, kept: int = KEPT) -> Beliefs:
    """What the runs say of every move that its author expects something of, or that took part in a run.

    The mean is one over `kept` sweeps of the sampler.
    """
    groups = _observations(history)
    held = [_parts(each.run.proposal.moves, each.root.name) for group in groups for each in group]
    seen = [Observed.of([each.found for each in group], RESIDUAL_STD) for group in groups]
    moves = sorted({*expected, *(part for parts in held for part in parts if isinstance(part, str))})
    pairs = sorted({part for parts in held for part in parts if isinstance(part, tuple)})
    columns: list[str | Pair] = [*moves, *pairs]
    named = {task for each in expected.values() for task in each}
    tasks = list(card_of(history.baseline).tasks if history.baseline else named)
    foreseen = [expected_gain(expected.get(move, {}), history.objective, tasks) for move in moves]
    centres = [max(-TRUST, min(TRUST, each)) for each in foreseen]
    model = Regression(
        design=_design(held, columns),
        differences=np.concatenate([group.differences for group in seen]),
        errors=np.concatenate([group.errors for group in seen]),
        common=_common(seen),
        centres=np.array([*centres, *[0.0] * len(pairs)]),
        scales=np.array(
            [*[MOVE_STD] * len(moves), *(ROOT_STD if other.startswith(ON) else PAIR_STD for _, other in pairs)]
        ),
    )
    chance = np.random.default_rng(draw.getrandbits(64))
    states = sweeps(model, chance, BURN + kept)
    mean = sum((state.mean for state in states[BURN:]), np.zeros(len(columns))) / kept
    return Beliefs(
        dict(zip(columns, states[-1].drawn.tolist(), strict=True)), dict(zip(columns, mean.tolist(), strict=True))
    )


def _observations(history: History) -> list[list[Observation]]:
    """What each score of a run that moves made says, in groups that are compared with the same score of the same file.

    The noise of that score is common to a group. A run that was trained on fresh seeds has two scores; one that was
    stopped has that of its legs.
    """
    template = history.baseline
    if template is None:
        return [[]]
    of_template = made_of_moves(history, history.scored)
    fresh = [(run, found) for run in of_template if (found := history.judged_on_fresh_seeds(run)) is not None]
    groups = [[Observation(run, template, history.judge(run, template).in_average) for run in of_template]]
    groups += [[Observation(run, template, found.in_average) for run, found in fresh]]
    groups += [_parts_of_rows(history, template, made_of_moves(history, history.stopped))]
    for file, runs in _made_elsewhere(history):
        groups.append([Observation(run, file, history.judge(run, file).in_average) for run in runs if run.scored])
        groups.append(_parts_of_rows(history, file, [run for run in runs if not run.scored]))
    return groups


def _parts_of_rows(history: History, root: Run, stopped: Sequence[Run]) -> list[Observation]:
    return [
        Observation(run, root, part.judged.in_average)
        for run in stopped
        if (part := history.part(run, root)) is not None
    ]


def _made_elsewhere(history: History) -> list[tuple[Run, list[Run]]]:
    """Each scored file other than the template, and the runs that moves made on it, whole or in part scored."""
    found: dict[str, tuple[Run, list[Run]]] = {}
    for run in (*history.scored, *history.stopped):
        root = history.root(run) if run.proposal.moves else None
        if root is not None and root.name != TEMPLATE and root.scored:
            found.setdefault(root.id, (root, []))[1].append(run)
    return list(found.values())


def _common(seen: Sequence[Observed]) -> Floats:
    """Observations by groups: the error that all of a group have in common."""
    common, start = np.zeros((sum(len(group.errors) for group in seen), len(seen))), 0
    for column, group in enumerate(seen):
        common[start : start + len(group.errors), column] = group.template_error
        start += len(group.errors)
    return common


def _design(held: Sequence[Sequence[str | Pair]], columns: Sequence[str | Pair]) -> Any:
    """Observations by columns, as a sparse matrix: 1 where a run holds what the column stands for."""
    from scipy.sparse import csr_array  # importing it takes a moment

    place = {column: number for number, column in enumerate(columns)}
    ends = np.cumsum([0, *(len(parts) for parts in held)])
    indices = np.array([place[part] for parts in held for part in parts], dtype=np.intp)
    return csr_array((np.ones(len(indices)), indices, ends), shape=(len(held), len(columns)))


def shrunken_margins(history: History) -> dict[str, float]:
    """Run id -> its probable gain over the template by the objective, by all runs at once; of the scored runs.

    In log-odds, or in accuracy where the objective is the average.

    The best of many scores is mostly a lucky one. A run that moves made is drawn towards what its moves do in other
    runs, any other towards nothing. What was measured on fresh seeds counts as well, of what was made on the template.
    """
    known = history.memory.margins.get(history.objective)
    if known is None or not _same_runs(known[0], history):
        known = history.memory.margins[history.objective] = history, _margins(history)
    return known[1]


def _same_runs(one: History, other: History) -> bool:
    """Whether the same runs count in two histories, with the same scores, so that the same is known."""
    counted, others = (*one.scored, *one.stopped), (*other.scored, *other.stopped)
    alike = len(counted) == len(others) and all(map(_says_the_same, counted, others))
    return alike and one.confirmations == other.confirmations and one.budget == other.budget


def _says_the_same(one: Run, other: Run) -> bool:
    """Whether two states of a run differ in its note at most, and in how far it has come."""
    return (
        one is other or replace(one, stage=other.stage, milestones=other.milestones, analysis=other.analysis) == other
    )


def _margins(history: History) -> dict[str, float]:
    baseline = history.baseline
    if baseline is None:
        return {}
    beliefs = believe(history, {}, Random(0), KEPT_TO_TELL)
    found = {baseline.id: 0.0}
    unit = LOG_ODDS_OF_AVERAGE if history.judge(baseline, baseline).in_log_odds else 1.0
    for run in sorted(history.scored, key=lambda run: bool(run.proposal.moves)):  # what moves are made on comes first
        root = history.root(run)
        if root is not None and root.id != run.id and root.id in found:
            found[run.id] = found[root.id] + beliefs.expected(run.proposal.moves, root.name)
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
