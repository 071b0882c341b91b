"""Chinese: what a note says of a run that is over."""

SENTENCES = {
    # how the run stands
    "note.new best": "新的最佳：优于 {name} 且超出噪声；平均分 {average:.3f}。",
    "note.rank": "平均分 {average:.3f}；按目标在 {count} 个已评分变体中排第 {rank}。",
    "note.outcome": "{outcome}（{axes}）；",
    "note.against": "与 {name} 相比：{won}平均分 {difference}，{verdict}{sure}。{tasks}",
    "note.sure": "（{confidence}）",
    "note.no task differs": "没有任何单个任务的差异超出噪声。",
    "note.tasks better": "上升：{list}",
    "note.tasks worse": "下降：{list}",
    "note.tasks indistinguishable": "处于噪声之内：{list}",
    "note.tasks larger": "上升，但用量超出预算：{list}",
    "note.tasks unjudged": "噪声未知：{list}",
    "note.noise unknown": (
        "噪声：此处平均分的噪声未知，因为有的设置只训练了一个种子，其噪声也未曾测量；在测量之前，无法区分两个平均分。"
    ),
    "note.noise": "噪声：两个这样的平均分需相差约 {needed:.3f} 才能区分。",
    "note.pairs": "与模板逐种子比较：两者在同一种子上的共同部分相互抵消，占差异方差的 {percent}%。",
    "note.noise of settings": (
        "单个种子的标准差：噪声最大的 {loudest} 为 {most:.3f}，最小的 {quietest} 为 {least:.3f}。"
    ),
    "note.learning": "学习过程（先列各种子得分）：{list}。",
    "note.further": "表外任务：{list}",
    "note.longer": "同一组权重在 {times} 倍长度的序列上的正确率：{list}",
    "note.local apart": (
        "去掉 {task} 后，其余任务的平均分与模板相差 {others}。{task} 只依赖前一个 token，"
        "其收益可能来自初始化或平滑，而非更好的记忆。"
    ),
    "note.cost": "代价：算子速度为模板的 {speed:.2f} 倍，参数 {parameters:+,} 个，状态大小为 {state:.2f} 倍。",
    # predictions
    "note.registered": "训练前登记的预测：平均分 {predicted:.3f}；实测 {measured:.3f}（{off}）。{judged}",
    "note.nothing judged": "噪声未知，无法判断预测是否命中：",
    "note.judged": "{count} 个任务中有 {hit} 个在噪声范围内符合预测{unknown}：",
    "note.not judged": "，另有 {unknown} 个无法判断",
    "note.prediction": "{task}：预测 {predicted:.3f}，实测 {measured}：{result}{way}",
    "note.hit": "命中",
    "note.missed": "未命中，{off}",
    "note.too low": "预测偏低 {far:.3f}",
    "note.too high": "预测偏高 {far:.3f}",
    "note.as foreseen": "，方向与预测一致",
    "note.against what was foreseen": "，方向与预测相反",
    "note.calibration": "迄今预测：{hits}；平均偏差 {bias}。",
    "note.hits": "{judged} 个中命中 {hits} 个",
    "note.hits unknown": "，另有 {unknown} 个因噪声未知而未作判断",
    "note.worst bias": "偏差最大的是 {task}：实测减预测的均值为 {bias}。",
    # moves
    "note.interplay": "按其他运行估计，各改动的效应之和为 {expected}；合在一起为 {measured}：{way}。",
    "note.interplay same": "在噪声内一致",
    "note.interplay more": "超过各自之和：它们相互促进",
    "note.interplay less": "不及各自之和：它们相互妨碍",
    "note.effect": "{name}：对平均分的效应 {effect}（{runs}）；{sure}。",
    "note.effect certain": "超出噪声",
    "note.effect not certain": "尚不确定",
    "note.effect unmeasured": "噪声未曾测量",
    # failures and siblings
    "note.stopped": "不计入表格：{reason}。",
    "note.part": "以下仅来自前 {count} 段，与其他变体的相同种子成对比较；误差已计入未训练的设置。",
    "note.failure": "没有得分：{kind}。{reason}",
    "note.similar failures": "此前有 {failures} 次同类失败，最近的是：{list}",
    "note.siblings": "从 {parent} 出发还尝试过 {siblings} 个变体，其中 {failed} 个失败；最好的是：{best}",
    "note.nothing to learn": "此前尚无可供借鉴的尝试。",
    # what a language model said of it
    "note.model says": "{model} 的解读：",
    "note.model unused": "• 未采用 {model} 的分析（{why}）；以上由内置分析器撰写。",
    "note.model gap": "（模型未提供中文内容。）",
    # next steps
    "next.after stop": "下一步：放弃这一改动，或与能弥补其损失的改动一起尝试。",
    "next.after failure": "下一步：{step}。",
    "next.refused": "换一种写法表达同一想法，避开检查所指出的问题",
    "next.duplicate": "改变计算内容本身，而不仅是写法",
    "next.crash": "修复所指出的那一行：该想法尚未真正得到检验",
    "next.timeout": "寻找更省的形式：减少每个 chunk 的步骤，避免逐 token 循环",
    "next.out of memory": "减少每个 token 的存储：逐 chunk 计算",
    "next.wrong shape": "保持 o 与 v 形状一致，且状态大小不随长度增长",
    "next.diverged": "限制会增长的量：归一化，或缩小步长",
    "next.interrupted": "对该想法仍一无所知：再试一次",
    "next.unusable reply": "查看 transcript.jsonl：更大的模型或更多的 reply_tokens 或可给出可用的回复",
    "next.better": "下一步：由此继续，并在更长的协议下证实这一收益。",
    "next.mixed": "下一步：保住所得，补回所失；记忆受损或某项任务低于下限者不会成为最佳。",
    "next.larger": "下一步：用更少的代价表达同一想法；超出预算者不会成为最佳。",
    "next.worse": "下一步：不要在此基础上原样继续。",
    "next.measure": (
        "下一步：先测量噪声。时间充裕时搜索会自行测量；手动命令为 {command}。"
        "在此之前无法判断 {apart} 是真实差异还是偶然。"
    ),
    "next.too small": "下一步：该改动的效果在此小到看不出来，应另寻方向。",
    "next.more seeds": "下一步：需要约 {times} 倍的种子数，才能判断这样大小的差异是否真实。",
    "next.adds most": "在它尚未包含的已测改动中，{move} 收益最大：平均分 {effect}。",
    "next.costs most": "在它包含的改动中，{move} 似乎有损：{effect}；可尝试去掉。",
    "next.weakest unled": "提升空间最大的是 {task}（{score:.3f}）；尚未发现在该任务上超出噪声地领先的变体。",
    "next.weakest": "提升空间最大的是 {task}（{score:.3f}）；{leader} 达到 {theirs:.3f}，可参考其代码。",
}
