"""Why the catalogue proposes what it proposes, with every number taken from the history."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.core.run import Run, Section
from agent.core.sentences import bullets, listed, signed, solved_and_room, spread
from agent.core.text import Text, say
from agent.proposer.moves import Move
from agent.science.comparison import resolution
from agent.science.effects import Effect
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of

CHANGE = 0.005  # an expected change of a score that is worth a line
WITHIN = 1.96  # standard deviations to both sides hold 95 percent of a normal belief
STRONGEST = 3  # effects that are named


@dataclass(frozen=True)
class Case:
    """What is to be argued for: the moves that come and go, what is known of all moves, and what is predicted."""

    parents: Sequence[Run]
    added: Sequence[Move]
    removed: Sequence[Move]
    known: Mapping[str, Mapping[str, Effect]]
    predicted: Mapping[str, float]
    corrected: Mapping[str, float]


def argue(history: History, case: Case) -> dict[Section, Text]:
    """The four sections that stand before any training."""
    evidence = [_evidence(move, case.known[move.name][AVERAGE]) for move in case.added]
    removals = [_removal(move, case.known[move.name][AVERAGE]) for move in case.removed]
    return {
        "observations": bullets(_observations(history, case)),
        "issues": bullets([move.issue for move in case.added] or [_superfluous(case.removed)]),
        "reasoning": bullets([*map(_reason, case.added), *evidence, *removals, *_pairing(case.parents)]),
        "expected": bullets(_expected(case)),
    }


def _observations(history: History, case: Case) -> list[Text]:
    parent = case.parents[0]
    return [
        _standing(parent),
        _leaders(history, parent),
        _noise(history, parent),
        _strongest(case.known),
        *_tried(history, parent),
    ]


def _standing(parent: Run) -> Text:
    card = card_of(parent)
    return say("argue.parent", name=parent.name, average=card.average, scores=solved_and_room(card.scores))


def _leaders(history: History, parent: Run) -> Text:
    """The variants that are ahead of the parent on a task, beyond the noise."""
    ahead = []
    for task, leader in history.leaders(parent).items():
        found, score = history.compare(leader, parent)[task], card_of(leader).scores[task]
        ahead.append(f"{task} {score:.3f} ({signed(found.difference)}{spread(found.needed)}, {leader.name})")
    if not ahead:
        return say("argue.no leader")
    return say("argue.leaders", list=listed(ahead, "list.semicolon"))


def _noise(history: History, parent: Run) -> Text:
    """How far two scores must lie apart here."""
    known = history.estimates(parent)
    needed = resolution(known[AVERAGE])
    if not math.isfinite(needed):
        return say("argue.noise unknown")
    loudest = max(known, key=lambda task: known[task].error)
    return say("argue.noise", needed=needed, loudest=loudest, most=resolution(known[loudest]))


def _strongest(known: Mapping[str, Mapping[str, Effect]]) -> Text:
    """The effects on the average that are known best."""
    measured = {name: by_task[AVERAGE] for name, by_task in known.items() if by_task[AVERAGE].runs}
    if not measured:
        return say("argue.no effect")
    ranked = sorted(measured, key=lambda name: measured[name].strength, reverse=True)[:STRONGEST]
    return say("argue.effects", list=listed([f"{name} {measured[name]}" for name in ranked], "list.semicolon"))


def _tried(history: History, parent: Run) -> list[Text]:
    """What came of the earlier changes of the same parent."""
    tried = history.tried_from(parent.name)
    if not tried:
        return [say("argue.untried")]
    failed = sum(run.failure is not None for run in tried)
    better = sum(run.scored and history.judge(run, parent).verdict == "better" for run in tried)
    return [say("argue.tried", tried=len(tried), better=better, failed=failed)]


def _reason(move: Move) -> Text:
    return say("argue.reason", title=move.title, reasoning=move.reasoning)


def _evidence(move: Move, effect: Effect) -> Text:
    if not effect.runs:
        return say("argue.unmeasured", name=move.name, effect=str(effect))
    return say("argue.evidence", name=move.name, runs=_runs(effect), effect=str(effect))


def _superfluous(removed: Sequence[Move]) -> Text:
    return say("argue.superfluous", list=listed([move.name for move in removed]))


def _removal(move: Move, effect: Effect) -> Text:
    return say("argue.removal", name=move.name, effect=str(effect), runs=_runs(effect))


def _runs(effect: Effect) -> Text:
    return say("count.runs", count=effect.runs)


def _pairing(parents: Sequence[Run]) -> list[Text]:
    if len(parents) < 2:
        return []
    one, other = (f"{run.name} ({card_of(run).average:.3f})" for run in parents)
    return [say("argue.pairing", one=one, other=other)]


def _expected(case: Case) -> list[Text]:
    """The registered prediction: the average, the tasks that should change, and those that should not."""
    scores, predicted = card_of(case.parents[0]).scores, case.predicted
    changes = {task: predicted[task] - score for task, score in scores.items()}
    ranked = sorted((task for task in changes if abs(changes[task]) >= CHANGE), key=lambda task: -abs(changes[task]))
    before = sum(scores.values()) / len(scores)
    lines = [_change(say("average"), before, sum(predicted.values()) / len(scores), _width(case, AVERAGE))]
    lines += [_change(task, scores[task], predicted[task], _width(case, task)) for task in ranked]
    same = [task for task in changes if task not in ranked]
    if same:
        lines.append(say("argue.no change", list=listed(same)))
    corrected = [f"{task} {signed(by)}" for task, by in case.corrected.items() if abs(by) >= CHANGE]
    if corrected:
        lines.append(say("argue.corrected", list=listed(corrected)))
    return lines


def _change(what: Text | str, before: float, after: float, width: float) -> Text:
    numbers = f"{before:.3f} → {after:.3f} ({signed(after - before)} ± {width:.3f})"
    return say("list.label", label=what, value=numbers)


def _width(case: Case, task: str) -> float:
    """How far to both sides of the expected change 95 percent of what is believed of it reach."""
    return WITHIN * math.hypot(*(case.known[move.name][task].error for move in (*case.added, *case.removed)))
