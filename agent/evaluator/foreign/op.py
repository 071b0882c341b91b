"""The op of an adapted file, as text: what a function of another layout is handed, and what becomes of its answer."""

from agent.evaluator.contract.declaration import OP, RESERVED
from agent.evaluator.foreign.plan import Given, Plan
from agent.evaluator.foreign.reading import QKV

ONE = "of_one_sequence"
GIVEN = "given_"  # before the name of a function that has the op's own


def op_of(plan: Plan, taken: set[str]) -> str:
    """The op: casts to float32, as naive files want it, the layout of the function, padding, and all of it back.

    `taken` are the names that the rest of the file uses.
    """
    one, pad = _free(ONE, taken), _free("pad", taken)
    learned = [declared_name(each) for each in plan.given if each.source in ("input", "parameter")]
    star = f", *, {', '.join(learned)}" if learned else ""
    swap = ".transpose(1, 2)" if plan.layout == "BTHD" else ""
    chunked = any(each.how == "chunk_size" for each in plan.given)
    lines = [
        f"def {one if _has_parameters(plan) else OP}(q, k, v, beta, initial_state=None, chunk_size=32{star}):",
        "    dtype, length = v.dtype, v.shape[2]",
        *_prepared(plan, f"{pad}(x, chunk_size).float(){swap}" if chunked else f"x.float(){swap}"),
        *_state(plan),
        f"    returned = {_call(plan)}",
        *_taken_apart(plan),
        f"    return o{swap}[:, :, :length].to(dtype), state",
        *(_row_by_row(learned, one) if _has_parameters(plan) else ()),
        *(_padding(pad) if chunked else ()),
    ]
    return "\n".join(lines)


def declared_name(given: Given) -> str:
    """What a declared argument of the op is called: another name where the layer has given it away."""
    return f"{given.name}_in" if given.name in RESERVED else given.name


def _has_parameters(plan: Plan) -> bool:
    """Whether the function takes numbers a head that are the same for all sequences of a call."""
    return any(each.source == "parameter" for each in plan.given)


def _free(name: str, taken: set[str]) -> str:
    """A name that the file does not use."""
    while name in taken:
        name += "_"
    return name


def _prepared(plan: Plan, ready: str) -> list[str]:
    """The arguments as the function wants them; `ready` is what is made of each that has a token dimension."""
    lines, tokens = [], ["q", "k", "v"]
    if plan.normalise:
        lines += ["    q = F.normalize(q, dim=-1)", "    k = F.normalize(k, dim=-1)"]
    for each in plan.given:
        name = declared_name(each)
        if each.source == "beta":
            tokens.append("beta")
        elif each.source == "input":
            lines.append(f"    {name} = " + each.how.partition(", a ")[0].format(name))
            tokens.append(name)
        elif each.source == "parameter":  # without a batch, as such functions take them
            lines.append(f"    {name} = {name}.float()[0]")
    return [*lines, f"    {', '.join(tokens)} = ({ready} for x in ({', '.join(tokens)}))"]


def _call(plan: Plan) -> str:
    """The call of the function, with the state that it starts from."""
    values = {each.name: _value(each) for each in plan.given}
    handed = (
        {"initial_state": "initial_state"}
        if plan.patched
        else {name: f"state_{number}" for number, name in enumerate(plan.starts)}
    )
    named = {plan.function.called(name): name for name in QKV} | values | handed
    name = plan.function.name if plan.function.name != OP else GIVEN + OP
    return f"{name}({', '.join(f'{key}={value}' for key, value in named.items())})"


def _value(given: Given) -> str:
    """What an argument of the function is handed."""
    if given.source == "option":
        return given.how
    return "beta" if given.source == "beta" else declared_name(given)


def _taken_apart(plan: Plan) -> list[str]:
    """Output and state out of what the function returned; a state of zeros where it keeps none."""
    output = "    o = returned[0] if isinstance(returned, tuple) else returned"
    if plan.patched:
        return ["    returned, state = returned", output]
    if plan.starts:
        return ["    o, *rest = returned", "    state = rest[0] if len(rest) == 1 else tuple(rest)"]
    return [output, "    state = o.new_zeros(len(v), 1)"]


def _padding(pad: str) -> list[str]:
    return [
        "",
        "",
        f"def {pad}(x, chunk_size):",
        '    """(B, H, L, ...) -> a whole number of chunks, filled with zeros."""',
        "    missing = -x.shape[2] % chunk_size",
        "    return torch.cat([x, x.new_zeros(*x.shape[:2], missing, *x.shape[3:])], dim=2) if missing else x",
    ]


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
