"""A training step on a true GPU: what the ledger counts of it, what the profiler sees launched, and how long it takes.

    python -m benchmarks.step_on_gpu -L 32 -L 128

The step is as a worker takes it, the template's op fused where that can be. Where the profiler sees more launches than
are counted, an operator is several kernels.
"""

import sys
import time
from contextlib import nullcontext
from importlib.util import find_spec
from typing import Annotated

import torch
import typer
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.fused_op import with_fused_op
from agent.evaluator.protocols import MAD
from agent.evaluator.speed import wait_for
from agent.evaluator.training.tensor_cores import use_tensor_cores
from benchmarks.card import training_of
from benchmarks.ledger import Count, Scopes
from benchmarks.recorded_kernels import counted_kernels

STEPS = 20


def line(variant: Variant, length: int, replicas: int, device: torch.device) -> str:
    """A line of the table, for one size."""
    training = training_of(variant, length, replicas, device)
    for _ in range(3):
        training.step()
    with counted_kernels() if find_spec("triton") else nullcontext(), Count(Scopes()) as count:
        training.step()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
        training.step()
        wait_for(device)
    launched = sum(event.device_type == DeviceType.CUDA for event in profiled.events() or ())
    started = time.perf_counter()
    for _ in range(STEPS):
        training.step()
    wait_for(device)
    seconds = (time.perf_counter() - started) / STEPS
    moved = sum(count.bytes.values())
    return (
        f"| {length} | {replicas} | {moved / 1e9:.2f} | {sum(count.launches.values())} | {launched} "
        f"| {1e3 * seconds:.2f} | {moved / seconds / 1e12:.3f} |"
    )


def main(
    length: Annotated[list[int], typer.Option("--length", "-L", help="May be given again.")] = [128],  # noqa: B006
    replicas: Annotated[int, typer.Option("--replicas", "-R", help="Stacked together.")] = 1,
) -> None:
    """Time steps of the template under mad on a GPU, and say how fast the counted bytes moved."""
    if not torch.cuda.is_available():
        print("there is no GPU here that torch can use", file=sys.stderr)
        sys.exit(3)
    device, path = torch.device("cuda"), baseline_path(TEMPLATE)
    variant = load_variant(path)
    chosen = with_fused_op(variant, path, MAD, device, use_tensor_cores(variant, MAD, device))
    print(f"the op {chosen.words}\n")
    print("| L | replicas | GB counted | launches counted | launches seen | ms | TB a second |")
    print("|" + "---|" * 7, flush=True)
    for number in length:
        print(line(chosen.variant, number, replicas, device), flush=True)


if __name__ == "__main__":
    typer.run(main)
