"""Simulated nights of a search around a model: kinds of request and niches beside one change of the best at a time.

The choice of what is asked for, the history and its verdicts are the project's own. Made up are the training
(agent/study/synthetic.py), the truth, which is of moves with an effect on each task, and the model: three skills of
answering the same request. In a planted truth two moves, each of which helps one task and costs the others about as
much, help each other when they are together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean
from typing import Literal

from agent.core.baselines import TEMPLATE
from agent.core.run import Proposal, Run
from agent.core.text import Text
from agent.proposer.choice import choose_request
from agent.proposer.kinds import Request
from agent.proposer.parents import rank_parents
from agent.science.history import History, Memory, card_of
from agent.study.nights_table import interval
from agent.study.page import markdown
from agent.study.synthetic import Synthetic

Moves = frozenset[str]
Skill = Literal["random", "greedy", "good"]
SKILLS: tuple[Skill, ...] = ("random", "greedy", "good")
Way = Literal["best alone", "kinds and niches"]
WAYS: tuple[Way, ...] = ("best alone", "kinds and niches")
Planted = Literal["planted", "plain"]
TRUTHS: tuple[Planted, ...] = ("planted", "plain")

COUNT, MOST = 24, 5  # moves that there are, and in one variant
SPREAD = 0.02  # of a move's effect on a task
HELP, TOGETHER = 0.25, 0.08  # of each planted move on its task, and of both together on every task
INTUITION = 0.02  # the error of what a good model believes of a move's effect on a task
LOOKS = 3  # moves that a good model thinks of before it takes the best
TRIES = 40  # until a model gives up on a request whose answers were all tried


@dataclass(frozen=True)
class TaskTruth:
    """What each move really adds to each task, and what the planted pair adds to all of them."""

    effects: Mapping[str, Mapping[str, float]]
    pair: Moves = frozenset()

    def of(self, moves: Moves) -> dict[str, float]:
        """Task -> how far a variant lies above the template."""
        bonus = TOGETHER if self.pair and self.pair <= moves else 0.0
        tasks = next(iter(self.effects.values()))
        return {task: bonus + sum(self.effects[move][task] for move in moves) for task in tasks}

    def average(self, moves: Moves) -> float:
        return fmean(self.of(moves).values())

    def best(self) -> float:
        """The average of the best variant there can be: the best moves, with the pair or without it."""

        def filled(held: Moves) -> float:
            others = sorted(
                (self.average(frozenset({move})) for move in self.effects if move not in held), reverse=True
            )
            return self.average(held) + sum(max(0.0, gain) for gain in others[: MOST - len(held)])

        return max(filled(frozenset()), filled(self.pair))


def task_truth(planted: Planted, tasks: Sequence[str], draw: Random) -> TaskTruth:
    """One draw of a truth."""
    names = [f"m{number:02}" for number in range(COUNT)]
    effects = {name: {task: draw.gauss(0, SPREAD) for task in tasks} for name in names}
    if planted == "plain":
        return TaskTruth(effects)
    pair = draw.sample(names, 2)
    for name, leads in zip(pair, draw.sample(list(tasks), 2), strict=True):
        effects[name] = {task: HELP if task == leads else -HELP / (len(tasks) - 1) for task in tasks}
    return TaskTruth(effects, frozenset(pair))


@dataclass(frozen=True)
class ScriptedModel:
    """Answers a request with a set of moves, as well as its skill allows.

    `random` takes any move; `greedy` the one that the results so far speak for most; `good` has an idea of what each
    move really does alone, and of no pair.
    """

    skill: Skill
    truth: TaskTruth
    seed: int

    def answer(self, history: History, request: Request, draw: Random) -> Moves:
        """The first answer to a request that was not tried yet; whatever else is new where there is none."""
        tried = {frozenset(run.proposal.moves) for run in history.runs}
        for _ in range(TRIES):
            if (moves := self._answer(history, request, draw)) and moves not in tried:
                return moves
        while (moves := frozenset(draw.sample(list(self.truth.effects), draw.randint(1, MOST)))) in tried:
            pass
        return moves

    def _answer(self, history: History, request: Request, draw: Random) -> Moves:
        held = frozenset(request.parent.proposal.moves)
        match request.kind.name:
            case "combine" if request.other is not None:
                held |= frozenset(request.other.proposal.moves)
            case "simplify":
                return held - {self._worst(history, held, draw)} if held else held
            case "leap":
                held = frozenset({self._next(history, held, "", draw)})
                return held | {self._next(history, held, "", draw)}
            case _:
                held |= {self._next(history, held, request.task, draw)}
        while len(held) > MOST:
            held -= {self._least_needed(history, held, draw)}
        return held

    def _next(self, history: History, held: Moves, task: str, draw: Random) -> str:
        """A move that is not held: the one that promises most for a task, or for the average."""
        free = sorted(self.truth.effects.keys() - held)
        looked = free if self.skill == "greedy" else draw.sample(free, 1 if self.skill == "random" else LOOKS)
        return max(looked, key=lambda move: (self._promise(history, move, task), draw.random()))

    def _worst(self, history: History, held: Moves, draw: Random) -> str:
        return min(sorted(held), key=lambda move: (self._promise(history, move, ""), draw.random()))

    def _least_needed(self, history: History, held: Moves, draw: Random) -> str:
        """The move that promises least on the task that it is best at."""

        def most(move: str) -> float:
            return max(self._promise(history, move, task) for task in self.truth.effects[move])

        return min(sorted(held), key=lambda move: (most(move), draw.random()))

    def _promise(self, history: History, move: str, task: str) -> float:
        if self.skill == "random":
            return 0.0
        if self.skill == "good":
            error = Random(f"{self.seed} {move} {task}").gauss(0, INTUITION)
            return error + (self.truth.effects[move][task] if task else self.truth.average(frozenset({move})))
        with_it: list[float] = []
        without: list[float] = []
        for run in history.scored:
            score = card_of(run).scores[task] if task else card_of(run).average
            (with_it if move in run.proposal.moves else without).append(score)
        return fmean(with_it) - fmean(without) if with_it and without else 0.0


@dataclass(frozen=True)
class Dialogue:
    """What a night came to: the regret of what it calls best, and after how many rows the planted pair was together."""

    truth: Planted
    skill: Skill
    way: Way
    regret: float
    found: int | None


def night(evaluator: Synthetic, rows: int, planted: Planted, skill: Skill, way: Way, seed: int) -> Dialogue:
    """One night of so many rows, the same for the same seed; truth and noise of a seed are those of every way."""
    evaluator = evaluator.another(seed)
    really = task_truth(planted, evaluator.protocol.tasks, Random(f"{planted} {seed}"))
    model = ScriptedModel(skill, really, seed)
    memory, draw = Memory(evaluator.noise), Random(f"{skill} {seed}")
    runs = [_scored(0, frozenset(), (), "", really, evaluator)]
    for number in range(1, rows + 1):
        history = History(tuple(runs), evaluator.noise, memory, objective="average")
        request = (
            choose_request(history, draw) if way == "kinds and niches" else Request(next(rank_parents(history, draw)))
        )
        moves = model.answer(history, request, draw)
        runs.append(_scored(number, moves, request.parents, request.kind.name, really, evaluator))
    best = History(tuple(runs), evaluator.noise, memory, objective="average").best
    assert best is not None  # the template at least
    regret = really.best() - really.average(frozenset(best.proposal.moves))
    together = [number for number, run in enumerate(runs) if really.pair and really.pair <= {*run.proposal.moves}]
    return Dialogue(planted, skill, way, regret, together[0] if together else None)


def _scored(
    number: int, moves: Moves, parents: tuple[str, ...], kind: str, really: TaskTruth, evaluator: Synthetic
) -> Run:
    name = "_".join((TEMPLATE, *sorted(moves)))
    proposal = Proposal(name, name, "a script", Text(name), parents, tuple(sorted(moves)), kind=kind)
    card = replace(evaluator.card(name, really.of(moves)), parameters=1000 + 10 * len(moves))
    held = tuple(float(move in moves) for move in really.effects)  # the same moves compute the same
    return Run(
        f"20250101_{number:06}", "analysed", proposal, card.protocol, card.fingerprint, signature=held, card=card
    )


COLUMNS = ("truth", "skill", "way", "nights", "regret", "less than the best alone", "pair found", "row, or one past")


def table_of_dialogues(nights: Sequence[Dialogue], rows: int) -> str:
    """A line for each truth, skill and way, with 95 percent intervals. The nights of a seed are compared in pairs."""
    groups: dict[tuple[str, str], dict[Way, list[Dialogue]]] = {}
    for each in nights:
        groups.setdefault((each.truth, each.skill), {}).setdefault(each.way, []).append(each)
    lines = []
    for key, by_way in groups.items():
        alone = [each.regret for each in by_way["best alone"]]
        for way, group in by_way.items():
            less = _mean([one - each.regret for one, each in zip(alone, group, strict=True)])
            found = sum(each.found is not None for each in group)
            row = _mean([float(each.found or rows + 1) for each in group], 1)
            planted = (f"{found}", row) if key[0] == "planted" else ("", "")
            regret = _mean([each.regret for each in group])
            lines.append([*key, way, len(group), regret, less if way != "best alone" else "", *planted])
    return markdown(COLUMNS, lines)


def _mean(values: Sequence[float], digits: int = 4) -> str:
    mean, half = interval(values)
    return f"{mean:.{digits}f} ± {half:.{digits}f}"
