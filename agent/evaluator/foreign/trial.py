"""Trying a plan: its file is called in a confined worker, with sizes that all differ, to see which axis is which."""

import ast
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from agent.core.invocation import command
from agent.core.reason import Reason
from agent.core.temporary import temporary_folder
from agent.evaluator.check import op_under_test
from agent.evaluator.contract.declaration import Declaration
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import VariantRefused, read_declaration
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.foreign.plan import Layout, Plan, other_form, plans
from agent.evaluator.foreign.reading import Function, NotAdaptable, chosen, functions_of, read_tree
from agent.evaluator.foreign.writing import write_file
from agent.evaluator.probes.probe_calls import ProbeCall
from agent.evaluator.protocols import SMOKE
from agent.evaluator.time_limit import TimeLimit

BATCH, HEADS, LENGTH, CHUNK = 2, 3, 19, 8
SIZES = ((5, 7), (6, 6))  # of a key and a value; the second for functions that want them alike
CHANGED_HEAD, CHANGED_TOKEN = 1, 9
SECONDS = 60.0
APART = 1e-3  # of the largest output: what float32 rounds is a thousandth of that


@dataclass(frozen=True)
class Adapted:
    """A contract file, the plan that it is of, and remarks on the file that it was made of."""

    source: str
    plan: Plan
    remarks: tuple[str, ...]


def adapt(
    path: Path,
    function: str | None = None,
    layout: Layout | None = None,
    kinds: dict[str, str] | None = None,
    normalise: bool | None = None,
) -> Adapted:
    """Make a contract file of a function. NotAdaptable where no plan works, with what the likeliest one came to."""
    tree = read_tree(path)
    first = chosen(tree, path, function)
    if _keeps_the_form(path):
        raise NotAdaptable(f"{path} has the form of a contract file already: {command(f'check {path}')}")
    reason: NotAdaptable | None = None
    for each in [first] if function else functions_of(tree):
        try:
            return _adapted(tree, path, each, layout, kinds or {}, normalise)
        except NotAdaptable as error:
            reason = reason or error
    raise reason or NotAdaptable(f"{path}: is no op of q, k and v")


def _keeps_the_form(path: Path) -> bool:
    with suppress(VariantRefused):
        read_declaration(path)
        return True
    return False


def _adapted(
    tree: ast.Module, path: Path, given: Function, layout: Layout | None, kinds: dict[str, str], normalise: bool | None
) -> Adapted:
    first = ""
    for plan in plans(given, layout, kinds, normalise):
        source = write_file(tree, plan, path)
        try:
            outputs, remark = _tried(source)
        except VariantRefused as refusal:  # of the code, not of the guess
            raise NotAdaptable(f"{given.name}: {_told(refusal, refusal.reason, source, path)}") from refusal
        except EvaluationFailed as error:
            first = first or _told(error, error.failure.reason, source, path)
            continue
        except WrongAxes as error:
            first = first or str(error)
            continue
        others = [form for each in functions_of(tree) if each != given and (form := other_form(plan, each))]
        remarks = [remark, *(_compared(write_file(tree, form, path), form, outputs) for form in others)]
        return Adapted(source, plan, tuple(filter(None, remarks)))
    key, value = SIZES[0]
    called = f"q and k as (B, T, H, K) = {BATCH, LENGTH, HEADS, key}, v with V = {value}, or heads before tokens"
    raise NotAdaptable(f"{path}: {given.name} was not made a mixer: {first}; it was called with {called}")


def _told(error: Exception, reason: Reason, source: str, path: Path) -> str:
    """Why an attempt failed. Its lines are nowhere to be seen, so the one that is meant is written out."""
    told = str(reason.having(file=path.name)) if "file" in reason.fields else str(error)
    number, lines = reason.fields.get("line"), source.splitlines()
    if not isinstance(number, int) or not 0 < number <= len(lines):
        return told
    return f"{told}, in the attempt's `{lines[number - 1].strip()}`"


class WrongAxes(Exception):
    """A change at one token of one head did not go where it should."""


