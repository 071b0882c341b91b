"""What runs keep in English alone, in both languages: why something failed, and what confined it.

The evaluator has no second language, so that its messages stay short and can be looked up. Those that are its own are
translated here; what Python, torch or a variant said is shown as it was said.
"""

import re

from agent.core.text import Text

# What a line about the isolation (agent/evaluator/jail/isolation.py) is made of, "; " between its parts.
ISOLATION = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"isolation: (.+)", "{0}"),
        (r"isolation NOT PROVEN: (.+)", "未能证明隔离：{0}"),
        (r"(\d+) forbidden things tried, none worked", "尝试了 {0} 种被禁止的行为，均未成功"),
        (r"nothing could be tried", "未能进行任何尝试"),
        (r"it was possible to (.+)", "可以 {0}"),
        (r"missing: (.+)", "缺少：{0}"),
        (r"the GPU works in it, kernels: (.+)", "GPU 在其中可用，内核：{0}"),
        (r"THE GPU CANNOT BE USED in it: (.+)", "GPU 在其中无法使用：{0}"),
        (r"search on the CPU with --device cpu, and please report this line",
         "可用 --device cpu 在 CPU 上搜索，并请报告此行"),
        (r"go on without it with --allow-unsandboxed, at your own risk",
         "可用 --allow-unsandboxed 在没有它的情况下继续，风险自负"),
    )
)  # fmt: skip
LAYERS = {
    "namespaces": "命名空间", "a user of its own": "独立用户", "a control group": "控制组",
    "resource limits": "资源限制", "no capabilities": "无特权",
}  # fmt: skip


def translated(text: str) -> Text | None:
    """A message in both languages; None where it is none of ours."""
    text = text.strip()
    if text.startswith("isolation"):
        return Text(text.removeprefix("isolation: "), "；".join(map(_of_isolation, text.split("; "))))
    return None


def _of_isolation(part: str) -> str:
    """One part of such a line; what is somebody else's words, such as a kernel's reason, stays as it is."""
    for english, chinese in ISOLATION:
        if found := english.fullmatch(part):
            part = chinese.format(*found.groups())
            for name, theirs in LAYERS.items():
                part = part.replace(name, theirs)
            return part
    return part
