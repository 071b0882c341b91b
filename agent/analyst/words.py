"""The sentences of a note, each made once in both languages from the same numbers."""

import math

from agent.analyst.facts import MEMORIZE, Calibration, Facts, Outcome
from agent.comparison import AVERAGE, Comparison
from agent.effects import Effect
from agent.history import card_of
from agent.record import Run, Text

VERDICTS = {
    "better": Text("better", "更好"),
    "worse": Text("worse", "更差"),
    "indistinguishable": Text("indistinguishable", "无法区分"),
}
FAILURES = {
    "refused": Text("refused", "被拒绝"),
    "duplicate": Text("a duplicate", "重复"),
    "crash": Text("a crash", "崩溃"),
    "timeout": Text("out of time", "超时"),
    "out of memory": Text("out of memory", "内存不足"),
    "wrong shape": Text("a wrong shape", "形状错误"),
    "diverged": Text("diverged", "训练发散"),
    "interrupted": Text("interrupted", "被中断"),
}
MOST_EFFECTS = 5


def bullets(lines: list[Text]) -> Text:
    return Text("\n".join(f"• {line.en}" for line in lines), "\n".join(f"• {line.zh}" for line in lines))


def signed(comparison: Comparison) -> str:
    """A difference with its standard error, if one is known."""
    error = f" ± {comparison.error:.3f}" if math.isfinite(comparison.error) else ""
    return f"{comparison.difference:+.3f}{error}"


def against(other: Run, found: dict[str, Comparison]) -> Text:
    """How the run's average stands against another run's."""
    average = found[AVERAGE]
    verdict = VERDICTS[average.verdict]
    confidence = f"{100 * average.confidence:.0f}%"
    return Text(
        f"Against {other.name} the average differs by {signed(average)}: {verdict.en} (confidence {confidence}).",
        f"与 {other.name} 相比，平均分相差 {signed(average)}：{verdict.zh}（置信度 {confidence}）。",
    )


def by_task(found: dict[str, Comparison], other: str) -> list[Text]:
    """The tasks that changed beyond the noise, and those that did not."""
    tasks = {task: comparison for task, comparison in found.items() if task != AVERAGE}
    changed = [f"{task} {signed(c)}" for task, c in tasks.items() if c.verdict != "indistinguishable"]
    same = [task for task, c in tasks.items() if c.verdict == "indistinguishable"]
    lines = []
    if changed:
        lines.append(
            Text(
                f"Beyond the noise against {other}: {'; '.join(changed)}.",
                f"相对 {other} 超出噪声的变化：{'；'.join(changed)}。",
            )
        )
    if same:
        lines.append(
            Text(
                f"Inside the noise, and so indistinguishable: {', '.join(same)}.",
                f"处于噪声之内、无法区分：{'、'.join(same)}。",
            )
        )
    return lines


def placing(facts: Facts) -> Text:
    average = f"{card_of(facts.run).average:.3f}"
    if facts.new_best and facts.best_before:
        name = facts.best_before.name
        return Text(
            f"A new best: an average of {average}, above {name} by more than the noise.",
            f"新的最佳：平均分 {average}，超出 {name} 且大于噪声。",
        )
    return Text(
        f"Average {average}: rank {facts.rank} of {facts.scored} scored variants.",
        f"平均分 {average}：在 {facts.scored} 个已评分变体中排第 {facts.rank}。",
    )


def memorize_apart(facts: Facts) -> list[Text]:
    """Memorize rewards what only smooths or starts well, so a gain from it alone is told apart."""
    found, rest = facts.against_baseline.get(MEMORIZE), facts.without_memorize
    if found is None or rest is None or found.verdict != "better":
        return []
    return [
        Text(
            f"Without {MEMORIZE} the average differs from the template's by {rest:+.3f}. {MEMORIZE} needs the last "
            "token alone, so its gain may come from initialisation or smoothing and not from a better memory.",
            f"去掉 {MEMORIZE} 后，平均分与模板相差 {rest:+.3f}。{MEMORIZE} 只依赖前一个 token，"
            "其收益可能来自初始化或平滑，而非更好的记忆。",
        )
    ]


