"""The sentences of a note, each made once in both languages from the same numbers."""

import math

from agent.analyst.facts import MEMORIZE, Facts
from agent.calibration import Calibration, Outcome
from agent.claims import VERDICTS
from agent.comparison import AVERAGE, Comparison
from agent.effects import Effect
from agent.history import card_of
from agent.record import Run, Text
from agent.sentences import listed

FAILURES = {
    "refused": Text("refused", "被拒绝"),
    "duplicate": Text("a duplicate", "重复"),
    "crash": Text("a crash", "崩溃"),
    "timeout": Text("out of time", "超时"),
    "out of memory": Text("out of memory", "内存不足"),
    "wrong shape": Text("a wrong shape", "形状错误"),
    "diverged": Text("diverged", "训练发散"),
    "interrupted": Text("interrupted", "被中断"),
    "unusable reply": Text("a reply of no use", "模型回复不可用"),
}
MOST_EFFECTS = 3  # of moves that the variant does not hold


def signed(comparison: Comparison) -> str:
    """A difference with its standard error, if one is known."""
    error = f" ± {comparison.error:.3f}" if math.isfinite(comparison.error) else ""
    return f"{comparison.difference:+.3f}{error}"


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


def against(other: Run, found: dict[str, Comparison]) -> Text:
    """How the run stands against another: on the average, and which tasks make the difference."""
    average = found[AVERAGE]
    verdict = VERDICTS[average.verdict]
    return Text(
        f"Against {other.name}: {signed(average)} on the average, {verdict.en} ({_confidence(average)}). ",
        f"与 {other.name} 相比：平均分 {signed(average)}，{verdict.zh}（{_confidence(average)}）。",
    ) + _by_task(found)


def _confidence(comparison: Comparison) -> str:
    return f"{100 * comparison.confidence:.1f}%" if comparison.confidence < 0.9995 else "> 99.9%"


def _by_task(found: dict[str, Comparison]) -> Text:
    """The tasks that rose and fell beyond the noise; the others are not told apart."""
    sides = {"better": Text("Up: ", "上升："), "worse": Text("Down: ", "下降：")}
    changed = Text("", "")
    for verdict, word in sides.items():
        tasks = [f"{task} {signed(c)}" for task, c in found.items() if c.verdict == verdict and task != AVERAGE]
        if tasks:
            changed += word + listed(tasks, "; ", "；") + Text(" ", "")
    same = [task for task, c in found.items() if c.verdict == "indistinguishable" and task != AVERAGE]
    if len(same) == len(found) - 1:
        return Text("No single task differs beyond the noise.", "没有任何单个任务的差异超出噪声。")
    return changed + (Text("Within the noise: ", "处于噪声之内：") + listed(same) if same else Text("", ""))


def noise(facts: Facts) -> list[Text]:
    """How far two averages must lie apart, so that a reader can judge every other number."""
    if facts.resolution is None:
        return [
            Text(
                "The noise of this protocol is not known, so nothing here can be told from chance.",
                "该协议的噪声未知，因此这里的差异都无法与偶然区分。",
            )
        ]
    return [
        Text(
            f"Noise: two averages like this one must differ by about {facts.resolution:.3f} to be told apart.",
            f"噪声：两个这样的平均分需相差约 {facts.resolution:.3f} 才能区分。",
        )
    ]


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


def predictions(facts: Facts) -> list[Text]:
    """What was predicted before the training, and what came."""
    if not facts.outcomes:
        return []
    hits = sum(outcome.hit for outcome in facts.outcomes)
    count = len(facts.outcomes)
    predicted = sum(outcome.predicted for outcome in facts.outcomes) / count
    measured = sum(outcome.measured for outcome in facts.outcomes) / count
    summary = Text(
        f"Registered before training: an average of {predicted:.3f}; it came to {measured:.3f} "
        f"({measured - predicted:+.3f}). {hits} of {count} tasks came within the noise of their prediction:",
        f"训练前登记的预测：平均分 {predicted:.3f}；实测 {measured:.3f}（{measured - predicted:+.3f}）。"
        f"{count} 个任务中有 {hits} 个在噪声范围内符合预测：",
    )
    return [summary, *map(_prediction, facts.outcomes)]


