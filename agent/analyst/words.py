"""The sentences of a note, each made once in both languages from the same numbers."""

import math

from agent.analyst.facts import MEMORIZE, Facts
from agent.core.run import Run
from agent.core.sentences import confident, counted, listed, signed, spread
from agent.core.text import Text
from agent.science.calibration import Calibration, Outcome, hits
from agent.science.claims import VERDICTS
from agent.science.comparison import AVERAGE, Comparison, Verdict
from agent.science.effects import Effect
from agent.science.history import card_of

BY_VERDICT: dict[Verdict, Text] = {
    "better": Text("Up: ", "上升："),
    "worse": Text("Down: ", "下降："),
    "indistinguishable": Text("Within the noise: ", "处于噪声之内："),
    "unjudged": Text("Of unknown noise: ", "噪声未知："),
}
MOST_EFFECTS = 3  # of moves that the variant does not hold


def difference(comparison: Comparison) -> str:
    """A difference with its standard error, if one is known."""
    return f"{signed(comparison.difference)}{spread(comparison.error)}"


def placing(facts: Facts) -> Text:
    average = f"{card_of(facts.run).average:.3f}"
    if facts.new_best and facts.best_before:
        name = facts.best_before.name
        return Text(
            f"A new best: an average of {average}, above {name} by more than the noise.",
            f"新的最佳：平均分 {average}，超出 {name} 且大于噪声。",
        )
    return Text(
        f"Average {average}: rank {facts.rank} of {counted(facts.scored, 'scored variant')}.",
        f"平均分 {average}：在 {facts.scored} 个已评分变体中排第 {facts.rank}。",
    )


def against(other: Run, found: dict[str, Comparison]) -> Text:
    """How the run stands against another: on the average, and which tasks make the difference."""
    average = found[AVERAGE]
    verdict, sure = VERDICTS[average.verdict], Text("", "")
    if average.verdict != "unjudged":
        sure = Text(f" ({confident(average.confidence)})", f"（{confident(average.confidence)}）")
    return Text(
        f"Against {other.name}: {difference(average)} on the average, {verdict.en}{sure.en}. ",
        f"与 {other.name} 相比：平均分 {difference(average)}，{verdict.zh}{sure.zh}。",
    ) + _by_task(found)


def _by_task(found: dict[str, Comparison]) -> Text:
    """The tasks that rose and fell beyond the noise, and those that are not told apart."""
    tasks = {task: comparison for task, comparison in found.items() if task != AVERAGE}
    if all(comparison.verdict == "indistinguishable" for comparison in tasks.values()):
        return Text("No single task differs beyond the noise.", "没有任何单个任务的差异超出噪声。")
    parts = []
    for verdict, word in BY_VERDICT.items():
        chosen = {task: comparison for task, comparison in tasks.items() if comparison.verdict == verdict}
        if chosen and verdict == "indistinguishable":
            parts.append(word + listed([*chosen]))
        elif chosen:
            parts.append(word + listed([f"{task} {difference(c)}" for task, c in chosen.items()], "; ", "；"))
    return Text(" ".join(part.en for part in parts), "".join(part.zh for part in parts))


