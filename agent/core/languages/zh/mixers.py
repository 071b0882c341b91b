"""Chinese: what a check says of a mixer, and the field's mixers by their titles."""

SENTENCES = {
    # what `check` found
    "check.passed": "{file} 符合契约：通过全部探测（采用 {protocol} 的尺寸）",
    "check.declared": "学习的输入：{inputs} 学习的参数：{parameters}",
    "check.parameters": "参数量：{count:,}，为模板的 {times:.2f} 倍",
    "check.state": "状态：每个序列 {count:,} 个数，为模板的 {times:.2f} 倍",
    "check.unused": "提示：没有输出依赖于 {names}",
    "check.twin": "提示：其计算结果与本工作区的 {twin} 相同；搜索会将其作为重复变体拒绝",
}
