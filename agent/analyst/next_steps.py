"""What a finished run suggests to try next."""

import math

from agent.analyst.facts import Facts
from agent.core.failure import FailureKind
from agent.core.sentences import SOLVED, measuring_noise, signed
from agent.core.text import Text
from agent.science.comparison import AVERAGE, Comparison
from agent.science.history import card_of

MOST_TIMES = 20  # a difference that needs so many times the seeds is too small to go after

AFTER_FAILURE: dict[FailureKind, Text] = {
    "refused": Text("say the same idea without what the check names", "换一种写法表达同一想法，避开检查所指出的问题"),
    "duplicate": Text("change what is computed, not how it is written", "改变计算内容本身，而不仅是写法"),
    "crash": Text(
        "repair the line that is named: the idea was not tried yet", "修复所指出的那一行：该想法尚未真正得到检验"
    ),
    "timeout": Text(
        "find a cheaper form: fewer steps a chunk, no loop over tokens",
        "寻找更省的形式：减少每个 chunk 的步骤，避免逐 token 循环",
    ),
    "out of memory": Text("keep less a token: work chunk by chunk", "减少每个 token 的存储：逐 chunk 计算"),
    "wrong shape": Text(
        "keep o like v, and a state that does not grow", "保持 o 与 v 形状一致，且状态大小不随长度增长"
    ),
    "diverged": Text("bound what grows: normalise it, or scale the step", "限制会增长的量：归一化，或缩小步长"),
    "interrupted": Text("nothing is known of the idea: try it again", "对该想法仍一无所知：再试一次"),
    "unusable reply": Text(
        "look at transcript.jsonl: a larger model, or more reply_tokens, may write what can be used",
        "查看 transcript.jsonl：更大的模型或更多的 reply_tokens 或可给出可用的回复",
    ),
}


def next_steps(facts: Facts) -> list[Text]:
    """The next steps, the nearest first."""
    if facts.run.failure is not None:
        return [Text("Next: ", "下一步：") + AFTER_FAILURE[facts.run.failure.kind] + Text(".", "。")]
    return [*_verdict(facts), *_moves(facts), *_weakest(facts)]


def _verdict(facts: Facts) -> list[Text]:
    """Whether to go on from here."""
    found = (facts.against_parent or facts.against_baseline).get(AVERAGE)
    if found is None or facts.run == facts.baseline:
        return []
    if found.verdict == "better":
        return [
            Text(
                "Next: go on from here, and confirm the gain under a longer protocol before it is believed.",
                "下一步：由此继续，并在更长的协议下确认这一收益。",
            )
        ]
    if found.verdict == "worse":
        return [Text("Next: do not go on from here as it is.", "下一步：不要在此基础上原样继续。")]
    if found.verdict == "unjudged":
        apart = signed(found.difference)
        measure = f".venv/bin/python -m agent.study {measuring_noise(card_of(facts.run).protocol)}"
        return [
            Text(
                "Next: measure the noise. A search does so by itself where it has the time for it; by hand it is "
                f"{measure}. Whether {apart} is real or chance nobody can say before.",
                f"下一步：先测量噪声。时间充裕时搜索会自行测量；手动命令为 {measure}。"
                f"在此之前无法判断 {apart} 是真实差异还是偶然。",
            )
        ]
    return [_inside_the_noise(found)]


def _inside_the_noise(found: Comparison) -> Text:
    """How many times the seeds would show a difference of the size that was seen."""
    times = (found.needed / found.difference) ** 2 if found.difference else math.inf
    if times > MOST_TIMES:
        return Text(
            "Next: whatever this change does is too small to see here; look elsewhere.",
            "下一步：该改动的效果在此小到看不出来，应另寻方向。",
        )
    seeds = max(2, math.ceil(times))
    return Text(
        f"Next: {seeds} times as many seeds would tell whether a difference of this size is real.",
        f"下一步：需要约 {seeds} 倍的种子数，才能判断这样大小的差异是否真实。",
    )


def _moves(facts: Facts) -> list[Text]:
    """The measured move that it lacks and that adds most, and the one that it holds and that costs most."""
    own = set(facts.run.proposal.moves)
    seen = {name: effect for name, effect in facts.effects.items() if effect.strength > 1}
    lacking = {name: effect for name, effect in seen.items() if name not in own and effect.mean > 0}
    costing = {name: effect for name, effect in seen.items() if name in own and effect.mean < 0}
    lines = []
    if lacking:
        best = max(lacking, key=lambda name: lacking[name].mean)
        lines.append(
            Text(
                f"Of the measured moves that it lacks, {best} adds most: {lacking[best]} on the average.",
                f"在它尚未包含的已测改动中，{best} 收益最大：平均分 {lacking[best]}。",
            )
        )
    if costing and len(own) > 1:
        worst = min(costing, key=lambda name: costing[name].mean)
        lines.append(
            Text(
                f"Of the moves that it holds, {worst} seems to cost: {costing[worst]}; try it without.",
                f"在它包含的改动中，{worst} 似乎有损：{costing[worst]}；可尝试去掉。",
            )
        )
    return lines


def _weakest(facts: Facts) -> list[Text]:
    """The task with the most room, and who does best on it."""
    scores = card_of(facts.run).scores
    task = min(scores, key=lambda name: scores[name])
    if scores[task] >= SOLVED:
        return []
    here = Text(f"Most room is left on {task}, {scores[task]:.3f}", f"提升空间最大的是 {task}（{scores[task]:.3f}）")
    leader = facts.leaders.get(task)
    if leader is None:
        return [
            here
            + Text(
                "; no variant is known to be ahead of it there beyond the noise.",
                "；尚未发现在该任务上超出噪声地领先的变体。",
            )
        ]
    score = f"{card_of(leader).scores[task]:.3f}"
    return [
        here
        + Text(
            f"; {leader.name} has {score} there: see what its code does.",
            f"；{leader.name} 达到 {score}，可参考其代码。",
        )
    ]
