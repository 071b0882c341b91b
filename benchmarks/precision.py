"""Whether products in bfloat16, as a GPU takes them, cost accuracy: trained so on a CPU, beside the same in float32.

    python -m benchmarks.precision --seeds 10

A CPU rounds what is multiplied as a GPU does, and adds up in float32 as well; the order in which it adds is its own.
The template under quick: each seed is trained both ways, from the same weights on the same examples, and its two
accuracies are a pair. Then the altered copies of a test (agent/evaluator/probes/controls.py) show how many
predictions tip by rounding alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import fmean, variance
from typing import Annotated

import torch
import typer

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.probes.controls import with_controls
from agent.evaluator.protocol import Replica
from agent.evaluator.protocols import QUICK
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training import stack
from agent.evaluator.training.trainer import Trainee, train
from benchmarks.timing import CPU, one_thread

TEST_SEED = 1


@contextmanager
def in_bfloat16(device_kind: str) -> Iterator[None]:
    """Have a kind of device multiply as a GPU does."""
    stack.IN_BFLOAT16.add(device_kind)
    try:
        yield
    finally:
        stack.IN_BFLOAT16.remove(device_kind)


def tipped(trainee: Trainee, variant: Variant) -> tuple[int, int]:
    """How many predictions of a trained replica differ between a test sequence and its copy, and of how many."""
    replica = trainee.replica
    test = draw(replica.setting, QUICK.test_examples, split="test", seed=TEST_SEED, world=replica.seed, device="cpu")
    controlled = with_controls(test, TEST_SEED, whole=replica.setting.autoencoder)
    alone = stack.Stack([replica], variant, QUICK, CPU, rows=trainee.best[None])
    parts = alone.read(controlled.inputs[None].long(), torch.tensor([0]))
    return controlled.changed(torch.cat([logits[0].argmax(-1) for _, logits in parts]))


def trained(replicas: list[Replica], variant: Variant) -> tuple[list[float], tuple[int, int]]:
    """The validation accuracy of each replica's checkpoint, and how many of all their predictions tip."""
    trainees = [trainee for replica in replicas for trainee in train([replica], variant, QUICK, CPU)]
    changed, compared = zip(*(tipped(trainee, variant) for trainee in trainees), strict=True)
    return [trainee.best_point.accuracy for trainee in trainees], (sum(changed), sum(compared))


def main(seeds: Annotated[int, typer.Option(min=2, help="Trained both ways, for each task.")] = 10) -> None:
    """Train each task of quick in float32 and in bfloat16, on a CPU."""
    variant = load_variant(baseline_path(TEMPLATE))
    print(f"the template under {QUICK.name}, {seeds} seeds, torch {torch.__version__}, one thread; a line a task\n")
    print("| task | float32 | bfloat16 | difference | s.e. | tipped in float32 | in bfloat16 |")
    print("|" + "---|" * 7, flush=True)
    for task in QUICK.tasks:
        plans = tuple(replace(plan, seeds=seeds) for plan in QUICK.only((task,)).plans)
        replicas = list(replace(QUICK, plans=plans).replicas())
        with one_thread():
            full, full_tipped = trained(replicas, variant)
            with in_bfloat16("cpu"):
                reduced, reduced_tipped = trained(replicas, variant)
        differences = [b - a for a, b in zip(full, reduced, strict=True)]
        error = (variance(differences) / seeds) ** 0.5
        shares = [f"{changed:,} of {compared:,}" for changed, compared in (full_tipped, reduced_tipped)]
        print(
            f"| {task} | {fmean(full):.4f} | {fmean(reduced):.4f} "
            f"| {fmean(differences):+.4f} | {error:.4f} | {shares[0]} | {shares[1]} |",
            flush=True,
        )


if __name__ == "__main__":
    typer.run(main)
