"""docs/field.md: what each published mixer takes and scores beside all that is known, and what is measured under `mad`.

python -m agent.study field        writes the tables of that page again
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from agent.core.baselines import TEMPLATE, field_name, known_path, published_paths
from agent.core.resources import MEASURED
from agent.evaluator.check import parameter_count
from agent.evaluator.contract.calls import state_size
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import MAD, QUICK
from agent.study.costs import Cost, costs_path, read_costs
from agent.study.field_scores import SCORES_HEAD, scores_table
from agent.study.field_settings import FIRST_COLUMN, memorize_table
from agent.study.rows import Table

HEAD = "| mixer | paper | leaves out | parameters | state, bytes | operations a token | speed |"
NOT_YET = "not measured yet"
FLOAT = 4  # bytes of a number of the state


@dataclass(frozen=True)
class Entry:
    """A published mixer: what its docstring says of its paper and of what it leaves out, and its sizes."""

    name: str
    paper: str
    leaves_out: str
    parameters: int
    state_bytes: int

    @classmethod
    def of(cls, name: str, protocol: Protocol) -> "Entry":
        path = known_path(name)
        says = " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split())
        number = re.search(r"arXiv (\d{4}\.\d{5})", says)
        left = re.search(r"Left out: ([^.]*(?:\.\d[^.]*)*)\.", says)
        variant = load_variant(path)  # in this process: a file that ships with the project is trusted
        return cls(
            name,
            f"[{number[1]}](https://arxiv.org/abs/{number[1]})" if number else "",
            left[1] if left else "",
            parameter_count(variant.declaration, protocol),
            FLOAT * state_size(variant, protocol, torch.device("cpu")),
        )


def field_table(protocol: Protocol = QUICK) -> str:
    """What each mixer is and takes, the template first."""
    costs = read_costs(costs_path(protocol), protocol)
    lines = [HEAD, "|---|---|---|--:|--:|--:|--:|"]
    for name in (TEMPLATE, *published_paths()):
        each = Entry.of(name, protocol)
        shown = f"{field_name(name)} (`{name}`)" if name != TEMPLATE else f"the template (`{name}`)"
        sizes = (f"{each.parameters:,}", f"{each.state_bytes:,}")
        cells = (shown, each.paper, each.leaves_out, *sizes, *_taken(costs.get(name)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _taken(cost: Cost | None) -> tuple[str, str]:
    """Operations a token of the whole network, and times the template's speed on one core."""
    return (f"{cost.flops:,.0f}", f"{cost.speed:.2f}") if cost else (NOT_YET, NOT_YET)


def with_tables(page: str) -> str:
    """A page with its tables as they are now."""
    measured = Table(MEASURED / f"{MAD.name}.csv").rows()
    tables = {
        HEAD: field_table(),
        SCORES_HEAD: scores_table(QUICK),
        f"| {FIRST_COLUMN} |": memorize_table(MAD, measured),
    }
    for head, table in tables.items():
        before, _, rest = page.partition(head)
        after = rest.partition("\n\n")[2]
        page = f"{before}{table}\n{after}"
    return page


def write(docs: Path) -> None:
    """Write the tables into field.md of a folder that has it."""
    path = docs / "field.md"
    path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
