"""An op whose code runs in another process: called as any op is, with a gradient that is asked for over there."""

from collections.abc import Mapping
from itertools import count
from typing import IO, Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from agent.core.reason import Reason
from agent.evaluator.contract.variant import WrongShape
from agent.evaluator.remote.messages import Broken, receive, send


class HostFailed(Exception):
    """The op raised in its process; `account` is what that process says of it, to be read with doubt."""

    def __init__(self, account: Any) -> None:
        super().__init__("the op failed where it is hosted")
        self.account = account


class RemoteOp:
    """Calls go out by one pipe and answers come in by another.

    The other side keeps what a call needs for its gradients until they are asked for, or until it is told by the next
    message that they never will be.
    """

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self.requests = requests
        self.replies = replies
        self.numbers = count()
        self.forgotten: list[int] = []

    def __call__(
        self, initial_state: Tensor | tuple[Tensor, ...] | None = None, chunk_size: int = 32, **arguments: Tensor
    ) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
        """As the op itself. Raises HostFailed, or Broken where the answer is none."""
        returned: list[Any] = []
        o = _RemoteCall.apply(self, chunk_size, initial_state, returned, tuple(arguments), *arguments.values())
        return o, returned[0]

    def ask(self, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Send a message and read the answer."""
        forgotten, self.forgotten = self.forgotten, []
        send(self.requests, dict(facts) | {"forget": forgotten}, tensors)
        answer = receive(self.replies)
        if answer is None:
            raise Broken("the process of the op is gone")
        if "failed" in answer[0]:
            raise HostFailed(answer[0]["failed"])
        return answer


class Kept:
    """What the other side keeps of a call, for as long as this side has its graph."""

    def __init__(self, op: RemoteOp, call: int) -> None:
        self.op = op
        self.call = call

    def __del__(self) -> None:
        self.op.forgotten.append(self.call)


class _RemoteCall(Function):
    @staticmethod
    def forward(
        ctx: Any,
        op: RemoteOp,
        chunk_size: int,
        initial_state: Any,
        returned: list[Any],
        names: tuple[str, ...],
        *arguments: Tensor,
    ) -> Tensor:
        carried = (
            () if initial_state is None else initial_state if isinstance(initial_state, tuple) else (initial_state,)
        )
        ctx.op, ctx.call, ctx.names, ctx.given = op, next(op.numbers), names, arguments
        given = dict(zip(names, arguments, strict=True)) | {f"state {part}": each for part, each in enumerate(carried)}
        facts = {"do": "call", "call": ctx.call, "chunk_size": chunk_size, "states": len(carried)}
        told, tensors = op.ask(facts | {"tuple": isinstance(initial_state, tuple)}, given)
        v = arguments[names.index("v")]
        try:
            state = tuple(tensors[f"state {part}"].to(v.device) for part in range(int(told["states"])))
            returned.append(state if told["tuple"] else state[0])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Broken(f"no state: {error!r}") from error
        ctx.kept = Kept(op, ctx.call)
        if "o" in tensors and tensors["o"].shape != v.shape:
            seen = {"found": str(tuple(tensors["o"].shape)), "wanted": str(tuple(v.shape))}
            raise WrongShape(Reason("failure.output_shape", seen))
        return _wanted(tensors, "o", v)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Any, ...]:
        facts = {"do": "gradients", "call": ctx.call}
        _, tensors = ctx.op.ask(facts, {"cotangent": cotangent})
        called = zip(ctx.names, ctx.given, strict=True)
        found = [_wanted(tensors, name, like) if name in tensors else None for name, like in called]
        return None, None, None, None, None, *found


def _wanted(tensors: Mapping[str, Tensor], name: str, like: Tensor) -> Tensor:
    """A tensor of an answer, of the shape and kind of another. Broken where there is none."""
    found = tensors.get(name)
    if found is None or found.shape != like.shape or found.dtype != like.dtype:
        raise Broken(f"{name} is not of shape {tuple(like.shape)} and {like.dtype}")
    return torch.empty_like(like).copy_(found)  # in memory of torch's own, aligned as it is anywhere else
