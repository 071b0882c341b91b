"""Chinese: what the gate finds in a file, and what it remarks on."""

SENTENCES = {
    "failure.nested_at_line": "{file} 第 {line} 行：表达式嵌套超过 {most} 层；请拆成多行",
    "failure.reserved_name": (
        "{file}：声明的输入或参数不得命名为 {name}：该名称已由层使用，或不是普通字母组成；请另选名称"
    ),
    "failure.many_declared": "{file}：声明了 {found} 个输入与参数；最多提供 {most} 个",
    "failure.large_declared": (
        "{file}：LEARNED_PARAMETERS 合计 {found:,} 个数（每个头的通道按 128 计）；最多提供 {most:,} 个"
    ),
    "failure.unlisted_name": "{file} 第 {line} 行：使用了 {name}，文件没有定义它，它也不在算子可用的名单上",
    "failure.unlisted_name_near": (
        "{file} 第 {line} 行：使用了 {name}，文件没有定义它，它也不在算子可用的名单上；是否指 {near}？"
    ),
    "failure.unlisted_attribute": (
        "{file} 第 {line} 行：访问了 .{name}，它不在算子可用的名单上；请用 torch 的函数与方法来写"
    ),
    "failure.unlisted_attribute_near": "{file} 第 {line} 行：访问了 .{name}，它不在算子可用的名单上；是否指 .{near}？",
    "failure.unlisted_in_module": "{file} 第 {line} 行：访问了 {module}.{name}，它不在算子可用的名单上",
    "failure.unlisted_in_module_near": (
        "{file} 第 {line} 行：访问了 {module}.{name}，它不在算子可用的名单上；是否指 {near}？"
    ),
    "failure.unlisted_import": "{file} 第 {line} 行：导入了 {name}；变体只可从 {allowed} 导入",
    "failure.machinery_attribute": "{file} 第 {line} 行：访问了 .{name}；算子不需要 Python 自身机制的名称",
    "failure.pythons_name": "{file} 第 {line} 行：{name} 是 Python 自身的名称；请另选名称",
    "failure.module_shadowed": "{file} 第 {line} 行：{name} 在此处是模块 {module}，在别处是其他东西；请给其中之一改名",
    "failure.positional_pattern": "{file} 第 {line} 行：按位置匹配的模式会读取未写明的属性；请写出属性名，或使用下标",
    "failure.yield_within_with": (
        "{file} 第 {line} 行：生成器在 with 语句中暂停，该语句会在其外继续生效；请把结果收集到列表中"
    ),
    "failure.bare_except": "{file} 第 {line} 行：不带类型的 except 也会捕获用于结束程序的异常；请写明错误类型",
    "failure.special_type": (
        "{file} 第 {line} 行：type 只可直接用于比较，如 type(x) is int，且不得保存其结果；请使用 isinstance"
    ),
    "failure.special_super": "{file} 第 {line} 行：super 只可用于 super().__init__(...)",
    "failure.special_getattr": "{file} 第 {line} 行：getattr 的属性名是计算出来的；请直接写出属性",
    "failure.inner_class": "{file} 第 {line} 行：类定义在函数中；请写在文件顶层",
    "failure.several_bases": "{file} 第 {line} 行：类有多个基类；请只保留一个",
    "failure.base_class": (
        "{file} 第 {line} 行：类继承自 {name}；只可继承 torch.autograd.Function、torch.nn.Module、NamedTuple 或文件"
        "中的其他类"
    ),
    "failure.decorator": "{file} 第 {line} 行：使用了装饰器 {name}；请去掉",
    "failure.class_value": "{file} 第 {line} 行：类的 {name} 不是普通常量，会在调用之后继续存在；请在 __init__ 中设置",
    "failure.class_body": "{file} 第 {line} 行：类中只可有方法与常量",
    "failure.rebinds_self": (
        "{file} 第 {line} 行：在设置 {name} 的属性的方法中，{name} 又被赋给了其他东西；请在那里换一个名称"
    ),
    "failure.own_attribute": "{file} 第 {line} 行：名为 {name} 的属性在别处另有含义；请另选名称，且不以下划线开头",
    "failure.computed_at_top": (
        "{file} 第 {line} 行：{name} 在读取文件时就被计算，并在每次调用之后继续存在；请在算子中计算"
    ),
    "failure.statement_at_top": "{file} 第 {line} 行：文件顶层只可有导入、常量、函数与类；请把这一句移入算子",
    "failure.dataclass_called": ("{file} 第 {line} 行：调用或传递了 dataclass；它只能写在文件自己的类之前：@dataclass"),
    "failure.attention_dropout": (
        "{file} 第 {line} 行：scaled_dot_product_attention 在此可能抽取随机数；请逐一写出其参数，并去掉 dropout_p"
    ),
    "failure.list_outlives": (
        "{file} 第 {line} 行：列表或字典 {name} 在调用之后继续存在，传出后可能被改变；请写成元组，或在算子中创建"
    ),
    "failure.tensor_outlives": "{file} 第 {line} 行：张量 {name} 在调用之后继续存在，传出后可能被改变；请在算子中创建",
    "failure.instead_f_string": "{file} 第 {line} 行：使用了 {name}，文本可借此访问属性；请改用 f-string",
    "failure.instead_autograd": "{file} 第 {line} 行：使用了 {name}；请改用不改变任何张量的 torch.autograd.grad(...)",
    "failure.instead_cached": "{file} 第 {line} 行：使用了会保留结果的 {name}；调用之间不得保留内容，请每次重新计算",
    "failure.instead_compiled": "{file} 第 {line} 行：使用了 {name}；请去掉，是否编译由训练器决定",
    "failure.instead_probed": (
        "{file} 第 {line} 行：查询了 {name}，结果不得依赖于它；请在任何情况下做同样的计算（已连续的张量调用"
        " .contiguous() 没有开销）"
    ),
    "failure.instead_grad_mode": (
        "{file} 第 {line} 行：使用了 {name}；请写 with torch.enable_grad(): 或 with torch.no_grad():"
    ),
    "failure.instead_inference_mode": "{file} 第 {line} 行：使用了 {name}，它会使输出与输入断开；请去掉",
    "failure.instead_numpy": "{file} 第 {line} 行：使用了 {name}；请用 torch 计算",
    "failure.instead_files": "{file} 第 {line} 行：使用了 {name}；算子不需要文件，也不需要系统的任何东西",
    "failure.instead_machinery": (
        "{file} 第 {line} 行：使用了 {name}，Python 可借此运行其他代码或访问其他名称；请直接写出来"
    ),
    "failure.instead_parameter": (
        "{file} 第 {line} 行：使用了 {name}；请在 LEARNED_PARAMETERS 中声明要学习的参数，算子会得到它"
    ),
    "failure.instead_random": "{file} 第 {line} 行：使用了会产生随机数的 {name}；相同的输入必须得到相同的结果",
    "failure.instead_call": "{file} 第 {line} 行：使用了 .{name}；请直接调用对象本身，或使用自动求导函数的 .apply",
    "failure.instead_detach": "{file} 第 {line} 行：使用了 .{name}；请改用 .detach()",
    "failure.instead_unfold": (
        "{file} 第 {line} 行：使用了会读取张量之外内存的 {name}；请改用 .unfold(dimension, size, step)"
    ),
    "failure.instead_operator": "{file} 第 {line} 行：使用了 {name}；请直接写表达式，或使用 lambda",
    "failure.instead_leave_out": "{file} 第 {line} 行：使用了 {name}；请去掉",
    "failure.import_numpy": ("{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请用 torch 计算"),
    "failure.import_system": (
        "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；算子不需要文件，也不需要系统的任何东西"
    ),
    "failure.import_random": ("{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；算子不得使用随机数"),
    "failure.import_operator": (
        "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请直接写表达式，或使用 lambda"
    ),
    "failure.import_copy": (
        "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；张量请用 x.clone()，容器请用 list(x) 或 dict(x)"
    ),
    "failure.import_enum": (
        "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请在文件顶层把各选项写成数或文本"
    ),
    "failure.import_contextlib": ("{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请改写成 if 或 try"),
    "failure.import_checkpoint": (
        "{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请直接调用函数本身，不用检查点"
    ),
    "failure.import_leave_out": ("{file} 第 {line} 行：导入了 {name}；变体只可导入 {allowed}；请去掉"),
    "remark.decorator": "第 {line} 行：略去了装饰器 {name}：是否编译由训练器决定",
    "means.narrowed": "SwiGLU 宽度由 {whole} 减为 {inner}，使变体的参数不多于模板",
    "means.larger": "更大，不算更好：其{axis}是模板的 {ratio:.2f} 倍",
    "means.parameters": "参数量",
    "means.state": "状态字节数",
    "means.flops": "每 token 运算量",
}
