"""Chinese: why a search ended, which its page and its last line say."""

SENTENCES = {
    "stop.by you": "由你中止",
    "stop.in a step": "由你在步骤中途中止",
    "stop.desk left": "你离开了审阅台",
    "stop.error": "出现错误：{error}",
    "stop.failures": "连续 {count} 次运行失败",
    "stop.runs": "已完成预定的 {count} 次运行",
    "stop.minutes": "预定的 {minutes:.3g} 分钟已到",
    "stop.hours": "预定的 {hours:g} 小时已到",
    "stop.money": "下一次模型调用可能超出 {limit:g} 美元的预算",
    "stop.nothing left": "已没有可提出的改动",
    "stop.approved trained": "已批准的都已训练完毕",
    "stop.asked": "你要求它在本次运行后停止",
    "stop.none": "还没有进行过搜索",
    "stop.running": "仍在运行",
    "stop.cut off": "被突然中断，未能留下原因（被杀死或断电）",
    "queue.nothing came": "没有结果：已经试过，或不适用于任何已评分的变体",
    # what may be claimed of the best
    "confirm.winner": "胜出（{outcome}）：在全新种子上与模板相比，{numbers}",
    "confirm.failed": "在全新种子上未获证实（{outcome}）：与模板相比，{numbers}",
    "confirm.best of": "{count} 个中的最佳，尚未在全新种子上证实；与模板之差很可能为 {margin}",
    "confirm.known": "已知变体",
    "confirm.known on fresh seeds": "已知变体，在全新种子上（{outcome}）：与模板相比，{numbers}",
    "confirm.gone": "该运行已不存在",
    "confirm.trouble": "无法在全新种子上训练：{reason}",
    # 最初几分钟
    "opening.first proposal": "训练完模板后立即训练第一个提案；其余已知变体排在其后：{list}；{meanwhile}",
    "opening.measured": "在此之前，以事先测得的得分代替：{list}",
    "opening.nothing measured": "在此之前没有可代替的得分：在此协议下从未测量过它们",
    # 评测的位置
    "place.closed": "{place} 已关闭：交给它的评测连续丢失了 {count} 次（{error}）",
    "place.refused": "不使用 {place}：{error}",
    "place.left": "{place} 已随其节点离开",
}
