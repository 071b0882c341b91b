"""The op that the probes test: the calls they make to it, and how they say that it failed.

Calls are of two kinds. Random ones reach far; real ones are what the network around the op really hands it, so that
an op which is honest with one kind alone is found out by the other. The network runs here with an op that only records:
no line of the variant does.
"""

import typing
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from agent.core.failure import Failure
from agent.core.reason import Field, Reason
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import Declaration, Variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.reading import reader_of
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training.stack import Stack

CPU = torch.device("cpu")
OTHER_NUMBERS = 1 << 20  # beyond what is added to a seed for one call; torch takes 32 bits of a seed
NUMBERS_AT_ONCE = 1 << 21  # in one argument of a call: larger batches than that are not asked about


class RunCalls(typing.Protocol):
    """Makes some calls to an op, each time in a fresh process; with `fill`, in memory that is full of NaN at first."""

    def __call__(self, calls: Sequence[ProbeCall], fill: bool = False) -> list[ProbeResult]: ...


class ProbeFailed(EvaluationFailed):
    """A variant breaks a rule of the op. The reason names the probe, what was seen, and what to change."""

    def __init__(self, key: str, **seen: Field) -> None:
        super().__init__(Failure("refused", Reason(key, seen)))

    def __reduce__(self) -> tuple[Any, ...]:
        """It travels from one process to another as what it is a kind of."""
        return EvaluationFailed, (self.failure,)


@dataclass(frozen=True)
class OpUnderTest:
    """What the op declares, the sizes it will have, and how to call it."""

    declaration: Declaration
    protocol: Protocol
    run_calls: RunCalls
    seed: int
    recorded: dict[Setting, list[ProbeCall]] = field(default_factory=dict)  # real calls, by what was read

    @property
    def chunk(self) -> int:
        return self.protocol.chunk_size

    def drawn_anew(self) -> "OpUnderTest":
        """The same op, to be called with other numbers."""
        return replace(self, seed=self.seed + OTHER_NUMBERS, recorded={})

    def run(self, calls: Sequence[ProbeCall], fill: bool = False) -> list[ProbeResult]:
        """The results. Raises ProbeFailed where a call wrote into what it was given."""
        results = self.run_calls(calls, fill)
        for result in results:
            if result.changed:
                argument = result.changed[0].replace("state 0", "initial_state")
                raise ProbeFailed("failure.changes_inputs", argument=argument)
        return results

    def random_call(self, length: int, draw: int, batch: int = 2, dtype: torch.dtype = torch.float32) -> ProbeCall:
        """Random arguments; `draw` tells one from another."""
        drawn = sample_call(self.declaration, self.protocol, batch, length, CPU, self.seed + draw)
        arguments = dict(zip(("q", "k", "v", "beta"), drawn.positional, strict=True)) | drawn.learned
        return ProbeCall({name: part.detach().to(dtype) for name, part in arguments.items()}, self.chunk)

    def every_shape(self) -> list[Replica]:
        """A replica for each length of this protocol, the shortest first."""
        by_length = {replica.setting.input_length: replica for replica in self.protocol.replicas()}
        return [by_length[length] for length in sorted(by_length)]

    def shapes(self) -> list[Replica]:
        """The same; if there are many lengths, for the shortest and the two longest."""
        every = self.every_shape()
        return [shape for place, shape in enumerate(every) if place == 0 or place >= len(every) - 2]

    def real_calls(self, replica: Replica) -> list[ProbeCall]:
        """What each layer of an untrained network hands to its op, reading two examples of a task."""
        setting = replica.setting
        if setting not in self.recorded:
            stack = Stack([replica], recording_variant(self.declaration), self.protocol, CPU)
            text = reader_of(self.protocol)
            examples = draw(setting, 2, split="train", seed=self.seed, world=replica.seed, device="cpu", text=text)
            self.recorded[setting] = record_calls(stack, 0, examples.inputs, self.chunk)
        return self.recorded[setting]

    def crowd(self, call: ProbeCall) -> int:
        """How many copies of a call make a batch as large as training hands over, or as may be asked about."""
        batch = max(replica.batch for replica in self.protocol.replicas())
        numbers = max(part.numel() for part in call.arguments.values())
        rows = len(call.arguments["q"])
        return max(1, min(-(-batch // rows), NUMBERS_AT_ONCE // numbers))

    def splice(self, one: ProbeCall, other: ProbeCall, cut: int, scale: float = 1.0) -> ProbeCall:
        """The tokens of one call up to a cut, then those of another, made `scale` times as large."""

        def spliced(name: str, part: Tensor) -> Tensor:
            if not self.per_token(name):
                return part
            late = other.arguments[name][:, :, cut:]
            return torch.cat([part[:, :, :cut], late if name == "beta" else scale * late], dim=2)

        return replace(one, arguments={name: spliced(name, part) for name, part in one.arguments.items()})

    def tokens(self, call: ProbeCall, start: int, stop: int) -> ProbeCall:
        """A part of a call's tokens."""
        parts = call.arguments.items()
        return replace(
            call,
            arguments={name: part[:, :, start:stop] if self.per_token(name) else part for name, part in parts},
        )

    def per_token(self, name: str) -> bool:
        """Whether an argument has a token dimension, the third, as all have but learned parameters."""
        return name not in self.declaration.parameters


class _Recorder(list[dict[str, Tensor]]):
    """An op that keeps the arguments of each call and hands on its values."""

    def __call__(self, initial_state: None, chunk_size: int, **arguments: Tensor) -> Any:
        self.append({name: argument.detach() for name, argument in arguments.items()})
        v = arguments["v"]
        return v, v


def recording_variant(declaration: Declaration) -> Variant:
    """A variant that hands on its values, and keeps what it was called with."""
    return Variant(_Recorder(), declaration)


def record_calls(stack: Stack, row: int, tokens: Tensor, chunk_size: int) -> list[ProbeCall]:
    """What each layer of a replica hands to its recording op when it reads (B, T) tokens."""
    recorded = stack.network.variant.op
    assert isinstance(recorded, _Recorder)
    stack.network.rows_a_call = None  # what is recorded is one call a layer, of these tokens and no others
    chosen = torch.tensor([row])
    with torch.no_grad():
        stack.logits(stack.network.layout.views(stack.rows[chosen]), tokens[None], chosen, asked=slice(-1, None))
    return [ProbeCall(call, chunk_size) for call in recorded]


def normal_like(like: Tensor, seed: int) -> Tensor:
    """Normal numbers of a tensor's shape and type."""
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=chance, dtype=torch.float64).to(like.dtype)


def difference(one: Tensor, other: Tensor) -> float:
    """The largest between two tensors of one shape."""
    return float((one - other).abs().max())
