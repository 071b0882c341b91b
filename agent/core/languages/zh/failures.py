"""Chinese: why something failed or was refused."""

# The same keys as in en.py, which says what a sentence may hold.
SENTENCES = {
    "said": "{words}",
    "kind.refused": "被拒绝",
    "kind.duplicate": "重复",
    "kind.crash": "崩溃",
    "kind.timeout": "超时",
    "kind.out of memory": "内存不足",
    "kind.wrong shape": "形状错误",
    "kind.diverged": "训练发散",
    "kind.interrupted": "被中断",
    "kind.unusable reply": "模型回复不可用",
    "failure.duplicate": "其计算结果与 {twin} 逐数相同",
    "failure.cut_off": "评测期间被中断 {times} 次；请检查是什么使机器在此时停止",
    "unfinished.share": "届时训练已完成 {share:.0%}。",
    "unfinished.tasks": "已训练并测试完毕的任务（不计入表格）：{list}",
    "unfinished.others": "停止时其余任务的验证准确率：{list}",
    "unfinished.task": "{task} 完成 {share:.0%} 的步数时为 {accuracy:.3f}",
    "failure.overdue": "评测超出协议允许的时间，已被停止",
    "failure.overdue_at_line": "评测超出协议允许的时间，已被停止；大部分时间停在变体的第 {line} 行",
    "failure.too_slow": (
        "照此速度，所需时间为本机上模板的 {times:.1f} 倍，而上限为 {most:g} 倍：训练完成 {share:.0%} 时被停止"
    ),
    "failure.too_slow_at_line": (
        "照此速度，所需时间为本机上模板的 {times:.1f} 倍，而上限为 {most:g} 倍：训练完成 {share:.0%} 时被停止；"
        "大部分时间停在变体的第 {line} 行"
    ),
    "failure.no_answer": "工作进程未作答便关闭了管道",
    "failure.filled_disk": "工作进程因写入磁盘过多被终止",
    "failure.started_threads": "工作进程因启动的线程过多被终止",
    "failure.filled_memory": "工作进程因占用内存过多被终止",
    "failure.filled_gpu": "工作进程因占用 GPU 内存过多被终止",
    "failure.gpu_too_small": (
        "此 GPU 的内存连模板的一次训练也放不下（{setting}），因此不是变体的问题：请换用内存更大的 GPU 或其他协议"
    ),
    "failure.killed": "系统终止了工作进程，很可能因为内存",
    "failure.signal": "工作进程未作答便结束（信号 {signal}）",
    "failure.exit_code": "工作进程未作答便结束（退出码 {code}）",
    "failure.lost_twice": "评测它的进程两次丢失（{error}）",
    "failure.unforeseen": "无法处理它给出的内容：{error}",
    "failure.rounding": (
        "因果性：输出随其后的 token 或同批其他序列改变，平均为该 token 最大值的 {lost}；在 float64 下为 {double}，"
        "因此是舍入而非前瞻，但过大而无法区分；求逆请用 unit_lower_inverse 或 torch.linalg.solve_triangular；傅里叶"
        "变换请改为块内的 F.conv1d 或 Toeplitz 矩阵乘积，或以 float64 计算：变换前用 .double()，变换后用 .to(dtype)"
    ),
    "failure.rounded_in_pieces": (
        "流式：把 {length} 个 token 分段并传递状态，所得输出与整段计算相差最大值的 {lost}；在 float64 下两者相同，"
        "因此是舍入而非丢失状态，但舍入过大；沿序列不断增长的量（如时钟的相位）请以 float64 累加（cumsum 前用 "
        ".double()，其后用 .to(dtype)），或从每块开头重新累加"
    ),
    "failure.not_finite_before": (
        "有限数：当第 {cut} 个及之后的 token 很大时，其前的输出不是有限数；请检查溢出：应在 exp 之前用 -inf 掩码，"
        "而不是在其后相乘"
    ),
    "failure.complex_state": (
        "算子返回了复数状态；请用 torch.view_as_real(state) 以实张量返回其实部与虚部，并用 torch.view_as_complex 读取"
    ),
    "failure.other_type": (
        "{error}（变体第 {line} 行）：算子也会以 float64 调用；请按参数的类型创建张量，如"
        " torch.zeros(..., dtype=q.dtype, device=q.device) 或 q.new_zeros(...)"
    ),
    "failure.other_device": (
        "变体第 {line} 行：{operator} 的张量一部分在 CPU 上，一部分在参数所在的设备上；"
        "在 GPU 上这会失败：请在参数所在的设备上创建张量，如"
        " torch.zeros(..., device=q.device) 或 q.new_zeros(...)"
    ),
    "failure.output_device": (
        "算子返回的 o 在 CPU 上，而不在参数所在的设备上；请在参数所在的设备上创建张量，如"
        " torch.zeros(..., device=q.device) 或 q.new_zeros(...)"
    ),
    "failure.garbled": "工作进程的答复混乱：{error}",
    "failure.proposer_raised": "提出者抛出异常：{error}",
    "failure.interrupted": "已中断",
    "failure.raised_at_line": "{error}（变体第 {line} 行）",
    "failure.diverged": "{replica}：第 {step} 步时损失不再是有限数",
    "failure.count_of_tokens": "工作进程预测了 {found:,} 个 token，而不是 {wanted:,} 个",
    "failure.unknown_tokens": "工作进程预测的 token 超出 0..{largest}",
    "failure.trained_causality": (
        "训练后模型的因果性，{replica}：切点之前 {share:.0%} 的预测会随其后的 token 或同批其他序列改变；输出只能依赖"
        "本序列中自身及更早的 token"
    ),
    "failure.other_training": (
        "训练不符，{replica}：按协议重做前 {step} 步，所得权重与工作进程所说不同；相同输入时算子必须给出相同结果，且不"
        "得另行训练"
    ),
    "failure.changes_inputs": "输入不变：算子改写了参数 {argument}；请在副本上操作，不得就地修改参数或其视图",
    "failure.changes_inputs_at_line": (
        "输入不变：变体第 {line} 行改写了算子的参数或其视图；请在副本上操作，不得就地修改两者：请写 v = v * x，"
        "而不是 v *= x"
    ),
    "failure.overwrites": "梯度：就地操作覆盖了计算梯度所需的内容：请写 S = S + ...，而不是 S += ...",
    "failure.random": "确定性：相同参数的两次调用相差 {difference}；不得使用随机数或未写入的内存",
    "failure.stateful": (
        "无状态：其他调用之后结果改变了 {difference}；调用之间不得保留任何内容：全局变量、属性、默认参数或缓存"
    ),
    "failure.causality": (
        "因果性：共 {length} 个 token，替换第 {cut} 个及之后的 token 时，第 {position} 个输出改变了 {difference}；输"
        "出只能依赖自身及更早的 token：请检查掩码（用 tril，而非 triu 或无掩码）、沿时间的均值、最大值与范数，以及移"
        "位"
    ),
    "failure.neighbours": (
        "批内独立：序列的输出随同批其他序列改变了 {difference}；不得在第 0 维上求均值、最大值、范数或和"
    ),
    "failure.outputs_in_crowd": (
        "批内独立：同一序列在 {many} 条与 {few} 条的批中，输出相差最大值的 {lost}；无论批多大，每条序列的计算都须相同"
    ),
    "failure.gradients_in_crowd": (
        "批内独立：同一序列在 {many} 条与 {few} 条的批中，{name} 的梯度相差最大值的 {lost}；无论批多大，每条序列的计"
        "算都须相同"
    ),
    "failure.large_state": (
        "状态大小：单个序列的状态相当于 {size:,} 个 float32 数；最多允许 {most:,} 个，即键值矩阵的 {times} 倍，不得容"
        "纳全部 token"
    ),
    "failure.growing_state": (
        "状态大小：{early} 个 token 后状态形状为 {early_shapes}，{late} 个 token 后为 {late_shapes}；状态大小不得随长"
        "度变化"
    ),
    "failure.first_piece": (
        "流式：共 {length} 个 token，单独计算第 {start} 至 {end} 个时，与整体计算相差最大输出的 {lost}；后续 token 所"
        "需的一切都必须在状态中，且必须使用 initial_state"
    ),
    "failure.later_piece": (
        "流式：共 {length} 个 token，由先前状态计算第 {start} 至 {end} 个时，与整体计算相差最大输出的 {lost}；后续 "
        "token 所需的一切都必须在状态中，且必须使用 initial_state"
    ),
    "failure.audited_suffix": (
        "真实调用的因果性：共 {length} 个 token，替换第 {cut} 个及之后的 token 时，其前的输出改变了自身大小的 {lost}；"
        "输出只能依赖自身及更早的 token"
    ),
    "failure.audited_neighbours": (
        "真实调用的批内独立：替换同批其他序列时，序列的输出改变了自身大小的 {lost}；不得在第 0 维上求均值、最大值、范"
        "数或和"
    ),
    "failure.audited_pieces": (
        "真实调用的流式：{length} 个 token 分成 {pieces} 段并传递状态时，输出与整体相差自身大小的 {lost}；后续 token 所"
        "需的一切都必须在状态中，且无论段长都必须使用 initial_state"
    ),
    "failure.fed_in_pieces": (
        "流式：{length} 个 token 分成 {pieces} 段并传递状态时，输出与整体相差最大输出的 {lost}；无论段长（包括单个 "
        "token 和恰好若干块），都必须使用 initial_state 并更新状态"
    ),
    "failure.growth": (
        "线性时间：{long} 个 token 的开销是 {short} 个的 {times} 倍；开销须随长度线性增长，而非平方增长：请在块内计算"
        "，并在块间传递状态"
    ),
    "failure.gradient_not_finite": (
        "梯度：对普通输入，{name} 的梯度不是有限数；请检查除以零、零处的平方根或对数，以及溢出"
    ),
    "failure.gradient_slope": (
        "梯度：共 {length} 个 token，沿随机方向，梯度为 {told}，差分为 {large_step} 和 {small_step}；梯度必须是函数自"
        "身的梯度：不得 detach、取整，或使用不一致的自定义 backward"
    ),
    "failure.gradient_precision": (
        "梯度：{name} 在 float32 与 float64 下的梯度相差最大值的 {lost}；梯度必须是函数自身的梯度：不得 detach、取整"
        "，或使用不一致的自定义 backward"
    ),
    "failure.not_finite": "有限数：对普通输入，算子返回了非有限数；请检查溢出或未初始化的内存",
    "failure.not_finite_in_nan": "有限数：当内存在写入前含有 NaN 时，算子返回了非有限数；请检查溢出或未初始化的内存",
    "failure.not_finite_later": (
        "有限数：在传递 {start} 个 token 的状态之后，算子返回了非有限数；请检查溢出或未初始化的内存"
    ),
    "failure.returned_not_finite": "对普通输入，算子返回了非有限数",
    "failure.cut_from_inputs": "算子的输出与输入断开：没有梯度回传；请检查 torch.no_grad 或 .detach()",
    "failure.op_gradient_not_finite": "对普通输入，算子的梯度不是有限数",
    "remark.left": "远远落后于模板的训练被提前结束；其得分只是下界",
    "remark.diverged": "有训练发散；计分的是发散前最好的权重",
    "remark.equal_widths": "算子只在键与值等宽时可用；此处两者等宽，其他模型可能不同",
    "failure.not_a_pair": "算子必须返回 (o, state)，而不是 {found}",
    "failure.not_always_a_pair": "算子必须始终返回 (o, state)；共 {length} 个 token 时没有",
    "failure.state_type": "算子的状态必须是张量或张量的元组，而不是 {found}；若为列表或字典，请改为返回其张量的元组",
    "failure.state_part": (
        "算子的状态必须是张量或张量的元组，而状态的第 {part} 部分是 {found}：嵌套的张量请依次写在同一个元组中；计数器"
        "请写成形状为 (B,) 的张量，如 torch.zeros(len(q), dtype=torch.long, device=q.device)；None 请去掉"
    ),
    "failure.output_shape": "算子返回的 o 形状为 {found}；必须与 v 的形状 {wanted} 相同",
    "failure.output_type": "算子返回的 o 类型为 {found}；必须与 v 的类型 {wanted} 相同",
    "failure.state_shape": "状态中某个张量的形状为 {found}；其第 0 维必须是批大小 {batch}",
    "failure.not_a_file": "{file}：无法读取（不是普通文件）；请给出变体文件的路径",
    "failure.unreadable": "{file}：无法读取（{error}）；请给出变体文件的路径",
    "failure.large_file": "{file}：{size:,} 字节；变体只是一个算子，最多 {most:,} 字节",
    "failure.other_encoding": "{file}：编码声明为 {encoding}：请去掉该行，并以 UTF-8 保存文件",
    "failure.not_utf8": "{file}：不是 Python（{error}）：请写成文本，并以 UTF-8 保存",
    "failure.not_python": "{file}：不是 Python（{error}）",
    "failure.not_python_at_line": "{file} 第 {line} 行：不是 Python（{error}）",
    "failure.nested": "{file}：不是 Python（嵌套过深）",
    "failure.import": "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}",
    "failure.no_op": "{file}：没有函数 {op}",
    "failure.op_arguments": "{file} 第 {line} 行：{op} 必须以 {wanted} 开头",
    "failure.op_defaults": "{file} 第 {line} 行：initial_state 与 chunk_size 需要默认值 None 与 32",
    "failure.op_unnamed": (
        "{file} 第 {line} 行：{names}：算子的每个参数都按名称传入；请逐一写出，不用 *args、**kwargs 和 /"
    ),
    "failure.declared_twice": "{file}：{names}：同时声明为输入与参数；请只保留一个",
    "failure.undeclared": (
        "{file} 第 {line} 行：{names}：算子的每个额外参数都必须在 LEARNED_INPUTS 或 LEARNED_PARAMETERS 中声明，每个声"
        "明的名称也必须是参数"
    ),
    "failure.declaration_repeated": "{file} 第 {line} 行：{name} 必须在模块顶层写一次，且不得在别处使用",
    "failure.declaration_computed": "{file} 第 {line} 行：{name} 必须直接写出，不得计算得出",
    "failure.declaration_not_dict": "{file} 第 {line} 行：{name} 必须是以参数名为键的字典",
    "failure.input_kind": "{file}：LEARNED_INPUTS[{name}] 为 {kind}；必须是 {allowed} 之一",
    "failure.parameter_form": (
        "{file}：LEARNED_PARAMETERS[{name}] 必须是 ((维度), (下界, 上界))，最多三个维度，每个为 {allowed} 之一或不超"
        '过 {most} 的整数，如 (("head", 4), (0.0, 1.0))；现为 {found}'
    ),
    "failure.op_replaced": "{file}：导入之后，delta_rule_chunkwise 不再是文件中定义的函数",
    "failure.needless_class": "{file} 第 {line} 行：类带有元类或关键字参数；算子只需要 torch、math 与 einops",
    "failure.uses_machinery": "{file} 第 {line} 行：使用了 {name}；算子不需要 Python 自身机制的名称",
    "failure.defines_machinery": (
        "{file} 第 {line} 行：定义了 {name}；在 Python 自身机制的名称中，类只可定义 __init__ 与 __call__：请改用普"
        "通名称，如 step"
    ),
    "failure.global": "{file} 第 {line} 行：声明了全局变量；调用之间不得保留内容",
    "failure.sets_attribute": "{file} 第 {line} 行：设置了不属于自己的对象的属性 {name}",
    "failure.asynchronous": "{file} 第 {line} 行：是异步的；算子只是一个普通函数",
    "failure.changeable_default": "{file} 第 {line} 行：默认值可能被改变；请使用 None、数或数的元组",
    "failure.module_as_value": "{file} 第 {line} 行：把模块 {name} 本身作为值传递；请逐个使用其函数",
    "failure.reply_cut": "回复达到长度上限而被截断：请少思考、少写一些",
    "failure.reply_long": "文件约有 {length} 个 token；最多允许 {most} 个",
    "failure.reply_holds_no_answer": "{problem}；{refusal}",
    "failure.reply_repeats": "这份代码此前已不可用，现在依旧不可用：{kind}：{reason}",
    "failure.lines_left_out": "文件在 {line!r} 处省略了代码行：请发送完整文件，或 SEARCH/REPLACE 块",
    "failure.reply_changes_nothing": "代码与之前相同：至多只有注释、排版或文档字符串不同",
    "failure.change_changes_nothing": "改动未改变代码：至多只有注释、排版或文档字符串不同",
    "failure.no_code": "回复中既没有放在 ```python 围栏里、含有 {op}(...) 的完整文件，也没有 SEARCH/REPLACE 块",
    "failure.changed_not_python": "改动之后，文件不是 Python（{error}）",
    "failure.changed_not_python_at": "改动之后，文件不是 Python（第 {at} 行：{error}：{code}）",
    "failure.block_incomplete": "SEARCH/REPLACE 块不完整：每块都需要 <<<<<<< SEARCH、======= 与 >>>>>>> REPLACE 三行",
    "failure.block_empty": "第 {block} 块：SEARCH 部分为空；请重复要替换的行",
    "failure.block_ambiguous": (
        "第 {block} 块：SEARCH 文本出现在 {places} 处（行 {lines}）；请在前后补充行，直到只出现一处"
    ),
    "failure.block_not_found": "第 {block} 块：文件中没有该 SEARCH 文本。最接近的行是\n{nearest}",
}
