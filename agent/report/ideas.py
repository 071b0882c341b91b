"""The data of the page of ideas: what each move is known to do, and how good the predictions were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.core.run import BASELINE, Run
from agent.core.text import Text
from agent.proposer.moves import Move
from agent.report.sentences import same
from agent.report.standing import Standing
from agent.science.calibration import Calibration, Outcome, calibrate, outcomes_of
from agent.science.effects import Effect, measured_effects, mechanism_effects
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.science.mechanisms.holding import mechanisms_of
from agent.science.mechanisms.table import mechanism_text


@dataclass(frozen=True)
class Idea:
    """A move that took part in a scored run: its effect by task and "average", and the best run that holds it."""

    name: str
    title: Text
    effects: Mapping[str, Effect]
    best: Standing

    @property
    def average(self) -> Effect:
        return self.effects[AVERAGE]


@dataclass(frozen=True)
class Untried:
    """A move of the catalogue that was not scored yet, and what its author expects of the average."""

    name: str
    title: Text
    expected: float


@dataclass(frozen=True)
class Ideas:
    """All that is known of ideas: the surest effects first, what is left, and each prediction beside its outcome."""

    tried: tuple[Idea, ...]
    mechanisms: tuple[Idea, ...]  # of all variants, whoever made them, by what is found in their code
    untried: tuple[Untried, ...]
    calibration: Mapping[str, Calibration]
    outcomes: tuple[tuple[Run, Outcome], ...]


def ideas(history: History, standings: Mapping[str, Standing], moves: Mapping[str, Move]) -> Ideas:
    """From the runs alone: no author's expectation takes part in an estimate."""
    known = measured_effects(history)
    tried = [Idea(name, _title(moves, name), by_task, _best_with(name, standings)) for name, by_task in known.items()]
    left = [Untried(name, move.title, _mean(move.expected)) for name, move in moves.items() if name not in known]
    proposed = (run for run in history.scored if run.proposal.author != BASELINE)
    return Ideas(
        _best_first(tried),
        _best_first(_mechanisms(history, standings)),
        tuple(sorted(left, key=lambda move: move.expected, reverse=True)),
        calibrate(history),
        tuple((run, outcome) for run in proposed for outcome in outcomes_of(history, run)),
    )


def _mechanisms(history: History, standings: Mapping[str, Standing]) -> list[Idea]:
    """What each mechanism does, in all variants in whose code it is found; the template's own are no change."""
    holders: dict[str, list[Standing]] = {}
    for each in standings.values():
        for name in mechanisms_of(each.run.proposal) if each.average else ():
            holders.setdefault(name, []).append(each)
    return [
        Idea(name, mechanism_text(name), by_task, min(holders[name], key=lambda standing: standing.order))
        for name, by_task in mechanism_effects(history).items()
        if name in holders
    ]


def _best_first(found: Iterable[Idea]) -> tuple[Idea, ...]:
    return tuple(sorted(found, key=lambda idea: idea.average.mean, reverse=True))


def _title(moves: Mapping[str, Move], name: str) -> Text:
    return moves[name].title if name in moves else same(name)


def _best_with(name: str, standings: Mapping[str, Standing]) -> Standing:
    holders = [each for each in standings.values() if name in each.run.proposal.moves and each.average]
    return min(holders, key=lambda standing: standing.order)


def _mean(expected: Mapping[str, float]) -> float:
    return sum(expected.values()) / max(1, len(expected))
