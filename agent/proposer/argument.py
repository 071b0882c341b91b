"""Why the catalogue proposes what it proposes, in both languages, with every number taken from the history."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.core.run import Run, Section
from agent.core.sentences import bullets, counted, listed, signed, solved_and_room
from agent.core.text import Text
from agent.proposer.moves import Move
from agent.science.comparison import AVERAGE, resolution
from agent.science.effects import Effect
from agent.science.history import History, card_of

CHANGE = 0.005  # an expected change of a score that is worth a line
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
    return Text(f"The parent {parent.name} has an average of {card.average:.3f}. ",
                f"父变体 {parent.name} 的平均分为 {card.average:.3f}。") + solved_and_room(card.scores)  # fmt: skip


def _leaders(history: History, parent: Run) -> Text:
    """The variants that are ahead of the parent on a task, beyond the noise."""
    ahead = []
    for task, leader in history.leaders(parent).items():
        found, score = history.compare(leader, parent)[task], card_of(leader).scores[task]
        ahead.append(f"{task} {score:.3f} ({signed(found.difference)} ± {found.error:.3f}, {leader.name})")
    if not ahead:
        return Text(
            "No variant so far is ahead of it on a task beyond the noise.", "尚无变体在任何任务上超出噪声地领先于它。"
        )
    return Text("Others are ahead of it beyond the noise: ", "其他变体超出噪声地领先于它：") + listed(ahead, "; ", "；")


def _noise(history: History, parent: Run) -> Text:
    """How far two scores must lie apart here."""
    known = history.estimates(parent)
    needed = resolution(known[AVERAGE])
    if not math.isfinite(needed):
        return Text(
            "How large the noise is nobody has measured under this protocol, and one seed does not show it.",
            "该协议的噪声尚未测量，单个种子也无法体现噪声。",
        )
    loudest = max(known, key=lambda task: known[task].error)
    most = resolution(known[loudest])
    return Text(
        f"Noise: two averages like its own must differ by about {needed:.3f} to be told apart, two scores of the "
        f"noisiest task, {loudest}, by {most:.3f}.",
        f"噪声：两个这样的平均分需相差约 {needed:.3f} 才能区分；噪声最大的任务 {loudest} 则需相差约 {most:.3f}。",
    )


def _strongest(known: Mapping[str, Mapping[str, Effect]]) -> Text:
    """The effects on the average that are known best."""
    measured = {name: by_task[AVERAGE] for name, by_task in known.items() if by_task[AVERAGE].runs}
    if not measured:
        return Text(
            "No move was measured yet: what is expected of one is its author's guess.",
            "尚无任何改动被测量：对改动的预期均来自作者的估计。",
        )
    ranked = sorted(measured, key=lambda name: measured[name].strength, reverse=True)[:STRONGEST]
    surest = Text(
        "Surest effects of moves on the average, by their authors' expectation and the runs so far: ",
        "目前最确定的改动效应（对平均分，综合作者预期与已有运行）：",
    )
    return surest + listed([f"{name} {measured[name]}" for name in ranked], "; ", "；")


def _tried(history: History, parent: Run) -> list[Text]:
    """What came of the earlier changes of the same parent."""
    tried = history.tried_from(parent.name)
    if not tried:
        return [Text("Nothing was tried from it yet.", "尚未从它出发做过尝试。")]
    failed = sum(run.failure is not None for run in tried)
    better = sum(run.scored and history.compare(run, parent)[AVERAGE].verdict == "better" for run in tried)
    return [
        Text(
            f"Tried from it before: {len(tried)}, of which {better} were better beyond the noise and {failed} failed.",
            f"此前从它出发尝试过 {len(tried)} 个改动：{better} 个超出噪声地更好，{failed} 个失败。",
        )
    ]


def _reason(move: Move) -> Text:
    return move.title + Text(". ", "。") + move.reasoning


def _evidence(move: Move, effect: Effect) -> Text:
    if not effect.runs:
        return Text(
            f"Nobody has measured {move.name} here; its author expects {effect} of the average.",
            f"{move.name} 在此尚未被测量；作者预期其对平均分的效应为 {effect}。",
        )
    return Text(
        f"What {move.name} does to the average, by its author's expectation and {_runs(effect)}: {effect}.",
        f"{move.name} 对平均分的效应（综合作者预期与 {effect.runs} 次运行）：{effect}。",
    )


def _superfluous(removed: Sequence[Move]) -> Text:
    names = [move.name for move in removed]
    return Text("The parent may carry what does not help: ", "父变体可能带有无益的改动：") + listed(names)


def _removal(move: Move, effect: Effect) -> Text:
    return Text(
        f"Without {move.name}: what it does to the average is {effect}, by its author's expectation and "
        f"{_runs(effect)}; simpler code is easier to build on.",
        f"去掉 {move.name}：其对平均分的效应为 {effect}（综合作者预期与 {effect.runs} 次运行），"
        "而更简单的代码更便于后续改进。",
    )


def _runs(effect: Effect) -> str:
    return counted(effect.runs, "run")


def _pairing(parents: Sequence[Run]) -> list[Text]:
    if len(parents) < 2:
        return []
    one, other = (f"{run.name} ({card_of(run).average:.3f})" for run in parents)
    return [
        Text(
            f"Both parents are scored: {one} and {other}. The question is whether their gains add up.",
            f"两个父变体均已评分：{one} 与 {other}。问题在于两者的收益能否叠加。",
        )
    ]


def _expected(case: Case) -> list[Text]:
    """The registered prediction: the average, the tasks that should change, and those that should not."""
    scores, predicted = card_of(case.parents[0]).scores, case.predicted
    changes = {task: predicted[task] - score for task, score in scores.items()}
    ranked = sorted((task for task in changes if abs(changes[task]) >= CHANGE), key=lambda task: -abs(changes[task]))
    before = sum(scores.values()) / len(scores)
    lines = [_change(Text("Average", "平均分"), before, sum(predicted.values()) / len(scores), _error(case, AVERAGE))]
    lines += [_change(Text(task, task), scores[task], predicted[task], _error(case, task)) for task in ranked]
    same = [task for task in changes if task not in ranked]
    if same:
        lines.append(Text("No change expected: ", "预期不变：") + listed(same))
    corrected = [f"{task} {signed(by)}" for task, by in case.corrected.items() if abs(by) >= CHANGE]
    if corrected:
        lines.append(
            Text(
                "Corrected by what earlier predictions missed, before scores are held to 0 and 1: ",
                "已按此前预测的偏差修正（在把分数限制到 0 与 1 之间以前）：",
            )
            + listed(corrected)
        )
    return lines


def _change(what: Text, before: float, after: float, error: float) -> Text:
    numbers = f"{before:.3f} → {after:.3f} ({signed(after - before)} ± {error:.3f})"
    return Text(f"{what.en}: {numbers}", f"{what.zh}：{numbers}")


def _error(case: Case, task: str) -> float:
    """The standard error of the expected change."""
    return float(sum(case.known[move.name][task].error ** 2 for move in (*case.added, *case.removed)) ** 0.5)
