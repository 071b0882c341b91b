"""A variant whose op ends as a known one does, with that end computed by the fused delta rule of agent/kernels.

What comes before the end is run as the variant has it. The op that is made so is checked against the variant's own in
the sizes of the protocol before anything is trained with it; where it cannot be made, or says anything else, the
variant's own op remains, and the card says why.
"""

import ast
import types
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from agent.core.errors import kind_and_reason
from agent.evaluator.contract.boundary import Op, OwnOp, call_op
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.known_forms import Recognised, recognised
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol
from agent.kernels.delta_rule import delta_rule, fits, fused_delta_rule

# How far a result may be off, as a part of its norm: as far as for products in TF32 (training/tensor_cores.py).
MOST_LOST = 1e-2
BATCH, CHUNKS, BEYOND = 4, 4, 3  # of the call that is made to see: so many chunks, and some tokens of another
RULE, FITS = "fused delta rule", "fused delta rule fits"  # no names that a variant can write


@dataclass(frozen=True)
class Chosen:
    """The variant to train with, and in words what computes its op."""

    variant: Variant
    words: str


class Differs(ArithmeticError):
    """The fused op computes something else than the variant's own."""


def with_fused_op(
    variant: Variant, path: Path, protocol: Protocol, device: torch.device, on_tensor_cores: bool
) -> Chosen:
    """The variant with its end fused where that can be. The same in every process.

    Its products are in TF32, so an op that is to multiply in float32 stays as it is.
    """
    if device.type != "cuda" or not on_tensor_cores:
        return Chosen(variant, "plain (its products are in float32)")
    found = recognised(path)
    if found is None:
        return Chosen(variant, "plain (it ends as no known op does)")
    kernels = fused_delta_rule(device)
    return checked(variant, found, protocol, device) if kernels.kernels else Chosen(variant, kernels.words)


def checked(variant: Variant, found: Recognised, protocol: Protocol, device: torch.device) -> Chosen:
    """The variant with its end fused if it gives what the variant's own op gives, else as it is, and the reason."""
    fused = ending_fused(variant, found)
    try:
        check_same(variant, fused, protocol, device)
    except Exception as error:  # whatever a compiler or a driver does wrong costs speed alone
        return Chosen(variant, f"plain ({kind_and_reason(error)})")
    return Chosen(fused, "fused" if found.is_whole else f"fused but for its first {found.begins} statements")


def ending_fused(variant: Variant, found: Recognised) -> Variant:
    """A variant with the end of its op computed by the delta rule, where the arguments of a call fit it."""
    return replace(variant, op=_made(variant.op, found))


def _made(op: Op, found: Recognised) -> Op:
    end = found.definition.body[found.begins :]
    still = [each for each in end if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == found.form.before]
    given = ast.parse(f"f({found.form.call})", mode="eval").body
    assert isinstance(given, ast.Call)

    def called(name: str) -> ast.expr:
        return ast.Call(ast.Name(name, ast.Load()), given.args, [])

    instead = ast.If(called(FITS), [ast.Return(called(RULE))], [])
    body = [*found.definition.body[: found.begins], *still, instead, *end]
    definition = ast.FunctionDef(**{**dict(ast.iter_fields(found.definition)), "body": body})
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(definition, found.definition.body[0])], []))
    assert isinstance(op, types.FunctionType)
    names = {**op.__globals__, RULE: delta_rule, FITS: fits}
    exec(compile(module, op.__code__.co_filename, "exec"), names)
    made: Op = names[op.__name__]
    return OwnOp(made) if found.is_whole else made


def check_same(variant: Variant, fused: Variant, protocol: Protocol, device: torch.device) -> None:
    """Raises Differs where two ops do not give the same on random arguments: o, the state, what follows it, gradients.

    The variant's own op multiplies in float32 for it.
    """
    length = CHUNKS * protocol.chunk_size + BEYOND
    arguments = sample_call(variant.declaration, protocol, BATCH, length, device).arguments()
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        expected = _results(variant.op, arguments, protocol.chunk_size)
    finally:
        torch.set_float32_matmul_precision(precision)
    for name, ours in _results(fused.op, arguments, protocol.chunk_size).items():
        lost = (ours - expected[name]).norm() / expected[name].norm()
        if not lost <= MOST_LOST:  # nor where it is no number
            raise Differs(f"{name} is off by {float(lost):.1e} of its size")


def _results(op: Op, arguments: dict[str, Tensor], chunk_size: int) -> dict[str, Tensor]:
    called = call_op(op, arguments, chunk_size)
    after = call_op(op, arguments, chunk_size, called.state)
    gradients = zip(called.leaves, called.gradients(2 * called.o.detach()), strict=True)
    found = {f"the gradient of {name}": gradient for name, gradient in gradients if gradient is not None}
    return found | {"o": called.o.detach(), "the state": called.state.detach(), "o after it": after.o.detach()}
