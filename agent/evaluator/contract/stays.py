"""Whether an op stays on the device of its arguments: what forgets `device=` works on a CPU, and fails on a GPU."""

import inspect
import traceback
from types import CodeType

import torch
from torch import Tensor

from agent.core.reason import Reason
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.pretended_device import OnAnotherDevice, OnDevice, pretended_device
from agent.evaluator.contract.variant import Variant, VariantRefused
from agent.evaluator.protocol import Protocol


def check_device(variant: Variant, protocol: Protocol) -> None:
    """Call the op once on a pretended device, with its gradient. VariantRefused names the line that leaves it.

    Whatever else goes wrong there is no finding: only a true GPU can tell.
    """
    length = 2 * protocol.chunk_size + 3
    drawn = sample_call(variant.declaration, protocol, 2, length, torch.device("cpu")).arguments()
    try:
        with pretended_device() as device, torch.enable_grad():
            arguments = {name: part.detach().to(device).requires_grad_() for name, part in drawn.items()}
            o, _ = variant.op(**arguments, chunk_size=protocol.chunk_size)
            if o.requires_grad and isinstance(o, OnDevice):
                torch.autograd.grad(o, list(arguments.values()), torch.ones_like(o), allow_unused=True)
    except OnAnotherDevice as error:
        line = _line(error, inspect.unwrap(variant.op).__code__)
        if line is None:
            return  # nothing of the variant's own
        raise VariantRefused(Reason("failure.other_device", {"operator": error.operator, "line": line})) from error
    except Exception:  # the pretended device may not know what a true one does; on the CPU the op works
        return
    if isinstance(o, Tensor) and not isinstance(o, OnDevice):
        raise VariantRefused(Reason("failure.output_device"))


def _line(error: BaseException, code: CodeType) -> int | None:
    """The last line of the op's own file that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == code.co_filename), None)
