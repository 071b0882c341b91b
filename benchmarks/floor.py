"""What a step asks of a GPU, counted without one: products, bytes and launches, and the least time that each allows.

    python -m benchmarks.floor --replicas 1 --replicas 16

Nothing is timed. The step runs on tensors that have shapes and no numbers, and every operator that it calls is counted,
backward and optimiser included, each as one launch that reads its inputs and writes its outputs once. Autocast's casts
to bfloat16 are not in it: with them there are more launches and fewer bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Annotated, Any

import torch
import typer
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.calls import Call
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.protocol import Replica
from agent.evaluator.protocols import MAD
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training.metric import token_losses
from agent.evaluator.training.network import Architecture, Network
from agent.evaluator.training.optimiser import StackedAdamW
from agent.evaluator.training.stack import architecture
from agent.kernels import unit_lower_inverse

# Not float32, for which a CPU has a convolution of its own; what is counted is float32 all the same.
KIND, BYTES = torch.float64, 4
BATCH, VOCAB = 128, 16
MIXERS = Architecture(VOCAB, autoencoder=False).pairs
LENGTHS = (32, 64, 128, 256, 512, 1024)
NO_KERNEL = ("aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty", "aten::_unsafe_view")


@dataclass(frozen=True)
class Count:
    """Floating-point operations of products, bytes read and written, and launches."""

    flops: float
    bytes: float
    launches: int


class Counter(TorchDispatchMode):
    """Counts what reaches the device. Views and empty tensors do not."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.launches = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        aliases = [returned.alias_info for returned in func._schema.returns]
        is_view = any(alias is not None and not alias.is_write for alias in aliases)
        name = func._schema.name
        if name.startswith("aten::") and name not in NO_KERNEL and not is_view:  # others ask only for a property
            self.launches += 1
            self.bytes += sum(map(touched, tree_leaves((args, kwargs, result))))
        return result


def touched(value: Any) -> int:
    """The bytes of a tensor, what is repeated without being stored counted once; nothing for anything else."""
    if not isinstance(value, Tensor):
        return 0
    size = BYTES if value.is_floating_point() else value.element_size()
    return size * prod(n for n, step in zip(value.shape, value.stride(), strict=True) if step)


def count(work: Callable[[], object]) -> Count:
    """Count all that something does."""
    with FlopCounterMode(display=False) as flops, Counter() as counter:
        work()
    return Count(flops.get_total_flops(), counter.bytes, counter.launches)


def step(variant: Variant, length: int, replicas: int) -> Callable[[], object]:
    """One optimiser step of stacked replicas, as agent/evaluator/training/trainer.py takes it."""
    alike = [
        Replica(Setting("Memorize", VOCAB, length, BATCH), seed, BATCH, 1, 1, 1e-3, 0.0) for seed in range(replicas)
    ]
    network = Network(architecture(alike, MAD), variant)
    rows = torch.empty(replicas, network.layout.size, dtype=KIND)
    optimiser = StackedAdamW.start(rows, [1e-3] * replicas, [0.0] * replicas, network.layout.decaying)
    tokens = torch.empty(replicas, BATCH, length, dtype=torch.int64)

    def work() -> None:
        weights = {name: view.detach().requires_grad_() for name, view in network.layout.views(rows).items()}
        losses = token_losses(network.logits(weights, tokens), tokens)
        gradients = torch.autograd.grad(losses.sum(), list(weights.values()), materialize_grads=True)
        optimiser.step(rows, torch.cat([part.flatten(1) for part in gradients], dim=1))

    return work


