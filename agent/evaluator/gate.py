"""What no variant needs and no variant may hold: read from the syntax tree, before anything runs.

It is a sieve and no wall. What slips through runs in the jail all the same; but what can be read here is refused at
once, with a line number, where a worker would die of it with a riddle.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from agent.evaluator.variant import VariantRefused, parse_variant

# Built-in functions that reach files, other code, or names that the text does not show.
FORBIDDEN_CALLS = frozenset(
    [
        "exec",
        "eval",
        "compile",
        "open",
        "input",
        "breakpoint",
        "__import__",
        "globals",
        "locals",
        "vars",
        "dir",
        "setattr",
        "delattr",
        "memoryview",
        "exit",
        "quit",
    ]
)
# Attributes through which a module of the list of allowed ones leads elsewhere, or a tensor shows its memory.
FORBIDDEN_ATTRIBUTES = frozenset(
    [
        "os",
        "sys",
        "io",
        "builtins",
        "subprocess",
        "ctypes",
        "socket",
        "threading",
        "multiprocessing",
        "pickle",
        "importlib",
        "inspect",
        "gc",
        "signal",
        "shutil",
        "pathlib",
        "tempfile",
        "numpy",
        "data_ptr",
        "untyped_storage",
        "storage",
        "save",
        "load",
        "hub",
        "package",
        "serialization",
        "from_file",
        "from_numpy",
        "frombuffer",
        "distributed",
        "_C",
        "_dynamo",
        "_inductor",
        "compiler",
        "compile",
        "jit",
        "library",
        "cpp_extension",
        "utils",
        "overrides",
        "fx",
        "ops",
        "classes",
        "futures",
        "set_default_device",
        "set_default_dtype",
        "set_num_threads",
        "manual_seed",
        "seed",
        "set_rng_state",
        "use_deterministic_algorithms",
        "register_hook",
        "register_forward_hook",
        "tb_frame",
        "f_back",
        "f_locals",
        "f_globals",
        "gi_frame",
        "is_grad_enabled",
        "inference_mode",
    ]
)
ASSIGNABLE = ("self", "ctx")  # whose attributes may be set: an object of the variant's own, for as long as a call


def check_code(path: Path) -> None:
    """Refuse a file with what no op needs. Raises VariantRefused with the line and the reason."""
    tree = parse_variant(path)
    module_names = {name for node in tree.body for name in _bound(node)}
    for node, reason in _offences(tree, module_names):
        raise VariantRefused(f"{path}, line {getattr(node, 'lineno', 1)}: {reason}")


def _offences(tree: ast.Module, module_names: set[str]) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in FORBIDDEN_CALLS:
                yield node, f"uses {name}; an op needs torch, math and einops alone"
            case ast.Name(id=name) if _dunder(name) and name != "__name__":
                yield node, f"uses {name}; an op needs no name of Python's own machinery"
            case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]) if not isinstance(name, ast.Constant):
                yield node, "getattr with a computed name; write the attribute out"
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]) if _bad(name):
                yield node, f"reaches for {name}; an op needs torch, math and einops alone"
            case ast.Attribute(attr=name) if _bad(name):
                yield node, f"reaches for .{name}; an op needs torch, math and einops alone"
            case ast.ImportFrom(names=names) if bad := [alias.name for alias in names if _bad(alias.name)]:
                yield node, f"imports {bad[0]}; an op needs torch, math and einops alone"
            case ast.Import(names=names) if bad := [a.name for a in names if any(map(_bad, a.name.split(".")))]:
                yield node, f"imports {bad[0]}; an op needs torch, math and einops alone"
            case ast.Global() | ast.Nonlocal():
                yield node, "declares a name as global; an op keeps nothing between calls"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=owner, attr=name):
                if not (isinstance(owner, ast.Name) and owner.id in ASSIGNABLE):
                    yield node, f"sets the attribute {name} of something that is not its own"
            case ast.Subscript(ctx=ast.Store() | ast.Del(), value=ast.Name(id=name)) if name in module_names:
                yield node, f"writes into {name}, which outlives the call; an op keeps nothing between calls"
            case ast.AsyncFunctionDef() | ast.Await():
                yield node, "is asynchronous; an op is one plain function"
            case ast.FunctionDef(args=arguments) if odd := [
                each for each in _defaults(arguments) if not _constant(each)
            ]:
                yield odd[0], "has a default that could be changed; use None, a number or a tuple of numbers"


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds to objects which functions could write into."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _bad(name: str) -> bool:
    return name in FORBIDDEN_ATTRIBUTES or (_dunder(name) and name != "__init__")


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _constant(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.Attribute():
            return True
        case ast.Tuple(elts=parts):
            return all(map(_constant, parts))
        case ast.UnaryOp(operand=operand):
            return _constant(operand)
    return False
