"""docs/field.md: the published mixers in one table, with what the program itself counts and measures of each.

python -m agent.study field        writes the table of that page again
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
from agent.evaluator.protocols import QUICK
from agent.science.estimate import AVERAGE
from agent.study.cells import task_scores
from agent.study.rows import Table

HEAD = "| mixer | paper | leaves out | parameters | state, bytes | average under quick |"
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
    """The rows of the page, the template first."""
    rows = Table(MEASURED / f"{protocol.name}.csv").rows()
    lines = [HEAD, "|---|---|---|--:|--:|--:|"]
    for name in (TEMPLATE, *published_paths()):
        each = Entry.of(name, protocol)
        scores = task_scores(protocol, rows, (name,))
        average = f"{scores[AVERAGE][name]:.3f}" if not scores.empty and AVERAGE in scores else NOT_YET
        shown = f"{field_name(name)} (`{name}`)" if name != TEMPLATE else f"the template (`{name}`)"
        cells = (shown, each.paper, each.leaves_out, f"{each.parameters:,}", f"{each.state_bytes:,}", average)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """A page with its table as it is now."""
    before, _, rest = page.partition(HEAD)
    after = rest.partition("\n\n")[2]
    return f"{before}{field_table()}\n{after}"


def write(docs: Path) -> None:
    """Write the table into field.md of a folder that has it."""
    path = docs / "field.md"
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
