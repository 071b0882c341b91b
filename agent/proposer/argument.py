"""Why the catalogue proposes what it proposes, in both languages, with every number taken from the history."""

from collections.abc import Mapping, Sequence

from agent.baselines import GATED
from agent.comparison import AVERAGE
from agent.effects import Effect
from agent.history import History, card_of
from agent.proposer.moves import Move
from agent.record import Run, Section, Text

FAR = 0.02  # a difference worth a word
STRONGEST = 3  # effects that are named


def argue(
    history: History,
    parents: Sequence[Run],
    added: Sequence[Move],
    removed: Sequence[Move],
    known: Mapping[str, Mapping[str, Effect]],
) -> dict[Section, Text]:
    """The four sections that stand before any training."""
    return {
        "observations": _observations(history, parents, known),
        "issues": _joined([Text(f"• {m.issue.en}", f"• {m.issue.zh}") for m in added] or [_superfluous(removed)]),
        "reasoning": _joined([*map(_reason, added), *(_removal(move, known) for move in removed), *_pairing(parents)]),
        "expected": _expected(parents[0], added, removed, known),
    }


def _observations(history: History, parents: Sequence[Run], known: Mapping[str, Mapping[str, Effect]]) -> Text:
    parent = parents[0]
    scores = card_of(parent).scores
    weakest = sorted(scores, key=lambda task: scores[task])[:2]
    low = ", ".join(f"{task} {scores[task]:.3f}" for task in weakest)
    average = card_of(parent).average
    lines = [
        Text(
            f"• The parent {parent.name} has an average of {average:.3f}; it is weakest on {low}.",
            f"• 父变体 {parent.name} 的平均分为 {average:.3f}；最弱的任务是 {low}。",
        ),
        *_gated(history, parent),
        *_strongest(known),
    ]
    tried = len(history.children(parent.name))
    if tried:
        lines.append(Text(f"• {tried} changes of it were tried before.", f"• 此前已从它出发尝试过 {tried} 个改动。"))
    return _joined(lines)


def _gated(history: History, parent: Run) -> list[Text]:
    """Where Gated DeltaNet is ahead of the parent beyond the noise, and where behind."""
    gated = history.find(GATED)
    if gated is None or gated.name == parent.name:
        return []
    found = history.compare(gated, parent)
    ahead = ", ".join(
        f"{task} {difference.difference:+.3f}"
        for task, difference in found.items()
        if task != AVERAGE and difference.verdict != "indistinguishable" and abs(difference.difference) >= FAR
    )
    if not ahead:
        return [
            Text("• Gated DeltaNet is not told apart from it on any task.", "• Gated DeltaNet 在各任务上与它无法区分。")
        ]
    return [Text(f"• Gated DeltaNet differs beyond the noise: {ahead}.", f"• Gated DeltaNet 的差异超出噪声：{ahead}。")]


def _strongest(known: Mapping[str, Mapping[str, Effect]]) -> list[Text]:
    """The effects on the average that are known best, one a line."""
    measured = {name: by_task[AVERAGE] for name, by_task in known.items() if by_task[AVERAGE].runs}
    if not measured:
        return [
            Text(
                "• No move was measured yet: what is expected is its author's.",
                "• 尚无任何改动被测量：预期均来自先验。",
            )
        ]
    ranked = sorted(measured, key=lambda name: abs(measured[name].mean) / measured[name].error, reverse=True)[
        :STRONGEST
    ]
    lines = [f"{name} {measured[name].mean:+.3f} ± {measured[name].error:.3f}" for name in ranked]
    en = "; ".join(lines)
    return [
        Text(f"• Estimated effects on the average so far: {en}.", f"• 目前估计的对平均分的效应：{'；'.join(lines)}。")
    ]


def _reason(move: Move) -> Text:
    return Text(
        f"• {move.title.en}. {move.reason.en} ({move.source})", f"• {move.title.zh}。{move.reason.zh}（{move.source}）"
    )


def _superfluous(removed: Sequence[Move]) -> Text:
    names = ", ".join(move.name for move in removed)
    return Text(f"• The parent may carry what does not help: {names}.", f"• 父变体可能带有无益的改动：{names}。")


def _removal(move: Move, known: Mapping[str, Mapping[str, Effect]]) -> Text:
    effect = known[move.name][AVERAGE]
    number = f"{effect.mean:+.3f} ± {effect.error:.3f}"
    return Text(
        f"• Without {move.name}: its estimated effect on the average is {number}; simpler code is easier to build on.",
        f"• 去掉 {move.name}：其对平均分的估计效应为 {number}，且更简单的代码更便于后续改进。",
    )


def _pairing(parents: Sequence[Run]) -> list[Text]:
    if len(parents) < 2:
        return []
    one, other = (run.name for run in parents)
    return [Text(f"• Both parents are scored: {one} and {other}. The question is whether their gains add up.",
                 f"• 两个父变体均已评分：{one} 与 {other}。问题在于两者的收益能否叠加。")]  # fmt: skip


def _expected(
    parent: Run, added: Sequence[Move], removed: Sequence[Move], known: Mapping[str, Mapping[str, Effect]]
) -> Text:
    """Each task's expected change with its uncertainty."""
    lines = []
    for task in card_of(parent).scores:
        parts = [known[m.name][task] for m in added] + [known[m.name][task] for m in removed]
        signs = [1.0] * len(added) + [-1.0] * len(removed)
        change = sum(sign * part.mean for sign, part in zip(signs, parts, strict=True))
        error = sum(part.error**2 for part in parts) ** 0.5
        lines.append(Text(f"• {task}: {change:+.3f} ± {error:.3f}", f"• {task}：{change:+.3f} ± {error:.3f}"))
    return _joined(lines)


def _joined(lines: Sequence[Text]) -> Text:
    return Text("\n".join(line.en for line in lines), "\n".join(line.zh for line in lines))
