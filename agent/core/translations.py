"""What runs keep in English alone, in both languages: why something failed, and what confined it.

The evaluator has no second language, so that its messages stay short and can be looked up. Those that are its own are
translated here; what Python, torch or a variant said is shown as it was said.
"""

import re

from agent.core.text import Text

# An English sentence, whose groups are numbers and names, and its Chinese, where {0} is the first group.
SENTENCES = tuple(
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        (r"it computes what (\S+) computes, number for number", "其计算结果与 {0} 逐数相同"),
        (r"cut off (\d+) times while it was evaluated; see what kills the machine then",
         "评测期间被中断 {0} 次；请检查是什么使机器在此时停止"),
        (r"the evaluation took longer than its protocol allows and was stopped", "评测超出协议允许的时间，已被停止"),
        (r"the worker closed its pipe without an answer", "工作进程未作答便关闭了管道"),
        (r"the worker was killed for what it wrote to the disk", "工作进程因写入磁盘过多被终止"),
        (r"the worker was killed for the memory that it filled", "工作进程因占用内存过多被终止"),
        (r"the system killed the worker, most likely for its memory", "系统终止了工作进程，很可能因为内存"),
        (r"the worker ended without an answer \(signal (\d+)\)", "工作进程未作答便结束（信号 {0}）"),
        (r"the worker ended without an answer \(exit code (\d+)\)", "工作进程未作答便结束（退出码 {0}）"),
        (r"(.+): the loss was no longer finite at step (\d+)", "{0}：第 {1} 步时损失不再是有限数"),
        (r"the worker predicted tokens outside (\S+)", "工作进程预测的 token 超出 {0}"),
        (r"interrupted", "已中断"),
        (r"causality of the trained model, (.+): (\d+)% of the predictions before a cut change .*",
         "训练后模型的因果性，{0}：切点之前 {1}% 的预测会随其后的 token 或同批其他序列改变；"
         "输出只能依赖本序列中自身及更早的 token"),
        (r"inputs unchanged: delta_rule_chunkwise writes into its argument (\w+); .*",
         "输入不变：算子改写了参数 {0}；请在副本上操作"),
        (r"determinism: two calls with the same arguments differ by (\S+); .*",
         "确定性：相同参数的两次调用相差 {0}；不得使用随机数或未写入的内存"),
        (r"statelessness: a call answers differently after other calls, by (\S+); .*",
         "无状态：其他调用之后结果改变了 {0}；调用之间不得保留任何内容"),
        (r"causality: with (\d+) tokens, output (\d+) changes by (\S+) when the tokens from (\d+) on are replaced; .*",
         "因果性：共 {0} 个 token，替换第 {3} 个及之后的 token 时，第 {1} 个输出改变了 {2}；"
         "输出只能依赖自身及更早的 token"),
        (r"batch independence: a sequence's outputs change by (\S+) with its neighbours; .*",
         "批内独立：序列的输出随同批其他序列改变了 {0}；不得在第 0 维上求均值、最大值、范数或和"),
        (r"batch independence: the outputs of a sequence in a batch of (\d+) and in one of (\d+) are (\S+) of .*",
         "批内独立：同一序列在 {0} 条与 {1} 条的批中，输出相差最大值的 {2}；无论批多大，每条序列的计算都须相同"),
        (r"batch independence: the gradients of (\w+) of a sequence in a batch of (\d+) and in one of (\d+) are (\S+)"
         r" of .*",
         "批内独立：同一序列在 {1} 条与 {2} 条的批中，{0} 的梯度相差最大值的 {3}；无论批多大，每条序列的计算都须相同"),
        (r"state size: the state of one sequence takes as much room as ([\d,]+) numbers of float32; "
         r"at most ([\d,]+) are allowed, .*",
         "状态大小：单个序列的状态相当于 {0} 个 float32 数；最多允许 {1} 个，不得容纳全部 token"),
        (r"state size: after (\d+) tokens the state has shapes (.+), after (\d+) tokens (.+); .*",
         "状态大小：{0} 个 token 后状态形状为 {1}，{2} 个 token 后为 {3}；状态大小不得随长度变化"),
        (r"streaming: of (\d+) tokens, those from (\d+) to (\d+), computed by themselves, are (\S+) of .*",
         "流式：共 {0} 个 token，单独计算第 {1} 至 {2} 个时，与整体计算相差最大输出的 {3}；"
         "后续 token 所需的一切都必须在状态中"),
        (r"streaming: of (\d+) tokens, those from (\d+) to (\d+), computed from the state of those before, "
         r"are (\S+) of .*",
         "流式：共 {0} 个 token，由先前状态计算第 {1} 至 {2} 个时，与整体计算相差最大输出的 {3}；"
         "后续 token 所需的一切都必须在状态中，且必须使用 initial_state"),
        (r"growth: (\d+) tokens cost (\S+) times as much as (\d+); .*",
         "线性时间：{0} 个 token 的开销是 {2} 个的 {1} 倍；开销须随长度线性增长"),
        (r"gradients: the gradient of (\w+) is not finite for ordinary inputs; .*",
         "梯度：对普通输入，{0} 的梯度不是有限数；请检查除以零、零处的平方根或对数，以及溢出"),
        (r"gradients: with (\d+) tokens the gradient says (\S+) along a random direction, "
         r"differences say (\S+) and (\S+); .*",
         "梯度：共 {0} 个 token，沿随机方向，梯度为 {1}，差分为 {2} 和 {3}；梯度必须是函数自身的梯度"),
        (r"gradients: the gradient of (\w+) in float32 and that in float64 are (\S+) of .*",
         "梯度：{0} 在 float32 与 float64 下的梯度相差最大值的 {1}；梯度必须是函数自身的梯度"),
        (r"finite numbers: .*", "有限数：算子返回了非有限数；请检查溢出或未初始化的内存"),
        (r"delta_rule_chunkwise returned numbers that are not finite for ordinary inputs",
         "对普通输入，算子返回了非有限数"),
        (r"the output of delta_rule_chunkwise is cut off from its inputs: no gradient flows back",
         "算子的输出与输入断开：没有梯度回传"),
        (r"the gradient of delta_rule_chunkwise is not finite for ordinary inputs",
         "对普通输入，算子的梯度不是有限数"),
        (r"delta_rule_chunkwise must return \(o, state\), not (\w+)", "算子必须返回 (o, state)，而不是 {0}"),
        (r"delta_rule_chunkwise must always return \(o, state\); with (\d+) tokens it did not",
         "算子必须始终返回 (o, state)；共 {0} 个 token 时没有"),
        (r"delta_rule_chunkwise must return its state as a tensor or a tuple of tensors, not (\w+)",
         "算子的状态必须是张量或张量的元组，而不是 {0}"),
        (r"delta_rule_chunkwise returned o of shape (.+); with v of shape (.+) it must be the same",
         "算子返回的 o 形状为 {0}；必须与 v 的形状 {1} 相同"),
        (r"delta_rule_chunkwise returned o as (\S+); with v of (\S+) it must be the same",
         "算子返回的 o 类型为 {0}；必须与 v 的类型 {1} 相同"),
        (r"a tensor of the state has shape (.+); its first dimension must be the batch, (\d+)",
         "状态中某个张量的形状为 {0}；其第 0 维必须是批大小 {1}"),
        (r"(\S+), line (\d+): imports (\S+); .*", "{0} 第 {1} 行：导入了 {2}；算子只需要 torch、math 与 einops"),
        (r"(\S+), line (\d+): uses (\S+); .*", "{0} 第 {1} 行：使用了 {2}；算子只需要 torch、math 与 einops"),
        (r"(\S+), line (\d+): reaches for (\S+); .*", "{0} 第 {1} 行：访问了 {2}；算子只需要 torch、math 与 einops"),
        (r"(\S+), line (\d+): declares a name as global; .*", "{0} 第 {1} 行：声明了全局变量；调用之间不得保留内容"),
        (r"(\S+), line (\d+): getattr with a computed name; .*",
         "{0} 第 {1} 行：getattr 的属性名是计算出来的；请直接写出属性"),
        (r"(\S+), line (\d+): sets the attribute (\S+) of something that is not its own",
         "{0} 第 {1} 行：设置了不属于自己的对象的属性 {2}"),
        (r"(\S+), line (\d+): writes into (\S+), which outlives the call; .*",
         "{0} 第 {1} 行：写入了调用之后仍然存在的 {2}；调用之间不得保留内容"),
        (r"(\S+), line (\d+): is asynchronous; .*", "{0} 第 {1} 行：是异步的；算子只是一个普通函数"),
        (r"(\S+), line (\d+): defines (\S+); .*", "{0} 第 {1} 行：定义了 {2}；算子不需要 Python 自身机制的名称"),
        (r"(\S+), line (\d+): a class with a metaclass or keywords; .*", "{0} 第 {1} 行：类带有元类或关键字参数"),
        (r"(\S+), line (\d+): has a default that could be changed; .*",
         "{0} 第 {1} 行：默认值可能被改变；请使用 None、数或数的元组"),
        (r"(\S+): ([\d,]+) bytes; a variant is one op, at most ([\d,]+) bytes",
         "{0}：{1} 字节；变体只是一个算子，最多 {2} 字节"),
        (r"(\S+), line (\d+): [^:]+: each argument of delta_rule_chunkwise is given by its name; .*",
         "{0} 第 {1} 行：算子的每个参数都按名称传入；请逐一写出，不用 *、** 和 /"),
        (r"(\S+): has no function (delta_rule_chunkwise\(.*\))", "{0}：没有函数 {1}"),
        (r"(\S+), line (\d+): (delta_rule_chunkwise\(.*\)) must begin with (\(.*\))",
         "{0} 第 {1} 行：{2} 必须以 {3} 开头"),
        (r"(\S+), line (\d+): initial_state and chunk_size need defaults: None and 32",
         "{0} 第 {1} 行：initial_state 与 chunk_size 需要默认值 None 与 32"),
        (r"(\S+): (.+): declared as an input and as a parameter; keep one",
         "{0}：{1} 同时声明为输入与参数；请只保留一个"),
        (r"(\S+), line (\d+): (.+): each further argument of delta_rule_chunkwise must be declared .*",
         "{0} 第 {1} 行：{2}：算子的每个额外参数都必须在 LEARNED_INPUTS 或 LEARNED_PARAMETERS 中声明，"
         "每个声明的名称也必须是参数"),
        (r"(\S+), line (\d+): (LEARNED_\w+) must be written once, .*",
         "{0} 第 {1} 行：{2} 必须在模块顶层写一次，且不得在别处使用"),
        (r"(\S+), line (\d+): (LEARNED_\w+) must be written out, not computed",
         "{0} 第 {1} 行：{2} 必须直接写出，不得计算得出"),
        (r"(\S+), line (\d+): (LEARNED_\w+) must be a dict from argument names",
         "{0} 第 {1} 行：{2} 必须是以参数名为键的字典"),
        (r"(\S+): (LEARNED_INPUTS\[.+\]) is (.+); it must be one of (.+)", "{0}：{1} 为 {2}；必须是 {3} 之一"),
        (r"(\S+): (LEARNED_PARAMETERS\[.+\]) must be .*, each of (.+) or a whole number up to (\d+)",
         "{0}：{1} 必须是 ((维度), (下界, 上界))，最多三个维度，每个为 {2} 之一或不超过 {3} 的整数"),
        (r"(\S+): after import, delta_rule_chunkwise is no longer the function that the file defines",
         "{0}：导入之后，delta_rule_chunkwise 不再是文件中定义的函数"),
        (r"(\S+), line (\d+): not Python \((.+)\)", "{0} 第 {1} 行：不是 Python（{2}）"),
        (r"(\S+): not Python \((.+)\)", "{0}：不是 Python（{1}）"),
        (r"(\S+): cannot be read \((.+)\); give the path of a variant file",
         "{0}：无法读取（{1}）；请给出变体文件的路径"),
        (r"(\S+), line (\d+): hands the module (\S+) around; use its functions one by one",
         "{0} 第 {1} 行：把模块 {2} 本身作为值传递；请逐个使用其函数"),
    )
)  # fmt: skip
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
    for english, chinese in SENTENCES:
        if found := english.fullmatch(text):
            return Text(text, chinese.format(*(part or "" for part in found.groups())))
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


FAILURES = {
    "refused": Text("refused", "被拒绝"),
    "duplicate": Text("a duplicate", "重复"),
    "crash": Text("a crash", "崩溃"),
    "timeout": Text("out of time", "超时"),
    "out of memory": Text("out of memory", "内存不足"),
    "wrong shape": Text("a wrong shape", "形状错误"),
    "diverged": Text("diverged", "训练发散"),
    "interrupted": Text("interrupted", "被中断"),
    "unusable reply": Text("a reply of no use", "模型回复不可用"),
}
