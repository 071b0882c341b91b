"""The contract file of a plan: the foreign function with what it calls, and an op that calls it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from agent.evaluator.contract.declaration import OP, RESERVED
from agent.evaluator.foreign.plan import Given, Plan
from agent.evaluator.foreign.reading import QKV
from agent.evaluator.foreign.recurrence import bound, own_nodes

ONE = "of_one_sequence"
GIVEN = "given_"  # before the name of a function that has the op's own
CREATED = frozenset({"arange", "empty", "eye", "full", "linspace", "ones", "tensor", "zeros"})  # by torch, on the CPU


def write_file(tree: ast.Module, plan: Plan, path: Path) -> str:
    """The source of a file that keeps the contract, if the plan is right."""
    wanted = _needed(tree, plan.function.name)
    kept = [node for node in _at_top(tree) if _kept(node, wanted)]
    body = [_Renamed(plan).visit(ast.parse(ast.unparse(node)).body[0]) for node in kept]
    imports = {"import torch", "import torch.nn.functional as F"}
    written = [ast.unparse(ast.fix_missing_locations(node)) for node in body]
    heads = sorted(imports | {text for text in written if text.startswith(("import ", "from "))})
    rest = [text for text in written if not text.startswith(("import ", "from "))]
    taken = {part.id for node in kept for part in ast.walk(node) if isinstance(part, ast.Name)} | wanted
    says = f'"""{plan.function.name} of {path.name}, made a mixer by `adapt`: what its layer does is not in it."""'
    return "\n\n\n".join([f"{says}\n\n" + "\n".join(heads) + _declarations(plan), *rest, _op(plan, taken)]) + "\n"


def _at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a file; imports that are tried, or stand under a condition, as if they were not.

    An annotation of a constant says nothing to an op.
    """
    for node in tree.body:
        if isinstance(node, ast.Try | ast.If):
            yield from (each for each in node.body if isinstance(each, ast.Import | ast.ImportFrom))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.copy_location(ast.Assign([node.target], node.value), node)
        else:
            yield node


def _needed(tree: ast.Module, name: str) -> set[str]:
    """The names that a function uses, and those that what it uses uses."""
    defined: dict[str, ast.stmt] = {}
    for node in _at_top(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined |= dict.fromkeys(bound(node), node)
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        if each in defined:
            waiting += [node.id for node in ast.walk(defined[each]) if isinstance(node, ast.Name)]
    return found


def _kept(node: ast.stmt, wanted: set[str]) -> bool:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name in wanted
    if isinstance(node, ast.Assign):
        return any(name in wanted for name in bound(node))
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name).partition(".")[0] in wanted for alias in node.names)
    return False


