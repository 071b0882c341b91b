"""What a mixer takes: operations a token, and its speed beside the template's.

    python -m agent.study costs        counts and times what ships with the project

Counts are the same on every machine. A speed is of one core of the machine that measured it: the two ops take turns
there, so that their ratio says more than either.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from agent.core.baselines import known_path
from agent.core.resources import MEASURED
from agent.evaluator.check import op_under_test
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.means import measure_means
from agent.evaluator.protocol import Protocol
from agent.evaluator.speed import measure_speed
from agent.evaluator.time_limit import TimeLimit
from agent.store.files import write_atomically

SECONDS = 300.0  # for the count of one mixer: far more than any takes
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Cost:
    """One mixer under one protocol's sizes: a row of the table."""

    variant: str
    fingerprint: str  # of the protocol whose sizes it has
    flops: float  # operations a token of the forward pass through all layers, without embedding and output
    tokens_per_second: float  # of the op alone, forward and backward, on one core
    template_tokens_per_second: float  # of the template's op, in turns with it
    torch: str

    @property
    def speed(self) -> float:
        """Times the template's speed."""
        return self.tokens_per_second / self.template_tokens_per_second


def measure_cost(name: str, protocol: Protocol) -> Cost:
    """Count in a confined worker, and time in this process: what ships with the project is trusted."""
    path = known_path(name)
    with op_under_test(path, protocol, TimeLimit(SECONDS)) as op:
        means = measure_means(op)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        speed = measure_speed(load_variant(path), protocol, CPU)
    finally:
        torch.set_num_threads(threads)
    return Cost(name, protocol.fingerprint, means.flops, round(speed.op), round(speed.baseline_op), torch.__version__)


def costs_path(protocol: Protocol) -> Path:
    """Where the table that ships with the project lies."""
    return MEASURED / f"{protocol.name}_costs.csv"


def read_costs(path: Path, protocol: Protocol) -> dict[str, Cost]:
    """Variant -> its cost under a protocol; empty where there is no table."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as table:
        rows = [_cost(row) for row in csv.DictReader(table)]
    return {cost.variant: cost for cost in rows if cost.fingerprint == protocol.fingerprint}


def write_costs(path: Path, costs: Iterable[Cost]) -> None:
    """Write the whole table, which is small."""
    text = io.StringIO()
    table = csv.DictWriter(text, [field.name for field in fields(Cost)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(cost) for cost in costs)
    write_atomically(path, text.getvalue())


def _cost(row: dict[str, str]) -> Cost:
    return Cost(
        row["variant"], row["fingerprint"], float(row["flops"]), float(row["tokens_per_second"]),
        float(row["template_tokens_per_second"]), row["torch"],
    )  # fmt: skip