def prediction(outcome: Outcome) -> Text:
    """One task's expectation against what came."""
    numbers = f"{outcome.predicted:.3f} → {outcome.measured:.3f} ({outcome.miss:+.3f})"
    hit = Text("hit", "命中") if outcome.hit else Text("missed", "未命中")
    way = {
        None: Text("", ""),
        True: Text(", the direction as predicted", "，方向与预测一致"),
        False: Text(", the direction opposite to the prediction", "，方向与预测相反"),
    }[outcome.direction]
    return Text(f"{outcome.task}: {numbers}, {hit.en}{way.en}", f"{outcome.task}：{numbers}，{hit.zh}{way.zh}")


def calibration(found: dict[str, Calibration]) -> list[Text]:
    """How good predictions have been, and where they are wrong in one direction."""
    if AVERAGE not in found:
        return []
    total = found[AVERAGE]
    lines = [
        Text(
            f"Predictions so far: {total.hits} of {total.count} hit; on the mean they were off by {total.bias:+.3f}.",
            f"迄今预测：{total.count} 个中命中 {total.hits} 个；平均偏差 {total.bias:+.3f}。",
        )
    ]
    worst = max((task for task in found if task != AVERAGE), key=lambda task: abs(found[task].bias))
    if found[worst].count > 1 and found[worst].hits < found[worst].count:
        bias = f"{found[worst].bias:+.3f}"
        lines.append(
            Text(
                f"They go wrong most on {worst}: measured minus predicted is {bias} on the mean.",
                f"偏差最大的是 {worst}：实测减预测的均值为 {bias}。",
            )
        )
    return lines


def effect_lines(effects: dict[str, Effect]) -> list[Text]:
    """What each measured move is known to do to the average, the surest first."""
    ranked = sorted(effects, key=lambda name: abs(effects[name].mean) / effects[name].error, reverse=True)
    lines = []
    for name in ranked[:MOST_EFFECTS]:
        effect = effects[name]
        number, runs = f"{effect.mean:+.3f} ± {effect.error:.3f}", effect.runs
        sure = Text("beyond the noise", "超出噪声") if effect.certain else Text("not certain yet", "尚不确定")
        lines.append(
            Text(
                f"{name}: {number} on the average, from {runs} run{'s' if runs > 1 else ''}; {sure.en}.",
                f"{name}：对平均分的效应 {number}（{runs} 次运行）；{sure.zh}。",
            )
        )
    return lines


def failure(facts: Facts) -> list[Text]:
    """Why there is no score, and whether that has happened before."""
    assert facts.run.failure is not None
    kind, reason = FAILURES[facts.run.failure.kind], facts.run.failure.reason
    lines = [
        Text(
            f"No score: {kind.en}. {reason}",
            f"没有得分：{kind.zh}。{reason}",
        )
    ]
    if facts.similar_failures:
        names = ", ".join(run.name for run in facts.similar_failures[-3:])
        count = len(facts.similar_failures)
        lines.append(
            Text(f"So ended {count} before it, the latest: {names}.", f"此前有 {count} 次同类失败，最近的是：{names}。")
        )
    return lines


def siblings(facts: Facts) -> list[Text]:
    """What else was tried from the same parent."""
    if not facts.siblings or facts.parent is None:
        return []
    scored = sorted((run for run in facts.siblings if run.scored), key=lambda run: card_of(run).average, reverse=True)
    failed = sum(run.failure is not None for run in facts.siblings)
    best = f"{scored[0].name} {card_of(scored[0]).average:.3f}" if scored else "-"
    count = len(facts.siblings)
    return [
        Text(
            f"From {facts.parent.name} {count} others were tried, {failed} of them failed; the best: {best}.",
            f"从 {facts.parent.name} 出发还尝试过 {count} 个变体，其中 {failed} 个失败；最好的是：{best}。",
        )
    ]
