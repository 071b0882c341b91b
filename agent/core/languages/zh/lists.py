"""Chinese: how parts of sentences are put together, counts, and names that several rooms say."""

SENTENCES = {
    # lists
    "list.comma": "、",
    "list.semicolon": "；",
    "list.clause": "，",
    "list.space": "",
    "list.sentence": "{list}。",
    "list.nothing": "无",
    "list.label": "{label}：{value}",
    "list.same": "{value}",
    "list.bullet": "• {line}",
    # counts
    "count.runs": "{count} 次运行",
    # the average of the tasks, in its place among their names
    "average": "平均分",
    # how a difference stands to its noise
    "verdict.better": "更好",
    "verdict.worse": "更差",
    "verdict.indistinguishable": "无法区分",
    "verdict.larger": "更大：领先，但用量超出预算",
    "verdict.unjudged": "噪声未知，不作判断",
    # what a list of scores says
    "scores.solved and room": "已基本解决：{solved}仍有提升空间：{room}",
    # sections of a note
    "section.observations": "实验结果的关键观察",
    "section.issues": "发现的具体代码问题",
    "section.reasoning": "拟议变更的技术理由",
    "section.expected": "预期改进",
    "section.outcome": "结果与预期对照",
    "section.lessons": "历史尝试的经验教训",
    "section.empty": "（无内容）",
}
