"""How a contract's op calls a foreign function: a guess for each argument, which a flag can replace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from agent.evaluator.foreign.reading import QKV, Function, NotAdaptable

Layout = Literal["BTHD", "BHTD"]
LAYOUTS: tuple[Layout, ...] = ("BTHD", "BHTD")
CHUNKS = ("chunk_size", "mini_batch_size", "BT")
LOG_DECAYS = ("g", "gk", "gv", "g_gamma", "log_alpha", "log_mu", "g_atk", "log_decay")
GIVEN_ANYWAY = (*LOG_DECAYS, "beta", "eta")  # also where they may be left out
OF_HEADS = ("beta", "g", "eta", "theta", "g_gamma", "log_alpha", "log_mu", "g_atk", "beta_atk")
OF_LAYERS = ("lamb", "w", "b")  # one set of numbers for all tokens, where nothing tells otherwise
UNITS = ("p", "w_key")  # that stand for keys
MOST_TRIALS = 24


@dataclass(frozen=True)
class Given:
    """What an argument is given: `source` is beta, input, parameter or option; `kind` its shape; `how` what is done."""

    name: str
    source: Literal["beta", "input", "parameter", "option"]
    kind: str = ""
    how: str = ""


@dataclass(frozen=True)
class Plan:
    """All guesses about one function. `starts` are the arguments, or the patched names, that the state begins in."""

    function: Function
    layout: Layout
    given: tuple[Given, ...]
    starts: tuple[str, ...]
    patched: bool
    normalise: bool

    def lines(self) -> Iterator[str]:
        """Each guess in a line, with the flag that replaces it."""
        yield f"function: {self.function.name}"
        yield f"layout: {self.layout} (--layout {'BHTD' if self.layout == 'BTHD' else 'BTHD'} for the other)"
        on = "normalised to length one" if self.normalise else "as they come"
        yield f"q and k: {on} (--{'no-' if self.normalise else ''}normalise for the other)"
        for each in self.given:
            match each.source:
                case "beta":
                    yield f"{each.name}: the contract's beta, a number a token and head"
                case "input":
                    how = each.how.format(each.name)
                    yield f"{each.name}: a learned input, {each.kind}; {how} (--kind {each.name}=head|key|value)"
                case "parameter":
                    yield f"{each.name}: a learned parameter ({each.kind})"
                case "option":
                    yield f"{each.name}: {each.how}"
        where = "patched in where it starts at zero" if self.patched else "handed in"
        yield f"state: {', '.join(self.starts)}, {where}"


def plans(
    function: Function, layout: Layout | None, kinds: Mapping[str, str], normalise: bool | None
) -> Iterator[Plan]:
    """The plans to try, the likeliest first. Raises NotAdaptable where there is no state to carry."""
    patched = not function.states
    starts = function.states or function.starts
    if not starts and function.carried:
        raise NotAdaptable(
            f"{function.name} carries {', '.join(function.carried)} from token to token, and where that begins is not "
            "seen: let it begin as zeros before the loop, or be an argument that may be None"
        )
    if not starts:
        raise NotAdaptable(
            f"{function.name} carries no state from token to token: it looks at all tokens at once, as attention does, "
            "or keeps a state that grows with them; the contract wants a state of one size (docs/contract.md)"
        )
    says = function.text
    corrects = any(
        function.has(name) for name in ("beta", "b", "alpha")
    )  # a delta rule, which grows without bounds else
    unit = normalise if normalise is not None else corrects and not function.normalises
    shape = next(each.shape for each in function.arguments if each.name == function.called("q"))
    heads_first = len(shape) == 4 and shape[1].upper().startswith("H")
    likely: tuple[Layout, ...] = LAYOUTS
    if layout is not None:
        likely = (layout,)
    elif heads_first or (not shape and "transpose(1, 2)" not in says and "b t h" not in says):
        likely = ("BHTD", "BTHD")
    free = [each for each in function.arguments if each.name not in {*map(function.called, QKV), *starts}]
    choices = [list(_choices(each.name, each.optional, each.shape, kinds)) for each in free]
    choices = [each for each in choices if each]
    # The likeliest first: those that leave the first choice for few arguments.
    places = sorted(product(*(range(len(each)) for each in choices)), key=sum)
    for picked in places[: MOST_TRIALS // len(likely)]:
        given = tuple(each[place] for each, place in zip(choices, picked, strict=True))
        for where in likely:
            yield Plan(function, where, given, starts, patched, unit)


def _choices(name: str, optional: bool, shape: tuple[str, ...], kinds: Mapping[str, str]) -> Iterator[Given]:
    """What an argument may be given, the likeliest first; nothing where it is left out."""
    if name == "output_final_state":
        yield Given(name, "option", how="True")
    elif name in CHUNKS:
        yield Given(name, "option", how="chunk_size")
    elif name == "scale" and not optional:
        yield Given(name, "option", how="q.shape[-1] ** -0.5")
    elif name == "eps" and not optional:
        yield Given(name, "option", how="1e-06")
    elif name in kinds:
        yield _of_kind(name, kinds[name])
    elif len(shape) in (1, 2) and shape[0].upper().startswith("H"):
        yield Given(name, "parameter", "head" if len(shape) == 1 else f"head {_channel(shape[1])}")
    elif name in OF_LAYERS and not shape:
        for kind in ("head key", "head"):
            yield Given(name, "parameter", kind)
    elif not optional or name in GIVEN_ANYWAY:
        told = {3: ["head"], 4: [_channel(shape[-1])] if shape else []}.get(len(shape), [])
        for kind in dict.fromkeys([*told, *([] if told else _untold(name))]):
            yield Given(name, "beta") if (name, kind) == ("beta", "head") else _of_kind(name, kind)


def _of_kind(name: str, kind: str) -> Given:
    if name in LOG_DECAYS or name.startswith("log_"):
        return Given(name, "input", kind, "F.logsigmoid({} + 4), a log decay that starts near zero")
    if name in UNITS or (kind == "key" and name in ("alpha", "beta", "k_low")):
        sign = "-" if name == "alpha" else ""
        return Given(name, "input", kind, sign + "F.normalize({}, dim=-1), a key of length one")
    return Given(name, "input", kind, "{}.sigmoid(), a gate")


def _untold(name: str) -> tuple[str, ...]:
    """The kinds of an argument whose shape nothing tells, the likeliest first."""
    return ("head", "key", "value") if name in OF_HEADS else ("key", "head", "value")


def _channel(letter: str) -> str:
    return "value" if letter.upper() in ("V", "DV", "D_V") else "key"


def other_form(plan: Plan, function: Function) -> Plan | None:
    """The same plan for another function of the file that takes the same; None where it takes something else."""
    known = {each.name: each for each in plan.given}
    given = []
    for argument in function.arguments:
        if argument.name in {*map(function.called, QKV), *function.states}:
            continue
        if argument.name in known:
            given.append(known[argument.name])
        elif argument.name in CHUNKS:
            given.append(Given(argument.name, "option", how="chunk_size"))
        elif not argument.optional:
            return None
    needed = {each.name for each in plan.given if each.source != "option"}
    if not needed <= {each.name for each in given}:
        return None
    return replace(plan, function=function, given=tuple(given), starts=(), patched=False)
