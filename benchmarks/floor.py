"""The least time that the products, bytes and launches of a training step allow on a GPU: computed, not measured.

    python -m benchmarks.floor -R 1 -R 16

Bytes and launches are the ledger's, of a step as a GPU with tensor cores takes it. Products are those of the op as the
variant has it, since the ledger does not see what a fused kernel multiplies.
"""

from benchmarks import pretended_cuda

if __name__ == "__main__":
    pretended_cuda.load_or_exit()  # before torch is imported

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import typer

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.protocols import MAD
from benchmarks.ledger import as_trained, count_step

LENGTHS = (32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Gpu:
    """The peaks that a GPU's maker gives, and an assumed price of a launch."""

    tensor_flops: float  # a second, of products in bfloat16
    op_flops: float  # a second, of the op's products
    bandwidth: float  # bytes a second
    launch: float  # seconds


@dataclass(frozen=True)
class Step:
    """Operations of the products outside the op and in it, bytes touched, and launches."""

    flops: int
    op_flops: int
    bytes: int
    launches: int

    def seconds(self, gpu: Gpu) -> tuple[float, float, float]:
        """The least that the products, the bytes and the launches take."""
        products = self.flops / gpu.tensor_flops + self.op_flops / gpu.op_flops
        return products, self.bytes / gpu.bandwidth, self.launches * gpu.launch


@cache
def step(length: int, replicas: int) -> Step:
    """A step of the template under mad."""
    fused, plain = (
        count_step(as_trained(baseline_path(TEMPLATE), plain_op=plain_op), length, replicas)
        for plain_op in (False, True)
    )
    flops = {part: share.flops for part, share in plain.parts.items()}
    op_flops = flops.pop("op")
    return Step(sum(flops.values()), op_flops, sum(share.bytes for share in fused.parts.values()), fused.launches)


def lines(gpu: Gpu, replicas: int) -> Iterator[str]:
    """A table in Markdown, a line a length."""
    yield (
        "| L | GFLOP a step | of them the op | GB touched | launches | products, ms | bytes, ms | launches, ms |\n"
        + "|---" * 8
        + "|"
    )
    for length in LENGTHS:
        here = step(length, replicas)
        flops = here.flops + here.op_flops
        products, moved, launched = (1e3 * seconds for seconds in here.seconds(gpu))
        yield (
            f"| {length} | {flops / 1e9:,.0f} | {here.op_flops / flops:.0%} | {here.bytes / 1e9:,.2f} "
            f"| {here.launches:,} | {products:.2f} | {moved:.2f} | {launched:.1f} |"
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
        for kind, seconds in enumerate(step(length, replicas).seconds(gpu)):
            minutes[kind] += steps * seconds / 60
    return "a row of mad, in minutes: products {:.0f}, bytes {:.0f}, launches {:.0f}".format(*minutes)


def main(
    replicas: Annotated[list[int], typer.Option("--replicas", "-R", help="Stacked; may be given again.")] = [1, 16],  # noqa: B006
    tensor_tflops: Annotated[float, typer.Option(help="Peak in bfloat16, 10^12 a second.")] = 989.0,
    op_tflops: Annotated[float, typer.Option(help="Peak of the op's products, in TF32, 10^12 a second.")] = 494.0,
    terabytes: Annotated[float, typer.Option(help="Memory bandwidth, 10^12 bytes a second.")] = 4.8,
    launch_microseconds: Annotated[float, typer.Option(help="Assumed for a launch from Python.")] = 5.0,
) -> None:
    """Count a training step of the template under mad at lengths 32 to 1,024. The defaults are an H200's data sheet."""
    gpu = Gpu(1e12 * tensor_tflops, 1e12 * op_tflops, 1e12 * terabytes, 1e-6 * launch_microseconds)
    for number in replicas:
        print(f"replicas {number}, width {MAD.width}, chunks of {MAD.chunk_size}; computed, not measured\n")
        print("\n".join(lines(gpu, number)))
        print(whole_row(gpu, number), end="\n\n", flush=True)


if __name__ == "__main__":
    typer.run(main)
