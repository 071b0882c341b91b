"""Chinese: what a whole variant achieved, on the axes that a search looks along."""

SENTENCES = {
    # what it did to memory and to learnability, once its gain as a whole is told from nothing
    "objective.up up": "记忆更好，学得更快",
    "objective.up same": "记忆更好",
    "objective.up down": "记忆更好，学得更慢",
    "objective.up none": "记忆更好",
    "objective.same up": "学得更快，记忆未失",
    "objective.same down": "学得更慢，记忆未失",
    "objective.down up": "学得更快，但记忆受损",
    "objective.down same": "记忆更差",
    "objective.down down": "记忆更差，学得更慢",
    "objective.down none": "记忆更差",
    "objective.none up": "学得更快",
    "objective.none down": "学得更慢",
    "objective.better together": "两方面合起来更好",
    "objective.worse together": "两方面合起来更差",
    "objective.indistinguishable": "无法区分",
    "objective.larger": "{outcome}；用量超出预算",
    "objective.lost": "{outcome}；以下任务确定低于下限：{list}",
    # its numbers: log-odds mean little alone, so the average stands beside them
    "objective.numbers": "{axes}；平均分 {average}",
    "objective.axes": "记忆 {memory}，易学性 {learnability}（对数几率）",
    "objective.memory": "记忆 {memory}（对数几率）",
    "objective.learnability": "易学性 {learnability}（对数几率）",
    "objective.number": "{value}（95%：{low} 至 {high}）",
    "objective.probable": "{gain} 对数几率，平均分 {average}",
    "verdict.mixed": "有得有失",
    # mixers without memory, beside which every score is read
    "objective.controls": "对照（没有任何记忆的混合器）在本协议下的平均分：{list}",
    "objective.control": "{name} {average:.3f}（{outcome}）",
    # what verdicts are told by
    "objective.judged on": (
        "任务的判定依据是答对的比例（取对数几率），而不是所显示的分数；所显示的分数沿用旧表的算法，"
        "一个零星的错误答案对它的影响就超过多数差异。因此判定可能与所显示差值的正负不一致。"
    ),
    "objective.balanced": (
        "变体的判定依据是两项增益（对数几率）的平均：记忆（回忆与复制任务，也包括 8 倍长度）"
        "与易学性（Memorize、Compress）。记忆受损、或某项任务确定低于模板 .02 以上者，不会成为最佳。"
    ),
    "objective.memory alone": (
        "变体的判定依据是记忆的增益（对数几率；回忆与复制任务，也包括 8 倍长度）。"
        "某项任务确定低于模板 .02 以上者，不会成为最佳。"
    ),
    "objective.average": "变体的判定依据是六项任务的平均分，与旧表相同。",
}