def _prediction(outcome: Outcome) -> Text:
    """One task's expectation against what came."""
    error = f" ± {outcome.error:.3f}" if math.isfinite(outcome.error) else ""
    measured = f"{outcome.measured:.3f}{error}"
    way = {
        None: Text("", ""),
        True: Text(", in the direction foreseen", "，方向与预测一致"),
        False: Text(", against the direction foreseen", "，方向与预测相反"),
    }[outcome.direction]
    far = f"{abs(outcome.miss):.3f}"
    high = outcome.miss > 0
    missed = Text(f"missed, {far} too {'low' if high else 'high'}", f"未命中，预测偏{'低' if high else '高'} {far}")
    result = Text("hit", "命中") if outcome.hit else missed
    return Text(
        f"{outcome.task}: predicted {outcome.predicted:.3f}, measured {measured}: {result.en}{way.en}",
        f"{outcome.task}：预测 {outcome.predicted:.3f}，实测 {measured}：{result.zh}{way.zh}",
    )


def cost(facts: Facts) -> list[Text]:
    """What the variant costs beside the template."""
    card = card_of(facts.run)
    if facts.baseline is None or facts.baseline == facts.run:
        return []
    more = card.parameters - card_of(facts.baseline).parameters
    state = card.state_size / max(1, card_of(facts.baseline).state_size)
    return [
        Text(
            f"Cost: {card.speed.ratio:.2f} of the template op's speed, {more:+,} parameters, {state:.2f} of its state.",
            f"代价：op 速度为模板的 {card.speed.ratio:.2f} 倍，参数 {more:+,} 个，状态大小为 {state:.2f} 倍。",
        )
    ]


def interplay(facts: Facts) -> list[Text]:
    """Whether several moves together do more or less than the sum of what each does."""
    found = facts.interplay
    if found is None:
        return []
    if not found.certain:
        way = Text("the same within the noise", "在噪声内一致")
    elif found.surplus > 0:
        way = Text("more than their sum: they help each other", "超过各自之和：它们相互促进")
    else:
        way = Text("less than their sum: they get in each other's way", "不及各自之和：它们相互妨碍")
    return [
        Text(
            f"By the other runs its moves add up to {found.expected:+.3f} on the average; together they do "
            f"{found.measured:+.3f}: {way.en}.",
            f"按其他运行估计，各改动的效应之和为 {found.expected:+.3f}；合在一起为 {found.measured:+.3f}：{way.zh}。",
        )
    ]


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


def effect_lines(facts: Facts) -> list[Text]:
    """What its own moves are known to do to the average, then others, the surest first."""
    ranked = sorted(facts.effects, key=lambda name: facts.effects[name].strength, reverse=True)
    own = [name for name in ranked if name in facts.run.proposal.moves]
    others = [name for name in ranked if name not in facts.run.proposal.moves][:MOST_EFFECTS]
    return [_effect(name, facts.effects[name]) for name in own + others]


def _effect(name: str, effect: Effect) -> Text:
    sure = Text("beyond the noise", "超出噪声") if effect.certain else Text("not certain yet", "尚不确定")
    return Text(
        f"{name}: {effect} on the average, from {effect.runs} run{'s' if effect.runs > 1 else ''}; {sure.en}.",
        f"{name}：对平均分的效应 {effect}（{effect.runs} 次运行）；{sure.zh}。",
    )


def failure(facts: Facts) -> list[Text]:
    """Why there is no score, and whether that has happened before."""
    assert facts.run.failure is not None
    kind, reason = FAILURES[facts.run.failure.kind], facts.run.failure.reason
    lines = [Text(f"No score: {kind.en}. {reason}", f"没有得分：{kind.zh}。{reason}")]
    if facts.similar_failures:
        names = [run.name for run in facts.similar_failures[-3:]]
        count = len(facts.similar_failures)
        lines.append(
            Text(f"So ended {count} before it, the latest: ", f"此前有 {count} 次同类失败，最近的是：") + listed(names)
        )
    return lines


def siblings(facts: Facts) -> list[Text]:
    """What else was tried from the same parent."""
    if not facts.siblings or facts.parent is None:
        return []
    scored = sorted((run for run in facts.siblings if run.scored), key=lambda run: card_of(run).average, reverse=True)
    failed = sum(run.failure is not None for run in facts.siblings)
    best = [f"{scored[0].name} {card_of(scored[0]).average:.3f}"] if scored else []
    count, parent = len(facts.siblings), facts.parent.name
    return [
        Text(
            f"Also tried from {parent}: {count}, of which {failed} failed; the best: ",
            f"从 {parent} 出发还尝试过 {count} 个变体，其中 {failed} 个失败；最好的是：",
        )
        + listed(best)
    ]