def _tried(source: str) -> tuple[dict[tuple[int, int], Tensor], str]:
    """The outputs by the sizes that work, once what changes where is as it must be, and a remark on the sizes."""
    failed: Exception | None = None
    for sizes in SIZES:
        try:
            outputs = _outputs(source, sizes)
        except EvaluationFailed as error:
            failed = failed or error
            continue
        return {sizes: outputs}, "" if sizes == SIZES[0] else "it wants keys and values of one size"
    assert failed is not None
    raise failed


def _outputs(source: str, sizes: tuple[int, int]) -> Tensor:
    """(B, H, L, V) of a call. WrongAxes where a change of one token and head reaches other heads or earlier tokens."""
    with temporary_folder() as folder:
        path = folder / "adapted.py"
        path.write_text(source, encoding="utf-8")
        declaration = read_declaration(path)
        check_code(path)
        arguments = _arguments(declaration, sizes)
        changed = {
            name: part if name in declaration.parameters else _with_change(part, name)
            for name, part in arguments.items()
        }
        without = [arguments | {name: -arguments[name]} for name in sorted(declaration.inputs)]
        with op_under_test(path, SMOKE, TimeLimit(SECONDS)) as op:
            calls = [ProbeCall(each, CHUNK) for each in (arguments, changed, *without)]
            before, after, *others = op.run(calls)
    for name, other in zip(sorted(declaration.inputs), others, strict=True):
        if torch.equal(other.o, before.o):
            raise WrongAxes(
                f"{name} reaches no output, so a token gives it nothing: give it a default value in the file"
            )
    if before.o.shape != arguments["v"].shape:
        raise WrongAxes(f"it returns {tuple(before.o.shape)} for values of {tuple(arguments['v'].shape)}")
    moved = (before.o != after.o).any(-1).any(0)  # (H, L)
    elsewhere = moved.clone()
    elsewhere[CHANGED_HEAD] = False
    if elsewhere.any():
        raise WrongAxes("a change in one head reaches another: the layout is another one")
    if moved[CHANGED_HEAD, :CHANGED_TOKEN].any():
        raise WrongAxes("a token sees later ones: it is not causal, or the layout is another one")
    if not moved[CHANGED_HEAD, CHANGED_TOKEN + 1 :].any():
        raise WrongAxes("a token does not reach later ones: the layout is another one")
    return before.o


def _arguments(declaration: Declaration, sizes: tuple[int, int]) -> dict[str, Tensor]:
    """The same numbers for the same names, in whatever order a form takes them."""
    chance = torch.Generator().manual_seed(1)
    key, value = sizes
    channels = {"head": (), "key": (key,), "value": (value,)}
    shapes = {"q": (key,), "k": (key,), "v": (value,), "beta": ()}
    shapes |= {name: channels[kind] for name, kind in sorted(declaration.inputs.items())}
    found = {name: torch.randn(BATCH, HEADS, LENGTH, *each, generator=chance) for name, each in shapes.items()}
    found["beta"] = found["beta"].sigmoid()
    lengths = {"head": HEADS, "key": key, "value": value}
    for name, parameter in sorted(declaration.parameters.items()):
        shape = [lengths.get(str(each)) or int(each) for each in parameter.shape]
        found[name] = torch.rand(1, *shape, generator=chance).expand(BATCH, *shape).contiguous()
    return found


def _with_change(part: Tensor, name: str) -> Tensor:
    changed = part.clone()
    changed[:, CHANGED_HEAD, CHANGED_TOKEN] *= 0.5 if name == "beta" else -1.5
    return changed


def _compared(source: str, form: Plan, outputs: dict[tuple[int, int], Tensor]) -> str:
    """What another form of the file computes beside this one; nothing where it cannot be called in the same way."""
    ((sizes, expected),) = outputs.items()
    with suppress(VariantRefused, EvaluationFailed, WrongAxes):
        apart = float((_outputs(source, sizes) - expected).abs().max() / expected.abs().max())
        if apart > APART:
            return f"the file's forms disagree: {form.function.name} is {apart:.2g} of the largest output away"
        return f"{form.function.name} of the same file computes the same"
    return ""
