"""The names that no op needs, and the modules that one may use: agent/evaluator/contract/gate.py looks for them."""

# Built-in functions that reach files, other code, or names that the text does not show.
FORBIDDEN_CALLS = frozenset([
    "exec", "eval", "compile", "open", "input", "breakpoint", "__import__", "globals", "locals", "vars", "dir",
    "setattr", "delattr", "memoryview", "exit", "quit", "help", "license", "copyright",
])  # fmt: skip

# Attributes through which something leads elsewhere, a tensor shows its memory, or a probe is told from training.
FORBIDDEN_ATTRIBUTES = frozenset([
    "os", "sys", "io", "builtins", "subprocess", "ctypes", "socket", "threading", "multiprocessing", "pickle",
    "importlib", "inspect", "gc", "signal", "shutil", "pathlib", "tempfile", "numpy", "data_ptr", "untyped_storage",
    "storage", "save", "load", "hub", "package", "serialization", "from_file", "from_numpy", "frombuffer",
    "distributed", "_C", "_dynamo", "_inductor", "compiler", "compile", "jit", "library", "cpp_extension", "utils",
    "overrides", "fx", "ops", "classes", "futures", "set_default_device", "set_default_dtype", "set_num_threads",
    "manual_seed", "seed", "set_rng_state", "use_deterministic_algorithms", "register_hook", "register_forward_hook",
    "tb_frame", "f_back", "f_locals", "f_globals", "gi_frame", "is_grad_enabled", "inference_mode", "tb_next",
    "tb_lasti", "gi_code", "gi_yieldfrom", "cr_frame", "ag_frame", "f_builtins", "f_code", "f_trace", "with_traceback",
    "mro", "set_", "share_memory_", "is_inference_mode_enabled", "is_deterministic_algorithms_warn_only_enabled",
    "initial_seed", "get_rng_state", "set_flush_denormal", "profiler",
])  # fmt: skip

# Out of these an op may take functions and classes. Many a module of torch holds Python's own ones as attributes.
OPEN_MODULES = frozenset([
    "math", "einops", "agent.kernels", "torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.linalg",
    "torch.special", "torch.fft", "torch.autograd", "torch.autograd.function",
])  # fmt: skip

# Methods with a name of Python's machinery that a class of the variant's own may have.
OPEN_METHODS = frozenset(["__init__", "__call__"])
