"""Whether rounded products, as a GPU takes them, cost accuracy: trained so on a CPU, beside the same in float32.

    python -m benchmarks.precision --seeds 8 --into docs/precision.csv
    python -m benchmarks.precision --variant kda --variant mlstm --task Memorize --way "op in TF32"

A CPU rounds what is multiplied as a GPU does, and adds up in float32 as well; the order in which it adds is its own.
Each variant is trained under quick by each seed of each task, once in float32 and once by every other way, from the
same weights on the same examples, so that two accuracies are a pair. A row of the table is one training: what the table
has already is not trained again, so a run that is stopped goes on where it was. Then the altered copies of a test
(agent/evaluator/probes/controls.py) show how many predictions tip by rounding alone.
"""

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import fmean, variance
from typing import Annotated, Any
from unittest import mock

import torch
import typer

from agent.core.baselines import TEMPLATE, find_known, known_path
from agent.evaluator.contract import boundary
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.probes.controls import with_controls
from agent.evaluator.protocol import Replica
from agent.evaluator.protocols import QUICK
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training import stack
from agent.evaluator.training.trainer import Trainee, train
from benchmarks.op_precision import RoundedProducts, Rounding, to_bfloat16, to_tf32
from benchmarks.timing import CPU, one_thread

TEST_SEED = 1
EXACT = "float32"


@dataclass(frozen=True)
class Row:
    """One training: the validation accuracy and loss of its checkpoint, and how many of its predictions tip."""

    variant: str
    task: str
    seed: int
    way: str
    accuracy: float
    loss: float
    tipped: int
    compared: int
    torch: str

    @property
    def key(self) -> tuple[str, str, int, str]:
        return self.variant, self.task, self.seed, self.way


@contextmanager
def in_bfloat16(device_kind: str) -> Iterator[None]:
    """Have a kind of device multiply as a GPU does: all products but those of the op."""
    stack.IN_BFLOAT16.add(device_kind)
    try:
        yield
    finally:
        stack.IN_BFLOAT16.remove(device_kind)


@contextmanager
def op_rounded(rounding: Rounding) -> Iterator[None]:
    """Have the operands of the op's own products rounded, forward and backward; all else stays as it is."""

    def rounded(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            with RoundedProducts(rounding):
                return function(*given, **named)

        return called

    with ExitStack() as patches:
        for owner, name in ((boundary, "call_op"), (boundary.Called, "gradients")):
            patches.enter_context(mock.patch.object(owner, name, rounded(getattr(owner, name))))
        yield


WAYS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    EXACT: nullcontext,
    "network in bfloat16": lambda: in_bfloat16("cpu"),
    "op in TF32": lambda: op_rounded(to_tf32),
    "op in bfloat16": lambda: op_rounded(to_bfloat16),
}


def tipped(trainee: Trainee, variant: Variant) -> tuple[int, int]:
    """How many predictions of a trained replica differ between a test sequence and its copy, and of how many."""
    replica = trainee.replica
    test = draw(replica.setting, QUICK.test_examples, split="test", seed=TEST_SEED, world=replica.seed, device="cpu")
    controlled = with_controls(test, TEST_SEED, whole=replica.setting.autoencoder)
    alone = stack.Stack([replica], variant, QUICK, CPU, rows=trainee.best[None])
    parts = alone.read(controlled.inputs[None].long(), torch.tensor([0]))
    return controlled.changed(torch.cat([logits[0].argmax(-1) for _, logits in parts]))


def trained(name: str, replica: Replica, variant: Variant, way: str) -> Row:
    """The row of one replica."""
    with WAYS[way]():
        (trainee,) = train([replica], variant, QUICK, CPU)
        changed, compared = tipped(trainee, variant)
    point = trainee.best_point
    facts = (name, replica.setting.task, replica.seed, way)
    return Row(*facts, round(point.accuracy, 6), round(point.loss, 6), changed, compared, torch.__version__)


def read_rows(path: Path) -> list[Row]:
    """What a table has; nothing where there is none yet. A row that was cut off by a stop is passed over."""
    if not path.exists():
        return []
    kinds = {field.name: field.type for field in fields(Row)}
    with path.open(newline="") as file:
        whole = [said for said in csv.DictReader(file) if None not in said.values()]
    return [Row(**{name: kinds[name](text) for name, text in said.items()}) for said in whole]  # type: ignore[operator]


def add_row(path: Path, row: Row) -> None:
    """At the end of a table, which is made where there is none."""
    new = not path.exists()
    torn = not new and not path.read_text().endswith("\n")
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, asdict(row), lineterminator="\n")
        if torn:  # a row that a stop cut off
            file.write("\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(row))


def table(rows: list[Row]) -> Iterator[str]:
    """In Markdown, a line for each variant, task and way: over the seeds that were trained in both ways."""
    yield "| variant | task | way | seeds | float32 | so | difference | s.e. | tipped |"
    yield "|" + "---|" * 9
    exact = {row.key[:3]: row for row in rows if row.way == EXACT}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.way != EXACT and row.key[:3] in exact:
            groups.setdefault((row.variant, row.task, row.way), []).append(row)
    for names, group in groups.items():
        full = [exact[row.key[:3]].accuracy for row in group]
        differences = [row.accuracy - accuracy for row, accuracy in zip(group, full, strict=True)]
        error = f"{(variance(differences) / len(group)) ** 0.5:.4f}" if len(group) > 1 else "-"
        yield (
            f"| {' | '.join(names)} | {len(group)} | {fmean(full):.4f} | {fmean(row.accuracy for row in group):.4f} "
            f"| {fmean(differences):+.4f} | {error} "
            f"| {sum(row.tipped for row in group):,} of {sum(row.compared for row in group):,} |"
        )


def main(
    variants: Annotated[list[str] | None, typer.Option("--variant", help="A mixer; again for more.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="One of quick's; again for more. Default: all.")] = None,
    way: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(WAYS)}; again for more. Default: all.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Of each task.")] = 8,
    into: Annotated[Path, typer.Option(help="The table, which is added to.")] = Path("docs/precision.csv"),
    minutes: Annotated[float, typer.Option(min=0, help="Begin no training after so many.")] = 1e9,
) -> None:
    """Train variants under quick in float32 and with rounded products, on a CPU, and show how far apart they end."""
    until = time.monotonic() + 60 * minutes
    rows = read_rows(into)
    kept = {row.key for row in rows}
    for seed in range(seeds):  # all that is asked by one seed before the next: a stop leaves pairs of everything
        for name in variants or [TEMPLATE]:
            path = known_path(find_known(name, Path.cwd()))
            variant = load_variant(path)
            for task_name in task or QUICK.tasks:
                plan = QUICK.only((task_name,)).plans[0]
                (replica,) = replace(QUICK, plans=(replace(plan, seeds=1, first_seed=seed),)).replicas()
                for how in [EXACT, *(each for each in way or WAYS if each != EXACT)]:
                    if (path.stem, task_name, seed, how) in kept or time.monotonic() > until:
                        continue
                    with one_thread():
                        rows.append(trained(path.stem, replica, variant, how))
                    add_row(into, rows[-1])
    print(f"under {QUICK.name}, torch {torch.__version__}, one thread\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    typer.run(main)
