"""Chinese: what a proposal says before anything is trained."""

SENTENCES = {
    # what was seen so far
    "argue.parent": "父变体 {name} 的平均分为 {average:.3f}。{scores}",
    "argue.no leader": "尚无变体在任何任务上超出噪声地领先于它。",
    "argue.leaders": "其他变体超出噪声地领先于它：{list}",
    "argue.noise unknown": "该协议的噪声尚未测量，单个种子也无法体现噪声。",
    "argue.noise": (
        "噪声：两个这样的平均分需相差约 {needed:.3f} 才能区分；噪声最大的任务 {loudest} 则需相差约 {most:.3f}。"
    ),
    "argue.no effect": "尚无任何改动被测量：对改动的预期均来自作者的估计。",
    "argue.effects": "目前最确定的改动效应（对平均分，综合作者预期与已有运行）：{list}",
    "argue.untried": "尚未从它出发做过尝试。",
    "argue.tried": "此前从它出发尝试过 {tried} 个改动：{better} 个超出噪声地更好，{failed} 个失败。",
    # what is to blame, and why the change helps
    "argue.superfluous": "父变体可能带有无益的改动：{list}",
    "argue.reason": "{title}。{reasoning}",
    "argue.reasoning": "{reason}（{source}）",
    "argue.unmeasured": "{name} 在此尚未被测量；作者预期其对平均分的效应为 {effect}。",
    "argue.evidence": "{name} 对平均分的效应（综合作者预期与 {runs}）：{effect}。",
    "argue.removal": (
        "去掉 {name}：其对平均分的效应为 {effect}（综合作者预期与 {runs}），而更简单的代码更便于后续改进。"
    ),
    "argue.pairing": "两个父变体均已评分：{one} 与 {other}。问题在于两者的收益能否叠加。",
    # what is expected
    "argue.no change": "预期不变：{list}",
    "argue.corrected": "已按此前预测的偏差修正（在把分数限制到 0 与 1 之间以前）：{list}",
    # what a language model is told to write between its tags, where English is asked for already
    "prompt.title": "用几个词概括改动",
    "prompt.same": "同样内容，中文",
    # titles
    "title.without": "去掉：{move}",
    "title.by hand": "{file}（手工编写）",
    "title.added by hand": "{file}（手工提交）",
    "title.template": "DeltaNet：所有变体的模板",
    "title.proposed": "块内 softmax、误差 tanh 与 β 门控写入：旧笔记的下一项提案",
    "known.proposed": "• 已知分数所附笔记的下一项提案：它没有已知分数。",
    "title.own": "{file}，你自己的文件",
    "known.published": "• 已发表的混合器：在此原样测量，供与之比较。",
    "known.own": "• {file} 原样测量，以便与由它改出的变体比较。",
    # known systems
    "known.issues": (
        "• 从不遗忘：S 没有衰减，旧内容只有在被新的 key 覆盖时才会消失。\n"
        "• q 和 k 不含位置信息：同一 token 在两处的 key 相同。\n"
        "• chunk 内 q 与 k 的内积既未归一化，也没有上界。"
    ),
    "known.reasoning": "• 原样测量：每个变体都是对它的改动，并与它比较。",
    "known.expected": "• 不作预测：之后的预测都以此得分为起点。",
    "known.scores": "• 已知结果（mad 协议）：平均分 {average:.3f}。{scores}",
    "known.change": (
        "• 已知与模板相比（mad 协议）：{list}不同协议的分数水平不同；设置不同时，次序也可能不同。已知系统不登记预测。"
    ),
    # kinds of change that a model is asked for
    "kind.refine": "小改动",
    "kind.combine": "结合两个父变体",
    "kind.simplify": "简化",
    "kind.leap": "跳到另一种机制",
    "kind.aim": "针对 {task} 的改动",
    "kind.idea": "有人想要的改动",
    "note.kind": "所要求的：{kind}。",
    "note.idea": "有人的想法：{idea}",
    # what a model concludes from many results
    "synthesis.works": "有效的做法",
    "synthesis.fails": "无效的做法",
    "synthesis.untried": "尚未尝试的方向",
}