def noise(facts: Facts) -> list[Text]:
    """How far two averages must lie apart, so that a reader can judge every other number."""
    if not math.isfinite(facts.resolution):
        return [
            Text(
                "Noise: how large that of an average is here is not known. A setting was trained with one seed, and "
                "its noise was never measured. Two averages cannot be told apart until it is.",
                "噪声：此处平均分的噪声未知，因为有的设置只训练了一个种子，其噪声也未曾测量；"
                "在测量之前，无法区分两个平均分。",
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
    others = signed(rest)
    return [
        Text(
            f"Without {MEMORIZE} the average of the other tasks differs from the template's by {others}. {MEMORIZE} "
            "needs the token before alone, so its gain may come from initialisation or smoothing and not from a better "
            "memory.",
            f"去掉 {MEMORIZE} 后，其余任务的平均分与模板相差 {others}。{MEMORIZE} 只依赖前一个 token，"
            "其收益可能来自初始化或平滑，而非更好的记忆。",
        )
    ]


def predictions(facts: Facts) -> list[Text]:
    """What was predicted before the training, and what came."""
    if not facts.outcomes:
        return []
    count = len(facts.outcomes)
    predicted = sum(outcome.predicted for outcome in facts.outcomes) / count
    measured = sum(outcome.measured.mean for outcome in facts.outcomes) / count
    off = signed(measured - predicted)
    summary = Text(
        f"Registered before training: an average of {predicted:.3f}; it came to {measured:.3f} ({off}). ",
        f"训练前登记的预测：平均分 {predicted:.3f}；实测 {measured:.3f}（{off}）。",
    ) + _judged(*hits(facts.outcomes), count)
    return [summary, *map(_prediction, facts.outcomes)]


def _judged(hit: int, judged: int, count: int) -> Text:
    """How many tasks came as predicted, and how many cannot be judged."""
    if not judged:
        return Text("Without the noise no prediction can be called right or wrong:", "噪声未知，无法判断预测是否命中：")
    unknown = Text("", "")
    if judged < count:
        unknown = Text(f", {count - judged} cannot be judged", f"，另有 {count - judged} 个无法判断")
    tasks = counted(judged, "task")
    return Text(
        f"{hit} of {tasks} came within the noise of the prediction{unknown.en}:",
        f"{judged} 个任务中有 {hit} 个在噪声范围内符合预测{unknown.zh}：",
    )


def _prediction(outcome: Outcome) -> Text:
    """One task's expectation against what came."""
    measured = f"{outcome.measured.mean:.3f}{spread(outcome.measured.error)}"
    way = {
        None: Text("", ""),
        True: Text(", in the direction foreseen", "，方向与预测一致"),
        False: Text(", against the direction foreseen", "，方向与预测相反"),
    }[outcome.direction]
    far = f"{abs(outcome.miss):.3f}"
    high = outcome.miss > 0
    off = Text(f"{far} too {'low' if high else 'high'}", f"预测偏{'低' if high else '高'} {far}")
    result = {
        None: off,
        True: Text("hit", "命中"),
        False: Text("missed, ", "未命中，") + off,
    }[outcome.hit]
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
            f"By the other runs its moves add up to {signed(found.expected)} on the average; together they do "
            f"{signed(found.measured)}: {way.en}.",
            f"按其他运行估计，各改动的效应之和为 {signed(found.expected)}；"
            f"合在一起为 {signed(found.measured)}：{way.zh}。",
        )
    ]


def calibration(found: dict[str, Calibration]) -> list[Text]:
    """How good predictions have been, and where they are wrong in one direction."""
    if AVERAGE not in found:
        return []
    total = found[AVERAGE]
    unknown, bias = total.count - total.judged, signed(total.bias)
    so_far = Text(f"{total.hits} of {total.judged} hit", f"{total.judged} 个中命中 {total.hits} 个")
    if unknown:
        so_far += Text(f", {unknown} cannot be judged without the noise", f"，另有 {unknown} 个因噪声未知而未作判断")
    lines = [
        Text(
            f"Predictions so far: {so_far.en}; on average they were off by {bias}.",
            f"迄今预测：{so_far.zh}；平均偏差 {bias}。",
        )
    ]
    worst = max((task for task in found if task != AVERAGE), key=lambda task: abs(found[task].bias))
    if found[worst].count > 1 and found[worst].hits < found[worst].judged:
        bias = signed(found[worst].bias)
        lines.append(
            Text(
                f"Their largest bias is on {worst}: measured minus predicted is {bias} on average.",
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
    number = str(effect)
    if not effect.freedom:
        sure, number = Text("the noise was never measured", "噪声未曾测量"), signed(effect.mean)
    return Text(
        f"{name}: {number} on the average, from {counted(effect.runs, 'run')}; {sure.en}.",
        f"{name}：对平均分的效应 {number}（{effect.runs} 次运行）；{sure.zh}。",
    )


def failure(facts: Facts) -> list[Text]:
    """Why there is no score, and whether that has happened before."""
    assert facts.run.failure is not None
    kind, reason = facts.run.failure.kind_text, facts.run.failure.reason.text
    lines = [Text(f"No score: {kind.en}. {reason.en}", f"没有得分：{kind.zh}。{reason.zh}")]
    if facts.similar_failures:
        names = [run.name for run in facts.similar_failures[-3:]]
        count = len(facts.similar_failures)
        lines.append(
            Text(f"Earlier failures of this kind: {count}, the latest: ", f"此前有 {count} 次同类失败，最近的是：")
            + listed(names)
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