def op(variant: Variant, length: int, replicas: int) -> Callable[[], object]:
    """The template's op, forward and backward, once."""
    shape = (replicas * BATCH, MAD.heads, length, MAD.width // MAD.heads)
    q, k, v = (torch.empty(shape, dtype=KIND, requires_grad=True) for _ in range(3))
    call = Call((q, k, v, torch.empty(shape[:-1], dtype=KIND, requires_grad=True)), {})

    def work() -> None:
        o, _ = variant.op(*call.positional, chunk_size=MAD.chunk_size)
        torch.autograd.grad(o.sum(), call.tensors())

    return work


def inverse(length: int, replicas: int) -> Callable[[], object]:
    """The inverses of one call of the op, forward and backward, in plain PyTorch."""
    chunks = -(-length // MAD.chunk_size)
    shape = (replicas * BATCH, MAD.heads, chunks, MAD.chunk_size, MAD.chunk_size)
    lower = torch.empty(shape, dtype=KIND, requires_grad=True)
    return lambda: torch.autograd.grad(unit_lower_inverse(lower).sum(), lower)


@dataclass(frozen=True)
class Gpu:
    """The peaks that a GPU's maker gives, and an assumed price of a launch."""

    tensor_flops: float  # a second, of products in bfloat16
    plain_flops: float  # a second, in float32: the op stays out of autocast
    bandwidth: float  # bytes a second
    launch: float  # seconds


@dataclass(frozen=True)
class Step:
    """What a whole step, the op of both its mixers, and the inverses in them come to."""

    whole: Count
    op: Count
    inverse: Count

    def seconds(self, gpu: Gpu) -> tuple[float, float, float]:
        """The least that the products, the bytes and the launches take."""
        outside = self.whole.flops - MIXERS * self.op.flops
        products = outside / gpu.tensor_flops + MIXERS * self.op.flops / gpu.plain_flops
        return products, self.whole.bytes / gpu.bandwidth, self.whole.launches * gpu.launch


@cache
def counted(length: int, replicas: int) -> Step:
    """A step of the template under mad."""
    variant = load_variant(baseline_path(TEMPLATE))
    with FakeTensorMode():
        works = step(variant, length, replicas), op(variant, length, replicas), inverse(length, replicas)
        return Step(*map(count, works))


def lines(gpu: Gpu, replicas: int) -> Iterator[str]:
    """A table in Markdown, a line a length."""
    yield (
        "| L | GFLOP a step | of them the op | GB touched | launches | of them the op | of them its inverse "
        "| products, ms | bytes, ms | launches, ms |"
    )
    yield "|" + "---|" * 10
    for length in LENGTHS:
        here = counted(length, replicas)
        whole, ops = here.whole, here.op
        products, moved, launched = (1e3 * seconds for seconds in here.seconds(gpu))
        yield (
            f"| {length} | {whole.flops / 1e9:,.0f} | {MIXERS * ops.flops / whole.flops:.0%} "
            f"| {whole.bytes / 1e9:,.1f} | {whole.launches:,} | {MIXERS * ops.launches / whole.launches:.0%} "
            f"| {MIXERS * here.inverse.launches} | {products:.2f} | {moved:.2f} | {launched:.1f} |"
        )


def whole_row(gpu: Gpu, replicas: int) -> str:
    """The least time of a row of mad if nothing is solved early, all of it stacked so: as a sum over its steps.

    A length that no line of the table has counts as the next longer one; the vocabulary is 16 here, which is too small
    for Memorize.
    """
    minutes = [0.0, 0.0, 0.0]
    for length in LENGTHS:
        shorter = max((other for other in LENGTHS if other < length), default=0)
        steps = sum(each.steps for each in MAD.replicas() if shorter < each.setting.input_length <= length) / replicas
        for kind, seconds in enumerate(counted(length, replicas).seconds(gpu)):
            minutes[kind] += steps * seconds / 60
    return "a row of mad, in minutes: products {:.0f}, bytes {:.0f}, launches {:.0f}".format(*minutes)


def main(
    replicas: Annotated[list[int], typer.Option(help="Stacked together; may be given again.")] = [1, 16],  # noqa: B006
    tensor_tflops: Annotated[float, typer.Option(help="Peak in bfloat16, 10^12 a second.")] = 989.0,
    plain_tflops: Annotated[float, typer.Option(help="Peak in float32, 10^12 a second.")] = 67.0,
    terabytes: Annotated[float, typer.Option(help="Memory bandwidth, 10^12 bytes a second.")] = 4.8,
    launch_microseconds: Annotated[float, typer.Option(help="Assumed for a launch from Python.")] = 5.0,
) -> None:
    """Count a training step of the template under mad at lengths 32 to 1,024. The defaults are an H200's data sheet."""
    gpu = Gpu(1e12 * tensor_tflops, 1e12 * plain_tflops, 1e12 * terabytes, 1e-6 * launch_microseconds)
    for number in replicas:
        print(
            f"replicas {number}, batch {BATCH}, width {MAD.width}, chunks of {MAD.chunk_size}; computed, not measured\n"
        )
        print("\n".join(lines(gpu, number)))
        print(whole_row(gpu, number), end="\n\n")


if __name__ == "__main__":
    typer.run(main)
