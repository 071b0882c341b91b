"""Chinese: how a variant came to its scores."""

SENTENCES = {
    "learning.scores": "{task} {scores}",
    "learning.solved": "第 {steps} 步解出",
    "learning.some solved": "{solved} 个种子在第 {steps} 步解出",
    "learning.curve": "半程 {halfway}，结束 {end}",
    "learning.rising": "半程 {halfway}，结束 {end}，仍在上升",
    "learning.micro": "种子 {seed} 按类别为 {macro}，按 token 为 {micro}",
}