class _Renamed(ast.NodeTransformer):
    """A function of the op's own name gets another; a state that starts at zero starts from what is handed in; and what
    the function makes lies on the device of its arguments."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(GIVEN + node.id, node.ctx) if node.id == OP else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        if node.name == self.plan.function.name:
            _keep_on_device(node)
            if self.plan.patched:
                _patch(node, self.plan.starts)
        self.generic_visit(node)
        if node.name == OP:
            node.name = GIVEN + OP
        return node


def _keep_on_device(function: ast.FunctionDef) -> None:
    """Have a function make its tensors where its first argument lies: naive files often run on a CPU alone."""
    first = function.args.args[0].arg
    creating = {f"torch.{name}" for name in CREATED}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in creating:
            continue
        if all(keyword.arg != "device" for keyword in node.keywords):
            node.keywords.append(ast.keyword("device", ast.parse(f"{first}.device", mode="eval").body))


def _patch(function: ast.FunctionDef, starts: tuple[str, ...]) -> None:
    """Give a function the state to begin with, and have it return the state beside what it returned."""
    function.args.args.append(ast.arg("initial_state"))
    if function.args.defaults:
        function.args.defaults.append(ast.Constant(None))
    body: list[ast.stmt] = []
    for statement in function.body:
        body.append(statement)
        for place, name in enumerate(starts):
            if isinstance(statement, ast.Assign) and name in bound(statement):
                whole = any(
                    isinstance(part, ast.Attribute) for part in ast.walk(statement.value)
                )  # zeros, not 0 or None
                handed = f"initial_state[{place}]" + f".to({name}.dtype)" * whole
                body += ast.parse(f"if initial_state is not None:\n    {name} = {handed}").body
    function.body = body
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and node.value is not None:
            state = ast.Tuple([ast.Name(name, ast.Load()) for name in starts], ast.Load())
            node.value = ast.Tuple([node.value, state], ast.Load())


def _argument(given: Given) -> str:
    """What a declared argument of the op is called: another name where the layer has given it away."""
    return f"{given.name}_in" if given.name in RESERVED else given.name


def _declarations(plan: Plan) -> str:
    inputs = {_argument(each): each.kind for each in plan.given if each.source == "input"}
    parameters = {
        _argument(each): (tuple(each.kind.split()), (0.0, 1.0)) for each in plan.given if each.source == "parameter"
    }
    lines = [f"LEARNED_INPUTS = {inputs!r}"] if inputs else []
    lines += [f"LEARNED_PARAMETERS = {parameters!r}"] if parameters else []
    return "\n\n" + "\n".join(lines) if lines else ""


def _free(name: str, taken: set[str]) -> str:
    """A name that the file does not use."""
    while name in taken:
        name += "_"
    return name


def _op(plan: Plan, taken: set[str]) -> str:
    """The op: casts to float32, as naive files want it, the layout of the function, padding, and all of it back."""
    one, pad = _free(ONE, taken), _free("pad", taken)
    learned = [_argument(each) for each in plan.given if each.source in ("input", "parameter")]
    star = f", *, {', '.join(learned)}" if learned else ""
    lines = [
        f"def {one if has_parameters(plan) else OP}(q, k, v, beta, initial_state=None, chunk_size=32{star}):",
        "    dtype, length = v.dtype, v.shape[2]",
    ]
    tokens = ["q", "k", "v"]
    if plan.normalise:
        lines += ["    q = F.normalize(q, dim=-1)", "    k = F.normalize(k, dim=-1)"]
    for each in plan.given:
        if each.source == "beta":
            tokens.append("beta")
        elif each.source == "input":
            name = _argument(each)
            lines.append(f"    {name} = " + each.how.partition(", a ")[0].format(name))
            tokens.append(name)
    chunked = any(each.how == "chunk_size" for each in plan.given)
    swap = ".transpose(1, 2)" if plan.layout == "BTHD" else ""
    padded = f"{pad}(x, chunk_size)" if chunked else "x"
    for each in plan.given:
        if each.source == "parameter":  # without a batch, as such functions take them
            lines.append(f"    {_argument(each)} = {_argument(each)}.float()[0]")
    lines.append(f"    {', '.join(tokens)} = ({padded}.float(){swap} for x in ({', '.join(tokens)}))")
    lines += _state(plan)
    values = {
        each.name: "beta" if each.source == "beta" else _argument(each) if each.source != "option" else each.how
        for each in plan.given
    }
    arguments = [f"{plan.function.called(name)}={name}" for name in QKV] + [
        f"{name}={value}" for name, value in values.items()
    ]
    name = plan.function.name if plan.function.name != OP else GIVEN + OP
    handed = (
        "initial_state=initial_state"
        if plan.patched
        else ", ".join(f"{each}=state_{n}" for n, each in enumerate(plan.starts))
    )
    call = ", ".join([*arguments, *([handed] if handed else [])])
    lines.append(f"    returned = {name}({call})")
    if plan.patched:
        lines += ["    returned, state = returned", "    o = returned[0] if isinstance(returned, tuple) else returned"]
    elif plan.starts:
        lines += ["    o, *rest = returned", "    state = rest[0] if len(rest) == 1 else tuple(rest)"]
    else:
        lines += [
            "    o = returned[0] if isinstance(returned, tuple) else returned",
            "    state = o.new_zeros(len(v), 1)",
        ]
    lines.append(f"    return o{swap}[:, :, :length].to(dtype), state")
    if has_parameters(plan):
        lines += _row_by_row(learned, one)
    helper = (
        f"\n\n\ndef {pad}(x, chunk_size):"
        '\n    """(B, H, L, ...) -> a whole number of chunks, filled with zeros."""\n'
        "    missing = -x.shape[2] % chunk_size\n"
        "    return torch.cat([x, x.new_zeros(*x.shape[:2], missing, *x.shape[3:])], dim=2) if missing else x"
    )
    return "\n".join(lines) + (helper if chunked else "")


def has_parameters(plan: Plan) -> bool:
    """Whether the function takes numbers a head that are the same for all sequences of a call."""
    return any(each.source == "parameter" for each in plan.given)


def _row_by_row(learned: list[str], one: str) -> list[str]:
    """The op that calls another for each sequence: a call of the layer holds sequences whose parameters differ."""
    rows = ", ".join(f"{name}={name}[row]" for name in ("q", "k", "v", "beta", *learned))
    return [
        "",
        "",
        f"def {OP}(q, k, v, beta, initial_state=None, chunk_size=32, *, {', '.join(learned)}):",
        "    outputs, states = [], []",
        "    for b in range(len(q)):",
        "        row = slice(b, b + 1)",
        "        before = initial_state",
        "        if initial_state is not None:",
        "            parts = initial_state if isinstance(initial_state, tuple) else (initial_state,)",
        "            before = tuple(part[row] for part in parts)",
        "            before = before if isinstance(initial_state, tuple) else before[0]",
        f"        o, state = {one}(initial_state=before, chunk_size=chunk_size, {rows})",
        "        outputs.append(o)",
        "        states.append(state if isinstance(state, tuple) else (state,))",
        "    state = tuple(torch.cat(parts) for parts in zip(*states))",
        "    return torch.cat(outputs), state if len(state) > 1 else state[0]",
    ]


def _state(plan: Plan) -> list[str]:
    if plan.patched or not plan.starts:
        return []
    names = [f"state_{number}" for number in range(len(plan.starts))]
    optional = {each.name for each in plan.function.arguments if each.optional}
    zeros = f"v.new_zeros(len(v), v.shape[{2 if plan.layout == 'BTHD' else 1}], q.shape[-1], v.shape[-1])"
    empty = ["None" if name in optional else zeros for name in plan.starts]
    if empty == ["None"]:
        return ["    state_0 = initial_state"]
    first = empty[0] if len(names) == 1 else f"({', '.join(empty)})"
    return [f"    {', '.join(names)} = {first} if initial_state is None else initial_state"]
